import type { Frame } from "../wire";
import type { Connection } from "./connection";
import type { Told } from "./count";
import type { MyRooms } from "./rooms";
import type { Timeline } from "./timeline";

/** In a busy room every message would otherwise cost a request from everyone who looks on. */
const PAUSE_MS = 3_300;
/** So far apart those ask again who were told at once that it is too soon to show what they have read. */
const SPREAD_MS = 1_000;
/** So often they do, each time after twice as long: the next signal of the room shows it, too. */
const TRIES = 5;

/** What was read, and how often it was asked in vain to show it. */
type Unshown = { room: string; position: number; seq: number; tries: number };

/** Tells the API what has been read: what stands at the end of a conversation that is open, visible and scrolled down. */
export class Reading {
  readonly #connection: Connection;
  readonly #rooms: MyRooms;
  readonly #timeline: (room: string) => Timeline | undefined;
  #room: string | null = null;
  /** The last `seq` told, per room. */
  #told = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The last `seq` that the others are known to be shown, by room. */
  #shown = new Map<string, number>();
  /** What the others have not been shown yet, by room, and when it is asked for again. */
  #unshown = new Map<string, Unshown & { timer: ReturnType<typeof setTimeout> }>();
  /** The rooms of which it is not known what the API knows. */
  #unsure = new Set<string>();
  /** What has been read since the last telling and waits for the pause to end. */
  #due: { room: string; position: number; seq: number } | null = null;

  constructor(connection: Connection, rooms: MyRooms, timeline: (room: string) => Timeline | undefined) {
    this.#connection = connection;
    this.#rooms = rooms;
    this.#timeline = timeline;
  }

  /** The end of this room is in view; null: of none. */
  at(room: string | null): void {
    // Whoever turns away may not come back: what waits is told now.
    if (room !== this.#room && this.#due && this.#connection.state.name === "open") {
      void this.#tell(this.#due.room, this.#due.position, this.#due.seq);
    }
    this.#room = room;
    this.consider();
  }

  /** It is in view no more. Another room may have taken its place before this is said. */
  away(room: string): void {
    if (this.#room === room) this.at(null);
  }

  /** On another device it was read up to there. */
  elsewhere(room: string, seq: number, told: Told): void {
    if (this.#told.has(room)) this.#told.set(room, Math.max(this.#told.get(room) ?? 0, seq));
    this.#rooms.readTo(room, seq, told);
    // What has come since is in view here, and the other device may be this page's own socket before this one.
    if (this.#room === room) this.consider();
  }

  /** The others are shown that I have read up to there. */
  shown(room: string, seq: number): void {
    this.#shown.set(room, Math.max(this.#shown.get(room) ?? 0, seq));
    if ((this.#unshown.get(room)?.seq ?? seq + 1) <= seq) this.#forget(room);
  }

  /** Something may have been read just now. */
  consider(): void {
    const room = this.#room;
    const timeline = room ? this.#timeline(room) : undefined;
    const known = room ? this.#rooms.get(room) : undefined;
    // Also where nothing was said yet: what I say first is no news here, and on my other devices only once it is told.
    if (known && !this.#told.has(known.id)) this.#told.set(known.id, known.said - known.unread);
    const newest = timeline?.newest;
    if (!room || !newest || timeline.position === null || timeline.later) return;
    this.#rooms.readAll(room);
    if ((this.#told.get(room) ?? 0) >= newest.seq) return;
    if (this.#timer !== undefined) {
      this.#due = { room, position: timeline.position, seq: newest.seq };
      return;
    }
    if (this.#connection.state.name !== "open") return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.consider();
    }, PAUSE_MS);
    void this.#tell(room, timeline.position, newest.seq);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const { timer } of this.#unshown.values()) clearTimeout(timer);
    this.#unshown.clear();
  }

  async #tell(room: string, position: number, seq: number): Promise<void> {
    this.#due = null;
    const before = this.#told.get(room) ?? 0;
    this.#told.set(room, seq);
    try {
      const reply = await this.#say(room, position, seq, this.#unsure.has(room));
      this.#unsure.delete(room);
      this.#showLater({ room, position, seq, tries: 0 }, reply.retry_after);
      if (this.#room !== room) this.#rooms.answered(room, seq, reply);
    } catch {
      // After the pause it is said again. Perhaps it is known already and only the answer was lost.
      this.#unsure.add(room);
      if (this.#told.get(room) === seq) this.#told.set(room, before);
    }
  }

  #say(room: string, position: number, seq: number, again: boolean): Promise<Extract<Frame, { type: "read" }>> {
    return this.#connection.request({ action: "read", room, position, seq, ...(again ? { again } : {}) });
  }

  /** It was too soon to show it to the others, of whom many may have been told the same: the first to ask again has it shown for all. */
  #showLater(what: Unshown, wait: number | undefined): void {
    this.#forget(what.room);
    // It may have been shown while the answer was on its way.
    if (wait === undefined || what.tries >= TRIES || (this.#shown.get(what.room) ?? 0) >= what.seq) return;
    const timer = setTimeout(() => void this.#showAgain(what), wait * 2 ** what.tries + Math.random() * SPREAD_MS);
    this.#unshown.set(what.room, { ...what, timer });
  }

  async #showAgain(what: Unshown): Promise<void> {
    // What was read meanwhile is told by itself.
    if (this.#due?.room === what.room) return this.#forget(what.room);
    if (this.#connection.state.name !== "open") return this.#showLater(what, PAUSE_MS);
    const wait = await this.#say(what.room, what.position, what.seq, true).then(
      (reply) => reply.retry_after,
      () => PAUSE_MS,
    );
    if (this.#told.get(what.room) === what.seq) this.#showLater({ ...what, tries: what.tries + 1 }, wait);
  }

  #forget(room: string): void {
    clearTimeout(this.#unshown.get(room)?.timer);
    this.#unshown.delete(room);
  }
}
