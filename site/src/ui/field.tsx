import "./field.css";
import type { JSX } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Alert } from "./icons";

type Props = Omit<JSX.IntrinsicElements["input"], "value" | "onInput"> & {
  label: string;
  value: string;
  hint?: string;
  error?: string | null;
  onValue: (value: string) => void;
  children?: JSX.Element | null;
};

/** An input with its label, and beneath it a hint or what is wrong with it. */
export function Field({ label, hint, error, onValue, children, ...input }: Props) {
  const id = useId();
  const ref = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    if (error) ref.current?.focus();
  }, [error]);
  const note = error || hint;
  return (
    <div class={error ? "field broken" : "field"}>
      <label for={id}>{label}</label>
      <div class="field-box">
        <input
          {...(input as object)}
          ref={ref}
          id={id}
          aria-invalid={error ? "true" : undefined}
          aria-describedby={note ? `${id}-note` : undefined}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
        {children}
      </div>
      {note && (
        <p class="field-note" id={`${id}-note`} role={error ? "alert" : undefined}>
          {error && <Alert />}
          <span>{note}</span>
        </p>
      )}
    </div>
  );
}

/** A field for a password, which nothing corrects, and which is written in dots unless it is to be shown. */
export function PasswordField({ shown = false, ...field }: Omit<Props, "type"> & { shown?: boolean }) {
  const type = shown ? "text" : "password";
  return <Field {...field} type={type} autoCapitalize="none" spellcheck={false} required />;
}
