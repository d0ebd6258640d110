import type { Room } from "../wire";
import type { Account } from "./account";
import type { Unsaid } from "./unsaid";

/** After the last key it takes this long until other devices are told. */
const PAUSE_MS = 1_000;

/** Where a draft is being written at this moment. It takes what another device wrote, unless somebody is writing. */
export type Writing = { room: string; take(text: string): boolean };

/**
 * What is half written, on all devices of a person. `Unsaid` holds what stands here, and beside it what the API is known
 * to have: where the two differ, something was written here that is newer, and goes there; where they are equal, what
 * comes from there is.
 */
export class Drafts {
  /** The box that is on screen, if one is. */
  writing: Writing | null = null;
  readonly #account: Pick<Account, "call">;
  readonly #unsaid: Unsaid;
  #timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** Counts what happens to drafts; by room, when something did last. */
  #clock = 0;
  #touched = new Map<string, number>();
  #closed = false;

  constructor(account: Pick<Account, "call">, unsaid: Unsaid) {
    this.#account = account;
    this.#unsaid = unsaid;
  }

  /** I have changed what I am writing there. */
  write(room: string, text: string): void {
    this.#unsaid.put(room, text);
    this.#plan(room, PAUSE_MS);
  }

  /** It was sent: nothing of it is left. */
  sent(room: string): void {
    this.#unsaid.put(room, "");
    this.#plan(room, 0);
  }

  /** Another device has. */
  hear(room: string, text: string): void {
    // What is written here goes there in a moment.
    if (this.#timers.has(room)) return;
    this.#touch(room);
    this.#take(room, text);
  }

  /** When a list of rooms is asked for, to be given back with it. */
  get now(): number {
    return this.#clock;
  }

  /** What the API had, some time after `asked`. What happened here since then is newer. */
  know(rooms: readonly Room[], asked: number): void {
    for (const { id, draft = "" } of rooms) {
      if (this.#timers.has(id) || (this.#touched.get(id) ?? 0) > asked) continue;
      const here = this.#unsaid.of(id);
      if (same(here, draft)) this.#unsaid.putStored(id, here);
      else if (same(here, this.#unsaid.storedOf(id))) this.#take(id, draft);
      else this.#plan(id, PAUSE_MS);
    }
  }

  /** The page may be about to go: what would be told in a moment is told now. */
  flush(): void {
    for (const [room, timer] of this.#timers) {
      clearTimeout(timer);
      void this.#put(room);
    }
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #take(room: string, text: string): void {
    if (this.writing?.room === room && !this.writing.take(text)) return;
    this.#unsaid.put(room, text);
    this.#unsaid.putStored(room, text);
  }

  #touch(room: string): void {
    this.#clock += 1;
    this.#touched.set(room, this.#clock);
  }

  #plan(room: string, ms: number): void {
    if (this.#closed) return;
    this.#touch(room);
    clearTimeout(this.#timers.get(room));
    this.#timers.set(
      room,
      setTimeout(() => void this.#put(room), ms),
    );
  }

  async #put(room: string): Promise<void> {
    this.#timers.delete(room);
    const text = this.#unsaid.of(room);
    if (same(text, this.#unsaid.storedOf(room))) return;
    try {
      await this.#account.call(`/rooms/${encodeURIComponent(room)}/draft`, { method: "PUT", body: { text } });
    } catch {
      // It differs from what is stored, and so goes with the next key or the next list.
      return;
    }
    this.#touch(room);
    this.#unsaid.putStored(room, text);
  }
}

/** The API drops white space around a text, and composes its characters. */
function same(one: string, other: string): boolean {
  return one.normalize("NFC").trim() === other.normalize("NFC").trim();
}
