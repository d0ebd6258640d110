import { useState } from "preact/hooks";
import { explain } from "../explain";
import type { User } from "../wire";
import { nameOf, words } from "../words";
import { Dialog } from "./dialog";
import { useChat } from "./hooks";
import { Close } from "./icons";
import { Notice } from "./notice";
import { go, pathOf } from "./route";
import { Seek } from "./seek";

/** So many others can be in one conversation. */
const MOST = 9;

/** With whom one wants to talk: one person or a few. */
export function Conversing({ onClose }: { onClose: () => void }) {
  const { ways } = useChat();
  const [chosen, setChosen] = useState<readonly User[]>([]);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const drop = (id: string) => setChosen((now) => now.filter((one) => one.id !== id));

  async function start() {
    if (busy || chosen.length === 0) return;
    setBusy(true);
    setFailure(null);
    try {
      const room = await ways.converse(chosen.map(({ id }) => id));
      onClose();
      go(pathOf(room.id));
    } catch (reason) {
      setFailure(reason);
      setBusy(false);
    }
  }

  return (
    <Dialog title={words.newDirect} onClose={onClose}>
      <p class="quiet">{words.newDirectHint(MOST)}</p>
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      {chosen.length > 0 && (
        <fieldset class="choices">
          <legend>{words.chosen}</legend>
          <div class="seek-chosen">
            {chosen.map((user) => (
              <button
                key={user.id}
                type="button"
                class="seek-one"
                aria-label={words.unchoose(nameOf(user))}
                onClick={() => drop(user.id)}
              >
                <bdi>{nameOf(user)}</bdi>
                <Close />
              </button>
            ))}
          </div>
        </fieldset>
      )}
      <Seek
        act={(user) => {
          const on = chosen.some(({ id }) => id === user.id);
          return (
            <input
              type="checkbox"
              class="check"
              aria-label={words.choose(nameOf(user))}
              checked={on}
              disabled={!on && chosen.length >= MOST}
              onChange={() => (on ? drop(user.id) : setChosen([...chosen, user]))}
            />
          );
        }}
      />
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          {words.cancel}
        </button>
        <button
          type="button"
          class="button primary"
          aria-disabled={busy || chosen.length === 0}
          onClick={() => void start()}
        >
          {busy ? words.startingDirect : words.startDirect}
        </button>
      </div>
    </Dialog>
  );
}
