import type { Member, Members, Mute, User } from "../wire";
import { Observable } from "./observable";

const order = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });

/**
 * Who belongs to one room and who is here. Presence comes as signals, which may be lost, so that the whole list is
 * fetched anew after each reconnect.
 */
export class People extends Observable {
  #members = new Map<string, Member>();
  #sorted: readonly Member[] | null = null;
  /** Signals that came while the list was under way: it may have been read before them. */
  #late: (() => void)[] | null = null;
  loaded = false;
  /** Are there more than were fetched? */
  more = false;
  /** How many of those who were not fetched there are, and are here. */
  #others = { total: 0, here: 0 };
  /** Those who went since they were counted. */
  #gone = new Set<string>();

  /** Those who are here first, each part by name. */
  get list(): readonly Member[] {
    this.#sorted ??= [...this.#members.values()].sort(
      (a, b) => Number(b.online) - Number(a.online) || order.compare(a.user.name, b.user.name),
    );
    return this.#sorted;
  }

  get(id: string): Member | undefined {
    return this.#members.get(id);
  }

  /** How many are in the room, fetched or not. */
  get total(): number {
    return this.#members.size + this.#others.total;
  }

  /** How many of them are here. Of those who were not fetched it is as the server said it last. */
  get here(): number {
    return this.#online + this.#others.here;
  }

  /** The id after which the next page begins. */
  get last(): string | undefined {
    return [...this.#members.keys()].sort().at(-1);
  }

  /** The list is being asked for. */
  begin(): void {
    this.#late = [];
  }

  load(page: Members): void {
    this.#members = new Map(page.members.map((member) => [member.user.id, member]));
    this.#put(page);
    this.loaded = true;
    const late = this.#late ?? [];
    this.#late = null;
    for (const signal of late) signal();
    this.#touched();
  }

  append(page: Members): void {
    for (const member of page.members) this.#members.set(member.user.id, member);
    this.#put(page);
    this.#touched();
  }

  joined(member: Member): void {
    this.#late?.push(() => this.joined(member));
    this.#gone.delete(member.user.id);
    this.#members.set(member.user.id, member);
    this.#touched();
  }

  /** Somebody who is here is something else now; how far they have read is not said. */
  member(member: Member): void {
    this.#late?.push(() => this.member(member));
    this.#change(member.user.id, ({ read }) => ({ ...(read === undefined ? {} : { read }), ...member }));
  }

  mute(user: string, muted: Mute | undefined): void {
    this.#late?.push(() => this.mute(user, muted));
    this.#change(user, ({ muted: _, ...known }) => (muted ? { ...known, muted } : known));
  }

  /** So far has each read who shows it, and nobody else does; what I have read is not said. */
  seen(by: Readonly<Record<string, number>>, me: string): void {
    this.#late?.push(() => this.seen(by, me));
    let changes = false;
    for (const [id, known] of this.#members) {
      if (id === me) continue;
      const { read, ...hidden } = known;
      const told = by[id];
      // Who has read nothing is not named either.
      const nothing = read === 0 ? 0 : undefined;
      const now = told === undefined ? nothing : Math.max(told, read ?? 0);
      if (now === read) continue;
      this.#members.set(id, now === undefined ? hidden : { ...known, read: now });
      changes = true;
    }
    if (changes) this.#touched();
  }

  left(user: { id: string; name?: string }): void {
    this.#late?.push(() => this.left(user));
    // Who was sent out by me is told of once more by a frame; and a page may know it already.
    if (!this.#members.delete(user.id) && !this.#gone.has(user.id))
      this.#others.total = Math.max(0, this.#others.total - 1);
    this.#gone.add(user.id);
    this.#touched();
  }

  /** I have sent them out. */
  sentOut(user: string): void {
    if (this.#members.delete(user)) this.#gone.add(user);
    this.#touched();
  }

  presence(user: User, online: boolean): void {
    this.#late?.push(() => this.presence(user, online));
    // Who shows when they were last here shows how far they have read, too.
    this.#change(user.id, ({ seen_at: _, ...known }) => ({
      ...known,
      online,
      ...(online || known.read === undefined ? {} : { seen_at: Date.now() }),
    }));
  }

  get #online(): number {
    return this.list.filter((member) => member.online).length;
  }

  #put({ more, total, here }: Members): void {
    this.#sorted = null;
    this.more = more;
    this.#gone.clear();
    const { size } = this.#members;
    // An API of a version before does not count.
    const rest = (all: number | undefined, known: number) => (more && all !== undefined ? Math.max(0, all - known) : 0);
    this.#others = { total: rest(total, size), here: rest(here, this.#online) };
  }

  /** Somebody unknown belongs to another room, or stands on a page that was not fetched. */
  #change(user: string, change: (known: Member) => Member): void {
    const known = this.#members.get(user);
    if (!known) return;
    this.#members.set(user, change(known));
    this.#touched();
  }

  #touched(): void {
    this.#sorted = null;
    this.changed();
  }
}
