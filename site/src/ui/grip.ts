import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";

/** This near to the end counts as being there. */
const END_PX = 48;

/**
 * Keeps the reader's place in a log. It stays at the end while one is at the end; otherwise the row that stands at the
 * top stays where it is, whatever is put in or taken out above or below. Not every browser anchors scrolling by itself,
 * so ours is the only one. `onResize` is called when the place was restored because something got larger or smaller, which
 * no scrolling may tell of.
 */
export function useGrip(onResize: () => void) {
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const held = useRef<{ end: boolean; row: HTMLElement | null; edge: number }>({ end: true, row: null, edge: 0 });

  const grip = useMemo(() => {
    /** Notes where one is. Is it the end? */
    function remember(): boolean {
      const area = box.current;
      if (!area || !list.current) return true;
      const end = area.scrollHeight - area.scrollTop - area.clientHeight < END_PX;
      // Also at the end: should that not be the end any more, the place is known.
      const row = firstVisible(list.current, area.scrollTop);
      held.current = { end, row, edge: row ? lower(row) - area.scrollTop : 0 };
      return end;
    }

    function restore(): void {
      const area = box.current;
      if (!area) return;
      const { end, row, edge } = held.current;
      // What has a later part below it has no end to stay at.
      if (end && !area.querySelector(".log-bottom")) area.scrollTop = area.scrollHeight;
      else if (row?.isConnected) area.scrollTop = lower(row) - edge;
    }

    /** To the end, to the mark of what is new, or to a message or the next one that there is. */
    function go(where: number | "new" | "end"): void {
      const area = box.current;
      if (!area || !list.current) return;
      const mark = where === "new" ? list.current.querySelector<HTMLElement>(".new-mark") : null;
      const row = typeof where === "number" ? rowOf(list.current, where) : mark;
      if (row) area.scrollTop = row.offsetTop - area.clientHeight / 4;
      else area.scrollTop = area.scrollHeight;
      if (typeof where === "number") row?.focus({ preventScroll: true });
    }

    return { box, list, remember, restore, go };
  }, []);

  const resized = useRef(onResize);
  useLayoutEffect(() => {
    resized.current = onResize;
  });
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      grip.restore();
      resized.current();
    });
    if (box.current) observer.observe(box.current);
    if (list.current) observer.observe(list.current);
    return () => observer.disconnect();
  }, []);
  return grip;
}

function rowOf(list: HTMLElement, seq: number): HTMLElement | null {
  const rows = [...list.querySelectorAll<HTMLElement>("[data-seq]")];
  return rows.find((row) => Number(row.dataset.seq) >= seq) ?? null;
}

/**
 * The first message that reaches below the upper edge. Rows stand in order, so halving finds it. Days and the mark of
 * what is new hold nothing: they move when something is put in above.
 */
function firstVisible(list: HTMLElement, top: number): HTMLElement | null {
  const rows = list.children;
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lower(rows[middle] as HTMLElement) <= top) low = middle + 1;
    else high = middle;
  }
  let row = rows[low];
  while (row && !row.classList.contains("said")) row = row.nextElementSibling ?? undefined;
  return (row as HTMLElement | undefined) ?? null;
}

/** The lower edge is what stays: a row loses its head when an earlier one of the same author comes above it. */
function lower(row: HTMLElement): number {
  return row.offsetTop + row.offsetHeight;
}
