import type { Catchup, Frame } from "../wire";
import type { Connection } from "./connection";
import type { Timeline } from "./timeline";

/** A position that is known to exist has this long to arrive by itself. */
const PATIENCE_MS = 2_000;
/** Further behind than this it is cheaper to load the newest page and let history be scrolled to. */
const FAR = 500;

export type Sources = {
  timelines(): readonly Timeline[];
  apply(room: string, catchup: Catchup): void;
  gone(rooms: readonly string[]): void;
  reload(timeline: Timeline): void;
};

/** Catches up all loaded rooms in one request, again while there is more, and watches for what is promised but does not come. */
export class Sync {
  readonly #connection: Connection;
  readonly #sources: Sources;
  #running = false;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Connection, sources: Sources) {
    this.#connection = connection;
    this.#sources = sources;
  }

  /** Sync now, or right after the sync that is under way: it may have been answered before the gap was there. */
  ask(): void {
    if (this.#running) this.#again = true;
    else void this.#run();
  }

  /** If a room is behind what it is known to have, give it a moment, then sync. */
  watch(): void {
    if (this.#timer !== undefined || !this.#sources.timelines().some((timeline) => timeline.behind)) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#sources.timelines().some((timeline) => timeline.behind)) this.ask();
    }, PATIENCE_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#running = true;
    const reloaded = new Set<Timeline>();
    try {
      let more = true;
      while (more || this.#again) {
        this.#again = false;
        more = await this.#step(reloaded);
      }
    } catch {
      // The socket is gone, and the next one begins with a sync; or the API said "not now", and later is another time.
      if (this.#connection.state.name === "open") this.#later();
    } finally {
      this.#running = false;
    }
    this.watch();
  }

  /** One request. Is there more to ask for? Rooms that are `reloaded` are left out: their page brings them further. */
  async #step(reloaded: Set<Timeline>): Promise<boolean> {
    const asked = this.#sources.timelines().filter((timeline) => timeline.loaded && !reloaded.has(timeline));
    const rooms = Object.fromEntries(asked.map((timeline) => [timeline.room, timeline.position ?? 0]));
    const reply = await this.#connection.request<Extract<Frame, { type: "synced" }>>({ action: "sync", rooms });
    if (reply.gone.length > 0) this.#sources.gone(reply.gone);
    let progress = reply.gone.length > 0;
    for (const catchup of reply.rooms) {
      const timeline = asked.find((one) => one.room === catchup.room);
      if (timeline && catchup.verdict === "more" && catchup.head - catchup.to > FAR) {
        reloaded.add(timeline);
        this.#sources.reload(timeline);
        progress = true;
        continue;
      }
      const before = timeline?.position;
      this.#sources.apply(catchup.room, catchup);
      timeline?.expect(catchup.head);
      if (timeline?.position !== before) progress = true;
    }
    // A reply that says "more" and brings nothing would be asked for without end.
    return reply.more && progress;
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.ask();
    }, PATIENCE_MS);
  }
}
