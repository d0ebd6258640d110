import "./base.css";
import { useEffect, useState } from "preact/hooks";
import { Chat } from "../chat";
import type { Account } from "../net/account";
import { dialer } from "../net/socket";
import type { User } from "../wire";
import { words } from "../words";
import { Door } from "./door";
import { ChatProvider, useObserved } from "./hooks";
import { Parlour } from "./parlour";

/** Without a session the door, with one the chat. Another person's session is another chat. */
export function App({ account, socket }: { account: Account; socket: string }) {
  const { user } = useObserved(account);
  return user ? <SignedIn key={user.id} account={account} user={user} socket={socket} /> : <Door account={account} />;
}

function SignedIn({ account, user, socket }: { account: Account; user: User; socket: string }) {
  const [chat] = useState(() => new Chat(account, user, dialer(socket)));
  useEffect(() => {
    chat.start();
    const nudge = () => {
      if (document.hidden) return;
      chat.connection.nudge();
      // Another tab or device may have read what is counted here.
      chat.refreshRooms();
    };
    addEventListener("online", nudge);
    const doubt = () => chat.connection.doubt();
    addEventListener("offline", doubt);
    document.addEventListener("visibilitychange", nudge);
    return () => {
      removeEventListener("online", nudge);
      removeEventListener("offline", doubt);
      document.removeEventListener("visibilitychange", nudge);
      chat.close();
    };
  }, [chat]);
  return (
    <ChatProvider value={chat}>
      <Parlour account={account} />
    </ChatProvider>
  );
}

export function NoAddresses() {
  return (
    <main class="screen-note">
      <h1>{words.noAddresses}</h1>
      <p class="quiet">{words.noAddressesHint}</p>
    </main>
  );
}
