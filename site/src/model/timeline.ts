import type { Message, Page } from "../wire";
import { Observable } from "./observable";

/** Changes of a room from one position to another, as a `changes` frame and a catch-up carry them. */
export type Changes = { from: number; to: number; changes: readonly Message[] };

/**
 * The messages of one room as far as they are loaded: always one unbroken stretch up to the newest, so that order is
 * order of `seq` and nothing is missing in between. `position` is the proof: everything up to it has been applied. A
 * frame that does not connect to it is a gap, and only a sync closes a gap.
 */
export class Timeline extends Observable {
  readonly room: string;
  /** Oldest first. A new array after each change, so that it can be compared by identity. */
  messages: readonly Message[] = [];
  /** Everything up to here has been applied; null until the newest page is here. */
  position: number | null = null;
  /** The highest position we have been told exists. */
  head = 0;
  /** Are there messages before the first one loaded? */
  earlier = true;
  /** Frames that came before the first page. */
  #early: Changes[] = [];

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
    const oldest = page.messages[0];
    const newest = this.newest;
    // A page that begins beyond what we have would leave a hole: what we have goes, and is fetched when scrolled to.
    if (!oldest || !newest || oldest.seq > newest.seq + 1) {
      this.messages = [];
      this.earlier = page.before;
    }
    this.#merge(page.messages);
    this.position = Math.max(this.position ?? 0, page.position);
    this.head = Math.max(this.head, this.position);
    const early = this.#early;
    this.#early = [];
    let outcome: "applied" | "gap" = "applied";
    for (const changes of early) if (this.#step(changes) === "gap") outcome = "gap";
    this.changed();
    return outcome;
  }

  /** A page of what was said before. */
  prepend(page: Page): void {
    this.earlier = page.before;
    this.#merge(page.messages, true);
    this.changed();
  }

  /** A frame or a catch-up. */
  apply(changes: Changes): "applied" | "gap" | "held" {
    this.head = Math.max(this.head, changes.to);
    if (this.position === null) {
      this.#early.push(changes);
      return "held";
    }
    const outcome = this.#step(changes);
    if (outcome === "applied") this.changed();
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

  /** Forget all but the newest `count` messages; they come back when scrolled to. */
  trim(count: number): void {
    if (this.messages.length <= count) return;
    this.messages = this.messages.slice(-count);
    this.earlier = true;
    this.changed();
  }

  #step({ from, to, changes }: Changes): "applied" | "gap" {
    if (this.position === null || from > this.position + 1) return "gap";
    this.#merge(changes);
    this.position = Math.max(this.position, to);
    return "applied";
  }

  #merge(incoming: readonly Message[], older = false): void {
    const next = [...this.messages];
    for (const message of incoming) {
      const at = place(next, message.seq);
      const known = next[at];
      if (known?.seq === message.seq) {
        if (message.rev >= known.rev) next[at] = message;
      } else if (at > 0 || older || !this.earlier || next.length === 0) {
        next.splice(at, 0, message);
      }
      // Else it is a change of a message before the stretch that is loaded: it comes with its page.
    }
    this.messages = next;
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
