import type { People } from "../model/people";
import type { Ban, Bans, Member, Role } from "../wire";
import type { Account } from "./account";

/** Keeping order in rooms. Who did it sees it at once: the frame that says it to everybody may be lost. */
export class Order {
  readonly #account: Account;
  readonly #people: (room: string) => People;

  constructor(account: Account, people: (room: string) => People) {
    this.#account = account;
    this.#people = people;
  }

  async appoint(room: string, user: string, role: Role): Promise<void> {
    this.#people(room).member(await this.#put<Member>(`${member(room, user)}/role`, { role }));
  }

  /** Gives the room to somebody; I am a moderator from then on. */
  async handOver(room: string, user: string): Promise<void> {
    this.#people(room).member(await this.#put<Member>(`${at(room)}/owner`, { user }));
  }

  /** `until` in milliseconds of the clock; null: until it is lifted. */
  async mute(room: string, user: string, until: number | null): Promise<void> {
    await this.#put(`${member(room, user)}/mute`, until === null ? {} : { until });
    this.#people(room).mute(user, { until });
  }

  async unmute(room: string, user: string): Promise<void> {
    await this.#account.call(`${member(room, user)}/mute`, { method: "DELETE" });
    this.#people(room).mute(user, undefined);
  }

  async kick(room: string, user: string): Promise<void> {
    await this.#account.call(member(room, user), { method: "DELETE" });
    this.#people(room).sentOut(user);
  }

  async ban(room: string, user: string, until: number | null, reason: string): Promise<void> {
    const body = { ...(until === null ? {} : { until }), ...(reason === "" ? {} : { reason }) };
    await this.#put<Ban>(`${at(room)}/bans/${encodeURIComponent(user)}`, body);
    this.#people(room).sentOut(user);
  }

  bans(room: string, after?: string): Promise<Bans> {
    const query = after === undefined ? "" : `&after=${encodeURIComponent(after)}`;
    return this.#account.call<Bans>(`${at(room)}/bans?limit=100${query}`);
  }

  unban(room: string, user: string): Promise<void> {
    return this.#account.call(`${at(room)}/bans/${encodeURIComponent(user)}`, { method: "DELETE" });
  }

  #put<T>(path: string, body: object): Promise<T> {
    return this.#account.call<T>(path, { method: "PUT", body });
  }
}

function at(room: string): string {
  return `/rooms/${encodeURIComponent(room)}`;
}

function member(room: string, user: string): string {
  return `${at(room)}/members/${encodeURIComponent(user)}`;
}
