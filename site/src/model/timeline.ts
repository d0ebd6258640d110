import type { Message, Page } from "../wire";
import { Observable } from "./observable";

/** Changes of a room from one position to another, as a `changes` frame and a catch-up carry them. */
export type Changes = { from: number; to: number; changes: readonly Message[] };

/** Frames kept while the newest page is under way. The oldest go first: the page most likely holds what they brought. */
const HELD = 100;
/** Frames kept beyond a gap, until it is closed. The newest are not kept: the oldest are what a sync connects to. */
const BEYOND = 200;

/**
 * The messages of one room as far as they are loaded: always one unbroken stretch up to the newest, so that order is
 * order of `seq` and nothing is missing in between. `position` is the proof: everything up to it has been applied. A
 * frame that does not connect to it is a gap, and only a sync closes a gap; the frame is kept until then, so that a busy
 * room is caught up with as soon as what was missed is here.
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
  /** Frames that came before the first page. */
  #early: Changes[] = [];
  /** Frames that came after a gap. */
  #beyond: Changes[] = [];
  /** Where the stretch began: of changes up to here only its own messages are known. */
  #since = 0;
  /** Changes, after that, of messages before the stretch. A page that was read before them does not have them. */
  #outside = new Map<number, Message>();

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

  /** The newest page. Says whether frames that came meanwhile leave a gap. */
  load(page: Page): "applied" | "gap" {
    // A page that is not ahead of what is here brings nothing. One that is takes its place: what lies before the page
    // may have been changed at the positions that are jumped over, and comes again when it is scrolled to.
    if (this.position === null || page.position > this.position) this.#begin(page);
    this.#beyond.push(...this.#early);
    this.#early = [];
    this.#connect();
    this.changed();
    return this.#beyond.length > 0 ? "gap" : "applied";
  }

  /** The page before the message `before`. Says whether it fits: meanwhile the stretch may have become another one. */
  prepend(page: Page, before: number): boolean {
    if (this.position === null || this.messages[0]?.seq !== before || page.position < this.#since) return false;
    this.earlier = page.before;
    const oldest = page.before ? (page.messages[0]?.seq ?? before) : 0;
    const missed = [...this.#outside.values()];
    this.#outside.clear();
    this.#merge([...page.messages, ...missed], oldest);
    this.changed();
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
    this.#beyond = [];
    this.#outside.clear();
    this.changed();
  }

  /** Forget all but the newest `count` messages; they come back when scrolled to. */
  trim(count: number): void {
    if (this.messages.length <= count) return;
    this.messages = this.messages.slice(-count);
    this.earlier = true;
    this.changed();
  }

  #begin(page: Page): void {
    const oldest = page.before ? (page.messages[0]?.seq ?? 0) : 0;
    // What we were told is stored stays, even if the page was read before that.
    const ahead = this.messages.filter(({ rev }) => rev > page.position);
    this.messages = [];
    this.earlier = page.before;
    this.position = page.position;
    this.head = Math.max(this.head, page.position);
    this.#since = page.position;
    this.#outside.clear();
    this.#merge([...page.messages, ...ahead], oldest);
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

  /** Puts in what is newer than what is here. The stretch begins at its first message, or at the `seq` `oldest`. */
  #merge(incoming: readonly Message[], oldest = this.earlier ? (this.messages[0]?.seq ?? 0) : 0): void {
    const next = [...this.messages];
    let news = false;
    for (const message of incoming) {
      if (message.seq < oldest) {
        const known = this.#outside.get(message.seq);
        if (message.rev > Math.max(known?.rev ?? 0, this.#since)) this.#outside.set(message.seq, message);
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
