import "./field.css";
import "./rooms.css";
import "./switcher.css";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { explain } from "../explain";
import { matching } from "../model/switching";
import type { Room } from "../wire";
import { words } from "../words";
import { Dialog } from "./dialog";
import { useChat, useObserved } from "./hooks";
import { Notice } from "./notice";
import { Badges } from "./roomlist";
import { go, pathOf } from "./route";

/** Typing pauses this long before public rooms are asked for. */
const PAUSE_MS = 200;

/** A few letters and Enter: to one of my rooms, or into a public one. */
export function Switcher({ onClose }: { onClose: () => void }) {
  const chat = useChat();
  const { list } = useObserved(chat.rooms);
  const [wanted, setWanted] = useState("");
  const [others, setOthers] = useState<readonly Room[]>([]);
  const [chosen, setChosen] = useState(0);
  const [failure, setFailure] = useState<unknown>(null);
  const busy = useRef(false);
  const id = useId();
  const mine = matching(list, wanted);
  const rooms = [...mine, ...others.filter((room) => !chat.rooms.get(room.id))];

  useEffect(() => {
    let stale = false;
    const prefix = wanted.trim();
    if (!prefix) return setOthers([]);
    const timer = setTimeout(async () => {
      // Without an answer there are still my own rooms.
      const found = await chat.ways.findRooms(prefix).catch(() => null);
      if (!stale && found) setOthers(found.rooms.slice(0, 10));
    }, PAUSE_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [wanted]);

  useEffect(() => {
    document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: "nearest" });
  }, [chosen]);

  async function open(room: Room | undefined) {
    if (!room || busy.current) return;
    busy.current = true;
    setFailure(null);
    try {
      if (!chat.rooms.get(room.id)) await chat.join(room.id);
      onClose();
      go(pathOf(room.id));
    } catch (reason) {
      setFailure(reason);
    }
    busy.current = false;
  }

  function pressed(event: KeyboardEvent) {
    if (event.isComposing || rooms.length === 0) return;
    const to = { ArrowDown: chosen + 1, ArrowUp: chosen - 1 + rooms.length }[event.key];
    if (to !== undefined) setChosen(to % rooms.length);
    else if (event.key === "Enter") void open(rooms[chosen]);
    else return;
    event.preventDefault();
  }

  return (
    <Dialog title={words.switchRoom} onClose={onClose}>
      <div class="field">
        <input
          role="combobox"
          aria-label={words.switchRoom}
          aria-expanded={rooms.length > 0}
          aria-controls={id}
          aria-autocomplete="list"
          aria-activedescendant={rooms.length > 0 ? `${id}-${chosen}` : undefined}
          placeholder={words.switchHint}
          autoComplete="off"
          autoFocus
          dir="auto"
          maxLength={64}
          value={wanted}
          onInput={(event) => {
            setWanted(event.currentTarget.value);
            setChosen(0);
          }}
          onKeyDown={pressed}
        />
      </div>
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      <p class="hidden" role="status">
        {wanted.trim() && words.found(rooms.length, false)}
      </p>
      <div class="room-list switcher-list" id={id} role="listbox" aria-label={words.rooms}>
        {rooms.map((room, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the input
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the input
          <div
            key={room.id}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === chosen}
            class="switcher-room"
            onMouseMove={() => setChosen(index)}
            onClick={() => void open(room)}
          >
            <span class="room-name" dir="auto">
              {room.name}
            </span>
            <Badges room={room} />
            {!chat.rooms.get(room.id) && <span class="quiet">{words.join}</span>}
          </div>
        ))}
      </div>
      {rooms.length === 0 && <p class="quiet">{wanted.trim() ? words.noMatch(wanted.trim()) : words.noRooms}</p>}
    </Dialog>
  );
}
