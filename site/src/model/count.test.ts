import { expect, test } from "vitest";
import type { Message } from "../wire";
import { Count, calls } from "./count";

function said(seq: number, more: Partial<Message> = {}): Message {
  return { seq, rev: seq, author: { id: "b", name: "ben" }, client_id: `c${seq}`, text: "", at: 0, ...more };
}

const mine = { mentions: ["a"] };
const edited = { edited_at: 1 };
const deleted = { deleted_at: 1 };

/** Ten messages, four of them not read, of which so many mention me; the list was read at position 10. */
function listed(mentions: number): Count {
  const count = new Count();
  count.list({ position: 10, said: 10, unread: 4, mentions });
  return count;
}

function hears(count: Count, message: Message, before?: Message): boolean {
  return count.hear(Math.max(10, message.seq), [message], "a", () => before);
}

test("whom a message mentions: by name or with everybody, never its author, and not once it is deleted", () => {
  expect(calls(said(1, { mentions: ["a"] }), "a")).toBe(true);
  expect(calls(said(1, { mentions_room: true }), "a")).toBe(true);
  expect(calls(said(1, { mentions: ["c"] }), "a")).toBe(false);
  expect(calls(said(1, { mentions: ["b"], mentions_room: true }), "b")).toBe(false);
  expect(calls(said(1, { mentions: ["a"], deleted_at: 2 }), "a")).toBe(false);
});

test("an edit of a message that was heard adds a mention, takes it back, and a deletion does so too; each once", () => {
  const count = listed(1);
  const steps: [Partial<Message>, number][] = [
    [{}, 1],
    [{ ...mine, ...edited, rev: 12 }, 2],
    [{ ...mine, ...edited, rev: 13 }, 2],
    [{ ...edited, rev: 14 }, 1],
    [{ ...mine, ...edited, rev: 15 }, 2],
    [{ ...edited, ...deleted, rev: 16 }, 1],
  ];
  for (const [more, mentions] of steps)
    for (let times = 0; times < 2; times += 1) {
      expect(hears(count, said(11, more))).toBe(true);
      expect([count.mentions, count.unread]).toEqual([mentions, 5]);
    }
});

test("an edit of a listed message counts where it is known what it was", () => {
  const count = listed(1);
  expect(hears(count, said(8, { ...mine, ...edited, rev: 11 }), said(8))).toBe(true);
  expect(count.mentions).toBe(2);
  expect(hears(count, said(8, { ...edited, rev: 12 }))).toBe(true);
  expect(count.mentions).toBe(1);
  expect(hears(count, said(9, { ...deleted, rev: 13 }), said(9, mine))).toBe(true);
  expect(count.mentions).toBe(0);
});

test("where that is not known the count is unsure and stays, until the list says it", () => {
  const count = listed(1);
  expect(hears(count, said(8, { ...mine, ...edited, rev: 11 }))).toBe(false);
  expect(count.mentions).toBe(1);
  count.list({ position: 11, said: 10, unread: 4, mentions: 2 });
  expect(hears(count, said(8, { ...mine, ...edited, rev: 11 })), "the list has it").toBe(true);
  expect(count.mentions).toBe(2);
  expect(hears(count, said(8, { ...deleted, rev: 12 }))).toBe(true);
  expect(count.mentions).toBe(1);
  expect(hears(count, said(9, { ...deleted, rev: 13 }))).toBe(false);
  expect(count.mentions).toBe(1);
});

test("what came with the list is taken back, at once where all that is unread mentions me", () => {
  const count = new Count();
  count.list({ position: 10, said: 10, unread: 1, mentions: 1 });
  for (let times = 0; times < 2; times += 1) expect(hears(count, said(10, { ...deleted, rev: 11 }))).toBe(true);
  expect(count.mentions).toBe(0);
});

test("a reaction says nothing new, nor does a change of what was read, of mine, or where nothing mentions me", () => {
  const count = listed(1);
  expect(hears(count, said(8, { ...mine, rev: 11 }))).toBe(true);
  expect(hears(count, said(9, { rev: 12 }))).toBe(true);
  expect(hears(count, said(6, { ...mine, ...edited, rev: 13 }))).toBe(true);
  expect(hears(count, said(7, { author: { id: "a", name: "ada" }, ...edited, rev: 14 }))).toBe(true);
  expect(hears(listed(0), said(8, { ...deleted, rev: 15 }))).toBe(true);
  expect(count.mentions).toBe(1);
});

test("an older message that comes after a newer one counts", () => {
  const count = listed(0);
  hears(count, said(12));
  hears(count, said(11, mine));
  expect([count.unread, count.mentions]).toEqual([6, 1]);
});

test("the server's answer counts all that was heard, and what comes then is new", () => {
  const count = listed(2);
  hears(count, said(12, mine));
  count.answered(9, { unread: 3, mentions: 2 });
  expect([count.unread, count.mentions]).toEqual([3, 2]);
  count.answered(11, { unread: 0, mentions: 0 });
  expect([count.unread, count.mentions], "numbers have holes").toEqual([0, 0]);
  hears(count, said(13, mine));
  expect([count.unread, count.mentions]).toEqual([1, 1]);
});

test("the list of an earlier visit is no proof against the server's", () => {
  const count = new Count();
  // One of the five after the fifth was mine.
  count.restore({ said: 10, unread: 4, mentions: 0 });
  count.list({ position: 10, said: 10, unread: 5, mentions: 1 });
  expect([count.unread, count.mentions]).toEqual([5, 1]);
});
