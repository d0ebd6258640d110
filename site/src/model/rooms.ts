import type { About, Member, Message, Room } from "../wire";
import { Count, type Told } from "./count";
import { Observable } from "./observable";

/** What a frame or a catch-up says of a room. */
export type Heard = { to: number; said: number; changes: readonly Message[] };

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
  readonly #me: string;
  readonly #call: (room: Room) => string;
  #counts = new Map<string, Count>();

  constructor(me: string, call: (room: Room) => string = () => "") {
    super();
    this.#me = me;
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
    for (const { id } of this.list) if (!rooms.some((room) => room.id === id)) this.#counts.delete(id);
    this.list = sorted(rooms.map((room) => this.#listed(room)));
    this.loaded = true;
    this.fresh = true;
    this.changed();
  }

  /** The list of an earlier visit, until there is a newer one. */
  restore(rooms: readonly Room[]): void {
    if (this.loaded) return;
    // An earlier version kept rooms without this.
    this.list = sorted(rooms.map((room) => ({ ...room, mentions: room.mentions ?? 0 })));
    for (const room of this.list) this.#count(room.id).restore(room);
    this.loaded = true;
    this.changed();
  }

  put(room: Room): void {
    this.list = sorted([...this.list.filter((other) => other.id !== room.id), this.#listed(room)]);
    this.changed();
  }

  remove(id: string): void {
    this.list = this.list.filter((room) => room.id !== id);
    this.#counts.delete(id);
    this.changed();
  }

  /**
   * A room went on; `before` is a message of it as it was, if that is known. Says whether the counts are sure: if not, the
   * list is to be asked for.
   */
  hear(id: string, { to, said, changes }: Heard, before: (seq: number) => Message | undefined): boolean {
    const known = this.get(id);
    if (!known) return true;
    const sure = this.#count(id).hear(said, changes, this.#me, before);
    this.#show(known, { position: Math.max(known.position, to), said: Math.max(known.said, said) });
    return sure;
  }

  /** The end of it is in view. */
  readAll(id: string): void {
    this.#tell(id, (count) => count.readAll());
  }

  /** The server answers that I have read up to there. */
  answered(id: string, seq: number, told: Told): void {
    this.#tell(id, (count) => count.answered(seq, told));
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
  readTo(id: string, seq: number, told: Told): void {
    this.#tell(id, (count) => count.elsewhere(seq, told));
  }

  #name(room: Room): string {
    return isDirect(room) ? this.#call(room) : room.name;
  }

  /** As the server lists it, and as frames say that it went on since. */
  #listed(fresh: Room): Room {
    const known = this.get(fresh.id);
    const count = this.#count(fresh.id);
    count.list(fresh);
    const position = Math.max(fresh.position, known?.position ?? 0);
    const said = Math.max(fresh.said, known?.said ?? 0);
    return { ...fresh, position, said, unread: count.unread, mentions: count.mentions, name: this.#name(fresh) };
  }

  #count(id: string): Count {
    const count = this.#counts.get(id) ?? new Count();
    this.#counts.set(id, count);
    return count;
  }

  #tell(id: string, tell: (count: Count) => void): void {
    const known = this.get(id);
    if (!known) return;
    tell(this.#count(id));
    this.#show(known);
  }

  /** What is counted, in the list; nothing is drawn where nothing is another. */
  #show(known: Room, more: Partial<Room> = {}): void {
    const { unread, mentions } = this.#count(known.id);
    const now: Partial<Room> = { ...more, unread, mentions };
    if (Object.entries(now).some(([name, value]) => known[name as keyof Room] !== value))
      this.#update(known.id, (room) => ({ ...room, ...now }));
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
