import type { Frame, Request } from "../wire";
import { Refusal, Unreachable } from "./failure";

export type Line = { send(text: string): void; close(): void };
export type Ears = { opened(): void; heard(text: string): void; closed(code: number): void };
/** Opens a socket. After `closed` it says nothing more. */
export type Dial = (token: string, ears: Ears) => Line;

export type Reply = Extract<Frame, { id: string }>;
export type Body = Request extends infer R ? (R extends { id: string } ? Omit<R, "id"> : never) : never;

/** Why a socket is no more: no handshake, cut by the other side, left without an answer, or not known to the API. */
export type End = "failed" | "cut" | "silent" | "unknown";

export type Listener = {
  opened(): void;
  /** What answers no request. */
  frame(frame: Frame): void;
  /** Requests without an answer wait for whoever listens to hand them over or to close. */
  ended(end: End): void;
};

type Waiting = {
  body: Body;
  answerMs: number;
  resolve(reply: Reply): void;
  reject(failure: Error): void;
  timer?: ReturnType<typeof setTimeout>;
};

/** A handshake that takes longer is given up. */
const HANDSHAKE_MS = 12_000;
/** A request without an answer for this long counts as lost, and the socket as dead. */
export const ANSWER_MS = 12_000;

/** One socket from its handshake to its end, and the requests that went over it. */
export class Channel {
  opened = false;
  /** When anything came over it last, in milliseconds of the clock. */
  heardAt = 0;
  readonly #line: Line;
  readonly #listener: Listener;
  #over = false;
  #waiting = new Map<string, Waiting>();
  #ids = 0;
  #handshake: ReturnType<typeof setTimeout>;

  constructor(dial: Dial, token: string, listener: Listener) {
    this.#listener = listener;
    this.#handshake = setTimeout(() => this.#end("silent"), HANDSHAKE_MS);
    this.#line = dial(token, {
      opened: () => {
        if (this.#over) return;
        clearTimeout(this.#handshake);
        this.opened = true;
        this.heardAt = Date.now();
        listener.opened();
      },
      heard: (text) => this.#over || this.#heard(text),
      // 1000 is how the API ends the socket of a session that is over.
      closed: (code) => this.#end(!this.opened ? "failed" : code === 1000 ? "unknown" : "cut"),
    });
  }

  /** Rejects with a `Refusal` that the API answered, or `Unreachable`. */
  request<R extends Reply = Reply>(body: Body, answerMs = ANSWER_MS): Promise<R> {
    if (!this.opened || this.#over) return Promise.reject(new Unreachable());
    return new Promise<R>((resolve, reject) => {
      this.#post({ body, answerMs, resolve: resolve as (reply: Reply) => void, reject });
    });
  }

  /** Asks another channel what has not been answered here. Every request of ours may be repeated. */
  handOver(to: Channel): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const one of waiting) {
      clearTimeout(one.timer);
      to.#post(one);
    }
  }

  /** Nothing comes of it any more, and whoever waits for an answer gets none. */
  close(): void {
    this.#silence();
    this.#refuse(new Unreachable());
  }

  #post(waiting: Waiting): void {
    this.#ids += 1;
    const id = String(this.#ids);
    waiting.timer = setTimeout(() => {
      this.#waiting.delete(id);
      waiting.reject(new Unreachable());
      this.#end("silent");
    }, waiting.answerMs);
    this.#waiting.set(id, waiting);
    this.#line.send(JSON.stringify({ ...waiting.body, id }));
  }

  #heard(text: string): void {
    this.heardAt = Date.now();
    let frame: Frame;
    try {
      frame = JSON.parse(text) as Frame;
    } catch {
      return;
    }
    if (typeof frame.type !== "string") {
      // The gateway's own "Internal server error" does not say whose request failed.
      this.#refuse(new Refusal({ code: "unavailable", message: "The server could not answer" }));
      return;
    }
    const id = "id" in frame ? frame.id : undefined;
    const waiting = id ? this.#waiting.get(id) : undefined;
    if (frame.type === "error" && frame.code === "unauthenticated") {
      // The API does not know this socket any more: nothing would ever come through it.
      this.#end("unknown");
    } else if (id && waiting) {
      this.#waiting.delete(id);
      clearTimeout(waiting.timer);
      if (frame.type === "error") waiting.reject(new Refusal(frame));
      else waiting.resolve(frame as Reply);
    } else if (!id) {
      this.#listener.frame(frame);
    }
  }

  #end(end: End): void {
    if (this.#over) return;
    this.#silence();
    this.#listener.ended(end);
  }

  #silence(): void {
    this.#over = true;
    clearTimeout(this.#handshake);
    this.#line.close();
  }

  #refuse(failure: Error): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject, timer } of waiting) {
      clearTimeout(timer);
      reject(failure);
    }
  }
}
