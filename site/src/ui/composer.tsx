import "./composer.css";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Room } from "../wire";
import { words } from "../words";
import { useChat, useMedia } from "./hooks";
import { SendIcon } from "./icons";

/** The API's limit, in Unicode scalar values after NFC and trimming. */
const LIMIT = 4_000;
const WARN = 400;

/** What is half written in rooms that are not on screen. */
const drafts = new Map<string, string>();

export function Composer({ room }: { room: Room }) {
  const chat = useChat();
  const touch = useMedia("(hover: none) and (pointer: coarse)");
  const key = `${chat.me.id}:${room.id}`;
  const [text, setText] = useState(() => drafts.get(key) ?? "");
  const box = useRef<HTMLTextAreaElement>(null);
  const note = useId();
  const count = [...text.normalize("NFC").trim()].length;
  const over = count - LIMIT;

  useEffect(() => {
    drafts.set(key, text);
  }, [key, text]);

  useEffect(() => {
    // On a touch screen focus would bring up the keyboard over what one came to read.
    if (!touch) box.current?.focus({ preventScroll: true });
  }, []);

  useLayoutEffect(() => {
    const area = box.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  }, [text]);

  function send() {
    if (count === 0 || over > 0) return;
    chat.say(room.id, text.trim());
    setText("");
    box.current?.focus({ preventScroll: true });
  }

  function pressed(event: KeyboardEvent) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || touch) return;
    event.preventDefault();
    send();
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="composer-box">
        <textarea
          ref={box}
          id="composer"
          rows={1}
          dir="auto"
          value={text}
          placeholder={words.messageTo(room.name)}
          aria-label={words.messageTo(room.name)}
          aria-describedby={note}
          aria-invalid={over > 0 ? "true" : undefined}
          enterkeyhint={touch ? "enter" : "send"}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={pressed}
        />
        <button type="submit" class="composer-send" aria-label={words.send} aria-disabled={count === 0 || over > 0}>
          <SendIcon />
        </button>
      </div>
      <p id={note} class="hidden">
        {touch ? "" : words.composerHint}
      </p>
      {over > -WARN && (
        <p class={over > 0 ? "composer-count bad" : "composer-count"} role="status">
          {over > 0 ? words.tooLong(over) : words.left(-over)}
        </p>
      )}
    </form>
  );
}
