import "./door.css";
import { useRef, useState } from "preact/hooks";
import { explain, fieldOf } from "../explain";
import type { Account } from "../net/account";
import { newClientId } from "../net/ids";
import { words } from "../words";
import { Field, PasswordField } from "./field";
import { useTitle } from "./hooks";
import { Mark } from "./icons";
import { Notice } from "./notice";

/** Where one signs in or makes an account. The address stays: after it one is where the link led. */
export function Door({ account }: { account: Account }) {
  const [fresh, setFresh] = useState(false);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  // The same name sent twice, after a lost answer, is one account.
  const clientId = useRef({ name: "", id: "" });
  const title = fresh ? words.register : words.signIn;
  useTitle(`${title} · ${words.app}`);

  async function submit(event: Event) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setFailure(null);
    try {
      if (fresh) {
        if (clientId.current.name !== name) clientId.current = { name, id: newClientId() };
        await account.register(name, password, clientId.current.id);
      } else {
        await account.login(name, password);
      }
    } catch (reason) {
      setFailure(reason);
      setBusy(false);
    }
  }

  const field = fieldOf(failure);
  const whole = failure !== null && field !== "name" && field !== "password";
  return (
    <main class="door">
      <div class="door-card">
        <header class="door-head">
          <Mark />
          <p class="wordmark">{words.app}</p>
          <p class="door-tagline">{words.tagline}</p>
        </header>
        <form onSubmit={submit} noValidate>
          <h1>{fresh ? words.makeYourself : words.welcomeBack}</h1>
          {account.deleted && !failure && (
            <p class="notice" role="status">
              {words.accountDeleted}
            </p>
          )}
          {account.ended && !failure && (
            <p class="notice" role="status">
              {words.sessionEnded}
            </p>
          )}
          {whole && <Notice>{explain(failure)}</Notice>}
          <Field
            label={words.name}
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            autoCorrect="off"
            spellcheck={false}
            required
            dir="auto"
            value={name}
            onValue={setName}
            hint={fresh ? words.nameHint : undefined}
            error={field === "name" ? explain(failure) : null}
          />
          <PasswordField
            label={words.password}
            name="password"
            shown={shown}
            autoComplete={fresh ? "new-password" : "current-password"}
            value={password}
            onValue={setPassword}
            hint={fresh ? words.passwordHint : undefined}
            error={field === "password" ? explain(failure) : null}
          >
            <button
              type="button"
              class="field-button"
              aria-pressed={shown}
              aria-label={words.showPassword}
              onClick={() => setShown(!shown)}
            >
              {words.show}
            </button>
          </PasswordField>
          <button type="submit" class="button primary wide" aria-disabled={busy}>
            {busy ? (fresh ? words.registering : words.signingIn) : title}
          </button>
        </form>
        <p class="door-switch">
          {fresh ? words.haveAccount : words.noAccount}{" "}
          <button
            type="button"
            class="link"
            onClick={() => {
              setFresh(!fresh);
              setFailure(null);
            }}
          >
            {fresh ? words.signIn : words.register}
          </button>
        </p>
      </div>
    </main>
  );
}
