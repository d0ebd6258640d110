import type { Frame } from "../wire";
import type { Connection } from "./connection";
import type { MyRooms } from "./rooms";
import type { Timeline } from "./timeline";

/**
 * In a busy room every message would otherwise cost a request from everyone who looks on. Others are shown how far one has read
 * every three seconds at most, and what comes sooner is not shown: on the way two may come nearer to each other.
 */
const PAUSE_MS = 3_300;

/** Tells the API what has been read: what stands at the end of a conversation that is open, visible and scrolled down. */
export class Reading {
  readonly #connection: Connection;
  readonly #rooms: MyRooms;
  readonly #timeline: (room: string) => Timeline | undefined;
  #room: string | null = null;
  /** The last `seq` told, per room. */
  #told = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
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
  elsewhere(room: string, seq: number): void {
    if (this.#told.has(room)) this.#told.set(room, Math.max(this.#told.get(room) ?? 0, seq));
    this.#rooms.readTo(room, seq);
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
    this.#rooms.setUnread(room, 0, 0);
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
  }

  async #tell(room: string, position: number, seq: number): Promise<void> {
    this.#due = null;
    const before = this.#told.get(room) ?? 0;
    this.#told.set(room, seq);
    try {
      const reply = await this.#connection.request<Extract<Frame, { type: "read" }>>({
        action: "read",
        room,
        position,
        seq,
      });
      if (this.#room !== room) this.#rooms.setUnread(room, reply.unread, reply.mentions);
    } catch {
      // After the pause it is said again.
      if (this.#told.get(room) === seq) this.#told.set(room, before);
    }
  }
}
