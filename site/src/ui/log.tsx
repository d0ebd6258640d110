import "./log.css";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { lines } from "../model/lines";
import { above, keepsOrder } from "../model/ranks";
import { seenBy } from "../model/receipts";
import { isDirect } from "../model/rooms";
import type { Room, User } from "../wire";
import { nameOf, words } from "../words";
import { ActionSheet, type Deeds, type Leave, RemoveQuestion } from "./actions";
import { useCopying } from "./copying";
import { useGrip } from "./grip";
import { useChat, useObserved } from "./hooks";
import { Down, Up } from "./icons";
import { Picker } from "./picker";
import { VersionsDialog } from "./rare";
import { go, inside, pathOf } from "./route";
import { useRows } from "./rows";
import { leaveOf, Said, type SaidLine } from "./said";
import { dayOf } from "./when";

/** Further messages are fetched when the edge of what is loaded is this near. */
const AHEAD_PX = 1_200;
/** So many rows stand in the page at most, and as many messages in memory; what is beyond comes again when scrolled to. */
const MOST = 400;
/** Rows beyond that are taken out so many at a time. */
const SLACK = 60;

type Props = {
  room: Room;
  /** The message that the address leads to. */
  target: number | null;
  /** Another one leads there again. */
  visit: number;
  editing: number | null;
  onEdit: (seq: number | null) => void;
  onReply: (seq: number) => void;
  /** One may say something here. */
  talk: boolean;
};

/** The conversation: a stretch of it that moves with the reader. */
export function Log({ room, target, visit, editing, onEdit, onReply, talk }: Props) {
  const chat = useChat();
  const timeline = useObserved(chat.history.timeline(room.id));
  const cut = useObserved(chat.connection).state.name !== "open";
  const drafts = useObserved(chat.outbox).of(room.id);
  const amendments = useObserved(chat.amendments);
  const people = useObserved(chat.people(room.id));
  const receipt = useMemo(
    () => (timeline.later ? null : seenBy(timeline.messages, people.list, chat.me.id)),
    [timeline.messages, timeline.later, people.list],
  );
  const reactions = useObserved(chat.reactions);
  const pins = useObserved(chat.pins);
  const grip = useGrip(look);
  const { box, list } = grip;
  const [end, setEnd] = useState(true);
  const atEnd = end && !timeline.later;
  /** The newest `seq` that was in view when the end was left. */
  const [seen, setSeen] = useState(0);
  const [read, setRead] = useState<number | null>(null);
  /** Where what is new begins, until it has been in view. */
  const [mark, setMark] = useState<"above" | "below" | "met">("met");
  const [fetching, setFetching] = useState<"earlier" | "later" | null>(null);
  const [failed, setFailed] = useState<"earlier" | "later" | null>(null);
  /** One has seen what one came for: from then on reading counts. */
  const [ready, setReady] = useState(false);
  const goal = useRef<number | "new" | "end" | null>("end");
  /** Counts the ways begun: of two, what is fetched for the first may come last. */
  const ways = useRef(0);
  /** Counts the goals that can be gone to, once what is there has been drawn. */
  const [goals, setGoals] = useState(0);
  const [shown, setShown] = useState<number | null>(target);
  const [removing, setRemoving] = useState<{ seq: number; text: string } | null>(null);
  const [picking, setPicking] = useState<SaidLine | null>(null);
  /** The message of which one wants to know what it said before. */
  const [former, setFormer] = useState<number | null>(null);
  const { fresh: listed } = useObserved(chat.rooms);
  const current = timeline.loaded && !timeline.stale && listed;

  const rows = useMemo(
    () =>
      lines(
        timeline.messages,
        timeline.later ? [] : drafts,
        chat.me,
        read,
        amendments.of(room.id),
        reactions.of(room.id),
        pins.of(room.id),
      ),
    [timeline.messages, timeline.later, chat.outbox.drafts, read, amendments.list, reactions.list, pins.list],
  );

  const { told, copy } = useCopying();
  const composer = () => document.getElementById("composer")?.focus({ preventScroll: true });
  const deeds = useMemo<Deeds>(
    () => ({
      pick: setPicking,
      reply: onReply,
      show: (seq) => void toMessage(seq),
      toggle: (seq, emoji, on) => chat.react(room.id, seq, emoji, on),
      link: (seq) => copy(location.origin + pathOf(room.id, seq)),
      copy,
      edit: onEdit,
      change(seq, before, after) {
        onEdit(null);
        if (after === "") setRemoving({ seq, text: before });
        else if (after !== before) chat.amend(room.id, seq, after);
        composer();
      },
      stop() {
        onEdit(null);
        composer();
      },
      remove: (seq, text) => setRemoving({ seq, text }),
      pin: (seq, on) => chat.pin(room.id, seq, on),
      versions: setFormer,
    }),
    [],
  );
  const keeps = (author: User) => author.id !== chat.me.id && above(room.role, people.get(author.id)?.role);
  const orders = keepsOrder(room.role);
  // A conversation of a few has nobody who keeps order: there everybody pins.
  const pinner = orders || (isDirect(room) && talk);
  const frozen = room.archived ?? false;
  const may = ({ author }: SaidLine): Leave =>
    leaveOf(author.id === chat.me.id, { talk, keeps: keeps(author), pinner, frozen });
  const pointed = useRows(rows, may, deeds, composer);

  function look() {
    const now = grip.remember();
    setEnd(now);
    if (now && !timeline.later && ready) setSeen(timeline.newest?.seq ?? 0);
    setMark((before) => (before === "met" ? before : whereMark()));
  }

  function whereMark() {
    const row = list.current?.querySelector<HTMLElement>(".new-mark");
    if (!box.current || !row) return (timeline.newest?.seq ?? 0) <= (read ?? 0) ? "below" : "above";
    const top = row.offsetTop - box.current.scrollTop;
    return top < 0 ? "above" : top < box.current.clientHeight ? "met" : "below";
  }

  /** Goes there when it has been fetched, unless one has wanted to go elsewhere since. */
  async function toGoal(
    where: number | "new" | "end",
    fetched: () => Promise<void> | undefined,
    edge: "earlier" | "later",
  ) {
    goal.current = where;
    ways.current += 1;
    const way = ways.current;
    try {
      await fetched();
    } catch {
      setFailed(edge);
    }
    if (way === ways.current) setGoals((count) => count + 1);
  }

  const toEnd = () => toGoal("end", () => chat.history.toNewest(room.id), "later");

  /** A message that may not be here. */
  function toMessage(seq: number) {
    setShown(seq);
    return toGoal(seq, () => (timeline.find(seq) ? undefined : chat.history.jump(room.id, seq)), "earlier");
  }

  function toUnread(from: number) {
    const oldest = timeline.messages[0]?.seq ?? 0;
    const away = (timeline.earlier && oldest > from + 1) || (timeline.newest?.seq ?? 0) <= from;
    return toGoal("new", () => (away ? chat.history.jump(room.id, from + 1) : undefined), "earlier");
  }

  /** Goes where one wants to be, if it is here by now. */
  function arrive() {
    const wanted = goal.current;
    if (wanted === null || !timeline.loaded) return grip.restore();
    // Before the first sight the end is only where one waits for it.
    if (ready || wanted !== "end") goal.current = null;
    grip.go(wanted);
    look();
    // Should there be no mark, pressing again would find none either.
    if (wanted === "new") setMark("met");
  }

  const fetch = useCallback(async (which: "earlier" | "later") => {
    setFetching(which);
    setFailed(null);
    try {
      await (which === "earlier" ? chat.history.loadEarlier(room.id) : chat.history.loadLater(room.id));
    } catch {
      setFailed(which);
    }
    setFetching(null);
  }, []);

  function reach() {
    const { current: area } = box;
    if (!area || fetching || failed || !timeline.loaded || !ready) return;
    const below = area.scrollHeight - area.scrollTop - area.clientHeight;
    if (timeline.later && below < AHEAD_PX) void fetch("later");
    else if (timeline.earlier && area.scrollTop < AHEAD_PX) void fetch("earlier");
    else if (timeline.messages.length > MOST + SLACK) timeline.trim(MOST, below < area.scrollTop ? "last" : "first");
  }

  // The first sight of the room: at the message of the address, else at what is new, else at the end. What is shown of an
  // earlier visit is no sight yet: what is new is not known.
  useLayoutEffect(() => {
    if (!current || ready) return;
    const from = room.unread > 0 ? room.said - room.unread : null;
    setRead(from);
    if (from !== null) setMark("below");
    setSeen(from ?? timeline.newest?.seq ?? 0);
    const going = target !== null ? toMessage(target) : from !== null ? toUnread(from) : toEnd();
    void going.then(() => setReady(true));
  }, [current, ready]);

  useEffect(() => {
    if (ready && target !== null) void toMessage(target);
  }, [target, visit]);

  // My own words are worth going to the end for.
  const last = drafts.at(-1)?.clientId;
  useLayoutEffect(() => {
    if (last) void toEnd();
  }, [last]);

  const gone = useRef(0);
  useLayoutEffect(() => {
    const first = goal.current === "end" && !ready && !timeline.later;
    if (first || gone.current !== goals) arrive();
    else grip.restore();
    gone.current = goals;
    reach();
  }, [rows, fetching, failed, timeline.loaded, ready, goals]);

  // What stands at the end has been read when it is in view of somebody.
  useEffect(() => {
    const tell = () => chat.reading.at(ready && atEnd && !document.hidden ? room.id : null);
    const turn = () => {
      if (document.hidden && atEnd) {
        setRead(timeline.newest?.seq ?? null);
        setMark("below");
      }
      tell();
    };
    tell();
    document.addEventListener("visibilitychange", turn);
    return () => document.removeEventListener("visibilitychange", turn);
  }, [atEnd, ready]);
  useEffect(() => () => chat.reading.away(room.id), []);

  const fresh = atEnd
    ? 0
    : timeline.later
      ? room.unread
      : timeline.messages.filter(({ seq, author }) => seq > seen && author.id !== chat.me.id).length;
  const empty = timeline.loaded && rows.length === 0;
  const marked = mark !== "met" && (timeline.later || rows.some(({ kind }) => kind === "new"));
  return (
    <div class="log-frame">
      <div
        ref={box}
        class="log"
        role="log"
        // What comes in is announced apart, in measure: a live log would read out every page of history.
        aria-live="off"
        aria-label={words.conversation(room.name)}
        aria-busy={!timeline.loaded}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        onKeyDown={pointed.onKeyDown}
        onScroll={() => {
          look();
          reach();
        }}
      >
        <div class="log-top">
          {!timeline.loaded && <p class="hidden">{words.loadingMessages}</p>}
          {timeline.loaded && timeline.earlier && (
            <button
              type="button"
              class="button small"
              aria-disabled={fetching !== null}
              onClick={() => void fetch("earlier")}
            >
              {fetching === "earlier"
                ? words.loadingEarlier
                : failed === "earlier"
                  ? words.earlierFailed
                  : words.loadEarlier}
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
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: a click on a link, which the keyboard makes too */}
        <ol ref={list} class="rows" {...pointed.handlers} onClick={follow}>
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
            return (
              <Row
                key={row.key}
                line={row}
                chat={chat}
                cut={cut && (row.draft ?? row.amendment) !== null}
                active={pointed.active === row.key}
                editing={row.seq !== null && editing === row.seq}
                target={row.seq !== null && shown === row.seq}
                deeds={deeds}
                talk={talk}
                keeps={keeps(row.author)}
                orders={orders}
                pinner={pinner}
                frozen={frozen}
                room={room.id}
                seen={row.seq !== null && receipt?.seq === row.seq ? receipt.users : null}
              />
            );
          })}
        </ol>
        {timeline.later && (
          <div class="log-bottom">
            <button
              type="button"
              class="button small"
              aria-disabled={fetching !== null}
              onClick={() => void fetch("later")}
            >
              {fetching === "later" ? words.loadingLater : failed === "later" ? words.laterFailed : words.loadLater}
            </button>
          </div>
        )}
      </div>
      {timeline.stale && (
        <p class="log-note" role="status">
          {cut && navigator.onLine === false ? words.asSeenLast : words.catchingUp}
        </p>
      )}
      {read !== null && ready && marked && (
        <button type="button" class="jump up" onClick={() => void toUnread(read)}>
          {mark === "above" ? <Up /> : <Down />}
          {words.firstUnread}
        </button>
      )}
      <div role="status">{told && <p class="log-note told">{told}</p>}</div>
      {/* Not over the buttons of what is being edited, unless somebody said something. */}
      {!atEnd && timeline.loaded && (editing === null || fresh > 0) && (
        <button type="button" class={fresh > 0 ? "jump fresh" : "jump"} onClick={() => void toEnd()}>
          <Down />
          {fresh > 0 ? words.jumpNew(fresh) : words.jump}
        </button>
      )}
      {pointed.sheet?.seq != null && (
        <ActionSheet
          line={pointed.sheet}
          seq={pointed.sheet.seq}
          leave={may(pointed.sheet)}
          deeds={deeds}
          onClose={pointed.closeSheet}
        />
      )}
      {picking && (
        <Picker
          name={nameOf(picking.author)}
          onPick={(emoji) => picking.seq !== null && chat.react(room.id, picking.seq, emoji, true)}
          onClose={() => setPicking(null)}
        />
      )}
      {former !== null && <VersionsDialog room={room.id} seq={former} onClose={() => setFormer(null)} />}
      {removing && (
        <RemoveQuestion
          text={removing.text}
          onRemove={() => chat.amend(room.id, removing.seq, null)}
          onClose={() => setRemoving(null)}
        />
      )}
    </div>
  );
}

/** A line is made anew with each change of the log; a row is drawn anew when what the line says is another. */
function Row({ line, ...rest }: Parameters<typeof Said>[0] & { line: SaidLine }) {
  const before = useRef(line);
  const same = Object.keys(line).every((key) => line[key as keyof SaidLine] === before.current[key as keyof SaidLine]);
  if (!same) before.current = line;
  return <Said line={before.current} {...rest} />;
}

/** A link to a message of this chat does not need a page of its own. */
function follow(event: MouseEvent) {
  const link = (event.target as Element).closest<HTMLAnchorElement>("a[href]");
  const path = link && inside(link.href);
  if (!path || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(path);
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
