import { useRef, useState } from "preact/hooks";
import { explain, fieldOf } from "../explain";
import { newClientId } from "../net/ids";
import { words } from "../words";
import { Choices } from "./choices";
import { Dialog } from "./dialog";
import { Field } from "./field";
import { useChat } from "./hooks";
import { Notice } from "./notice";
import { go, pathOf } from "./route";

const KINDS = ["public", "private"] as const;

/** A new room, and who may come in. */
export function Maker({ name: given, onClose }: { name: string; onClose: () => void }) {
  const chat = useChat();
  const [name, setName] = useState(given);
  const [kind, setKind] = useState<(typeof KINDS)[number]>("public");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  // The same room asked for twice, after a lost answer, is one room.
  const clientId = useRef({ what: "", id: "" });

  async function submit(event: Event) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setFailure(null);
    const what = `${kind} ${name}`;
    if (clientId.current.what !== what) clientId.current = { what, id: newClientId() };
    try {
      const room = await chat.ways.makeRoom(name, kind, clientId.current.id);
      onClose();
      go(pathOf(room.id));
    } catch (reason) {
      setFailure(reason);
      setBusy(false);
    }
  }

  const inField = fieldOf(failure) === "name";
  return (
    <Dialog title={words.newRoom} onClose={onClose}>
      <form onSubmit={submit} noValidate class="stack">
        {failure !== null && !inField && <Notice>{explain(failure)}</Notice>}
        <Field
          label={words.roomName}
          autoComplete="off"
          autoFocus
          dir="auto"
          required
          value={name}
          onValue={setName}
          error={inField ? explain(failure) : null}
        />
        <Choices
          legend={words.roomKind}
          value={kind}
          onValue={setKind}
          choices={KINDS.map((one) => [one, words.roomKinds[one].name, words.roomKinds[one].means] as const)}
        />
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            {words.cancel}
          </button>
          <button type="submit" class="button primary" aria-disabled={busy}>
            {busy ? words.making : words.makeRoom}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
