const KEY = "parlour.unsaid";

/** What is half written, by room, in the browser's storage: so it is there at once, and after a reload. */
export class Unsaid {
  readonly #storage: Storage;
  readonly #prefix: string;

  constructor(storage: Storage, account: string) {
    this.#storage = storage;
    this.#prefix = `${KEY}.${account}.`;
  }

  of(room: string): string {
    return this.#storage.getItem(this.#prefix + room) ?? "";
  }

  put(room: string, text: string): void {
    try {
      if (text === "") this.#storage.removeItem(this.#prefix + room);
      else this.#storage.setItem(this.#prefix + room, text);
    } catch {
      // The storage is full. What stands in the box is still there until the page goes.
    }
  }

  /** The rooms in which something is half written. */
  get rooms(): string[] {
    return this.#keys().map((key) => key.slice(this.#prefix.length));
  }

  clear(): void {
    for (const key of this.#keys()) this.#storage.removeItem(key);
  }

  #keys(): string[] {
    const keys = Array.from({ length: this.#storage.length }, (_, index) => this.#storage.key(index) ?? "");
    return keys.filter((key) => key.startsWith(this.#prefix));
  }
}
