import "./editor.css";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { words } from "../words";
import { Count, measure, TextBox } from "./textbox";

type Props = { room: string; text: string; onSave: (text: string) => void; onCancel: () => void };

/** A message of one's own in the place where it stands, to be changed. */
export function Editor({ room, text: before, onSave, onCancel }: Props) {
  const [text, setText] = useState(before);
  const box = useRef<HTMLTextAreaElement>(null);
  const over = measure(text).over > 0;

  // Before the next key: whoever types on must not type into what was focused before.
  useLayoutEffect(() => {
    box.current?.focus();
    box.current?.setSelectionRange(before.length, before.length);
    // With the buttons below it.
    box.current?.form?.scrollIntoView({ block: "nearest" });
  }, []);

  function save() {
    if (!over) onSave(text.trim());
  }

  return (
    <form
      class="editor"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <div class="composer-box">
        <TextBox
          box={box}
          value={text}
          label={words.editMessage}
          room={room}
          onValue={setText}
          onEnter={save}
          onKey={(event) => {
            if (event.key !== "Escape") return;
            event.stopPropagation();
            onCancel();
          }}
        />
      </div>
      <Count text={text} />
      <div class="editor-actions">
        <span class="quiet">{words.editHint}</span>
        <button type="button" class="button small" onClick={onCancel}>
          {words.cancel}
        </button>
        <button type="submit" class="button small primary" aria-disabled={over}>
          {words.save}
        </button>
      </div>
    </form>
  );
}
