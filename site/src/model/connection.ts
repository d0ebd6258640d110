import type { Frame, Request } from "../wire";
import { Backoff } from "./backoff";
import { Refusal, SessionEnded, Unreachable } from "./failure";
import { Observable } from "./observable";

export type State =
  /** Nobody wants a connection. */
  | { name: "idle" }
  | { name: "connecting" }
  | { name: "open" }
  /** It was lost or not to be had; the next try is `until`, in milliseconds of the clock. */
  | { name: "waiting"; until: number }
  /** The session has ended. Trying again is of no use. */
  | { name: "refused" };

export type Line = { send(text: string): void; close(): void };
export type Ears = { opened(): void; heard(text: string): void; closed(code: number): void };
/** Opens a socket. After `closed` it says nothing more. */
export type Dial = (token: string, ears: Ears) => Line;
/** An access token; `renewed` asks for another one than the last, which may have been refused. */
export type Tokens = (renewed: boolean) => Promise<string>;

type Reply = Extract<Frame, { id: string }>;
type Body = Request extends infer R ? (R extends { id: string } ? Omit<R, "id"> : never) : never;
type Waiting = { resolve(reply: Reply): void; reject(failure: Error): void; timer: ReturnType<typeof setTimeout> };
type Timer = ReturnType<typeof setTimeout>;

/** A handshake that takes longer is given up. */
const HANDSHAKE_MS = 12_000;
/** A request without an answer for this long counts as lost, and the socket as dead. */
const ANSWER_MS = 12_000;
/** When there is reason to doubt the socket, it has this long to answer. */
const DOUBT_MS = 4_000;
/** A socket that was heard this recently is not asked whether it lives. */
const TRUST_MS = 20_000;
/** API Gateway drops an idle socket after ten minutes; four leave room for one loss. */
const PING_MS = 4 * 60_000;
/** A failed handshake asks for a new token at most this often: most often it is the network that failed, not the token. */
const RENEW_MS = 60_000;
/** A socket that lived this long was a good one: the next loss begins with a short wait again. */
const STEADY_MS = 10_000;

/**
 * The socket as a state machine. The network is behind `dial`, the session behind `tokens`; what frames mean is for
 * whoever listens. A browser does not say why a handshake failed, so a failed one makes the next try ask for a new
 * token, whose refusal is the only proof that the session has ended.
 */
export class Connection extends Observable {
  state: State = { name: "idle" };
  /** How often it has been open: two equal readings with `open` between them mean the same socket. */
  opens = 0;
  onopen: () => void = () => {};
  onframe: (frame: Frame) => void = () => {};
  /** The positions that a ping names. */
  positions: () => Record<string, number> = () => ({});
  /** A ping said that these rooms went on without us. */
  onbehind: (rooms: string[]) => void = () => {};

  readonly #dial: Dial;
  readonly #tokens: Tokens;
  readonly #backoff: Backoff;
  #line: Line | null = null;
  #attempt = 0;
  #heardAt = 0;
  #renew = false;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #pending = new Map<string, Waiting>();
  #ids = 0;
  #retry: Timer | undefined;
  #handshake: Timer | undefined;
  #ping: Timer | undefined;
  #steady: Timer | undefined;

  constructor(dial: Dial, tokens: Tokens, backoff = new Backoff()) {
    super();
    this.#dial = dial;
    this.#tokens = tokens;
    this.#backoff = backoff;
  }

  start(): void {
    if (this.state.name === "idle" || this.state.name === "refused") void this.#connect();
  }

  stop(): void {
    this.#drop();
    this.#enter({ name: "idle" });
  }

  /** The network is back, the person looks again, or asks for it: do not wait, and do not trust a socket long silent. */
  nudge(): void {
    if (this.state.name === "waiting") void this.#connect();
    else if (Date.now() - this.#heardAt > TRUST_MS) this.doubt();
  }

  /** Something speaks against the socket, as when the browser says that it is offline: it has to prove itself. */
  doubt(): void {
    if (this.state.name === "open") void this.#probe(DOUBT_MS);
  }

  /** Rejects with a `Refusal` that the API answered, or `Unreachable`. */
  request<R extends Reply = Reply>(body: Body, answerMs = ANSWER_MS): Promise<R> {
    const line = this.#line;
    if (this.state.name !== "open" || !line) return Promise.reject(new Unreachable());
    this.#ids += 1;
    const id = `${this.opens}-${this.#ids}`;
    return new Promise<R>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new Unreachable());
        if (this.#line === line) this.#lost();
      }, answerMs);
      this.#pending.set(id, { resolve: resolve as (reply: Reply) => void, reject, timer });
      line.send(JSON.stringify({ ...body, id }));
    });
  }

  async #connect(): Promise<void> {
    this.#drop();
    this.#enter({ name: "connecting" });
    const attempt = this.#attempt;
    const current = () => attempt === this.#attempt;
    let token: string;
    try {
      token = await this.#tokens(this.#renew);
    } catch (failure) {
      if (!current()) return;
      if (failure instanceof SessionEnded) this.#enter({ name: "refused" });
      else this.#wait();
      return;
    }
    if (!current()) return;
    if (this.#renew) this.#renewedAt = Date.now();
    this.#renew = false;
    let opened = false;
    this.#handshake = setTimeout(() => current() && this.#lost(), HANDSHAKE_MS);
    this.#line = this.#dial(token, {
      opened: () => {
        if (!current()) return;
        opened = true;
        this.#opened();
      },
      heard: (text) => current() && this.#heard(text),
      closed: (code) => {
        if (!current()) return;
        // 1000 is how the API ends the socket of a session that is over.
        this.#renew = opened ? code === 1000 : Date.now() - this.#renewedAt > RENEW_MS;
        this.#lost();
      },
    });
  }

  #opened(): void {
    clearTimeout(this.#handshake);
    this.opens += 1;
    this.#steady = setTimeout(() => this.#backoff.reset(), STEADY_MS);
    this.#rest();
    this.#enter({ name: "open" });
    this.onopen();
  }

  #heard(text: string): void {
    this.#heardAt = Date.now();
    let frame: Frame;
    try {
      frame = JSON.parse(text) as Frame;
    } catch {
      return;
    }
    if (typeof frame.type !== "string") {
      // The gateway's own "Internal server error" does not say whose request failed. All of ours may be repeated.
      this.#abandon(new Refusal({ code: "unavailable", message: "The server could not answer" }));
      return;
    }
    const id = "id" in frame ? frame.id : undefined;
    const waiting = id ? this.#pending.get(id) : undefined;
    if (frame.type === "error" && frame.code === "unauthenticated") {
      // The API does not know this socket any more: nothing would ever come through it.
      this.#renew = true;
      this.#lost();
    } else if (id && waiting) {
      this.#pending.delete(id);
      clearTimeout(waiting.timer);
      if (frame.type === "error") waiting.reject(new Refusal(frame));
      else waiting.resolve(frame as Reply);
    } else if (!id) {
      this.onframe(frame);
    }
  }

  /** Ping after four minutes of whatever went before: the API counts from our last frame. */
  #rest(): void {
    clearTimeout(this.#ping);
    this.#ping = setTimeout(() => {
      this.#rest();
      void this.#probe(ANSWER_MS);
    }, PING_MS);
  }

  async #probe(answerMs: number): Promise<void> {
    try {
      const pong = await this.request<Extract<Frame, { type: "pong" }>>(
        { action: "ping", rooms: this.positions() },
        answerMs,
      );
      if (pong.behind.length > 0) this.onbehind(pong.behind);
    } catch {
      // No answer has already ended the socket; a refusal proves it alive.
    }
  }

  #lost(): void {
    this.#drop();
    this.#wait();
  }

  #wait(): void {
    const pause = this.#backoff.next();
    this.#retry = setTimeout(() => void this.#connect(), pause);
    this.#enter({ name: "waiting", until: Date.now() + pause });
  }

  /** Ends whatever is under way; its late events find another attempt and are ignored. */
  #drop(): void {
    this.#attempt += 1;
    clearTimeout(this.#retry);
    clearTimeout(this.#handshake);
    clearTimeout(this.#ping);
    clearTimeout(this.#steady);
    this.#line?.close();
    this.#line = null;
    this.#abandon(new Unreachable());
  }

  #abandon(failure: Error): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject, timer } of pending) {
      clearTimeout(timer);
      reject(failure);
    }
  }

  #enter(state: State): void {
    this.state = state;
    this.changed();
  }
}
