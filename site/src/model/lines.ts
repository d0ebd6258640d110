import type { Message, Reaction, Remover, User } from "../wire";
import type { Amendment } from "./amendments";
import { calls } from "./count";
import type { Draft } from "./outbox";
import type { Pinning } from "./pins";
import { type Reacting, withMine } from "./reactions";

/** One row of the conversation as it is read: a day, the mark of what is new, or something said. */
export type Line =
  | { kind: "day"; key: string; at: number }
  | { kind: "new"; key: string }
  | {
      kind: "said";
      key: string;
      /** Its number among the room's messages; null for a draft. */
      seq: number | null;
      author: User;
      text: string;
      at: number;
      /** When it was changed or deleted, if it was. */
      edited: number | null;
      deleted: boolean;
      /** By whom, if it was and that is known. */
      remover: Remover | null;
      /** The number of the message that it replies to, if it is a reply. */
      replyTo: number | null;
      /** With mine, whether they are known to be there or not. */
      reactions: readonly Reaction[] | null;
      /** Reactions of mine that were refused. */
      refused: readonly Reacting[] | null;
      /** Begins a group: shows who and when. */
      first: boolean;
      draft: Draft | null;
      /** A change of it that is not known to be done. */
      amendment: Amendment | null;
      /** The ids of those whom it mentions. */
      mentions: readonly string[] | null;
      /** It mentions everybody. */
      everybody: boolean;
      /** It mentions me, either way. */
      calls: boolean;
      pinned: boolean;
      /** A pin of mine that was refused. */
      unpinned: Pinning | null;
    };

/** What one person says within five minutes is one group. */
const GROUP_MS = 5 * 60_000;

/**
 * Rows from messages and drafts. A draft whose message has arrived gives way to it under the same key, so that on
 * screen it stays where it is. `read` is the `seq` up to which the person had read when the room was opened.
 * A message whose author is changing it says what it is to say.
 */
export function lines(
  messages: readonly Message[],
  drafts: readonly Draft[],
  me: User,
  read: number | null,
  amendments: ReadonlyMap<number, Amendment> = new Map(),
  reacting: ReadonlyMap<number, readonly Reacting[]> = new Map(),
  pinning: ReadonlyMap<number, Pinning> = new Map(),
): readonly Line[] {
  const rows: Line[] = [];
  const stored = new Set<string>();
  let day = "";
  let last: { author: string; at: number } | null = null;

  type What = Omit<Extract<Line, { kind: "said" }>, "kind" | "key" | "author" | "first">;

  function say(author: User, clientId: string, what: What): void {
    const { at } = what;
    const date = new Date(at);
    const today = `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
    if (today !== day) {
      day = today;
      last = null;
      rows.push({ kind: "day", key: `day:${today}`, at });
    }
    const first: boolean = last?.author !== author.id || at - last.at > GROUP_MS;
    // A group's age counts from its first line, or a slow monologue would show one time for a whole evening.
    if (first || !last) last = { author: author.id, at };
    rows.push({
      kind: "said",
      key: `${author.id}:${clientId}`,
      author,
      ...what,
      first,
    });
  }

  let marked = read === null;
  for (const message of messages) {
    if (!marked && read !== null && message.seq > read && message.author.id !== me.id) {
      marked = true;
      rows.push({ kind: "new", key: "new" });
      last = null;
    }
    if (message.author.id === me.id) stored.add(message.client_id);
    const { seq, client_id: clientId, text, at, edited_at: edited = null, deleted_at } = message;
    const deleted = deleted_at !== undefined;
    const amendment = deleted ? null : pending(message, amendments.get(seq));
    const shown = amendment ? amended(amendment, text) : { text, deleted };
    const { reply_to: replyTo = null, deleted_by } = message;
    const remover = deleted_by ?? (message.author.id === me.id ? "author" : "moderator");
    say(message.author, clientId, {
      seq,
      at,
      edited,
      draft: null,
      amendment,
      replyTo,
      remover: shown.deleted ? remover : null,
      ...shown,
      ...reactions(message, reacting.get(seq) ?? [], me),
      mentions: message.mentions ?? null,
      everybody: message.mentions_room ?? false,
      calls: calls(message, me.id),
      ...pins(message, pinning.get(seq)),
    });
  }
  for (const draft of drafts) {
    const { clientId, text, at, replyTo = null } = draft;
    if (stored.has(clientId)) continue;
    const nothing = {
      edited: null,
      deleted: false,
      remover: null,
      amendment: null,
      reactions: null,
      refused: null,
      mentions: null,
      everybody: false,
      calls: false,
      pinned: false,
      unpinned: null,
    };
    say(me, clientId, { seq: null, text, at, draft, replyTo, ...nothing });
  }
  return rows;
}

/** As they stand there, if I wish nothing else: then a row of the conversation stays as it is. */
function reactions({ reactions: there = [], rev, deleted_at }: Message, wishes: readonly Reacting[], me: User) {
  const refused = wishes.filter(({ state }) => state === "failed");
  const shown = deleted_at === undefined ? withMine(there, wishes, rev, me.id) : [];
  return { reactions: shown.length > 0 ? shown : null, refused: refused.length > 0 ? refused : null };
}

/** As it is to be, unless that was refused or the message says already how it came out. */
function pins({ pinned_at, rev, deleted_at }: Message, wish: Pinning | undefined) {
  const there = pinned_at !== undefined && deleted_at === undefined;
  if (!wish || (wish.rev ?? Number.POSITIVE_INFINITY) <= rev) return { pinned: there, unpinned: null };
  return wish.state === "failed" ? { pinned: there, unpinned: wish } : { pinned: wish.on, unpinned: null };
}

/** The message may say already what was wished. */
function pending({ rev }: Message, amendment: Amendment | undefined): Amendment | null {
  return amendment && (amendment.rev ?? Number.POSITIVE_INFINITY) > rev ? amendment : null;
}

/** A deletion that failed is none; a text that failed is not lost. */
function amended({ text, state }: Amendment, before: string): { text: string; deleted: boolean } {
  if (text !== null) return { text, deleted: false };
  return state === "failed" ? { text: before, deleted: false } : { text: "", deleted: true };
}
