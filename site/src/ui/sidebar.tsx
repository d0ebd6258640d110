import "./sidebar.css";
import { useRef, useState } from "preact/hooks";
import type { Room } from "../wire";
import { words } from "../words";
import { Avatar } from "./avatar";
import { Dialog } from "./dialog";
import { useChat, useObserved } from "./hooks";
import { Alert, Keys, Leave, Mark, Moon, Plus, Search, Sun, SystemColors } from "./icons";
import { go, Link, pathOf } from "./route";
import { nextTheme, theme } from "./theme";

export type Opening = "find" | "make" | "account" | "switch" | "help";

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

/** One stop of the tab key; the arrows, Home and End go through it. */
function RoomList({
  rooms,
  current,
  onOpen,
}: {
  rooms: readonly Room[];
  current: string | null;
  onOpen: Props["onOpen"];
}) {
  const { outbox } = useChat();
  useObserved(outbox);
  const stuck = new Set(outbox.drafts.filter(({ state }) => state === "failed").map(({ room }) => room));
  const list = useRef<HTMLUListElement>(null);
  const stop = rooms.some((room) => room.id === current) ? current : rooms[0]?.id;

  function move(event: KeyboardEvent) {
    const links = [...(list.current?.querySelectorAll<HTMLElement>("a") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    links[Math.max(0, Math.min(to, links.length - 1))]?.focus();
  }

  if (rooms.length === 0) {
    return (
      <div class="sidebar-empty">
        <p>
          <strong>{words.noRooms}</strong>
        </p>
        <p>{words.noRoomsHint}</p>
        <button type="button" class="button primary" onClick={() => onOpen("find")}>
          {words.findRoom}
        </button>
        <button type="button" class="button" onClick={() => onOpen("make")}>
          {words.newRoom}
        </button>
      </div>
    );
  }
  return (
    <ul ref={list} class="room-list" onKeyDown={move}>
      {rooms.map((room) => (
        <li key={room.id}>
          <Link
            href={pathOf(room.id)}
            class={room.unread > 0 ? "room-link unread" : "room-link"}
            aria-current={room.id === current ? "page" : undefined}
            tabIndex={room.id === stop ? 0 : -1}
          >
            <span class="room-name" dir="auto">
              {room.name}
            </span>
            {stuck.has(room.id) && (
              <span class="room-stuck" title={words.notSent}>
                <Alert />
                <span class="hidden">{words.notSent}</span>
              </span>
            )}
            {room.unread > 0 && (
              <span class="badge">
                <span aria-hidden="true">{room.unread > 99 ? "99+" : room.unread}</span>
                <span class="hidden">{words.unread(room.unread)}</span>
              </span>
            )}
          </Link>
        </li>
      ))}
    </ul>
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
