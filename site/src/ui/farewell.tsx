import { useId, useState } from "preact/hooks";
import { explainProof, fieldOf } from "../explain";
import { missing } from "../model/failure";
import { words } from "../words";
import { Dialog } from "./dialog";
import { PasswordField } from "./field";
import { useChat } from "./hooks";
import { Notice } from "./notice";
import { go } from "./route";

/** The end of the account: what it means, the password, and one more question. */
export function Farewell() {
  const chat = useChat();
  const [password, setPassword] = useState("");
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const id = useId();
  const unsent = chat.outbox.drafts.length;

  function submit(event: Event) {
    event.preventDefault();
    if (busy) return;
    setFailure(password ? null : missing("password"));
    setAsking(password !== "");
  }

  async function leave() {
    if (busy) return;
    setBusy(true);
    try {
      await chat.deleteAccount(password);
      go("/", { replace: true });
    } catch (reason) {
      // Back to the field, where it can be put right.
      setFailure(reason);
      setAsking(false);
      setBusy(false);
    }
  }

  const inField = fieldOf(failure, "password") === "password";
  return (
    <section class="account-part" aria-labelledby={id}>
      <h3 id={id}>{words.deleteAccount}</h3>
      <ul class="account-means">
        {words.deleteMeans.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      <form onSubmit={submit} noValidate class="stack">
        <input type="text" autoComplete="username" value={chat.me.name} readOnly hidden />
        {failure !== null && !inField && <Notice>{explainProof(failure)}</Notice>}
        <PasswordField
          label={words.password}
          autoComplete="current-password"
          value={password}
          onValue={setPassword}
          error={inField ? explainProof(failure) : null}
        />
        <button type="submit" class="button bad wide" aria-disabled={busy}>
          {busy ? words.deleting : words.deleteAccount}
        </button>
      </form>
      {asking && (
        <Dialog title={words.deleteQuestion(chat.me.name)} onClose={() => setAsking(false)}>
          <ul class="account-means">
            {words.deleteMeans.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
          {unsent > 0 && <p>{words.unsentHint(unsent)}</p>}
          <div class="dialog-actions">
            <button type="button" class="button" aria-disabled={busy} onClick={() => !busy && setAsking(false)}>
              {words.keepAccount}
            </button>
            <button type="button" class="button bad" aria-disabled={busy} onClick={() => void leave()}>
              {busy ? words.deleting : words.deleteForGood}
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
