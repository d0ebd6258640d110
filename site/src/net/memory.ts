import type { Kept, Memory } from "../model/keeper";
import type { Message, Page, Room } from "../wire";
import { Database } from "./database";

/** Of so many rooms the newest page is kept. */
const ROOMS = 12;

/** What one account has seen last, in the browser's own database. */
export class IndexedMemory implements Memory {
  readonly #account: string;
  readonly #database = new Database();

  constructor(account: string) {
    this.#account = account;
  }

  async all(): Promise<Kept> {
    const database = await this.#database.open();
    const [rooms, pages] = await Promise.all([
      database.get("rooms", this.#account),
      database.getAllFromIndex("pages", "account", this.#account),
    ]);
    return { rooms: rooms?.rooms ?? null, pages: new Map(pages.map(({ room, page }) => [room, page])) };
  }

  async putRooms(rooms: readonly Room[]): Promise<void> {
    const database = await this.#database.open();
    await database.put("rooms", { account: this.#account, rooms });
  }

  async putPage(room: string, page: Page): Promise<void> {
    const database = await this.#database.open();
    const { store, done } = database.transaction("pages", "readwrite");
    const row = await store.get([this.#account, room]);
    await store.put({ account: this.#account, room, at: Date.now(), page: newer(page, row?.page) });
    const all = await store.index("account").getAll(this.#account);
    const old = all.sort((a, b) => b.at - a.at).slice(ROOMS);
    await Promise.all([...old.map((row) => store.delete([row.account, row.room])), done]);
  }

  renewPage(room: string, page: Page): Promise<void> {
    return this.#change(room, (kept) => newer(page, kept));
  }

  amend(room: string, messages: readonly Message[]): Promise<void> {
    return this.#change(room, (kept) => withNewer(kept, messages));
  }

  async removePage(room: string): Promise<void> {
    const database = await this.#database.open();
    await database.delete("pages", [this.#account, room]);
  }

  async clear(): Promise<void> {
    const database = await this.#database.open();
    const transaction = database.transaction(["rooms", "pages"], "readwrite");
    const pages = transaction.objectStore("pages");
    const keys = await pages.index("account").getAllKeys(this.#account);
    const gone = keys.map((key) => pages.delete(key));
    await Promise.all([...gone, transaction.objectStore("rooms").delete(this.#account), transaction.done]);
  }

  close(): void {
    this.#database.close();
  }

  async #change(room: string, change: (page: Page) => Page): Promise<void> {
    const database = await this.#database.open();
    const { store, done } = database.transaction("pages", "readwrite");
    const row = await store.get([this.#account, room]);
    if (row) await store.put({ ...row, page: change(row.page) });
    await done;
  }
}

/** The page, unless another tab has kept one that is further; and of each message what is newer of the two. */
function newer(page: Page, kept: Page | undefined): Page {
  if (!kept) return page;
  return kept.position > page.position ? withNewer(kept, page.messages) : withNewer(page, kept.messages);
}

function withNewer(page: Page, messages: readonly Message[]): Page {
  const newest = new Map<number, Message>();
  for (const message of messages)
    if (message.rev > (newest.get(message.seq)?.rev ?? 0)) newest.set(message.seq, message);
  const pick = (known: Message) => {
    const other = newest.get(known.seq);
    return other && other.rev > known.rev ? other : known;
  };
  return { ...page, messages: page.messages.map(pick) };
}
