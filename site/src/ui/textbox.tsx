import "./textbox.css";
import type { JSX } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { begun, type Emoji, named, offers } from "../model/emoji";
import { Lookup } from "../model/lookup";
import { callable, calling, callsAll, EVERYBODY, OFFERED } from "../model/mentions";
import { words } from "../words";
import { useChat, useMedia } from "./hooks";

/** The API's limit, in Unicode scalar values after NFC and trimming. */
const LIMIT = 4_000;
const WARN = 400;

/** How long a text is as the API counts it, and whether it may be sent. */
export function measure(text: string): { count: number; over: number; fits: boolean } {
  const count = [...text.normalize("NFC").trim()].length;
  return { count, over: count - LIMIT, fits: count > 0 && count <= LIMIT };
}

/** What can stand in place of what is being written: what it is shown as, and what is put. */
type Offer = { key: string; sign: string; name: string; note?: string; put: string };

function offerOf(name: string): Offer {
  const note = name === EVERYBODY ? { note: words.everybody } : {};
  return { key: name, sign: "@", name, ...note, put: `@${name} ` };
}

type Props = Omit<JSX.IntrinsicElements["textarea"], "value" | "onInput" | "onKeyDown" | "ref"> & {
  value: string;
  label: string;
  /** Whose people can be mentioned. */
  room: string;
  box: { current: HTMLTextAreaElement | null };
  onValue: (text: string) => void;
  /** Enter, where there is a keyboard. */
  onEnter: () => void;
  /** Any other key that means nothing here. */
  onKey?: (event: KeyboardEvent) => void;
};

/** Where a message is written: it grows with its text, and offers emoji and people by their names. */
export function TextBox({ value, label, room, box, onValue, onEnter, onKey, ...rest }: Props) {
  const touch = useTouch();
  const emoji = useRef<Emoji | null>(null);
  const chat = useChat();
  const [offered, setOffered] = useState<{ from: number; to: number; of: string; list: readonly Offer[] } | null>(null);
  const [chosen, setChosen] = useState(0);
  const list = useId();
  const [strangers] = useState(() => new Lookup((stem) => chat.ways.findPeople(stem)));
  const { over } = measure(value);

  useEffect(() => () => strangers.drop(), []);

  useLayoutEffect(() => {
    const area = box.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  }, [value]);

  function put(from: number, to: number, text: string) {
    const area = box.current;
    if (!area) return;
    area.setRangeText(text, from, to, "end");
    onValue(area.value);
    close();
  }

  function close() {
    strangers.drop();
    setOffered(null);
  }

  async function look() {
    const area = box.current;
    if (!area) return;
    const { value: text, selectionStart: caret } = area;
    const call = calling(text, caret);
    strangers.drop();
    if (call) {
      offer(call.from, caret, words.mentionList, people(call.stem));
      if (chat.people(room).more && call.stem) more(call.stem, call.from, caret);
      return;
    }
    const whole = named(text, caret);
    const beginning = begun(text, caret);
    if (!whole && !beginning) return setOffered(null);
    try {
      emoji.current ??= await emojiByName();
    } catch {
      return;
    }
    // Something else may have been written while the names were fetched.
    if (area.value !== text || area.selectionStart !== caret) return;
    const known = whole && emoji.current.find(([name]) => name === whole.name);
    if (whole && known) return put(whole.from, caret, known[1]);
    const found = beginning ? offers(emoji.current, beginning.stem) : [];
    const list = found.map(([name, one]) => ({ key: name, sign: one, name: `:${name}:`, put: one }));
    offer(beginning?.from ?? 0, caret, words.emoji, list);
  }

  function offer(from: number, to: number, of: string, list: readonly Offer[]) {
    setChosen(0);
    setOffered(list.length > 0 ? { from, to, of, list } : null);
  }

  /** Those who are here first. */
  function people(stem: string): readonly Offer[] {
    const known = chat.people(room);
    const others = known.list.filter(({ user }) => user.id !== chat.me.id);
    const names = others.map(({ user }) => user.name);
    return callable(names, stem, callsAll(chat.rooms.get(room)?.role ?? null, known)).map(offerOf);
  }

  /** Behind them others of that name: not all who are in the room are known here. */
  function more(stem: string, from: number, to: number) {
    strangers.want(stem, ({ users }) => {
      if (box.current?.selectionStart !== to) return;
      const others = users.filter(({ id }) => id !== chat.me.id).map(({ name }) => name);
      setOffered((now) => {
        const known = now?.list ?? [];
        const news = callable(others, stem, false).filter((name) => !known.some(({ key }) => key === name));
        if (news.length === 0) return now;
        return { from, to, of: words.mentionList, list: [...known, ...news.map(offerOf)].slice(0, OFFERED) };
      });
    });
  }

  function take(index: number) {
    const one = offered?.list[index];
    if (offered && one) put(offered.from, offered.to, one.put);
    box.current?.focus();
  }

  function pressed(event: KeyboardEvent) {
    if (event.isComposing) return;
    if (offered) {
      const { length } = offered.list;
      const step = { ArrowDown: 1, ArrowUp: length - 1 }[event.key];
      if (step !== undefined) setChosen((chosen + step) % length);
      else if (event.key === "Enter" || event.key === "Tab") take(chosen);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.key === "Enter" && !event.shiftKey && !touch) {
      event.preventDefault();
      onEnter();
    } else onKey?.(event);
  }

  // Names of emoji may be offered for a text that was put in from outside.
  useEffect(() => {
    if (value === "") close();
  }, [value]);

  return (
    <>
      <textarea
        {...(rest as object)}
        ref={box}
        class="textbox"
        rows={1}
        dir="auto"
        value={value}
        aria-label={label}
        aria-invalid={over > 0 ? "true" : undefined}
        aria-autocomplete={offered ? "list" : undefined}
        aria-controls={offered ? list : undefined}
        aria-activedescendant={offered ? `${list}-${chosen}` : undefined}
        enterkeyhint={touch ? "enter" : "send"}
        onInput={(event) => {
          onValue(event.currentTarget.value);
          void look();
        }}
        onKeyDown={pressed}
        onBlur={close}
      />
      {offered && (
        <div class="offer-list" id={list} role="listbox" aria-label={offered.of}>
          {offered.list.map(({ key, sign, name, note }, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the text box
            // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the text box
            <div
              key={key}
              id={`${list}-${index}`}
              role="option"
              aria-selected={index === chosen}
              class="offer"
              // The text box keeps the focus.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(index)}
            >
              <span aria-hidden="true">{sign}</span> <bdi>{name}</bdi> {note && <i class="quiet">{note}</i>}
            </div>
          ))}
        </div>
      )}
    </>
  );
}

/** What is left, when it is little; or how much is too much. */
export function Count({ text }: { text: string }) {
  const { over } = measure(text);
  if (over <= -WARN) return null;
  return (
    <p class={over > 0 ? "textbox-count bad" : "textbox-count"} role="status">
      {over > 0 ? words.tooLong(over) : words.left(-over)}
    </p>
  );
}

export function useTouch(): boolean {
  return useMedia("(hover: none) and (pointer: coarse)");
}

/** Fetched when it is needed first. */
export async function emojiByName(): Promise<Emoji> {
  const { default: lines } = await import("virtual:emoji");
  return lines.split("\n").map((line) => line.split(" ") as [string, string]);
}
