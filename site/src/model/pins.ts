import { type Wish as AnyWish, type Wished, Wishes } from "./wishes";

/** That a message is to be kept in sight of everybody, or no longer. */
export type Wish = AnyWish & { readonly on: boolean };

export type Pinning = Wished<Wish>;

/** Pins of mine that are not known to be done. */
export class Pins extends Wishes<Wish> {
  /** What is wished of each message of a room, by its `seq`: the latest. */
  of(room: string): ReadonlyMap<number, Pinning> {
    return new Map(this.list.filter((one) => one.room === room).map((one) => [one.seq, one]));
  }
}
