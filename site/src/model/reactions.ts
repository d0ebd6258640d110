import type { Reaction } from "../wire";
import { type Wish as AnyWish, type Wished, Wishes } from "./wishes";

/** An emoji of mine at a message. */
export type Wish = AnyWish & {
  readonly emoji: string;
  /** Whether it is to be there. */
  readonly on: boolean;
};

export type Reacting = Wished<Wish>;

/** Reactions of mine: what is to be there is shown as if it were. */
export class Reactions extends Wishes<Wish> {
  protected override about({ room, seq, emoji }: Wish): string {
    return `${room}:${seq}:${emoji}`;
  }

  /** Those at each message of a room, by its `seq`. */
  of(room: string): ReadonlyMap<number, readonly Reacting[]> {
    const all = new Map<number, Reacting[]>();
    for (const one of this.list) if (one.room === room) all.set(one.seq, [...(all.get(one.seq) ?? []), one]);
    return all;
  }
}

/** What stands at a message of position `rev`, with what I wish of it and is not in there. */
export function withMine(
  there: readonly Reaction[],
  wishes: readonly Reacting[],
  rev: number,
  me: string,
): readonly Reaction[] {
  let shown = there;
  for (const { emoji, on, state, rev: done } of wishes) {
    if (state === "failed" || (done !== null && done <= rev)) continue;
    const known = shown.find((one) => one.emoji === emoji);
    const others = (known?.users ?? []).filter((user) => user !== me);
    if ((known?.users.includes(me) ?? false) === on) continue;
    const users = on ? [...others, me] : others;
    shown = known
      ? shown.map((one) => (one === known ? { emoji, users } : one)).filter((one) => one.users.length > 0)
      : [...shown, { emoji, users }];
  }
  return shown;
}
