import "./sidebar.css";
import { useState } from "preact/hooks";
import { words } from "../words";
import { Avatar } from "./avatar";
import { Dialog } from "./dialog";
import { useChat, useObserved } from "./hooks";
import { Keys, Leave, Mark, Moon, Plus, Search, SearchText, Sun, SystemColors } from "./icons";
import { Invited } from "./invited";
import { RoomList } from "./roomlist";
import { go, Link } from "./route";
import { nextTheme, theme } from "./theme";

export type Opening = "find" | "make" | "account" | "switch" | "help" | "search" | "direct";

type Props = { current: string | null; hidden: boolean; onOpen: (opening: Opening) => void };

/** My rooms, ways to more of them, and myself. */
export function Sidebar({ current, hidden, onOpen }: Props) {
  const chat = useChat();
  const { me, rooms } = chat;
  useObserved(rooms);
  const [colors, setColors] = useState(theme);
  const [asking, setAsking] = useState(false);

  function leave() {
    go("/", { replace: true });
    void chat.signOut();
  }

  return (
    <nav class="sidebar" aria-label={words.rooms} inert={hidden}>
      <header class="sidebar-head">
        <Link href="/" class="brand">
          <Mark />
          <span class="wordmark">{words.app}</span>
        </Link>
        <button
          type="button"
          class="icon-button keyboard-only"
          aria-label={words.keys}
          title={words.keys}
          onClick={() => onOpen("help")}
        >
          <Keys />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={words.search}
          title={words.search}
          onClick={() => onOpen("search")}
        >
          <SearchText />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={words.newRoom}
          title={words.newRoom}
          onClick={() => onOpen("make")}
        >
          <Plus />
        </button>
      </header>
      <button type="button" class="sidebar-find" onClick={() => onOpen("find")}>
        <Search />
        {words.findRoom}
      </button>
      <div class="sidebar-rooms">
        <Invited />
        {rooms.loaded ? <RoomList rooms={rooms.list} current={current} onOpen={onOpen} /> : <Skeleton />}
      </div>
      <footer class="sidebar-me">
        <button type="button" class="sidebar-account" title={words.account} onClick={() => onOpen("account")}>
          <Avatar user={me} />
          <span class="sidebar-name">
            <span class="hidden">{words.accountOf} </span>
            <bdi>{me.name}</bdi>
          </span>
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={words.theme(words.themes[colors])}
          title={words.theme(words.themes[colors])}
          onClick={() => setColors(nextTheme())}
        >
          {colors === "system" ? <SystemColors /> : colors === "light" ? <Sun /> : <Moon />}
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label={words.signOut}
          title={words.signOut}
          onClick={() => (chat.unsent > 0 ? setAsking(true) : leave())}
        >
          <Leave />
        </button>
      </footer>
      {asking && (
        <Dialog title={words.signOutQuestion} onClose={() => setAsking(false)}>
          <p>{words.unsentHint(chat.unsent)}</p>
          <div class="dialog-actions">
            <button type="button" class="button" onClick={() => setAsking(false)}>
              {words.staySignedIn}
            </button>
            <button type="button" class="button bad" onClick={leave}>
              {words.signOut}
            </button>
          </div>
        </Dialog>
      )}
    </nav>
  );
}

function Skeleton() {
  return (
    <div class="skeleton" role="status">
      <span class="hidden">{words.roomsLoading}</span>
      <span class="bone w70" />
      <span class="bone w50" />
      <span class="bone w60" />
    </div>
  );
}
