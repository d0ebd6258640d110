import type { Message } from "../wire";
import { Backoff } from "./backoff";
import { Refusal, SessionEnded, Unreachable } from "./failure";
import { Observable } from "./observable";

export type Draft = {
  /** Names the message from the moment it is written until it is history, and makes a repetition harmless. */
  readonly clientId: string;
  readonly room: string;
  readonly text: string;
  /** When it was written, in milliseconds. */
  readonly at: number;
  readonly state: "sending" | "failed";
  /** Why it failed. */
  readonly refusal: Refusal | Unreachable | null;
};

/** Sends one draft and gives back the stored message, or throws what came instead. */
export type Deliver = (draft: Draft) => Promise<Message>;

/** Tries against a server that answers "not now" before the person is asked. With the waits between, about half a minute. */
const TRIES = 6;

/**
 * What was written and is not stored yet, in order, one under way per room: two at once could change places. A lost
 * connection is no failure: the draft waits and goes out when `flush` says that there is one again.
 */
export class Outbox extends Observable {
  drafts: readonly Draft[] = [];
  #deliver: Deliver;
  #busy = new Map<string, "delivering" | "waiting">();
  #backoff: () => Backoff;
  #backoffs = new Map<string, Backoff>();
  #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(deliver: Deliver, backoff = () => new Backoff({ first: 1_000, cap: 8_000 })) {
    super();
    this.#deliver = deliver;
    this.#backoff = backoff;
  }

  of(room: string): readonly Draft[] {
    return this.drafts.filter((draft) => draft.room === room);
  }

  add(draft: Pick<Draft, "clientId" | "room" | "text" | "at">): void {
    this.drafts = [...this.drafts, { ...draft, state: "sending", refusal: null }];
    this.changed();
    void this.#next(draft.room);
  }

  /** Send a failed one again, under the same name. It goes behind what is already waiting. */
  retry(clientId: string): void {
    const draft = this.#find(clientId);
    if (draft?.state !== "failed") return;
    this.drafts = [...this.drafts.filter((other) => other !== draft), { ...draft, state: "sending", refusal: null }];
    this.changed();
    void this.#next(draft.room);
  }

  discard(clientId: string): void {
    const draft = this.#find(clientId);
    if (draft?.state === "failed") this.settle(clientId);
  }

  /** It is stored: the answer or the echo says so, whichever comes first. */
  settle(clientId: string): void {
    if (!this.#find(clientId)) return;
    this.drafts = this.drafts.filter((draft) => draft.clientId !== clientId);
    this.#backoffs.delete(clientId);
    this.changed();
  }

  /** There is a connection (again). */
  flush(): void {
    for (const room of new Set(this.drafts.map((draft) => draft.room))) void this.#next(room);
  }

  /** Stop all waiting; the outbox is not used again. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.drafts = [];
  }

  #find(clientId: string): Draft | undefined {
    return this.drafts.find((draft) => draft.clientId === clientId);
  }

  async #next(room: string): Promise<void> {
    if (this.#busy.has(room)) return;
    for (;;) {
      const draft = this.drafts.find((one) => one.room === room && one.state === "sending");
      if (!draft) return;
      this.#busy.set(room, "delivering");
      try {
        await this.#deliver(draft);
        this.settle(draft.clientId);
      } catch (failure) {
        if (failure instanceof SessionEnded || failure instanceof Unreachable) {
          this.#busy.delete(room);
          return;
        }
        const wait = this.#patience(draft, failure);
        if (wait === null) this.#fail(draft, failure);
        else return this.#later(room, wait);
      }
      this.#busy.delete(room);
    }
  }

  /** How long to wait before trying again, or null when it is of no use. */
  #patience(draft: Draft, failure: unknown): number | null {
    if (!(failure instanceof Refusal) || !failure.passes) return null;
    let backoff = this.#backoffs.get(draft.clientId);
    if (!backoff) {
      backoff = this.#backoff();
      this.#backoffs.set(draft.clientId, backoff);
    }
    if (backoff.tries >= TRIES - 1) return null;
    return Math.max(backoff.next(), (failure.envelope.retry_after ?? 0) * 1_000);
  }

  #later(room: string, wait: number): void {
    this.#busy.set(room, "waiting");
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#busy.delete(room);
      void this.#next(room);
    }, wait);
    this.#timers.add(timer);
  }

  #fail(draft: Draft, failure: unknown): void {
    const refusal = failure instanceof Refusal || failure instanceof Unreachable ? failure : new Unreachable();
    this.#backoffs.delete(draft.clientId);
    this.drafts = this.drafts.map((one) =>
      one.clientId === draft.clientId ? { ...one, state: "failed", refusal } : one,
    );
    this.changed();
  }
}
