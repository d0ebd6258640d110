const KEY = "parlour.unsaid";
/** Apart, so that a text that was written before there were replies is still there. */
const REPLY = "parlour.unsaid-reply";
/** What of it the API is known to have. */
const STORED = "parlour.unsaid-stored";

/** What is half written, by room, in the browser's storage: so it is there at once, and after a reload. */
export class Unsaid {
  readonly #storage: Storage;
  readonly #prefix: string;
  readonly #replies: string;
  readonly #stored: string;

  constructor(storage: Storage, account: string) {
    this.#storage = storage;
    this.#prefix = `${KEY}.${account}.`;
    this.#replies = `${REPLY}.${account}.`;
    this.#stored = `${STORED}.${account}.`;
  }

  of(room: string): string {
    return this.#storage.getItem(this.#prefix + room) ?? "";
  }

  put(room: string, text: string): void {
    this.#set(this.#prefix + room, text);
  }

  /** The number of the message that it is going to reply to. */
  replyOf(room: string): number | null {
    return Number(this.#storage.getItem(this.#replies + room)) || null;
  }

  putReply(room: string, seq: number | null): void {
    this.#set(this.#replies + room, seq === null ? "" : String(seq));
  }

  /** What other devices are told of it, as far as is known here. */
  storedOf(room: string): string {
    return this.#storage.getItem(this.#stored + room) ?? "";
  }

  putStored(room: string, text: string): void {
    this.#set(this.#stored + room, text);
  }

  #set(key: string, value: string): void {
    try {
      if (value === "") this.#storage.removeItem(key);
      else this.#storage.setItem(key, value);
    } catch {
      // The storage is full. What stands in the box is still there until the page goes.
    }
  }

  /** The rooms in which something is half written. */
  get rooms(): string[] {
    return this.#keys(this.#prefix).map((key) => key.slice(this.#prefix.length));
  }

  clear(): void {
    for (const prefix of [this.#prefix, this.#replies, this.#stored])
      for (const key of this.#keys(prefix)) this.#storage.removeItem(key);
  }

  #keys(prefix: string): string[] {
    const keys = Array.from({ length: this.#storage.length }, (_, index) => this.#storage.key(index) ?? "");
    return keys.filter((key) => key.startsWith(prefix));
  }
}
