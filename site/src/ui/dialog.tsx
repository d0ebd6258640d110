import "./dialog.css";
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { words } from "../words";
import { Close } from "./icons";

/** The platform's modal dialog: it keeps the focus, closes with Escape and gives the focus back. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // Closed while it still stands in the page: one that has been taken out gives the focus back to nobody.
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard's way out is Escape, which the platform turns into a close event
    <dialog
      ref={ref}
      class="dialog"
      aria-labelledby={heading}
      // One that was taken out says so too, when another may stand in its place.
      onClose={() => ref.current && onClose()}
      onClick={(event) => event.target === ref.current && onClose()}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={heading} dir="auto">
            {title}
          </h2>
          <button type="button" class="icon-button" aria-label={words.close} onClick={onClose}>
            <Close />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
