import type { Message, Page } from "../wire";
import type { Changes } from "./timeline";

/** What may happen at a position of a room. */
export type Happening = "said" | "voided" | { edited: number } | { deleted: number };

const author = { id: "a".repeat(24), name: "ada" };

/**
 * A room as the server keeps it, for tests: one document per message, which an edit moves to a new position, and a
 * position that was given up, whose number in `seq` is lost with it. Whatever is read is read at a `time`, the last
 * position that was there then.
 */
export class ReferenceRoom {
  /** At each position, beginning with 1, the message as it then was, or nothing. */
  readonly log: readonly (Message | null)[];

  constructor(script: readonly Happening[]) {
    const log: (Message | null)[] = [];
    let said = 0;
    for (const happening of script) {
      const rev = log.length + 1;
      if (happening === "said" || happening === "voided") said += 1;
      if (happening === "said") {
        log.push({ seq: said, rev, author, client_id: `client-${said}`, text: `said at ${rev}`, at: rev });
      } else if (happening === "voided") {
        log.push(null);
      } else {
        const seq = "edited" in happening ? happening.edited : happening.deleted;
        const before = log.findLast((change) => change?.seq === seq);
        if (!before) log.push(null);
        else if ("edited" in happening) log.push({ ...before, rev, text: `edited at ${rev}`, edited_at: rev });
        else log.push({ ...before, rev, text: "", deleted_at: rev });
      }
    }
    this.log = log;
  }

  get head(): number {
    return this.log.length;
  }

  /** Every message as it stood at that time. */
  at(time: number): Message[] {
    const latest = new Map<number, Message>();
    for (const change of this.log.slice(0, time)) if (change) latest.set(change.seq, change);
    return [...latest.values()].sort((a, b) => a.seq - b.seq);
  }

  /** The position of the last change of a message. */
  last(seq: number): number {
    return 1 + this.log.findLastIndex((change) => change?.seq === seq);
  }

  range(from: number, to: number, time: number): Changes {
    const changes = this.at(time).filter(({ rev }) => rev >= from && rev <= to);
    return { from, to, changes: changes.sort((a, b) => a.rev - b.rev) };
  }

  /** The last `limit` messages before `seq`; `settled` was read a moment before them. */
  page(limit: number, settled: number, time: number, seq = Number.POSITIVE_INFINITY): Page {
    const older = this.at(time).filter((message) => message.seq < seq);
    const messages = older.slice(-limit);
    return { messages, position: settled, before: older.length > messages.length, after: false };
  }

  /** The first `limit` messages after `seq`, in the same manner. */
  after(limit: number, settled: number, time: number, seq: number): Page {
    const [older, newer] = [
      this.at(time).filter((one) => one.seq <= seq),
      this.at(time).filter((one) => one.seq > seq),
    ];
    const messages = newer.slice(0, limit);
    const before = older.length > 0 && messages.length > 0;
    return { messages, position: settled, before, after: newer.length > messages.length };
  }
}
