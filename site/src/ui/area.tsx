import "./field.css";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Alert } from "./icons";

type Props = { label: string; value: string; error: string | null; onValue: (value: string) => void };

/** A field for a text of some lines. */
export function Area({ label, value, error, onValue }: Props) {
  const id = useId();
  const ref = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    if (error) ref.current?.focus();
  }, [error]);
  return (
    <div class={error ? "field broken" : "field"}>
      <label for={id}>{label}</label>
      <textarea
        ref={ref}
        id={id}
        rows={4}
        dir="auto"
        aria-invalid={error ? "true" : undefined}
        aria-describedby={error ? `${id}-note` : undefined}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
      {error && (
        <p class="field-note" id={`${id}-note`} role="alert">
          <Alert />
          <span>{error}</span>
        </p>
      )}
    </div>
  );
}
