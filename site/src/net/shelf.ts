import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Shelf, Written } from "../model/outbox";

/** `place` is given by the browser, in the order of writing, whichever tab it was. */
type Row = Written & { account: string; place?: number };

interface Drafts extends DBSchema {
  drafts: { key: number; value: Row; indexes: { account: string; name: [string, string] } };
}

/** A browser that does not open its database for this long is taken for one that has none. */
const OPEN_MS = 3_000;

/**
 * The drafts of one account in the browser's own database. Where there is none, or it is full, each call rejects, and the
 * outbox keeps its drafts in memory. Where there are no locks, as on a plain HTTP address, nobody waits for anybody.
 */
export class IndexedShelf implements Shelf {
  onchange: () => void = () => {};
  readonly #account: string;
  readonly #tabs: BroadcastChannel;
  #database: Promise<IDBPDatabase<Drafts>> | null = null;

  constructor(account: string) {
    this.#account = account;
    this.#tabs = new BroadcastChannel(`parlour.outbox.${account}`);
    this.#tabs.onmessage = () => this.onchange();
  }

  async all(): Promise<Written[]> {
    const database = await this.#open();
    const rows = await database.getAllFromIndex("drafts", "account", this.#account);
    return rows.map(({ account: _, place: __, ...draft }) => draft);
  }

  async put(draft: Written): Promise<void> {
    const { store, done } = await this.#change();
    const place = await store.index("name").getKey([this.#account, draft.clientId]);
    const row = { ...draft, account: this.#account };
    await Promise.all([store.put(place === undefined ? row : { ...row, place }), done]);
    this.#tell();
  }

  async remove(clientId: string): Promise<void> {
    const { store, done } = await this.#change();
    const place = await store.index("name").getKey([this.#account, clientId]);
    if (place !== undefined) await store.delete(place);
    await done;
    if (place !== undefined) this.#tell();
  }

  async clear(): Promise<void> {
    const { store, done } = await this.#change();
    const places = await store.index("account").getAllKeys(this.#account);
    await Promise.all([...places.map((place) => store.delete(place)), done]);
    this.#tell();
  }

  async alone(room: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const locks = globalThis.navigator?.locks;
    if (locks) await locks.request(`parlour.outbox.${this.#account}.${room}`, { signal }, work);
    else await work();
  }

  close(): void {
    this.#tabs.close();
    this.#database?.then((database) => database.close()).catch(() => {});
    this.#database = null;
  }

  async #change() {
    const database = await this.#open();
    const { store, done } = database.transaction("drafts", "readwrite");
    return { store, done };
  }

  #tell(): void {
    this.#tabs.postMessage("changed");
  }

  #open(): Promise<IDBPDatabase<Drafts>> {
    if (this.#database) return this.#database;
    const forget = () => {
      if (this.#database === opening) this.#database = null;
    };
    const opening = withinTime(
      openDB<Drafts>("parlour", 1, {
        upgrade(database) {
          const store = database.createObjectStore("drafts", { keyPath: "place", autoIncrement: true });
          store.createIndex("account", "account");
          store.createIndex("name", ["account", "clientId"], { unique: true });
        },
        // A newer page wants to change the database: this one stands back, and opens it again when it needs it.
        blocking(_current, _blocked, event) {
          forget();
          (event.target as IDBDatabase).close();
        },
        terminated: forget,
      }),
    );
    this.#database = opening;
    opening.catch(forget);
    return opening;
  }
}

async function withinTime(opening: Promise<IDBPDatabase<Drafts>>): Promise<IDBPDatabase<Drafts>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("The browser's database does not open")), OPEN_MS);
  });
  try {
    return await Promise.race([opening, late]);
  } finally {
    clearTimeout(timer);
  }
}
