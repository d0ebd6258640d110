import type { Message } from "../wire";
import { Observable } from "./observable";

/** The message of that number in a room, or null if there is none. */
export type Fetch = (room: string, seq: number) => Promise<Message | null>;

/**
 * Messages that others reply to and that are not loaded, by room and `seq`. They are fetched one after the other, for a
 * page may quote many; what changes of them is heard. After a failure they are asked for when there is a connection.
 */
export class Quotes extends Observable {
  readonly #fetch: Fetch;
  #known = new Map<string, Message | null>();
  /** In the order in which they were asked for. */
  #wanted = new Map<string, { room: string; seq: number }>();
  #running = false;

  constructor(fetch: Fetch) {
    super();
    this.#fetch = fetch;
  }

  /** Undefined while it is not known; null if there is none. */
  of(room: string, seq: number): Message | null | undefined {
    return this.#known.get(key(room, seq));
  }

  want(room: string, seq: number): void {
    if (this.#known.has(key(room, seq))) return;
    this.#wanted.set(key(room, seq), { room, seq });
    void this.flush();
  }

  /** Something of a room has changed. */
  hear(room: string, messages: readonly Message[]): void {
    let news = false;
    for (const message of messages) {
      const name = key(room, message.seq);
      const known = this.#known.get(name);
      // Only what is quoted is kept.
      if (!(this.#known.has(name) || this.#wanted.has(name)) || (known && known.rev >= message.rev)) continue;
      this.#known.set(name, message);
      news = true;
    }
    if (news) this.changed();
  }

  /** What is known of a room may be out of date. */
  forget(room: string): void {
    for (const name of [...this.#known.keys()]) if (name.startsWith(key(room, ""))) this.#known.delete(name);
    this.changed();
  }

  /** There is a connection (again). */
  async flush(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#next(); next; next = this.#next()) {
        const [name, { room, seq }] = next;
        const message = await this.#fetch(room, seq);
        this.#wanted.delete(name);
        // It may have been read before a change that was heard meanwhile.
        if ((this.#known.get(name)?.rev ?? 0) < (message?.rev ?? 1)) this.#known.set(name, message);
        this.changed();
      }
    } catch {
      // It stays wanted.
    }
    this.#running = false;
  }

  #next(): [string, { room: string; seq: number }] | undefined {
    return this.#wanted.entries().next().value;
  }
}

function key(room: string, seq: number | string): string {
  return `${room}:${seq}`;
}
