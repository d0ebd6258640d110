import type { Message, Pins, Search, Version, Versions } from "../wire";
import type { Account } from "./account";

/** Where something is looked for; without a room, in all of mine. `before` is a time. */
export type Question = { q: string; room?: string; before?: number };

/** What was said, other than page by page: found by words, kept in sight, and what it was before it was edited. */
export class Archive {
  readonly #account: Account;

  constructor(account: Account) {
    this.#account = account;
  }

  search({ q, room, before }: Question): Promise<Search> {
    const query = new URLSearchParams({ q });
    if (room !== undefined) query.set("room", room);
    if (before !== undefined) query.set("before", String(before));
    return this.#account.call<Search>(`/search?${query}`);
  }

  /** The one that was pinned last first. */
  async pins(room: string): Promise<readonly Message[]> {
    return (await this.#account.call<Pins>(`/rooms/${encodeURIComponent(room)}/pins`)).messages;
  }

  /** The oldest first. */
  async versions(room: string, seq: number): Promise<readonly Version[]> {
    const path = `/rooms/${encodeURIComponent(room)}/messages/${seq}/versions`;
    return (await this.#account.call<Versions>(path)).versions;
  }
}
