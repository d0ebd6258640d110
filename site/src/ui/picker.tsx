import "./picker.css";
import { useEffect, useState } from "preact/hooks";
import { type Emoji, offers } from "../model/emoji";
import { words } from "../words";
import { Dialog } from "./dialog";
import { Field } from "./field";
import { Notice } from "./notice";
import { emojiByName } from "./textbox";

const FOUND = 24;

/** An emoji to choose: a few usual ones, the others by name. */
export function Picker({
  name,
  onPick,
  onClose,
}: {
  /** Whose message it is for. */
  name: string;
  onPick: (emoji: string) => void;
  onClose: () => void;
}) {
  const [all, setAll] = useState<Emoji | null>(null);
  const [failed, setFailed] = useState(false);
  const [stem, setStem] = useState("");
  const wanted = stem.trim().toLowerCase().replace(/^:|:$/g, "").replace(/\s+/g, "_");
  const found = wanted ? offers(all ?? [], wanted, FOUND) : words.usualOnes;

  useEffect(() => {
    emojiByName().then(setAll, () => setFailed(true));
  }, []);

  function pick(emoji: string | undefined) {
    if (!emoji) return;
    onClose();
    onPick(emoji);
  }

  return (
    <Dialog title={words.reactTo(name)} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (wanted) pick(found[0]?.[1]);
        }}
      >
        <Field
          label={words.emojiByName}
          role="searchbox"
          placeholder={words.emojiPlaceholder}
          autoComplete="off"
          autoFocus
          maxLength={32}
          value={stem}
          onValue={setStem}
        />
        {failed && <Notice>{words.emojiMissing}</Notice>}
        <ul class={wanted ? "picker" : "picker usual"} aria-label={wanted ? words.emoji : words.usual}>
          {found.map(([called, emoji]) => {
            const title = called.replaceAll("_", " ");
            return (
              <li key={emoji}>
                <button type="button" class="pick" aria-label={title} title={title} onClick={() => pick(emoji)}>
                  {emoji}
                </button>
              </li>
            );
          })}
        </ul>
        <p class="quiet" role="status">
          {all && found.length === 0 ? words.noEmoji(stem.trim()) : ""}
        </p>
      </form>
    </Dialog>
  );
}
