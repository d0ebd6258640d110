import { Timeline } from "../model/timeline";
import type { Message, Page } from "../wire";
import type { Account } from "./account";

/** Messages in one page. */
const PAGE = 50;

export type Hearer = {
  /** How often the connection began. */
  opens(): number;
  /** The newest page of a room is asked for anew. */
  asked(room: string): void;
  /** Messages of a room are known anew. */
  news(room: string): void;
  /** Something was missed, and a sync brings it. */
  gap(): void;
  /** What is here of a room is that of an earlier visit. */
  restored(): void;
};

/** The timelines of rooms, and the pages that make them. Of one room, one page is fetched at a time. */
export class History {
  readonly #account: Account;
  /** The pages of an earlier visit that have not been looked at yet. Settles when they are here. */
  readonly #kept: Promise<Map<string, Page>>;
  readonly #hearer: Hearer;
  #timelines = new Map<string, Timeline>();
  #loading = new Map<Timeline, Promise<void>>();

  constructor(account: Account, kept: Promise<Map<string, Page>>, hearer: Hearer) {
    this.#account = account;
    this.#kept = kept;
    this.#hearer = hearer;
  }

  get all(): readonly Timeline[] {
    return [...this.#timelines.values()];
  }

  /** The room's, if it was ever looked at. */
  get(room: string): Timeline | undefined {
    return this.#timelines.get(room);
  }

  forget(room: string): void {
    this.#timelines.delete(room);
    void this.#kept.then((pages) => pages.delete(room));
  }

  /**
   * Takes up what is kept of rooms that were not looked at and are `near`, to be caught up with like those that were. Says
   * which are of no use any more.
   */
  async wake(near: (room: string, position: number) => boolean): Promise<readonly string[]> {
    const pages = await this.#kept;
    const useless: string[] = [];
    let restored = false;
    for (const [room, page] of pages) {
      const timeline = this.#timelines.get(room);
      // Whoever looks at it takes its page up in this very moment, if at all.
      if (timeline && this.#loading.has(timeline)) continue;
      pages.delete(room);
      if (timeline?.loaded || !near(room, page.position)) {
        useless.push(room);
        continue;
      }
      this.timeline(room).restore(page);
      restored = true;
    }
    if (restored) this.#hearer.restored();
    return useless;
  }

  /** One message, wherever it is; null if there is none of that number. */
  async one(room: string, seq: number): Promise<Message | null> {
    const page = await this.#account.call<Page>(`${messages(room)}?limit=1&around=${seq}`);
    return page.messages.find((message) => message.seq === seq) ?? null;
  }

  timeline(room: string): Timeline {
    let timeline = this.#timelines.get(room);
    if (!timeline) {
      timeline = new Timeline(room);
      this.#timelines.set(room, timeline);
    }
    return timeline;
  }

  /** The newest page, unless it is here already. */
  load(room: string, again = false): Promise<void> {
    const timeline = this.timeline(room);
    if (timeline.loaded && !again) return Promise.resolve();
    const earlier = this.#loading.get(timeline);
    // What is under way may be an earlier page, or have been asked for before there was reason to ask again.
    if (again && earlier) return earlier.catch(() => {}).then(() => this.load(room, again));
    if (again) this.#hearer.asked(room);
    return this.#once(timeline, async () => {
      if (!again && (await this.#restore(timeline))) return;
      await this.#fetch(timeline, "", (page) => timeline.load(page));
    });
  }

  /** The page around a message, in place of what is here. */
  async jump(room: string, seq: number): Promise<void> {
    const timeline = this.timeline(room);
    // Of several who waited for the same page one is first, and the others wait for theirs.
    for (let other = this.#loading.get(timeline); other; other = this.#loading.get(timeline))
      await other.catch(() => {});
    await this.#once(timeline, () => this.#fetch(timeline, `&around=${seq}`, (page) => timeline.jump(page)));
  }

  /** The newest page, if what is here does not reach it. */
  async toNewest(room: string): Promise<void> {
    if (this.timeline(room).later) await this.load(room, true);
  }

  /** The page before the first message that is here. */
  loadEarlier(room: string): Promise<void> {
    const timeline = this.timeline(room);
    const oldest = timeline.messages[0];
    if (!timeline.loaded || !timeline.earlier || !oldest) return Promise.resolve();
    const { seq } = oldest;
    return this.#once(timeline, () => this.#fetch(timeline, `&before=${seq}`, (page) => timeline.prepend(page, seq)));
  }

  /** The page after the last message that is here. */
  loadLater(room: string): Promise<void> {
    const timeline = this.timeline(room);
    const { newest } = timeline;
    if (!timeline.later || !newest) return Promise.resolve();
    const { seq } = newest;
    return this.#once(timeline, () => this.#fetch(timeline, `&after=${seq}`, (page) => timeline.append(page, seq)));
  }

  async #fetch(timeline: Timeline, where: string, put: (page: Page) => "applied" | "gap" | boolean): Promise<void> {
    const opens = this.#hearer.opens();
    timeline.ask();
    try {
      const outcome = put(await this.#account.call<Page>(`${messages(timeline.room)}?limit=${PAGE}${where}`));
      this.#hearer.news(timeline.room);
      // What happened between reading the page and having a socket reached nobody here.
      if (outcome === "gap" || opens !== this.#hearer.opens() || opens === 0) this.#hearer.gap();
    } finally {
      timeline.giveUp();
    }
  }

  /** What was seen of a room at an earlier visit; a sync makes it current. */
  async #restore(timeline: Timeline): Promise<boolean> {
    const pages = await this.#kept;
    const page = pages.get(timeline.room);
    pages.delete(timeline.room);
    if (page) timeline.restore(page);
    if (page) this.#hearer.restored();
    return timeline.loaded;
  }

  #once(timeline: Timeline, load: () => Promise<void>): Promise<void> {
    let loading = this.#loading.get(timeline);
    if (!loading) {
      loading = load().finally(() => this.#loading.delete(timeline));
      this.#loading.set(timeline, loading);
    }
    return loading;
  }
}

function messages(room: string): string {
  return `/rooms/${encodeURIComponent(room)}/messages`;
}
