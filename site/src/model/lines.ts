import type { Message, User } from "../wire";
import type { Draft } from "./outbox";

/** One row of the conversation as it is read: a day, the mark of what is new, or something said. */
export type Line =
  | { kind: "day"; key: string; at: number }
  | { kind: "new"; key: string }
  | {
      kind: "said";
      key: string;
      author: User;
      text: string;
      at: number;
      /** When it was changed or deleted, if it was. */
      edited: number | null;
      deleted: boolean;
      /** Begins a group: shows who and when. */
      first: boolean;
      draft: Draft | null;
    };

/** What one person says within five minutes is one group. */
const GROUP_MS = 5 * 60_000;

/**
 * Rows from messages and drafts. A draft whose message has arrived gives way to it under the same key, so that on
 * screen it stays where it is. `read` is the `seq` up to which the person had read when the room was opened.
 */
export function lines(
  messages: readonly Message[],
  drafts: readonly Draft[],
  me: User,
  read: number | null,
): readonly Line[] {
  const rows: Line[] = [];
  const stored = new Set<string>();
  let day = "";
  let last: { author: string; at: number } | null = null;

  type What = { clientId: string; text: string; at: number; edited: number | null; deleted: boolean };

  function say(author: User, { clientId, ...what }: What, draft: Draft | null): void {
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
      draft,
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
    const { client_id: clientId, text, at, edited_at = null, deleted_at } = message;
    say(message.author, { clientId, text, at, edited: edited_at, deleted: deleted_at !== undefined }, null);
  }
  for (const draft of drafts) {
    if (!stored.has(draft.clientId))
      say(me, { clientId: draft.clientId, text: draft.text, at: draft.at, edited: null, deleted: false }, draft);
  }
  return rows;
}
