import type { Shelf, Written } from "../model/outbox";
import { Database } from "./database";

/**
 * The drafts of one account in the browser's own database. Where there is none, or it is full, each call rejects, and the
 * outbox keeps its drafts in memory. Where there are no locks, as on a plain HTTP address, nobody waits for anybody.
 */
export class IndexedShelf implements Shelf {
  onchange: () => void = () => {};
  readonly #account: string;
  readonly #tabs: BroadcastChannel;
  readonly #database = new Database();

  constructor(account: string) {
    this.#account = account;
    this.#tabs = new BroadcastChannel(`parlour.outbox.${account}`);
    this.#tabs.onmessage = () => this.onchange();
  }

  async all(): Promise<Written[]> {
    const database = await this.#database.open();
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
    this.#database.close();
  }

  async #change() {
    const database = await this.#database.open();
    const { store, done } = database.transaction("drafts", "readwrite");
    return { store, done };
  }

  #tell(): void {
    this.#tabs.postMessage("changed");
  }
}
