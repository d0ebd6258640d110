import type { Message, Page, Room } from "../wire";
import type { Timeline } from "./timeline";

/** What was kept of an earlier visit. */
export type Kept = { rooms: readonly Room[] | null; pages: Map<string, Page> };

/** Where it is kept. Each call may reject, and then nothing is kept. */
export interface Memory {
  all(): Promise<Kept>;
  putRooms(rooms: readonly Room[]): Promise<void>;
  /** The rooms put last stay, the others go. Neither a page nor a message takes the place of one that is newer. */
  putPage(room: string, page: Page): Promise<void>;
  /** The same for a room that was not looked at: its page stays in its turn, and where there is none, none is put. */
  renewPage(room: string, page: Page): Promise<void>;
  /** These messages take the place of what is kept of them. */
  amend(room: string, messages: readonly Message[]): Promise<void>;
  removePage(room: string): Promise<void>;
  clear(): Promise<void>;
  close(): void;
}

/** Messages kept of one room: some screens. */
const MESSAGES = 60;
/** After a change it is kept this much later, so that a busy room does not keep the disk busy. */
const PAUSE_MS = 1_500;

/** The list of rooms, the room on screen and the others that are loaded, as they are now. */
export type Sight = () => {
  rooms: readonly Room[] | null;
  timeline: Timeline | null;
  others: readonly Timeline[];
};

/**
 * Keeps what is on screen for the next visit: my rooms, and of the rooms seen last the newest messages. A kept page is a
 * page like any other, at the position it had, so that a sync makes it current. What is said in rooms that are not on
 * screen can wait for the end of the visit; what was deleted or edited in any of them must not stay.
 */
export class Keeper {
  readonly #memory: Memory;
  readonly #sight: Sight;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rooms: readonly Room[] | null = null;
  /** What was put last of each room, as an array's identity. */
  #put = new Map<string, Timeline["messages"]>();
  /** What was deleted or edited since, by room. */
  #amended = new Map<string, Message[]>();
  #closed = false;

  constructor(memory: Memory, sight: Sight) {
    this.#memory = memory;
    this.#sight = sight;
  }

  async all(): Promise<Kept> {
    return this.#memory.all().catch(() => ({ rooms: null, pages: new Map<string, Page>() }));
  }

  /** Something on screen has changed. */
  touch(): void {
    if (!this.#closed) this.#timer ??= setTimeout(() => this.#write(), PAUSE_MS);
  }

  /** Messages of a room have changed; those that say something else now must not stay as they were. */
  amend(room: string, changes: readonly Message[]): void {
    const amended = changes.filter(({ edited_at, deleted_at }) => (edited_at ?? deleted_at) !== undefined);
    if (amended.length === 0) return;
    this.#amended.set(room, [...(this.#amended.get(room) ?? []), ...amended]);
    this.touch();
  }

  /** Now, and all of it: the page may be about to go. */
  keep(): void {
    this.#write();
    if (this.#closed) return;
    for (const timeline of this.#sight().others)
      this.#putPage(timeline, (room, page) => this.#memory.renewPage(room, page));
  }

  /** A room is not mine any more, or what is kept of it may be wrong. */
  forget(room: string): void {
    this.#put.delete(room);
    this.#amended.delete(room);
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

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#closed) return;
    const { rooms, timeline } = this.#sight();
    if (rooms && rooms !== this.#rooms) {
      this.#rooms = rooms;
      void this.#memory.putRooms(rooms).catch(() => {});
    }
    if (timeline) this.#putPage(timeline, (room, page) => this.#memory.putPage(room, page));
    for (const [room, messages] of this.#amended) void this.#memory.amend(room, messages).catch(() => {});
    this.#amended.clear();
  }

  #putPage(timeline: Timeline, put: (room: string, page: Page) => Promise<void>): void {
    const page = pageOf(timeline);
    if (!page || this.#put.get(timeline.room) === timeline.messages) return;
    this.#put.set(timeline.room, timeline.messages);
    void put(timeline.room, page).catch(() => {});
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
