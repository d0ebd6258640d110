import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Written } from "../model/outbox";
import type { Page, Room } from "../wire";

/** `place` is given by the browser, in the order of writing, whichever tab it was. */
export type DraftRow = Written & { account: string; place?: number };
export type RoomsRow = { account: string; rooms: readonly Room[] };
/** `at`: when it was kept, in milliseconds. */
export type PageRow = { account: string; room: string; at: number; page: Page };

export interface Tables extends DBSchema {
  drafts: { key: number; value: DraftRow; indexes: { account: string; name: [string, string] } };
  rooms: { key: string; value: RoomsRow };
  pages: { key: [string, string]; value: PageRow; indexes: { account: string } };
}

/** A browser that does not open its database for this long is taken for one that has none. */
const OPEN_MS = 3_000;

/** The browser's own database, one for all accounts and tabs. Where there is none, opening it rejects. */
export class Database {
  #opening: Promise<IDBPDatabase<Tables>> | null = null;

  open(): Promise<IDBPDatabase<Tables>> {
    if (this.#opening) return this.#opening;
    const forget = () => {
      if (this.#opening === opening) this.#opening = null;
    };
    const opening = withinTime(
      openDB<Tables>("parlour", 2, {
        upgrade(database, version) {
          if (version < 1) {
            const drafts = database.createObjectStore("drafts", { keyPath: "place", autoIncrement: true });
            drafts.createIndex("account", "account");
            drafts.createIndex("name", ["account", "clientId"], { unique: true });
          }
          database.createObjectStore("rooms", { keyPath: "account" });
          const pages = database.createObjectStore("pages", { keyPath: ["account", "room"] });
          pages.createIndex("account", "account");
        },
        // A newer page wants to change the database: this one stands back, and opens it again when it needs it.
        blocking(_current, _blocked, event) {
          forget();
          (event.target as IDBDatabase).close();
        },
        terminated: forget,
      }),
    );
    this.#opening = opening;
    opening.catch(forget);
    return opening;
  }

  close(): void {
    this.#opening?.then((database) => database.close()).catch(() => {});
    this.#opening = null;
  }
}

async function withinTime(opening: Promise<IDBPDatabase<Tables>>): Promise<IDBPDatabase<Tables>> {
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
