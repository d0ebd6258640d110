import type { Member, Members, User } from "../wire";
import { Observable } from "./observable";

const order = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });

/**
 * Who belongs to one room and who is here. Presence comes as signals, which may be lost, so that the whole list is
 * fetched anew after each reconnect.
 */
export class People extends Observable {
  #members = new Map<string, Member>();
  #sorted: readonly Member[] | null = null;
  loaded = false;
  /** Are there more than were fetched? */
  more = false;

  /** Those who are here first, each part by name. */
  get list(): readonly Member[] {
    this.#sorted ??= [...this.#members.values()].sort(
      (a, b) => Number(b.online) - Number(a.online) || order.compare(a.user.name, b.user.name),
    );
    return this.#sorted;
  }

  get here(): number {
    return this.list.filter((member) => member.online).length;
  }

  /** The id after which the next page begins. */
  get last(): string | undefined {
    return [...this.#members.keys()].sort().at(-1);
  }

  load({ members, more }: Members): void {
    this.#members = new Map(members.map((member) => [member.user.id, member]));
    this.more = more;
    this.loaded = true;
    this.#touched();
  }

  append({ members, more }: Members): void {
    for (const member of members) this.#members.set(member.user.id, member);
    this.more = more;
    this.#touched();
  }

  joined(member: Member): void {
    this.#members.set(member.user.id, member);
    this.#touched();
  }

  left(user: User): void {
    this.#members.delete(user.id);
    this.#touched();
  }

  presence(user: User, online: boolean): void {
    const known = this.#members.get(user.id);
    // Somebody unknown belongs to another room, or stands on a page that was not fetched.
    if (!known) return;
    this.#members.set(user.id, { ...known, online });
    this.#touched();
  }

  #touched(): void {
    this.#sorted = null;
    this.changed();
  }
}
