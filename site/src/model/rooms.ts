import type { About, Member, Message, Room } from "../wire";
import { Observable } from "./observable";

/** What a frame brought that the list had not counted: my own messages, and those of others that mention me. */
export type News = { mine: number; mentions: readonly number[] };

/**
 * My rooms and what is unread in each. Numbers come from the list, from frames, and from what I have just read. A
 * conversation without a name is called by its people.
 */
export class MyRooms extends Observable {
  list: readonly Room[] = [];
  /** There is a list, if only the one of an earlier visit. */
  loaded = false;
  /** The list is the server's. */
  fresh = false;
  readonly #call: (room: Room) => string;
  /** Messages that mention me and came by frames, by room: the list, or what I read, may count them or not. */
  #heard = new Map<string, Set<number>>();

  constructor(call: (room: Room) => string = () => "") {
    super();
    this.#call = call;
  }

  get(id: string): Room | undefined {
    return this.list.find((room) => room.id === id);
  }

  get unread(): number {
    return this.list.reduce((sum, room) => sum + room.unread, 0);
  }

  /** How many of them mention me. */
  get mentions(): number {
    return this.list.reduce((sum, room) => sum + room.mentions, 0);
  }

  /** The server's list. Frames may have overtaken it: what was said since then is added to its counts. */
  replace(rooms: readonly Room[]): void {
    this.list = sorted(
      rooms.map((fresh) => {
        const known = this.get(fresh.id);
        const since = known && known.said > fresh.said ? known.said - fresh.said : 0;
        return {
          ...fresh,
          position: Math.max(fresh.position, known?.position ?? 0),
          said: fresh.said + since,
          unread: fresh.unread + since,
          mentions: fresh.mentions + this.#after(fresh.id, fresh.said),
          name: this.#name(fresh),
        };
      }),
    );
    this.loaded = true;
    this.fresh = true;
    this.changed();
  }

  /** The list of an earlier visit, until there is a newer one. */
  restore(rooms: readonly Room[]): void {
    if (this.loaded) return;
    // An earlier version kept rooms without this.
    this.list = sorted(rooms.map((room) => ({ ...room, mentions: room.mentions ?? 0 })));
    this.loaded = true;
    this.changed();
  }

  put(room: Room): void {
    this.list = sorted([...this.list.filter((other) => other.id !== room.id), { ...room, name: this.#name(room) }]);
    this.changed();
  }

  remove(id: string): void {
    this.list = this.list.filter((room) => room.id !== id);
    this.#heard.delete(id);
    this.changed();
  }

  /** A room went on to position `to`; of the new messages my own are not unread. */
  advance(id: string, to: number, said: number, { mine, mentions }: News): void {
    const known = this.get(id);
    if (known && known.position >= to && known.said >= said) return;
    this.#update(id, (room) => {
      const news = Math.max(0, said - room.said);
      for (const seq of mentions) this.#of(id).add(seq);
      return {
        ...room,
        position: Math.max(room.position, to),
        said: Math.max(room.said, said),
        unread: room.unread + Math.max(0, news - mine),
        mentions: room.mentions + mentions.length,
      };
    });
  }

  /** Messages that mentioned me do so no more: they were deleted, or say something else. */
  takeBack(id: string, changes: readonly Message[], me: string): void {
    const heard = this.#heard.get(id);
    if (!heard) return;
    const gone = changes.filter((message) => !calls(message, me) && heard.delete(message.seq)).length;
    if (gone > 0) this.#update(id, (room) => ({ ...room, mentions: Math.max(0, room.mentions - gone) }));
  }

  setUnread(id: string, unread: number, mentions: number): void {
    const known = this.get(id);
    if (unread === 0) this.#heard.delete(id);
    if (known && (known.unread !== unread || known.mentions !== mentions))
      this.#update(id, (room) => ({ ...room, unread, mentions }));
  }

  /** What the room is called and is about. */
  setAbout(id: string, about: About): void {
    this.#update(id, ({ topic: _, description: __, archived: ___, ...room }) => ({ ...room, ...about }));
    this.list = sorted(this.list);
    this.changed();
  }

  /** What I am there, and whether I may talk. */
  setStanding(id: string, { role, muted }: Pick<Member, "role" | "muted">): void {
    this.#update(id, ({ muted: _, ...room }) => ({ ...room, role, ...(muted ? { muted } : {}) }));
  }

  /** On another device I have read up to there. */
  readTo(id: string, seq: number): void {
    const room = this.get(id);
    if (!room) return;
    const unread = Math.min(room.unread, Math.max(0, room.said - seq));
    for (const one of this.#heard.get(id) ?? []) if (one <= seq) this.#heard.get(id)?.delete(one);
    // Which of those that the list counted are before it is not known; the next list says so.
    this.setUnread(id, unread, Math.min(room.mentions, unread));
  }

  #name(room: Room): string {
    return isDirect(room) ? this.#call(room) : room.name;
  }

  #of(id: string): Set<number> {
    const heard = this.#heard.get(id) ?? new Set();
    this.#heard.set(id, heard);
    return heard;
  }

  /** How many messages after that one were heard to mention me; of those before, the list knows. */
  #after(id: string, seq: number): number {
    const heard = this.#heard.get(id);
    for (const one of heard ?? []) if (one <= seq) heard?.delete(one);
    return heard?.size ?? 0;
  }

  #update(id: string, change: (room: Room) => Room): void {
    this.list = this.list.map((room) => (room.id === id ? change(room) : room));
    this.changed();
  }
}

const order = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });

/** As they are listed: rooms, then those that are only read, then conversations of a few; each by name. */
function sorted(rooms: readonly Room[]): readonly Room[] {
  return [...rooms].sort((a, b) => part(a) - part(b) || order.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
}

function part(room: Room): number {
  return isDirect(room) ? 2 : room.archived ? 1 : 0;
}

/** A conversation of the people who are in it, of whom nobody is more than the others. */
export function isDirect({ kind }: Pick<Room, "kind">): boolean {
  return kind === "direct" || kind === "group";
}

/** Whether a message mentions somebody, by name or with everybody. */
export function calls({ author, mentions, mentions_room, deleted_at }: Message, user: string): boolean {
  return (
    author.id !== user && deleted_at === undefined && (mentions_room === true || mentions?.includes(user) === true)
  );
}
