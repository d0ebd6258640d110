import "./base.css";
import { useEffect, useState } from "preact/hooks";
import { Chat } from "../chat";
import type { Account } from "../net/account";
import type { Addresses } from "../net/addresses";
import { IndexedMemory } from "../net/memory";
import { IndexedShelf } from "../net/shelf";
import { dialer } from "../net/socket";
import type { User } from "../wire";
import { words } from "../words";
import { Door } from "./door";
import { ChatProvider, useObserved } from "./hooks";
import { Parlour } from "./parlour";

/** Without a session the door, with one the chat. Another person's session is another chat. */
export function App({ account, addresses }: { account: Account; addresses: Addresses }) {
  const { user } = useObserved(account);
  return user ? (
    <SignedIn key={user.id} account={account} user={user} addresses={addresses} />
  ) : (
    <Door account={account} />
  );
}

function SignedIn({ account, user, addresses }: { account: Account; user: User; addresses: Addresses }) {
  const [chat] = useState(() => {
    const stores = { shelf: new IndexedShelf(user.id), memory: new IndexedMemory(user.id), storage: localStorage };
    return new Chat(account, user, dialer(addresses.ws), stores, addresses.lifetime);
  });
  useEffect(() => {
    chat.start();
    const stop = account.keepFresh();
    const nudge = () => {
      if (document.hidden) return chat.keep();
      chat.connection.nudge();
      // Another tab or device may have read what is counted here.
      chat.refreshRooms();
    };
    addEventListener("online", nudge);
    const doubt = () => chat.connection.doubt();
    addEventListener("offline", doubt);
    document.addEventListener("visibilitychange", nudge);
    // The browser asks whether to leave, in its own words.
    const hold = (event: Event) => chat.unkept && event.preventDefault();
    addEventListener("beforeunload", hold);
    return () => {
      removeEventListener("online", nudge);
      removeEventListener("offline", doubt);
      document.removeEventListener("visibilitychange", nudge);
      removeEventListener("beforeunload", hold);
      stop();
      if (account.user?.id !== user.id) chat.forget();
      chat.close();
    };
  }, [chat]);
  return (
    <ChatProvider value={chat}>
      <Parlour />
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
