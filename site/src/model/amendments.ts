import { type Wish as AnyWish, type Wished, Wishes } from "./wishes";

/** A change of the text of a message. */
export type Wish = AnyWish & {
  /** What it is to say; null: it is to be deleted. */
  readonly text: string | null;
};

export type Amendment = Wished<Wish>;

/** Changes of texts: what a message is to say is shown in place of what it says. */
export class Amendments extends Wishes<Wish> {
  /** What is shown of each message of a room, by its `seq`: the latest. */
  of(room: string): ReadonlyMap<number, Amendment> {
    return new Map(this.list.filter((one) => one.room === room).map((one) => [one.seq, one]));
  }
}
