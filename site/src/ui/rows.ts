import { useRef, useState } from "preact/hooks";
import type { Line } from "../model/lines";
import type { Deeds, Leave } from "./actions";
import type { SaidLine } from "./said";

/** A finger that stays this long on a message means the message. */
const PRESS_MS = 450;
const PRESS_PX = 10;

/**
 * Which message one points at, by pointer, finger or keyboard. The arrows go through the messages, so that they are one
 * stop of the tab key.
 */
export function useRows(rows: readonly Line[], may: (line: SaidLine) => Leave, deeds: Deeds, leave: () => void) {
  const [active, setActive] = useState<string | null>(null);
  const [sheet, setSheet] = useState<SaidLine | null>(null);
  const press = useRef<{ timer: ReturnType<typeof setTimeout>; x: number; y: number } | null>(null);

  const rowAt = (event: Event) => (event.target as Element).closest<HTMLElement>(".said");
  const lineOf = (row: HTMLElement | null) =>
    rows.find((line): line is SaidLine => line.kind === "said" && line.key === row?.dataset.key) ?? null;

  function release() {
    clearTimeout(press.current?.timer);
    press.current = null;
  }

  const handlers = {
    onPointerOver(event: PointerEvent) {
      if (event.pointerType !== "touch") setActive(rowAt(event)?.dataset.key ?? null);
    },
    onPointerLeave: () => setActive(null),
    onFocusIn: (event: FocusEvent) => setActive(rowAt(event)?.dataset.key ?? null),
    // Not on the way from one button of a row to the next, which would be taken away under it; nor with the window.
    onFocusOut({ relatedTarget }: FocusEvent) {
      const within = relatedTarget instanceof Element && relatedTarget.closest(".said");
      if (!within && document.hasFocus()) setActive(null);
    },
    onPointerDown(event: PointerEvent) {
      release();
      const line = lineOf(rowAt(event));
      if (event.pointerType !== "touch" || !line || line.seq === null || line.deleted) return;
      const timer = setTimeout(() => setSheet(line), PRESS_MS);
      press.current = { timer, x: event.clientX, y: event.clientY };
    },
    onPointerMove({ clientX, clientY }: PointerEvent) {
      const { x, y } = press.current ?? { x: clientX, y: clientY };
      if (Math.hypot(clientX - x, clientY - y) > PRESS_PX) release();
    },
    onPointerUp: release,
    onPointerCancel: release,
    onContextMenu(event: MouseEvent) {
      if (press.current) event.preventDefault();
    },
  };

  function onKeyDown(event: KeyboardEvent) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    if (event.key === "Escape") return leave();
    // What is being edited has its own keys.
    if (target.closest(".editor")) return;
    // What stands in a row means the row: a quote, a reaction, a link.
    const row = target.closest<HTMLElement>(".said");
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const next = row ? neighbour(row, event.key) : lastVisible(event.currentTarget as HTMLElement);
      if (!next) return;
      event.preventDefault();
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
      return;
    }
    const line = lineOf(row);
    if (!row || !line || line.seq === null || line.deleted) return;
    const allowed = may(line);
    // Caps Lock makes them large.
    const key = event.key.toLowerCase();
    if (key === "enter" && target === row) row.querySelector<HTMLElement>(".actions button")?.focus();
    else if (key === "e" && allowed.edit) deeds.edit(line.seq);
    else if (key === "delete" && allowed.remove) deeds.remove(line.seq, line.text);
    else if (key === "r" && allowed.talk) deeds.reply(line.seq);
    else if (key === "+" && allowed.talk) deeds.pick(line);
    else if (key === "p" && allowed.pin) deeds.pin(line.seq, !line.pinned);
    else if (key === "c" && navigator.clipboard) deeds.link(line.seq);
    else return;
    event.preventDefault();
  }

  return { active, handlers, onKeyDown, sheet, closeSheet: () => setSheet(null) };
}

function neighbour(row: HTMLElement, key: "ArrowUp" | "ArrowDown"): HTMLElement | null {
  let next: Element | null = row;
  do next = key === "ArrowUp" ? next.previousElementSibling : next.nextElementSibling;
  while (next && !next.classList.contains("said"));
  return next as HTMLElement | null;
}

function lastVisible(log: HTMLElement): HTMLElement | undefined {
  const edge = log.scrollTop + log.clientHeight;
  return [...log.querySelectorAll<HTMLElement>(".said")].findLast((row) => row.offsetTop < edge);
}
