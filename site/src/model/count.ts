import type { Message } from "../wire";

/** What the server says: so many messages after the one that I have read last, and so many of those mention me. */
export type Told = { unread: number; mentions: number };

/**
 * What I have not read in one room, counted as the server counts it. Now and then it says so; frames go on from there. A
 * frame says exactly what is new. Of an older message it says what that one is now and not what it was: where that
 * matters and is not known here either, the count is unsure, and the next list of the server has it right.
 */
export class Count {
  /** The server said that I have read up to this message. What it says of a time before that is old. */
  #confirmed = 0;
  /** I have read up to there, as far as is known here. */
  #read = 0;
  /** What was told goes up to this message, and has all changes up to this position. */
  #upTo = 0;
  #position = 0;
  #told: Told = { unread: 0, mentions: 0 };
  /** The newest message that was heard of. */
  #said = 0;
  /** Messages of mine that were not told of. */
  #mine = new Set<number>();
  /** Messages that I have not read and that were heard to mention me, told of or not. */
  #calling = new Set<number>();

  get unread(): number {
    return this.#told.unread + Math.max(0, this.#said - this.#upTo - this.#mine.size);
  }

  get mentions(): number {
    return this.#told.mentions + [...this.#calling].filter((seq) => seq > this.#upTo).length;
  }

  /** The server's list. */
  list({ position, said, unread, mentions }: Told & { position: number; said: number }): void {
    if (said - unread < this.#confirmed) return;
    this.#confirmed = said - unread;
    this.#position = position;
    this.#take(said - unread, said, { unread, mentions });
  }

  /** The list of an earlier visit: what was counted here, which is no proof of what the server has. */
  restore({ said, unread, mentions }: Told & { said: number }): void {
    this.#take(said - unread, said, { unread, mentions });
  }

  /** The server says it because I have read up to there on another device. */
  elsewhere(seq: number, told: Told): void {
    if (seq < this.#confirmed) return;
    this.#confirmed = seq;
    this.#take(seq, seq + told.unread, told);
  }

  /** The server answers that I have read up to there: perhaps further than I said, where numbers have holes. */
  answered(seq: number, told: Told): void {
    if (seq < this.#confirmed) return;
    this.#confirmed = seq;
    this.#take(seq, Math.max(this.#said, seq + told.unread), told);
  }

  /** I see the end of it. */
  readAll(): void {
    this.#take(this.#said, this.#said, { unread: 0, mentions: 0 });
  }

  /**
   * Something was said or changed; `before` is a message as it was, if that is known. Says whether the count is sure.
   * To hear the same twice does no harm.
   */
  hear(said: number, changes: readonly Message[], me: string, before: (seq: number) => Message | undefined): boolean {
    this.#said = Math.max(this.#said, said);
    return changes.map((message) => this.#change(message, me, before)).every(Boolean);
  }

  #take(read: number, upTo: number, { unread, mentions }: Told): void {
    this.#read = read;
    this.#upTo = upTo;
    this.#said = Math.max(this.#said, upTo);
    this.#told = { unread, mentions };
    for (const seq of this.#mine) if (seq <= upTo) this.#mine.delete(seq);
    for (const seq of this.#calling) if (seq <= read) this.#calling.delete(seq);
  }

  #change(message: Message, me: string, before: (seq: number) => Message | undefined): boolean {
    const { seq, rev } = message;
    if (seq <= this.#read) return true;
    const now = calls(message, me);
    const heard = this.#calling.has(seq);
    const news = seq > this.#upTo;
    if (news && message.author.id === me) this.#mine.add(seq);
    // Asked for before it is noted what it is now.
    const was = news || rev <= this.#position ? now : heard || this.#was(message, me, before);
    if (now) this.#calling.add(seq);
    else this.#calling.delete(seq);
    if (was === null) return false;
    const mentions = Math.max(0, this.#told.mentions + Number(now) - Number(was));
    this.#told = { ...this.#told, mentions };
    return true;
  }

  /** Whether a message that was told of mentioned me before this change, of which no frame has said that it did; null, if that is not known. */
  #was(message: Message, me: string, before: (seq: number) => Message | undefined): boolean | null {
    const known = before(message.seq);
    if (known && known.rev < message.rev) return calls(known, me);
    const { mentions } = this.#told;
    if (message.author.id === me) return false;
    if (calls(message, me)) return message.edited_at === undefined || null;
    // What says the same as ever never did, and neither did anything if all that do are known.
    const others = [...this.#calling].filter((seq) => seq <= this.#upTo).length;
    if ((message.edited_at ?? message.deleted_at) === undefined || mentions <= others) return false;
    return mentions === this.#upTo - this.#read || null;
  }
}

/** Whether a message mentions somebody, by name or with everybody. */
export function calls({ author, mentions, mentions_room, deleted_at }: Message, user: string): boolean {
  return (
    author.id !== user && deleted_at === undefined && (mentions_room === true || mentions?.includes(user) === true)
  );
}
