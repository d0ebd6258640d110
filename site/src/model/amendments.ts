import { Backoff } from "./backoff";
import { type Envelope, Refusal, SessionEnded, Unreachable } from "./failure";
import { Observable } from "./observable";

/** What somebody wants of a message of theirs. */
export type Wish = {
  /** Makes a repetition harmless. */
  readonly clientId: string;
  readonly room: string;
  readonly seq: number;
  /** What it is to say; null: it is to be deleted. */
  readonly text: string | null;
};

export type Amendment = Wish & {
  /** `done`: the API has answered, and the frame that brings the change to everybody is on its way. */
  readonly state: "sending" | "done" | "failed";
  /** The position at which it was done. */
  readonly rev: number | null;
  readonly refusal: Envelope | null;
};

/** Asks for one, and gives back the position at which it was done. */
export type Amend = (wish: Wish) => Promise<number>;
/** The position of a message's latest change as it is known here, if it is here. */
export type Known = (room: string, seq: number) => number | undefined;

/** So often one is tried that fails by the API's own fault. */
const TRIES = 10;

/**
 * Changes to one's own messages that are not known to be done: shown at once, and repeated under the same name until
 * they are answered. Of one message they are asked for one after the other, or an older text could win over a newer one.
 * They live as long as the page does.
 */
export class Amendments extends Observable {
  /** In the order in which they were made. A new array after each change. */
  list: readonly Amendment[] = [];
  readonly #amend: Amend;
  readonly #known: Known;
  readonly #backoff: () => Backoff;
  #busy = new Set<string>();
  #pauses = new Map<ReturnType<typeof setTimeout>, () => void>();
  #closed = false;

  constructor(amend: Amend, known: Known, backoff = () => new Backoff()) {
    super();
    this.#amend = amend;
    this.#known = known;
    this.#backoff = backoff;
  }

  /** How many would be lost with the page. */
  get pending(): number {
    return this.list.filter(({ state }) => state === "sending").length;
  }

  /** What is shown of each message of a room, by its `seq`: the latest. */
  of(room: string): ReadonlyMap<number, Amendment> {
    return new Map(this.list.filter((one) => one.room === room).map((one) => [one.seq, one]));
  }

  make(wish: Wish): void {
    // What failed before is what it replaces.
    const others = this.list.filter((one) => one.state !== "failed" || !same(one, wish));
    this.#put([...others, { ...wish, state: "sending", rev: null, refusal: null }]);
    void this.#work(wish);
  }

  retry(clientId: string): void {
    const one = this.#find(clientId);
    if (one?.state !== "failed") return;
    this.#put(this.list.map((other) => (other === one ? { ...one, state: "sending", refusal: null } : other)));
    void this.#work(one);
  }

  discard(clientId: string): void {
    if (this.#find(clientId)?.state === "failed") this.#drop(clientId);
  }

  /** There is a connection (again). */
  flush(): void {
    for (const one of this.list) void this.#work(one);
  }

  /** Messages of a room are known anew: what they say already need not be shown in their place. */
  heard(room: string): void {
    const left = this.list.filter((one) => one.room !== room || !this.#arrived(one));
    if (left.length < this.list.length) this.#put(left);
  }

  close(): void {
    this.#closed = true;
    for (const [timer, over] of this.#pauses) {
      clearTimeout(timer);
      over();
    }
  }

  #find(clientId: string): Amendment | undefined {
    return this.list.find((one) => one.clientId === clientId);
  }

  #put(list: readonly Amendment[]): void {
    this.list = list;
    this.changed();
  }

  #drop(clientId: string): void {
    this.#put(this.list.filter((one) => one.clientId !== clientId));
  }

  #arrived({ room, seq, state, rev }: Amendment): boolean {
    if (state !== "done" || rev === null) return false;
    const known = this.#known(room, seq);
    return known === undefined || known >= rev;
  }

  async #work(message: Pick<Wish, "room" | "seq">): Promise<void> {
    const key = `${message.room}:${message.seq}`;
    if (this.#busy.has(key) || this.#closed) return;
    this.#busy.add(key);
    for (;;) {
      const next = this.list.find((one) => one.state === "sending" && same(one, message));
      if (!next || !(await this.#ask(next))) break;
    }
    this.#busy.delete(key);
  }

  /** Until it is done or refused. False when there is nobody to ask. */
  async #ask(one: Amendment): Promise<boolean> {
    const backoff = this.#backoff();
    for (let tries = 1; !this.#closed; tries += 1) {
      try {
        const rev = await this.#amend(one);
        this.#end(one, { ...one, state: "done", rev });
        return true;
      } catch (failure) {
        if (failure instanceof SessionEnded || failure instanceof Unreachable) return false;
        const refusal = failure instanceof Refusal ? failure : null;
        if (!refusal?.passes || (refusal.code === "internal" && tries >= TRIES)) {
          this.#end(one, {
            ...one,
            state: "failed",
            refusal: refusal?.envelope ?? { code: "internal", message: "" },
          });
          return true;
        }
        await this.#pause(refusal.envelope.retry_after || backoff.next());
      }
    }
    return false;
  }

  #end(one: Amendment, end: Amendment): void {
    // A later one of the same message stands for both, whatever came of this one.
    const later = this.list.some((other) => same(other, one) && this.list.indexOf(other) > this.list.indexOf(one));
    if (later || this.#arrived(end)) this.#drop(one.clientId);
    else this.#put(this.list.map((other) => (other.clientId === one.clientId ? end : other)));
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const over = () => {
        this.#pauses.delete(timer);
        resolve();
      };
      const timer = setTimeout(over, ms);
      this.#pauses.set(timer, over);
    });
  }
}

function same(one: Pick<Wish, "room" | "seq">, other: Pick<Wish, "room" | "seq">): boolean {
  return one.room === other.room && one.seq === other.seq;
}
