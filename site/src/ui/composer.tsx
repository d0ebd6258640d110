import "./composer.css";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Room } from "../wire";
import { words } from "../words";
import { useChat } from "./hooks";
import { Close, SendIcon } from "./icons";
import { Quote } from "./quote";
import { Count, measure, TextBox, useTouch } from "./textbox";

type Props = {
  room: Room;
  /** Arrow up where nothing is written. */
  onEditLast: () => void;
  replying: number | null;
  onReply: (seq: number | null) => void;
};

export function Composer({ room, onEditLast, replying, onReply }: Props) {
  const chat = useChat();
  const touch = useTouch();
  const [text, setText] = useState(() => chat.unsaid.of(room.id));
  const box = useRef<HTMLTextAreaElement>(null);
  const note = useId();
  const { fits } = measure(text);

  useLayoutEffect(() => {
    // On a touch screen focus would bring up the keyboard over what one came to read.
    if (!touch) box.current?.focus({ preventScroll: true });
  }, []);

  // What another device wrote is taken, unless somebody is writing here.
  useEffect(() => {
    const writing = {
      room: room.id,
      take(other: string) {
        const area = box.current;
        if (area && area === document.activeElement && area.value !== "") return false;
        setText(other);
        return true;
      },
    };
    chat.drafts.writing = writing;
    return () => {
      // That of the next room may be there already.
      if (chat.drafts.writing === writing) chat.drafts.writing = null;
    };
  }, []);

  function write(next: string) {
    setText(next);
    chat.typing.write(room.id, next);
    chat.drafts.write(room.id, next);
  }

  function send() {
    if (!fits) return;
    chat.say(room.id, text.trim(), replying);
    setText("");
    chat.drafts.sent(room.id);
    if (replying !== null) onReply(null);
    box.current?.focus({ preventScroll: true });
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {replying !== null && (
        <div class="reply-bar" id={`${note}-reply`}>
          <span>{words.replyingTo}</span>
          <Quote room={room.id} seq={replying} />
          <button type="button" class="icon-button" aria-label={words.noReply} onClick={() => onReply(null)}>
            <Close />
          </button>
        </div>
      )}
      <div class="composer-box">
        <TextBox
          id="composer"
          box={box}
          value={text}
          label={words.messageTo(room.name)}
          placeholder={words.messageTo(room.name)}
          room={room.id}
          aria-describedby={replying === null ? note : `${note}-reply ${note}`}
          onValue={write}
          onEnter={send}
          onKey={(event) => {
            if (event.key === "Escape" && replying !== null) {
              event.preventDefault();
              return onReply(null);
            }
            if (event.key !== "ArrowUp" || event.altKey || event.shiftKey || text !== "") return;
            event.preventDefault();
            onEditLast();
          }}
        />
        <button type="submit" class="composer-send" aria-label={words.send} aria-disabled={!fits}>
          <SendIcon />
        </button>
      </div>
      <p id={note} class="hidden">
        {touch ? "" : words.composerHint}
      </p>
      <Count text={text} />
    </form>
  );
}
