import "./log.css";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { lines } from "../model/lines";
import type { Room } from "../wire";
import { words } from "../words";
import { useChat, useObserved } from "./hooks";
import { Down } from "./icons";
import { Said } from "./said";
import { dayOf } from "./when";

/** This near to the end counts as being there. */
const END_PX = 48;
/** Earlier messages are fetched when the beginning of what is loaded is this near. */
const AHEAD_PX = 900;

/**
 * The conversation. It keeps to the end while one is at the end; otherwise the row that stands at the top stays where it
 * is, whatever is put in above or below. Not every browser anchors scrolling by itself, so ours is the only one.
 */
export function Log({ room }: { room: Room }) {
  const chat = useChat();
  const timeline = useObserved(chat.timeline(room.id));
  const cut = useObserved(chat.connection).state.name !== "open";
  const drafts = useObserved(chat.outbox).of(room.id);
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const held = useRef<{ end: boolean; row: HTMLElement | null; edge: number }>({ end: true, row: null, edge: 0 });
  const [atEnd, setAtEnd] = useState(true);
  /** The newest `seq` that was in view when the end was left. */
  const [seen, setSeen] = useState(0);
  const [read, setRead] = useState<number | null>(() => (room.unread > 0 ? room.said - room.unread : null));
  const [failed, setFailed] = useState(false);
  const [fetching, setFetching] = useState(false);
  const begun = useRef(false);

  const rows = useMemo(
    () => lines(timeline.messages, drafts, chat.me, read),
    [timeline.messages, chat.outbox.drafts, read],
  );

  function remember() {
    const box = scroller.current;
    if (!box || !list.current) return;
    const end = box.scrollHeight - box.scrollTop - box.clientHeight < END_PX;
    const row = end ? null : firstVisible(list.current, box.scrollTop);
    held.current = { end, row, edge: row ? lower(row) - box.scrollTop : 0 };
    setAtEnd(end);
    if (end) setSeen(timeline.newest?.seq ?? 0);
  }

  function restore() {
    const box = scroller.current;
    if (!box) return;
    const { end, row, edge } = held.current;
    if (end) box.scrollTop = box.scrollHeight;
    else if (row?.isConnected) box.scrollTop = lower(row) - edge;
  }

  function toEnd() {
    held.current = { end: true, row: null, edge: 0 };
    setAtEnd(true);
    setSeen(timeline.newest?.seq ?? 0);
    restore();
  }

  async function fetchEarlier() {
    setFetching(true);
    setFailed(false);
    try {
      await chat.loadEarlier(room.id);
    } catch {
      setFailed(true);
    }
    setFetching(false);
  }

  function reach() {
    const box = scroller.current;
    if (!box || fetching || failed || !timeline.loaded || !timeline.earlier || !begun.current) return;
    if (box.scrollTop < AHEAD_PX) void fetchEarlier();
  }

  // The first sight of the room: at what is new, else at the end.
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!timeline.loaded || begun.current || !box || !list.current) return;
    begun.current = true;
    const mark = list.current.querySelector<HTMLElement>(".new-mark");
    if (mark) box.scrollTop = mark.offsetTop - box.clientHeight / 4;
    else box.scrollTop = box.scrollHeight;
    remember();
  });

  // My own words are worth going to the end for.
  const last = drafts.at(-1)?.clientId;
  useLayoutEffect(() => {
    if (last) toEnd();
  }, [last]);

  useLayoutEffect(() => {
    restore();
    reach();
  }, [rows, fetching, failed, timeline.loaded]);

  useEffect(() => {
    const observer = new ResizeObserver(restore);
    if (scroller.current) observer.observe(scroller.current);
    if (list.current) observer.observe(list.current);
    return () => observer.disconnect();
  }, []);

  // What stands at the end has been read when it is in view of somebody.
  useEffect(() => {
    const look = () => chat.reading.at(timeline.loaded && atEnd && !document.hidden ? room.id : null);
    const turn = () => {
      if (document.hidden) setRead(timeline.newest?.seq ?? null);
      look();
    };
    look();
    document.addEventListener("visibilitychange", turn);
    return () => document.removeEventListener("visibilitychange", turn);
  }, [atEnd, timeline.loaded]);
  useEffect(() => () => chat.reading.away(room.id), []);

  const fresh = atEnd
    ? 0
    : timeline.messages.filter(({ seq, author }) => seq > seen && author.id !== chat.me.id).length;
  const empty = timeline.loaded && rows.length === 0;
  return (
    <div class="log-frame">
      <div
        ref={scroller}
        class="log"
        role="log"
        // What comes in is announced apart, in measure: a live log would read out every page of history.
        aria-live="off"
        aria-label={words.conversation(room.name)}
        aria-busy={!timeline.loaded}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        onScroll={() => {
          remember();
          reach();
        }}
      >
        <div class="log-top">
          {!timeline.loaded && <p class="hidden">{words.loadingMessages}</p>}
          {timeline.loaded && timeline.earlier && (
            <button type="button" class="button small" aria-disabled={fetching} onClick={() => void fetchEarlier()}>
              {fetching ? words.loadingEarlier : failed ? words.earlierFailed : words.loadEarlier}
            </button>
          )}
          {timeline.loaded && !timeline.earlier && rows.length > 0 && (
            <p class="quiet" dir="auto">
              {words.beginning(room.name)}
            </p>
          )}
        </div>
        {!timeline.loaded && <Bones />}
        {empty && (
          <div class="log-empty">
            <p class="log-empty-title">{words.emptyRoom}</p>
            <p class="quiet">{words.emptyRoomHint}</p>
          </div>
        )}
        <ol ref={list} class="rows">
          {rows.map((row) => {
            if (row.kind === "day") {
              return (
                <li key={row.key} class="day">
                  <span>{dayOf(row.at)}</span>
                </li>
              );
            }
            if (row.kind === "new") {
              return (
                <li key={row.key} class="new-mark">
                  <span>{words.newMessages}</span>
                </li>
              );
            }
            const { kind: _, key, ...said } = row;
            return <Said key={key} {...said} chat={chat} cut={cut && said.draft !== null} />;
          })}
        </ol>
      </div>
      {!atEnd && (
        <button type="button" class={fresh > 0 ? "jump fresh" : "jump"} onClick={toEnd}>
          <Down />
          {fresh > 0 ? words.jumpNew(fresh) : words.jump}
        </button>
      )}
    </div>
  );
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

function Bones() {
  return (
    <div class="log-bones" aria-hidden="true">
      {["w50", "w70", "w40", "w60", "w50"].map((width, index) => (
        <div key={index} class="log-bone">
          <span class="bone round" />
          <span>
            <span class="bone w20" />
            <span class={`bone ${width}`} />
          </span>
        </div>
      ))}
    </div>
  );
}
