import type { ComponentChildren } from "preact";
import { Alert } from "./icons";

/** What went wrong with something as a whole. */
export function Notice({ children }: { children: ComponentChildren }) {
  return (
    <p class="notice bad" role="alert">
      <Alert />
      <span>{children}</span>
    </p>
  );
}
