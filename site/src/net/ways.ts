import { Errand } from "../model/errand";
import { Refusal, THEIR_TOO_MANY_ROOMS, Unreachable } from "../model/failure";
import { Invitations } from "../model/invitations";
import type { MyRooms } from "../model/rooms";
import type { About, Invitation, Kind, NewInvitation, PublicRooms, Room, Users, Invitations as Wire } from "../wire";
import type { Account } from "./account";

/** What of a room is to be otherwise; an empty text is none. */
export type Otherwise = { name?: string; topic?: string; description?: string; archived?: boolean };

/** So many rooms one can be in. */
const MOST = 200;

/** The ways into rooms: finding and making them, invitations, and conversations with people. */
export class Ways {
  /** Those that are for me. */
  readonly invitations = new Invitations();
  readonly #account: Pick<Account, "call">;
  readonly #me: string;
  readonly #rooms: MyRooms;
  readonly #errand: Errand;

  constructor(account: Pick<Account, "call">, me: string, rooms: MyRooms) {
    this.#account = account;
    this.#me = me;
    this.#rooms = rooms;
    this.#errand = new Errand(async () => {
      this.invitations.replace((await this.#account.call<Wire>("/invitations")).invitations);
    });
  }

  /** Which invitations are for me is to be known anew. */
  ask(): void {
    this.#errand.ask();
  }

  close(): void {
    this.#errand.close();
  }

  findRooms(prefix: string, after?: string): Promise<PublicRooms> {
    const query = new URLSearchParams({ limit: "50" });
    if (prefix) query.set("prefix", prefix);
    if (after !== undefined) query.set("after", after);
    return this.#account.call<PublicRooms>(`/rooms/public?${query}`);
  }

  makeRoom(name: string, kind: Extract<Kind, "public" | "private">, clientId: string): Promise<Room> {
    return this.#enter("/rooms", { name, kind, client_id: clientId });
  }

  join(room: string): Promise<Room> {
    return this.#enter(`${at(room)}/join`);
  }

  findPeople(prefix: string): Promise<Users> {
    return this.#account.call<Users>(`/users?${new URLSearchParams({ prefix, limit: "20" })}`);
  }

  /**
   * The conversation with these people, whether or not there was one. The one of two is always theirs, and known here if
   * there is one. One of a few may have been of more, who can come back: which it is, the API knows, and without it the
   * one that has these people now is as good as the list that shows it under their names.
   */
  async converse(users: readonly string[]): Promise<Room> {
    const known = this.#among(users);
    if (known?.kind === "direct") return known;
    try {
      return await this.#enter("/direct", { users });
    } catch (failure) {
      if (known && failure instanceof Unreachable) return known;
      throw this.#whose(failure);
    }
  }

  async describe(room: string, about: Otherwise): Promise<void> {
    const { name, topic, description, archived } = await this.#account.call<Room>(at(room), {
      method: "PATCH",
      body: about,
    });
    const now: About = {
      name,
      ...(topic === undefined ? {} : { topic }),
      ...(description === undefined ? {} : { description }),
      ...(archived === undefined ? {} : { archived }),
    };
    this.#rooms.setAbout(room, now);
  }

  invite(room: string, invitation: NewInvitation): Promise<Invitation> {
    return this.#account.call<Invitation>(`${at(room)}/invitations`, { method: "POST", body: invitation });
  }

  /** Those into a room that hold: all of them for who keeps order there, else mine. */
  async invitationsTo(room: string): Promise<readonly Invitation[]> {
    return (await this.#account.call<Wire>(`${at(room)}/invitations`)).invitations;
  }

  invitation(id: string): Promise<Invitation> {
    return this.#account.call<Invitation>(invitation(id));
  }

  async accept(id: string): Promise<Room> {
    const room = await this.#enter(`${invitation(id)}/accept`);
    this.invitations.drop(id);
    return room;
  }

  /** Declines one that is for me, or takes back one that I may. */
  async takeBack(id: string): Promise<void> {
    await this.#account.call(invitation(id), { method: "DELETE" });
    this.invitations.drop(id);
  }

  /** The conversation in which these people and I are. */
  #among(users: readonly string[]): Room | undefined {
    const all = new Set([this.#me, ...users]);
    const kind = all.size > 2 ? "group" : "direct";
    return this.#rooms.list.find(
      (room) => room.kind === kind && room.people?.length === all.size && room.people.every(({ id }) => all.has(id)),
    );
  }

  /** The API says the same of me and of those I want to talk with. In how many rooms I am is known here. */
  #whose(failure: unknown): unknown {
    if (!(failure instanceof Refusal) || failure.envelope.reason !== "too_many_rooms") return failure;
    if (!this.#rooms.fresh || this.#rooms.list.length >= MOST) return failure;
    return new Refusal({ ...failure.envelope, reason: THEIR_TOO_MANY_ROOMS });
  }

  async #enter(path: string, body?: object): Promise<Room> {
    const room = await this.#account.call<Room>(path, { method: "POST", ...(body ? { body } : {}) });
    this.#rooms.put(room);
    this.invitations.entered(room.id);
    return room;
  }
}

function at(room: string): string {
  return `/rooms/${encodeURIComponent(room)}`;
}

function invitation(id: string): string {
  return `/invitations/${encodeURIComponent(id)}`;
}
