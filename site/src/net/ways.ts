import { Errand } from "../model/errand";
import { Invitations } from "../model/invitations";
import type { MyRooms } from "../model/rooms";
import type { About, Invitation, Kind, NewInvitation, PublicRooms, Room, Users, Invitations as Wire } from "../wire";
import type { Account } from "./account";

/** What of a room is to be otherwise; an empty text is none. */
export type Otherwise = { name?: string; topic?: string; description?: string; archived?: boolean };

/** The ways into rooms: finding and making them, invitations, and conversations with people. */
export class Ways {
  /** Those that are for me. */
  readonly invitations = new Invitations();
  readonly #account: Account;
  readonly #rooms: MyRooms;
  readonly #errand: Errand;

  constructor(account: Account, rooms: MyRooms) {
    this.#account = account;
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

  /** The conversation with these people, whether or not there was one. */
  converse(users: readonly string[]): Promise<Room> {
    return this.#enter("/direct", { users });
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
