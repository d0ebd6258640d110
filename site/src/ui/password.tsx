import { useId, useState } from "preact/hooks";
import { explainProof, fieldOf } from "../explain";
import { missing } from "../model/failure";
import { words } from "../words";
import { PasswordField } from "./field";
import { useChat } from "./hooks";
import { Notice } from "./notice";

/** Another password, for whoever knows the one that holds. */
export function NewPassword({ onChanged }: { onChanged: () => void }) {
  const chat = useChat();
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const id = useId();

  async function submit(event: Event) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setDone(false);
    setFailure(null);
    try {
      if (!old) throw missing("old");
      await chat.profile.changePassword(old, fresh);
      setOld("");
      setFresh("");
      setShown(false);
      setDone(true);
      onChanged();
    } catch (reason) {
      setFailure(reason);
    }
    setBusy(false);
  }

  const field = fieldOf(failure, "old");
  const whole = failure !== null && field !== "old" && field !== "new";
  return (
    <section class="account-part" aria-labelledby={id}>
      <h3 id={id}>{words.changePassword}</h3>
      <form onSubmit={submit} noValidate class="stack">
        {/* For password managers, which keep a password beside a name. */}
        <input type="text" autoComplete="username" value={chat.me.name} readOnly hidden />
        {whole && <Notice>{explainProof(failure)}</Notice>}
        <PasswordField
          label={words.oldPassword}
          shown={shown}
          autoComplete="current-password"
          value={old}
          onValue={setOld}
          error={field === "old" ? explainProof(failure) : null}
        >
          <button
            type="button"
            class="field-button"
            aria-pressed={shown}
            aria-label={words.showPasswords}
            onClick={() => setShown(!shown)}
          >
            {words.show}
          </button>
        </PasswordField>
        <PasswordField
          label={words.newPassword}
          shown={shown}
          autoComplete="new-password"
          value={fresh}
          onValue={setFresh}
          hint={words.passwordHint}
          error={field === "new" ? explainProof(failure) : null}
        />
        <p class="quiet">{words.changePasswordHint}</p>
        <button type="submit" class="button primary wide" aria-disabled={busy}>
          {busy ? words.changing : words.changePassword}
        </button>
        <p class="account-said" role="status">
          {done ? words.passwordChanged : ""}
        </p>
      </form>
    </section>
  );
}
