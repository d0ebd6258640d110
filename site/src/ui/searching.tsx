import { useEffect, useState } from "preact/hooks";
import { explain } from "../explain";
import type { Found, Room } from "../wire";
import { words } from "../words";
import { Dialog } from "./dialog";
import { Field } from "./field";
import { FoundList } from "./found";
import { useChat } from "./hooks";
import { Notice } from "./notice";

/** Typing pauses this long before anything is looked for. */
const PAUSE_MS = 300;

type Answer = { q: string; found: readonly Found[]; more: boolean };

/** Messages by their words, in the room that is open or in all of mine. */
export function SearchDialog({ room, onClose }: { room: Room | undefined; onClose: () => void }) {
  const { archive } = useChat();
  const [question, setQuestion] = useState("");
  const [here, setHere] = useState(false);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [busy, setBusy] = useState(false);
  /** What stands there is not the answer to what is asked. */
  const [looking, setLooking] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const q = question.trim();
  const where = here && room ? { room: room.id } : {};

  useEffect(() => {
    let stale = false;
    setFailure(null);
    setLooking(q !== "");
    if (!q) return setAnswer(null);
    const timer = setTimeout(async () => {
      try {
        const found = await archive.search({ q, ...where });
        if (!stale) setAnswer({ q, ...found });
      } catch (reason) {
        if (!stale) setFailure(reason);
      }
      if (!stale) setLooking(false);
    }, PAUSE_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [q, here]);

  async function more() {
    const last = answer?.found.at(-1);
    if (!answer || !last || busy) return;
    setBusy(true);
    setFailure(null);
    try {
      const next = await archive.search({ q: answer.q, ...where, before: last.message.at });
      setAnswer((now) => (now === answer ? { ...now, found: [...now.found, ...next.found], more: next.more } : now));
    } catch (reason) {
      setFailure(reason);
    }
    setBusy(false);
  }

  return (
    <Dialog title={words.search} onClose={onClose}>
      <Field
        label={words.searchWords}
        hint={words.searchHint}
        role="searchbox"
        autoComplete="off"
        autoFocus
        dir="auto"
        maxLength={200}
        value={question}
        onValue={setQuestion}
      />
      {room && (
        <label class="choice">
          <input type="checkbox" checked={here} onChange={() => setHere(!here)} />
          {words.searchHere}
        </label>
      )}
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      <p class={looking || answer ? "quiet" : "hidden"} role="status" dir="auto">
        {looking
          ? `${words.searching}…`
          : answer &&
            (answer.found.length === 0
              ? words.noneFound(answer.q)
              : words.foundMessages(answer.found.length, answer.more))}
      </p>
      {answer && <FoundList found={answer.found} question={answer.q} rooms onGo={onClose} />}
      {answer?.more && (
        <button type="button" class="button wide" aria-disabled={busy} onClick={() => void more()}>
          {busy ? `${words.searching}…` : words.moreFound}
        </button>
      )}
    </Dialog>
  );
}
