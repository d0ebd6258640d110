import type { Frame } from "../wire";
import { Backoff } from "./backoff";
import { ANSWER_MS, type Body, Channel, type Dial, type End, type Reply } from "./channel";
import { SessionEnded, Unreachable } from "./failure";
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

/** An access token; `renewed` asks for another one than the last, which may have been refused. */
export type Tokens = (renewed: boolean) => Promise<string>;
/** How old a socket gets, in milliseconds: something between the two. */
export type Lifetime = { from: number; to: number };
export type Ask = Connection["request"];

type Timer = ReturnType<typeof setTimeout>;

/** API Gateway ends a socket after two hours. A random age keeps those apart that were opened together. */
export const LIFETIME: Lifetime = { from: 100 * 60_000, to: 115 * 60_000 };
/** What the other side cuts it may have cut for thousands. Then the first wait is up to this long. */
export const CROWD_MS = 20_000;
/** So that 5,000 clients come with fewer than 500 handshakes a second, which is API Gateway's quota. */
export const CAP_MS = 60_000;
/** A replaced socket stays for what was on its way through it when the new one was in place. */
const LINGER_MS = 3_000;
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
/** With reason to believe that it will work, the wait is not longer than this. */
const NUDGE_MS = 1_000;

/**
 * The connection as a state machine over sockets. The network is behind `dial`, the session behind `tokens`; what frames
 * mean is for whoever listens. A browser does not say why a handshake failed, so a failed one makes the next try ask for
 * a new token, whose refusal is the only proof that the session has ended.
 *
 * Before a socket is too old, another is opened beside it and caught up by `onreplace`; only then do requests go over the
 * new one and the old one is closed. Frames come from both meanwhile, and none of this is a change of state.
 */
export class Connection extends Observable {
  state: State = { name: "idle" };
  /** How often there was a beginning: two equal readings with `open` between them mean that no frame can have been missed. */
  opens = 0;
  onopen: () => void = () => {};
  onframe: (frame: Frame) => void = () => {};
  /** Catch up by asking over the socket that is to be the next one. */
  onreplace: (ask: Ask) => Promise<void> = async () => {};
  /** The positions that a ping names. */
  positions: () => Record<string, number> = () => ({});
  /** A ping said that these rooms went on without us. */
  onbehind: (rooms: string[]) => void = () => {};

  readonly #dial: Dial;
  readonly #tokens: Tokens;
  readonly #lifetime: Lifetime;
  readonly #random: () => number;
  readonly #backoff: Backoff;
  /** Of replacements: while they fail there is still a socket. */
  readonly #patience: Backoff;
  #channel: Channel | null = null;
  #next: Channel | null = null;
  #retired = new Map<Channel, Timer>();
  #attempt = 0;
  #renew = false;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #openedAt = 0;
  #retry: Timer | undefined;
  #ping: Timer | undefined;
  #steady: Timer | undefined;
  #age: Timer | undefined;

  constructor(dial: Dial, tokens: Tokens, { lifetime = LIFETIME, random = Math.random } = {}) {
    super();
    this.#dial = dial;
    this.#tokens = tokens;
    this.#lifetime = lifetime;
    this.#random = random;
    this.#backoff = new Backoff({ cap: CAP_MS, random });
    this.#patience = new Backoff({ first: 10_000, cap: 2 * 60_000, random });
  }

  start(): void {
    if (this.state.name === "idle" || this.state.name === "refused") void this.#connect();
  }

  stop(): void {
    this.#drop();
    this.#enter({ name: "idle" });
  }

  /** The network is back, or the person looks again: do not wait long, and trust neither a silent socket nor an old one. */
  nudge(): void {
    const { state } = this;
    // Also for a try that is under way and may have begun too early.
    if (state.name === "waiting" || state.name === "connecting") this.#backoff.reset();
    if (state.name === "waiting") {
      this.#wait(Math.min(state.until - Date.now(), this.#random() * NUDGE_MS));
    } else if (this.#channel && state.name === "open") {
      if (Date.now() - this.#channel.heardAt > TRUST_MS) this.doubt();
      if (Date.now() - this.#openedAt > this.#lifetime.to) void this.#replace();
    }
  }

  /** The person asks for it. */
  tryNow(): void {
    if (this.state.name === "waiting") void this.#connect();
  }

  /** Something speaks against the socket, as when the browser says that it is offline: it has to prove itself. */
  doubt(): void {
    if (this.state.name === "open") void this.#probe(DOUBT_MS);
  }

  /** Rejects with a `Refusal` that the API answered, or `Unreachable`. */
  request<R extends Reply = Reply>(body: Body, answerMs = ANSWER_MS): Promise<R> {
    return this.#channel?.request<R>(body, answerMs) ?? Promise.reject(new Unreachable());
  }

  async #connect(): Promise<void> {
    this.#drop();
    this.#enter({ name: "connecting" });
    const token = await this.#token(() => this.#wait(this.#backoff.next()));
    if (token) this.#channel = this.#open(token);
  }

  /** Null if there is none, or if what it was for is over meanwhile. */
  async #token(failed: () => void): Promise<string | null> {
    const attempt = this.#attempt;
    try {
      const token = await this.#tokens(this.#renew);
      if (attempt !== this.#attempt) return null;
      if (this.#renew) this.#renewedAt = Date.now();
      this.#renew = false;
      return token;
    } catch (failure) {
      if (attempt !== this.#attempt) return null;
      if (failure instanceof SessionEnded) {
        this.#drop();
        this.#enter({ name: "refused" });
      } else failed();
      return null;
    }
  }

  #open(token: string): Channel {
    const channel = new Channel(this.#dial, token, {
      opened: () => (channel === this.#next ? void this.#introduce(channel) : this.#opened()),
      frame: (frame) => this.onframe(frame),
      ended: (end) => this.#ended(channel, end),
    });
    return channel;
  }

  #opened(): void {
    this.opens += 1;
    this.#steady = setTimeout(() => this.#backoff.reset(), STEADY_MS);
    this.#settle();
    this.#enter({ name: "open" });
    this.onopen();
  }

  /** From here on it is the socket: it is kept awake, and gets old. */
  #settle(): void {
    this.#openedAt = Date.now();
    this.#patience.reset();
    this.#rest();
    const { from, to } = this.#lifetime;
    this.#ageIn(from + this.#random() * (to - from));
  }

  #ageIn(ms: number): void {
    clearTimeout(this.#age);
    this.#age = setTimeout(() => void this.#replace(), ms);
  }

  async #replace(): Promise<void> {
    if (this.#next) return;
    // Should neither come of this, nor an end, it is tried again.
    const later = () => this.#ageIn(this.#patience.next());
    const token = await this.#token(later);
    if (token && !this.#next) this.#next = this.#open(token);
  }

  async #introduce(next: Channel): Promise<void> {
    try {
      await this.onreplace((body, answerMs) => next.request(body, answerMs));
    } catch {
      if (next !== this.#next) return;
      next.close();
      this.#next = null;
      this.#ageIn(this.#patience.next());
      return;
    }
    const old = this.#channel;
    if (next !== this.#next || !old) return;
    this.#channel = next;
    this.#next = null;
    this.#settle();
    this.#retired.set(
      old,
      setTimeout(() => this.#release(old), LINGER_MS),
    );
  }

  #release(old: Channel): void {
    clearTimeout(this.#retired.get(old));
    this.#retired.delete(old);
    if (this.#channel?.opened) old.handOver(this.#channel);
    old.close();
  }

  #ended(channel: Channel, end: End): void {
    if (end === "unknown") this.#renew = true;
    // The network may have failed, or the token may have been refused; a browser does not say which.
    if (end === "failed") this.#renew = Date.now() - this.#renewedAt > RENEW_MS;
    if (this.#retired.has(channel)) this.#release(channel);
    else if (channel === this.#next) {
      channel.close();
      this.#next = null;
      this.#ageIn(this.#patience.next());
    } else if (channel === this.#channel) this.#lost(channel, end);
  }

  #lost(channel: Channel, end: End): void {
    const next = this.#next;
    if (!next) {
      this.#drop();
      this.#wait(this.#backoff.next(end === "cut" ? CROWD_MS : 0));
      return;
    }
    // The next one is on its way: it takes the place now, and has to be caught up like any new one.
    this.#channel = next;
    this.#next = null;
    if (next.opened) channel.handOver(next);
    channel.close();
    this.#quiet();
    if (next.opened) this.#opened();
    else this.#enter({ name: "connecting" });
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

  #wait(pause: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), pause);
    this.#enter({ name: "waiting", until: Date.now() + pause });
  }

  /** Ends whatever is under way. */
  #drop(): void {
    this.#attempt += 1;
    this.#quiet();
    const channels = [this.#channel, this.#next, ...this.#retired.keys()];
    for (const timer of this.#retired.values()) clearTimeout(timer);
    this.#channel = null;
    this.#next = null;
    this.#retired.clear();
    for (const channel of channels) channel?.close();
  }

  #quiet(): void {
    for (const timer of [this.#retry, this.#ping, this.#steady, this.#age]) clearTimeout(timer);
  }

  #enter(state: State): void {
    this.state = state;
    this.changed();
  }
}
