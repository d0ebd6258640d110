import { Backoff } from "./backoff";
import { type Envelope, Refusal, SessionEnded, Unreachable } from "./failure";
import { Observable } from "./observable";

/** What somebody wants of a message. */
export type Wish = {
  /** Makes a repetition harmless. */
  readonly clientId: string;
  readonly room: string;
  readonly seq: number;
};

export type Wished<W extends Wish> = W & {
  /** `done`: the API has answered, and the frame that brings the change to everybody is on its way. */
  readonly state: "sending" | "done" | "failed";
  /** The position at which it was done. */
  readonly rev: number | null;
  readonly refusal: Envelope | null;
};

/** Asks for one, and gives back the position at which it was done. */
export type Grant<W extends Wish> = (wish: W) => Promise<number>;
/** The position of a message's latest change as it is known here, if it is here. */
export type Known = (room: string, seq: number) => number | undefined;

/** So often one is tried that fails by the API's own fault. */
const TRIES = 10;

/**
 * Changes of messages that are not known to be done: shown at once, and repeated under the same name until they are
 * answered. Of one thing they are asked for one after the other, or an older wish could win over a newer one. They live
 * as long as the page does.
 */
export class Wishes<W extends Wish> extends Observable {
  /** In the order in which they were made. A new array after each change. */
  list: readonly Wished<W>[] = [];
  readonly #grant: Grant<W>;
  readonly #known: Known;
  readonly #backoff: () => Backoff;
  #busy = new Set<string>();
  #pauses = new Map<ReturnType<typeof setTimeout>, () => void>();
  #closed = false;

  constructor(grant: Grant<W>, known: Known, backoff = () => new Backoff()) {
    super();
    this.#grant = grant;
    this.#known = known;
    this.#backoff = backoff;
  }

  /** How many would be lost with the page. */
  get pending(): number {
    return this.list.filter(({ state }) => state === "sending").length;
  }

  /** What a wish is about: of two about the same, the later one stands. */
  protected about({ room, seq }: W): string {
    return `${room}:${seq}`;
  }

  make(wish: W): void {
    // What failed before is what it replaces.
    const others = this.list.filter((one) => one.state !== "failed" || this.about(one) !== this.about(wish));
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

  #find(clientId: string): Wished<W> | undefined {
    return this.list.find((one) => one.clientId === clientId);
  }

  #put(list: readonly Wished<W>[]): void {
    this.list = list;
    this.changed();
  }

  #drop(clientId: string): void {
    this.#put(this.list.filter((one) => one.clientId !== clientId));
  }

  #arrived({ room, seq, state, rev }: Wished<W>): boolean {
    if (state !== "done" || rev === null) return false;
    const known = this.#known(room, seq);
    return known === undefined || known >= rev;
  }

  async #work(wish: W): Promise<void> {
    const key = this.about(wish);
    if (this.#busy.has(key) || this.#closed) return;
    this.#busy.add(key);
    for (;;) {
      const next = this.list.find((one) => one.state === "sending" && this.about(one) === key);
      if (!next || !(await this.#ask(next))) break;
    }
    this.#busy.delete(key);
  }

  /** Until it is done or refused. False when there is nobody to ask. */
  async #ask(one: Wished<W>): Promise<boolean> {
    const backoff = this.#backoff();
    for (let tries = 1; !this.#closed; tries += 1) {
      try {
        const rev = await this.#grant(one);
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

  #end(one: Wished<W>, end: Wished<W>): void {
    // A later one about the same stands for both, whatever came of this one.
    const at = this.list.findIndex(({ clientId }) => clientId === one.clientId);
    const later = this.list.slice(at + 1).some((other) => this.about(other) === this.about(one));
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
