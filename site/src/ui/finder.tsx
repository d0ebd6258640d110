import "./finder.css";
import { useEffect, useState } from "preact/hooks";
import { explain } from "../explain";
import type { Room } from "../wire";
import { words } from "../words";
import { Dialog } from "./dialog";
import { Field } from "./field";
import { useChat, useObserved } from "./hooks";
import { Notice } from "./notice";
import { go, pathOf } from "./route";

/** Typing pauses this long before the list is asked for. */
const PAUSE_MS = 200;

/** Public rooms by the beginning of their name. */
export function Finder({ onClose, onMake }: { onClose: () => void; onMake: (name: string) => void }) {
  const chat = useChat();
  useObserved(chat.rooms);
  const [prefix, setPrefix] = useState("");
  const [found, setFound] = useState<{ prefix: string; rooms: Room[]; more: boolean } | null>(null);
  const [joining, setJoining] = useState<string | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const wanted = prefix.trim();

  useEffect(() => {
    let stale = false;
    const timer = setTimeout(
      async () => {
        try {
          const page = await chat.ways.findRooms(wanted);
          if (stale) return;
          setFound({ prefix: wanted, ...page });
          setFailure(null);
        } catch (reason) {
          if (!stale) setFailure(reason);
        }
      },
      found ? PAUSE_MS : 0,
    );
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [wanted]);

  async function more() {
    const last = found?.rooms.at(-1);
    if (!found || !last) return;
    try {
      const page = await chat.ways.findRooms(found.prefix, last.name);
      setFound((now) => (now === found ? { ...now, rooms: [...now.rooms, ...page.rooms], more: page.more } : now));
    } catch (reason) {
      setFailure(reason);
    }
  }

  async function open(room: Room) {
    setFailure(null);
    setJoining(room.id);
    try {
      if (!chat.rooms.get(room.id)) await chat.join(room.id);
      onClose();
      go(pathOf(room.id));
    } catch (reason) {
      setFailure(reason);
    }
    setJoining(null);
  }

  return (
    <Dialog title={words.findRoom} onClose={onClose}>
      <Field
        label={words.searchLabel}
        role="searchbox"
        placeholder={words.searchPlaceholder}
        autoComplete="off"
        autoFocus
        dir="auto"
        maxLength={64}
        value={prefix}
        onValue={setPrefix}
      />
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      <div class="finder-found" role="status" aria-label={words.findRoom}>
        {found === null && failure === null && <p class="quiet">{words.searching}…</p>}
        {found && found.rooms.length > 0 && <p class="hidden">{words.found(found.rooms.length, found.more)}</p>}
        {found?.rooms.length === 0 && (
          <div class="finder-none">
            <p class="quiet" dir="auto">
              {found.prefix ? words.noMatch(found.prefix) : words.noPublicRooms}
            </p>
            <button type="button" class="button" onClick={() => onMake(found.prefix)}>
              {found.prefix ? words.makeNamed(found.prefix) : words.newRoom}
            </button>
          </div>
        )}
      </div>
      {found && found.rooms.length > 0 && (
        <ul class="finder-list">
          {found.rooms.map((room) => {
            const mine = Boolean(chat.rooms.get(room.id));
            return (
              <li key={room.id} class="finder-room">
                <span class="finder-about">
                  <span class="finder-name" dir="auto">
                    {room.name}
                  </span>
                  {room.topic && (
                    <span class="finder-topic" dir="auto" title={room.topic}>
                      {room.topic}
                    </span>
                  )}
                </span>
                <button
                  type="button"
                  class={mine ? "button small" : "button small primary"}
                  aria-label={mine ? words.openNamed(room.name) : words.joinNamed(room.name)}
                  aria-disabled={joining !== null}
                  onClick={() => joining === null && void open(room)}
                >
                  {joining === room.id ? words.joining : mine ? words.open : words.join}
                </button>
              </li>
            );
          })}
        </ul>
      )}
      {found?.more && (
        <button type="button" class="button wide" onClick={() => void more()}>
          {words.moreRooms}
        </button>
      )}
    </Dialog>
  );
}
