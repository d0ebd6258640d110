import "./receipts.css";
import { useEffect, useId, useState } from "preact/hooks";
import { explain } from "../explain";
import type { User } from "../wire";
import { nameOf, together, words } from "../words";
import { Avatar } from "./avatar";
import { useChat, useObserved } from "./hooks";
import { Notice } from "./notice";

/** So many are shown, the others are counted. */
const SHOWN = 5;

/** Who has read up to the message above. */
export function Seen({ users }: { users: readonly User[] }) {
  const names = users.slice(0, SHOWN).map(nameOf);
  const text = words.seenBy(together(names, users.length - names.length));
  return (
    <p class="seen" title={text}>
      <span class="hidden">{text}</span>
      {users.slice(0, SHOWN).map((user) => (
        <Avatar key={user.id} user={user} />
      ))}
      {users.length > SHOWN && <span aria-hidden="true">+{users.length - SHOWN}</span>}
    </p>
  );
}

/** Whether others are shown how far I have read. */
export function ReceiptsSwitch() {
  const { profile, connection } = useChat();
  const { opens } = useObserved(connection);
  const [on, setOn] = useState<boolean | null>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const id = useId();

  useEffect(() => {
    if (on === null) profile.receipts().then(setOn, setFailure);
  }, [opens]);

  async function turn() {
    if (busy || on === null) return;
    setBusy(true);
    setFailure(null);
    setOn(!on);
    try {
      await profile.showReceipts(!on);
    } catch (reason) {
      setOn(on);
      setFailure(reason);
    }
    setBusy(false);
  }

  return (
    <section class="account-part" aria-labelledby={id}>
      <h3 id={id}>{words.receipts}</h3>
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      <div class="switch-row">
        <span id={`${id}-what`}>
          {words.showReceipts}
          <span class="quiet switch-hint">{words.showReceiptsHint}</span>
        </span>
        <button
          type="button"
          role="switch"
          class="switch"
          aria-checked={on ?? false}
          aria-disabled={on === null || busy}
          aria-label={words.showReceipts}
          onClick={() => void turn()}
        />
      </div>
    </section>
  );
}
