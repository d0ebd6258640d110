import type { Page, Room } from "../wire";
import type { Timeline } from "./timeline";

/** What was kept of an earlier visit. */
export type Kept = { rooms: readonly Room[] | null; pages: Map<string, Page> };

/** Where it is kept. Each call may reject, and then nothing is kept. */
export interface Memory {
  all(): Promise<Kept>;
  putRooms(rooms: readonly Room[]): Promise<void>;
  /** The rooms put last stay, the others go. */
  putPage(room: string, page: Page): Promise<void>;
  removePage(room: string): Promise<void>;
  clear(): Promise<void>;
  close(): void;
}

/** Messages kept of one room: some screens. */
const MESSAGES = 60;
/** After a change it is kept this much later, so that a busy room does not keep the disk busy. */
const PAUSE_MS = 1_500;

/** The room on screen and the list of rooms as they are now, if they are worth keeping. */
export type Sight = () => { rooms: readonly Room[] | null; timeline: Timeline | null };

/**
 * Keeps what is on screen for the next visit: my rooms, and of the rooms seen last the newest messages. A kept page is a
 * page like any other, at the position it had, so that a sync makes it current.
 */
export class Keeper {
  readonly #memory: Memory;
  readonly #sight: Sight;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rooms: readonly Room[] | null = null;
  /** What was put last of each room, as an array's identity. */
  #put = new Map<string, Timeline["messages"]>();
  #closed = false;

  constructor(memory: Memory, sight: Sight) {
    this.#memory = memory;
    this.#sight = sight;
  }

  async all(): Promise<Kept> {
    return this.#memory.all().catch(() => ({ rooms: null, pages: new Map<string, Page>() }));
  }

  /** Something has changed. */
  touch(): void {
    if (!this.#closed) this.#timer ??= setTimeout(() => this.keep(), PAUSE_MS);
  }

  /** Now: the page may be about to go. */
  keep(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#closed) return;
    const { rooms, timeline } = this.#sight();
    if (rooms && rooms !== this.#rooms) {
      this.#rooms = rooms;
      void this.#memory.putRooms(rooms).catch(() => {});
    }
    const page = timeline && pageOf(timeline);
    if (!timeline || !page || this.#put.get(timeline.room) === timeline.messages) return;
    this.#put.set(timeline.room, timeline.messages);
    void this.#memory.putPage(timeline.room, page).catch(() => {});
  }

  /** A room is not mine any more. */
  forget(room: string): void {
    this.#put.delete(room);
    void this.#memory.removePage(room).catch(() => {});
  }

  /** Forget everything: the person is signed out. Nothing is kept after that. */
  async clear(): Promise<void> {
    this.#stop();
    await this.#memory.clear().catch(() => {});
  }

  close(): void {
    this.keep();
    this.#stop();
    this.#memory.close();
  }

  #stop(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}

/** Only what reaches the newest and has been caught up with: anything else is older than what was kept before. */
function pageOf({ position, messages, stale, later, earlier }: Timeline): Page | null {
  if (position === null || stale || later) return null;
  const newest = messages.slice(-MESSAGES);
  return { messages: newest, position, before: earlier || newest.length < messages.length, after: false };
}
