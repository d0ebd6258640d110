import type { Message } from "../wire";
import { Backoff } from "./backoff";
import { type Envelope, Refusal, SessionEnded, Unreachable } from "./failure";
import { Observable } from "./observable";

/** What is written down of a draft. */
export type Written = {
  /** Names the message from the moment it is written until it is history, and makes a repetition harmless. */
  readonly clientId: string;
  readonly room: string;
  readonly text: string;
  /** The number of the message that it replies to, if it is a reply. */
  readonly replyTo?: number;
  /** When it was written, in milliseconds. */
  readonly at: number;
  readonly state: "sending" | "failed";
  /** Why it failed. */
  readonly refusal: Envelope | null;
};

export type Draft = Written & {
  /** It could not be stored in the browser: with this page it would be lost. */
  readonly unkept: boolean;
};

/** Where drafts outlive the page, and where all tabs of one person find them. */
export interface Shelf {
  /** Another tab changed something. */
  onchange: () => void;
  /** Oldest first. */
  all(): Promise<Written[]>;
  /** A new one comes last, one that is there is replaced where it stands. */
  put(draft: Written): Promise<void>;
  remove(clientId: string): Promise<void>;
  clear(): Promise<void>;
  /** Does the work when no other tab is at the same room. Rejects when the signal comes first. */
  alone(room: string, signal: AbortSignal, work: () => Promise<void>): Promise<void>;
  close(): void;
}

/** Sends one draft and gives back the stored message, or throws what came instead. */
export type Deliver = (draft: Written) => Promise<Message>;

/**
 * So often a message is tried that fails by our own fault. It may be this very message that fails: then it steps aside,
 * or nothing that was written after it would ever be sent. With the waits between, some two minutes.
 */
const TRIES = 10;

/**
 * What was written and is not stored yet, in order, one under way per room: two at once could change places. It stands
 * on a shelf that all tabs share, and one tab at a time empties a room's part. Should two do it at once, as where there
 * are no locks, each still waits for the answer before it sends the next one, and the API knows a repetition by its
 * client id: order and number stay right.
 *
 * A draft leaves when the API says that it is stored, or when the message is heard. A lost connection is no failure: it
 * goes out when `flush` says that there is one again. When the shelf refuses, drafts are kept here, and say so.
 */
export class Outbox extends Observable {
  drafts: readonly Draft[] = [];
  readonly #shelf: Shelf;
  readonly #deliver: Deliver;
  readonly #backoff: () => Backoff;
  readonly #closing = new AbortController();
  #busy = new Set<string>();
  /** Drafts that the shelf does not have, or not as they are here. */
  #unwritten = new Set<string>();
  /** Counts beginnings and ends of writing: what was read meanwhile is out of date. */
  #writes = 0;
  /** Called when a draft is no more. */
  #settled = new Map<string, () => void>();

  constructor(shelf: Shelf, deliver: Deliver, backoff = () => new Backoff()) {
    super();
    this.#shelf = shelf;
    this.#deliver = deliver;
    this.#backoff = backoff;
    shelf.onchange = () => void this.#look();
    void this.#look();
  }

  of(room: string): readonly Draft[] {
    return this.drafts.filter((draft) => draft.room === room);
  }

  /** Closing the page now would lose something. */
  get unkept(): boolean {
    return this.#unwritten.size > 0;
  }

  add(draft: Pick<Written, "clientId" | "room" | "text" | "replyTo" | "at">): void {
    this.#put({ ...draft, state: "sending", refusal: null, unkept: false });
    void this.#work(draft.room);
  }

  /** Send a failed one again, under the same name. */
  retry(clientId: string): void {
    const draft = this.#find(clientId);
    if (draft?.state !== "failed") return;
    this.#put({ ...draft, state: "sending", refusal: null });
    void this.#work(draft.room);
  }

  discard(clientId: string): void {
    if (this.#find(clientId)?.state === "failed") this.settle(clientId);
  }

  /** It is stored: the answer or the echo says so, whichever comes first. */
  settle(clientId: string): void {
    if (!this.#find(clientId)) return;
    this.drafts = this.drafts.filter((draft) => draft.clientId !== clientId);
    this.#unwritten.delete(clientId);
    // What cannot be removed is sent again one day, and answered with the message that it became.
    void this.#write(() => this.#shelf.remove(clientId)).catch(() => {});
    this.#settled.get(clientId)?.();
    this.changed();
  }

  /** There is a connection (again). */
  flush(): void {
    for (const room of new Set(this.drafts.map((draft) => draft.room))) void this.#work(room);
  }

  /** Forget everything, also for other pages: the person signs out. */
  async clear(): Promise<void> {
    this.drafts = [];
    this.#unwritten.clear();
    this.changed();
    await this.#write(() => this.#shelf.clear()).catch(() => {});
  }

  /** Stop all waiting; the outbox is not used again. */
  close(): void {
    this.#closing.abort();
    this.#shelf.close();
  }

  #find(clientId: string): Draft | undefined {
    return this.drafts.find((draft) => draft.clientId === clientId);
  }

  #put(draft: Draft): void {
    const { clientId } = draft;
    this.drafts = this.#find(clientId)
      ? this.drafts.map((one) => (one.clientId === clientId ? draft : one))
      : [...this.drafts, draft];
    this.#unwritten.add(clientId);
    this.changed();
    const { unkept: _, ...written } = draft;
    this.#write(() => this.#shelf.put(written)).then(
      () => void this.#unwritten.delete(clientId),
      () => {
        this.drafts = this.drafts.map((one) => (one.clientId === clientId ? { ...one, unkept: true } : one));
        this.changed();
      },
    );
  }

  async #write(work: () => Promise<void>): Promise<void> {
    this.#writes += 1;
    try {
      await work();
    } finally {
      this.#writes += 1;
    }
  }

  /** What is on the shelf, and what could not be put there. */
  async #read(): Promise<void> {
    let writes: number;
    let shelved: Written[];
    do {
      writes = this.#writes;
      try {
        shelved = await this.#shelf.all();
      } catch {
        return;
      }
    } while (writes !== this.#writes);
    if (this.#closing.signal.aborted) return;
    const before = new Map(this.drafts.map((draft) => [draft.clientId, draft]));
    const drafts = new Map(shelved.map((draft) => [draft.clientId, { ...draft, unkept: false }]));
    for (const clientId of this.#unwritten) {
      const draft = before.get(clientId);
      if (draft) drafts.set(clientId, draft);
    }
    const after = [...drafts.values()];
    if (JSON.stringify(after) === JSON.stringify(this.drafts)) return;
    this.drafts = after;
    for (const clientId of before.keys()) if (!drafts.has(clientId)) this.#settled.get(clientId)?.();
    this.changed();
  }

  async #look(): Promise<void> {
    await this.#read();
    this.flush();
  }

  async #work(room: string): Promise<void> {
    const { signal } = this.#closing;
    if (signal.aborted || this.#busy.has(room) || !this.#first(room)) return;
    this.#busy.add(room);
    let came: boolean = true;
    try {
      await this.#shelf.alone(room, signal, async () => {
        // While this tab waited for its turn another one may have sent them.
        await this.#read();
        came = await this.#empty(room);
      });
    } catch {
      came = false;
    }
    this.#busy.delete(room);
    // Something may have been added between the last look and now.
    if (came) void this.#work(room);
  }

  #first(room: string): Draft | undefined {
    return this.drafts.find((draft) => draft.room === room && draft.state === "sending");
  }

  /** Was everything sent, or is there nothing more to be done for now? */
  async #empty(room: string): Promise<boolean> {
    for (;;) {
      const draft = this.#first(room);
      if (!draft) return true;
      if (!(await this.#send(draft))) return false;
    }
  }

  /** Until it is stored or refused. False when there is nobody to send it to. */
  async #send(draft: Draft): Promise<boolean> {
    const { clientId } = draft;
    const settled = new Promise<void>((resolve) => this.#settled.set(clientId, resolve));
    const backoff = this.#backoff();
    try {
      for (let tries = 1; ; tries += 1) {
        try {
          await Promise.race([this.#deliver(draft), settled]);
          this.settle(clientId);
          return true;
        } catch (failure) {
          if (failure instanceof SessionEnded || failure instanceof Unreachable) return !this.#find(clientId);
          if (!(failure instanceof Refusal) || !failure.passes || (failure.code === "internal" && tries >= TRIES)) {
            this.#fail(clientId, failure);
            return true;
          }
          await this.#pause(failure.envelope.retry_after || backoff.next(), settled);
        }
        if (this.#closing.signal.aborted) return false;
        if (!this.#find(clientId)) return true;
      }
    } finally {
      this.#settled.delete(clientId);
    }
  }

  #fail(clientId: string, failure: unknown): void {
    const draft = this.#find(clientId);
    const refusal = failure instanceof Refusal ? failure.envelope : { code: "internal", message: "" };
    if (draft) this.#put({ ...draft, state: "failed", refusal });
  }

  /** Until the time is over, the draft is settled, or the outbox is closed. */
  async #pause(ms: number, settled: Promise<void>): Promise<void> {
    const { signal } = this.#closing;
    let over: () => void = () => {};
    const waited = new Promise<void>((resolve) => {
      over = resolve;
    });
    const timer = setTimeout(over, ms);
    signal.addEventListener("abort", over);
    await Promise.race([waited, settled]);
    clearTimeout(timer);
    signal.removeEventListener("abort", over);
  }
}
