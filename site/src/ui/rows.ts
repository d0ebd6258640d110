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
    onFocusOut: () => setActive(null),
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
    const row = target.classList.contains("said") ? target : null;
    if (event.key === "Escape" && target.closest(".said, [role=log]")) return leave();
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const next = row ? neighbour(row, event.key) : target.getAttribute("role") === "log" && lastVisible(target);
      if (!next) return;
      event.preventDefault();
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
      return;
    }
    const line = lineOf(row);
    if (!row || !line || line.seq === null || line.deleted) return;
    const allowed = may(line);
    if (event.key === "Enter") row.querySelector<HTMLElement>(".actions button")?.focus();
    else if (event.key === "e" && allowed.edit) deeds.edit(line.seq);
    else if (event.key === "Delete" && allowed.remove) deeds.remove(line.seq, line.text);
    else if (event.key === "r" && allowed.talk) deeds.reply(line.seq);
    else if (event.key === "+" && allowed.talk) deeds.pick(line);
    else if (event.key === "c" && navigator.clipboard) deeds.link(line.seq);
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
