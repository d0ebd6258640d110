import type { User } from "../wire";
import { Observable } from "./observable";

/** At most so often one says that one types. The API takes it every three seconds; on the way two may come nearer to each other. */
const SAY_MS = 3_300;
/** Whoever was not heard of for this long types no more. */
const GONE_MS = 8_000;

/** Who types in which room, and saying that I do. What is said of it may be lost; the next time says it again. */
export class Typing extends Observable {
  readonly #say: (room: string) => void;
  #said = new Map<string, number>();
  /** By room, and there by person; in a crowd nobody is named. */
  #typing = new Map<string, Map<string, { user: User | null; count: number; timer: ReturnType<typeof setTimeout> }>>();

  constructor(say: (room: string) => void) {
    super();
    this.#say = say;
  }

  /** I have just changed what I am writing there. */
  write(room: string, text: string): void {
    const now = Date.now();
    if (text.trim() === "" || now - (this.#said.get(room) ?? Number.NEGATIVE_INFINITY) < SAY_MS) return;
    this.#said.set(room, now);
    this.#say(room);
  }

  /** Those who are named, the one first who began first. */
  of(room: string): readonly User[] {
    return [...(this.#typing.get(room)?.values() ?? [])].flatMap(({ user }) => user ?? []);
  }

  /** How many type there, named or not. */
  count(room: string): number {
    const all = [...(this.#typing.get(room)?.values() ?? [])];
    return Math.max(this.of(room).length, ...all.map(({ count }) => count), 0);
  }

  /** These type now and nobody else, or so many of a crowd. */
  hear(room: string, users: readonly User[], count: number | undefined): void {
    const there = this.#typing.get(room) ?? new Map();
    this.#typing.set(room, there);
    const now = new Map<string, { user: User | null; count: number }>(
      users.map((user) => [user.id, { user, count: 1 }]),
    );
    if (count) now.set("", { user: null, count });
    for (const name of there.keys()) if (!now.has(name)) this.stop(room, name);
    let changes = false;
    for (const [name, one] of now) {
      const before = there.get(name);
      clearTimeout(before?.timer);
      there.set(name, { ...one, timer: setTimeout(() => this.stop(room, name), GONE_MS) });
      changes ||= before?.count !== one.count || before?.user?.name !== one.user?.name;
    }
    if (changes) this.changed();
  }

  /** Their message has come, or they have gone. */
  stop(room: string, user: string): void {
    const there = this.#typing.get(room);
    const known = there?.get(user);
    if (!there || !known) return;
    clearTimeout(known.timer);
    there.delete(user);
    this.changed();
  }

  close(): void {
    for (const there of this.#typing.values()) for (const { timer } of there.values()) clearTimeout(timer);
    this.#typing.clear();
  }
}
