import "./rooms.css";
import { useRef } from "preact/hooks";
import { isDirect } from "../model/rooms";
import type { Room } from "../wire";
import { few, words } from "../words";
import { useChat, useObserved } from "./hooks";
import { Alert, Box, Lock, Plus } from "./icons";
import { Link, pathOf } from "./route";

type Props = { rooms: readonly Room[]; current: string | null; onOpen: (opening: "find" | "make" | "direct") => void };

/** One stop of the tab key; the arrows, Home and End go through it. */
export function RoomList({ rooms, current, onOpen }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const stop = rooms.some((room) => room.id === current) ? current : rooms[0]?.id;
  const directs = rooms.filter(isDirect);
  const others = rooms.filter((room) => !isDirect(room));

  function move(event: KeyboardEvent) {
    const links = [...(list.current?.querySelectorAll<HTMLElement>("a") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    links[Math.max(0, Math.min(to, links.length - 1))]?.focus();
  }

  const items = (some: readonly Room[]) =>
    some.map((room) => <Item key={room.id} room={room} current={room.id === current} stop={room.id === stop} />);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of the links that stand in it
    <div ref={list} onKeyDown={move}>
      <section class="sidebar-section" aria-label={words.rooms}>
        {others.length > 0 ? (
          <ul class="room-list">{items(others)}</ul>
        ) : (
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
        )}
      </section>
      <section class="sidebar-section" aria-label={words.direct}>
        <h2 class="sidebar-title">
          {words.direct}
          <button
            type="button"
            class="icon-button"
            aria-label={words.newDirect}
            title={words.newDirect}
            onClick={() => onOpen("direct")}
          >
            <Plus />
          </button>
        </h2>
        {directs.length > 0 && <ul class="room-list">{items(directs)}</ul>}
      </section>
    </div>
  );
}

function Item({ room, current, stop }: { room: Room; current: boolean; stop: boolean }) {
  const { outbox } = useChat();
  useObserved(outbox);
  const stuck = outbox.drafts.some((draft) => draft.state === "failed" && draft.room === room.id);
  return (
    <li>
      <Link
        href={pathOf(room.id)}
        class={room.unread > 0 ? "room-link unread" : "room-link"}
        aria-current={current ? "page" : undefined}
        tabIndex={stop ? 0 : -1}
      >
        <span class="room-name" dir="auto">
          {room.name}
        </span>
        <RoomMark room={room} />
        {stuck && (
          <span class="room-stuck" title={words.notSent}>
            <Alert />
            <span class="hidden">{words.notSent}</span>
          </span>
        )}
        <Badges room={room} />
      </Link>
    </li>
  );
}

/** Who may come in, where that is not anybody; and that it is only read. */
export function RoomMark({ room }: { room: Pick<Room, "kind" | "archived"> }) {
  const what = room.archived ? words.archivedRoom : room.kind === "private" ? words.privateRoom : null;
  if (!what) return null;
  return (
    <span class="room-mark" title={what}>
      {room.archived ? <Box /> : <Lock />}
      <span class="hidden">({what})</span>
    </span>
  );
}

/** How much of a room is unread, and that some of it mentions me. */
export function Badges({ room: { unread, mentions } }: { room: Room }) {
  return (
    <>
      {mentions > 0 && (
        <span class="badge calls" title={words.mentionsYou(mentions)}>
          <span aria-hidden="true">@</span>
          <span class="hidden">{words.mentionsYou(mentions)}</span>
        </span>
      )}
      {unread > 0 && (
        <span class="badge">
          <span aria-hidden="true">{few(unread)}</span>
          <span class="hidden">{words.unread(unread)}</span>
        </span>
      )}
    </>
  );
}
