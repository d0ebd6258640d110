import type { Catchup, Frame } from "../wire";
import type { Ask, Connection } from "./connection";
import { Refusal } from "./failure";
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

  /** Catch up over a socket that is to take the place of another, which goes on meanwhile. */
  async over(ask: Ask): Promise<void> {
    await this.#all(ask);
    this.watch();
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
    try {
      let reloaded: ReadonlySet<Timeline>;
      do {
        this.#again = false;
        reloaded = await this.#all((body) => this.#connection.request(body));
      } while (this.#again);
      // What is loaded anew is old until it is here.
      for (const timeline of this.#sources.timelines()) if (!reloaded.has(timeline)) timeline.freshen();
    } catch (error) {
      // The socket is gone, and the next one begins with a sync; or the API said "not now", and perhaps when.
      const wait = error instanceof Refusal ? error.envelope.retry_after : undefined;
      if (this.#connection.state.name === "open") this.#later(wait ?? PATIENCE_MS);
    } finally {
      this.#running = false;
    }
    this.watch();
  }

  async #all(ask: Ask): Promise<ReadonlySet<Timeline>> {
    const reloaded = new Set<Timeline>();
    while (await this.#step(ask, reloaded));
    return reloaded;
  }

  /** One request. Is there more to ask for? Rooms that are `reloaded` are left out: their page brings them further. */
  async #step(ask: Ask, reloaded: Set<Timeline>): Promise<boolean> {
    const asked = this.#sources.timelines().filter((timeline) => timeline.loaded && !reloaded.has(timeline));
    const rooms = Object.fromEntries(asked.map((timeline) => [timeline.room, timeline.position ?? 0]));
    const reply = await ask<Extract<Frame, { type: "synced" }>>({ action: "sync", rooms });
    if (reply.gone.length > 0) this.#sources.gone(reply.gone);
    let progress = reply.gone.length > 0;
    for (const catchup of reply.rooms) {
      const timeline = asked.find((one) => one.room === catchup.room);
      const cut = catchup.verdict === "cut";
      if (timeline && (cut || (catchup.verdict === "more" && catchup.head - catchup.to > FAR))) {
        reloaded.add(timeline);
        // Meanwhile a frame may have shown that this answer is too old to say so.
        if (cut && (timeline.position ?? 0) < catchup.from) timeline.drop();
        timeline.expect(catchup.head);
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

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.ask();
    }, ms);
  }
}
