import type { Member, Room } from "../wire";
import { Observable } from "./observable";

/** My rooms and what is unread in each. Numbers come from the list, from frames, and from what I have just read. */
export class MyRooms extends Observable {
  list: readonly Room[] = [];
  /** There is a list, if only the one of an earlier visit. */
  loaded = false;
  /** The list is the server's. */
  fresh = false;

  get(id: string): Room | undefined {
    return this.list.find((room) => room.id === id);
  }

  get unread(): number {
    return this.list.reduce((sum, room) => sum + room.unread, 0);
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
    this.list = sorted(rooms);
    this.loaded = true;
    this.changed();
  }

  put(room: Room): void {
    this.list = sorted([...this.list.filter((other) => other.id !== room.id), room]);
    this.changed();
  }

  remove(id: string): void {
    this.list = this.list.filter((room) => room.id !== id);
    this.changed();
  }

  /** A room went on to position `to`; `mine` of the new messages are my own, and so not unread. */
  advance(id: string, to: number, said: number, mine: number): void {
    const known = this.get(id);
    if (known && known.position >= to && known.said >= said) return;
    this.#update(id, (room) => {
      const news = Math.max(0, said - room.said);
      return {
        ...room,
        position: Math.max(room.position, to),
        said: Math.max(room.said, said),
        unread: room.unread + Math.max(0, news - mine),
      };
    });
  }

  setUnread(id: string, unread: number): void {
    if (this.get(id)?.unread !== unread) this.#update(id, (room) => ({ ...room, unread }));
  }

  /** What I am there, and whether I may talk. */
  setStanding(id: string, { role, muted }: Pick<Member, "role" | "muted">): void {
    this.#update(id, ({ muted: _, ...room }) => ({ ...room, role, ...(muted ? { muted } : {}) }));
  }

  /** On another device I have read up to there. */
  readTo(id: string, seq: number): void {
    const room = this.get(id);
    if (room) this.setUnread(id, Math.min(room.unread, Math.max(0, room.said - seq)));
  }

  #update(id: string, change: (room: Room) => Room): void {
    this.list = this.list.map((room) => (room.id === id ? change(room) : room));
    this.changed();
  }
}

const order = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });

function sorted(rooms: readonly Room[]): readonly Room[] {
  return [...rooms].sort((a, b) => order.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
}
