import type { Message, Page } from "../wire";
import { Observable } from "./observable";

/** Changes of a room from one position to another, as a `changes` frame and a catch-up carry them. */
export type Changes = { from: number; to: number; changes: readonly Message[] };

/** Frames kept while the newest page is under way. The oldest go first: the page most likely holds what they brought. */
const HELD = 100;
/** Frames kept beyond a gap, until it is closed. The newest are not kept: the oldest are what a sync connects to. */
const BEYOND = 200;

/**
 * The messages of one room as far as they are loaded: always one unbroken stretch, so that order is order of `seq` and
 * nothing is missing in between. Most often it reaches up to the newest; while somebody reads far back it need not, and
 * then what is said now is not put in. `position` is the proof: everything up to it has been applied to the stretch. A
 * frame that does not connect to it is a gap, and only a sync closes a gap; the frame is kept until then, so that a busy
 * room is caught up with as soon as what was missed is here.
 *
 * A page that is asked for after a change was heard has that change. So it is enough to remember, from the question to
 * the answer, the changes of what is not in the stretch.
 *
 * `seq` has holes, where a message was given up; so whether two stretches touch is never told from numbers alone, but
 * from positions and from what was asked for.
 */
export class Timeline extends Observable {
  readonly room: string;
  /** Oldest first. A new array after each change, and only then, so that it can be compared by identity. */
  messages: readonly Message[] = [];
  /** Everything up to here has been applied; null until the newest page is here. */
  position: number | null = null;
  /** The highest position we have been told exists. */
  head = 0;
  /** Are there messages before the first one loaded? */
  earlier = true;
  /** Are there messages after the last one loaded? */
  later = false;
  /** What is here was kept from an earlier visit, and nothing has been heard of the room since. */
  stale = false;
  /** Frames that came before the first page. */
  #early: Changes[] = [];
  /** Frames that came after a gap. */
  #beyond: Changes[] = [];
  /** Changes, since a page was asked for, of messages outside the stretch: it may have been read before them. */
  #meanwhile: Map<number, Message> | null = null;

  constructor(room: string) {
    super();
    this.room = room;
  }

  get loaded(): boolean {
    return this.position !== null;
  }

  /** Something exists that has not been applied. */
  get behind(): boolean {
    return this.position !== null && this.head > this.position;
  }

  get newest(): Message | undefined {
    return this.messages.at(-1);
  }

  /** One of those that are here. */
  find(seq: number): Message | undefined {
    const found = this.messages[place(this.messages, seq)];
    return found?.seq === seq ? found : undefined;
  }

  /** A page is going to be asked for. One at a time. */
  ask(): void {
    this.#meanwhile = new Map();
  }

  /** It did not come. */
  giveUp(): void {
    this.#meanwhile = null;
  }

  /** The newest page. Says whether frames that came meanwhile leave a gap. */
  load(page: Page): "applied" | "gap" {
    // A page that is not ahead of what is here brings nothing. One that is takes its place: what lies before the page
    // may have been changed at the positions that are jumped over, and comes again when it is scrolled to.
    return this.#take(this.#ahead(page) || (this.later && this.#meanwhile) ? page : null);
  }

  /** A page from anywhere takes the place of what is here. */
  jump(page: Page): "applied" | "gap" {
    return this.#take(this.#ahead(page) || this.#meanwhile ? page : null);
  }

  /** What was kept of an earlier visit, with the position it had then: a beginning like any other, if there is none. */
  restore(page: Page): void {
    if (this.position !== null) return;
    this.stale = true;
    this.#begin(page);
    this.changed();
  }

  /** All that was there to be heard has been heard. */
  freshen(): void {
    if (!this.stale) return;
    this.stale = false;
    this.changed();
  }

  /** The page before the message `before`. Says whether it fits: meanwhile the stretch may have become another one. */
  prepend(page: Page, before: number): boolean {
    if (!this.#meanwhile || this.messages[0]?.seq !== before) return false;
    this.earlier = page.before;
    this.#extend(page, page.before ? (page.messages[0]?.seq ?? before) : 0, this.#end);
    return true;
  }

  /** The page after the message `after`, in the same manner. */
  append(page: Page, after: number): boolean {
    if (!this.#meanwhile || !this.later || this.newest?.seq !== after) return false;
    this.later = page.after;
    this.#extend(page, this.#start, page.after ? (page.messages.at(-1)?.seq ?? after) : Number.POSITIVE_INFINITY);
    return true;
  }

  /** A frame or a catch-up. */
  apply(changes: Changes): "applied" | "gap" | "held" {
    this.head = Math.max(this.head, changes.to);
    if (this.position === null) {
      this.#early = [...this.#early.slice(1 - HELD), changes];
      return "held";
    }
    const { messages } = this;
    const outcome = this.#step(changes);
    if (outcome === "applied") this.#connect();
    else if (this.#beyond.length < BEYOND) this.#beyond.push(changes);
    // Two sockets bring the same, while one takes the place of the other: what is known is not drawn again.
    if (messages !== this.messages) this.changed();
    return outcome;
  }

  /** A message of ours that we were told is stored, ahead of the frame that brings it to everybody. */
  confirm(message: Message): void {
    this.expect(message.rev);
    if (this.position === null) return;
    this.#merge([message]);
    this.changed();
  }

  /** Something exists up to `position`; if it does not come by itself, it is to be fetched. */
  expect(position: number): void {
    this.head = Math.max(this.head, position);
  }

  /** The room no longer keeps what came after our position: nothing here is known to be true any more. */
  drop(): void {
    this.messages = [];
    this.position = null;
    this.earlier = true;
    this.later = false;
    this.stale = false;
    this.#beyond = [];
    this.#meanwhile = null;
    this.changed();
  }

  /** Forget all but the last `count` messages, or all but the first; they come back when scrolled to. */
  trim(count: number, keep: "last" | "first" = "last"): void {
    if (this.messages.length <= count) return;
    const last = keep === "last";
    const gone = last ? this.messages.slice(0, -count) : this.messages.slice(count);
    this.messages = last ? this.messages.slice(-count) : this.messages.slice(0, count);
    if (last) this.earlier = true;
    else this.later = true;
    for (const message of gone) this.#remember(message);
    this.changed();
  }

  #take(page: Page | null): "applied" | "gap" {
    if (page) this.#begin(page);
    this.#meanwhile = null;
    this.stale = false;
    this.#beyond.push(...this.#early);
    this.#early = [];
    this.#connect();
    this.changed();
    return this.#beyond.length > 0 ? "gap" : "applied";
  }

  #ahead(page: Page): boolean {
    return this.position === null || page.position > this.position;
  }

  #begin(page: Page): void {
    // What we know better than the page stays: what we were told is stored, and what came while it was under way.
    const known = [...this.messages, ...(this.#meanwhile?.values() ?? [])];
    const ahead = known.filter(({ rev }) => rev > page.position);
    this.messages = [];
    this.earlier = page.before;
    this.later = page.after;
    this.position = Math.max(this.position ?? 0, page.position);
    this.head = Math.max(this.head, this.position);
    this.#meanwhile = null;
    const { messages } = page;
    const start = page.before ? (messages[0]?.seq ?? 0) : 0;
    this.#merge([...messages, ...ahead], start, page.after ? (messages.at(-1)?.seq ?? 0) : Number.POSITIVE_INFINITY);
  }

  #extend(page: Page, start: number, end: number): void {
    const missed = [...(this.#meanwhile?.values() ?? [])];
    this.#meanwhile = null;
    this.#merge([...page.messages, ...missed], start, end);
    this.changed();
  }

  /** The stretch begins at its first message, or where the room does. */
  get #start(): number {
    return this.earlier ? (this.messages[0]?.seq ?? 0) : 0;
  }

  get #end(): number {
    return this.later ? (this.newest?.seq ?? 0) : Number.POSITIVE_INFINITY;
  }

  #step({ from, to, changes }: Changes): "applied" | "gap" {
    if (this.position === null || from > this.position + 1) return "gap";
    this.#merge(changes);
    this.position = Math.max(this.position, to);
    return "applied";
  }

  /** Applies what was kept beyond a gap, as far as it connects now. */
  #connect(): void {
    const kept = this.#beyond.sort((a, b) => a.from - b.from);
    this.#beyond = [];
    for (const changes of kept) if (this.#step(changes) === "gap") this.#beyond.push(changes);
  }

  /** Puts in what is newer than what is here, and lies between `start` and `end`. */
  #merge(incoming: readonly Message[], start = this.#start, end = this.#end): void {
    const next = [...this.messages];
    let news = false;
    for (const message of incoming) {
      if (message.seq < start || message.seq > end) {
        this.#remember(message);
        continue;
      }
      const at = place(next, message.seq);
      const known = next[at];
      if (known?.seq === message.seq && message.rev <= known.rev) continue;
      next.splice(at, known?.seq === message.seq ? 1 : 0, message);
      news = true;
    }
    if (news) this.messages = next;
  }

  #remember(message: Message): void {
    const known = this.#meanwhile?.get(message.seq);
    if (message.rev > (known?.rev ?? 0)) this.#meanwhile?.set(message.seq, message);
  }
}

/** The index of the first message whose `seq` is not below the given one. */
function place(messages: readonly Message[], seq: number): number {
  let low = 0;
  let high = messages.length;
  // Most of what comes belongs at the end.
  const last = messages[high - 1];
  if (!last || last.seq < seq) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle] as Message).seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
