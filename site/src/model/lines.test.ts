import { expect, test } from "vitest";
import type { Message } from "../wire";
import { type Line, lines } from "./lines";
import type { Draft } from "./outbox";

const ada = { id: "a", name: "ada" };
const ben = { id: "b", name: "ben" };
const noon = new Date(2026, 2, 14, 12).getTime();
const minute = 60_000;

function said(seq: number, author: typeof ada, at: number, clientId = `c${seq}`): Message {
  return { seq, rev: seq, author, client_id: clientId, text: `line ${seq}`, at };
}

const draft = (clientId: string, at = noon): Draft => ({
  clientId,
  room: "tea",
  text: clientId,
  at,
  state: "sending",
  refusal: null,
  unkept: false,
});

function shape(rows: readonly Line[]): string[] {
  return rows.map((row) =>
    row.kind === "said" ? `${row.author.name}${row.first ? "*" : ""}${row.draft ? "?" : ""}` : row.kind,
  );
}

test("one person's lines within five minutes are a group", () => {
  const rows = lines(
    [
      said(1, ada, noon),
      said(2, ada, noon + 4 * minute),
      said(3, ben, noon + 4 * minute),
      said(4, ada, noon + 4 * minute),
    ],
    [],
    ada,
    null,
  );
  expect(shape(rows)).toEqual(["day", "ada*", "ada", "ben*", "ada*"]);
});

test("a group's five minutes count from its first line", () => {
  const rows = lines(
    [0, 3, 6].map((at, index) => said(index + 1, ada, noon + at * minute)),
    [],
    ada,
    null,
  );
  expect(shape(rows)).toEqual(["day", "ada*", "ada", "ada*"]);
});

test("each day begins with its name and a new group", () => {
  const rows = lines(
    [said(1, ada, noon + 12 * 60 * minute - minute), said(2, ada, noon + 12 * 60 * minute + minute)],
    [],
    ada,
    null,
  );
  expect(shape(rows)).toEqual(["day", "ada*", "day", "ada*"]);
});

test("what is new is marked once, before the first line of somebody else after what was read", () => {
  const rows = lines([said(1, ben, noon), said(2, ada, noon), said(3, ben, noon), said(4, ben, noon)], [], ada, 1);
  expect(shape(rows)).toEqual(["day", "ben*", "ada*", "new", "ben*", "ben"]);
  expect(shape(lines([said(1, ben, noon)], [], ada, 1))).toEqual(["day", "ben*"]);
});

test("a draft stands at the end and gives way to its message under the same key", () => {
  const before = lines([said(1, ben, noon)], [draft("mine")], ada, null);
  expect(shape(before)).toEqual(["day", "ben*", "ada*?"]);
  const after = lines([said(1, ben, noon), said(2, ada, noon, "mine")], [draft("mine")], ada, null);
  expect(shape(after)).toEqual(["day", "ben*", "ada*"]);
  expect(after.at(-1)?.key).toBe(before.at(-1)?.key);
});

test("the same client id of another author is another line", () => {
  const rows = lines([said(1, ben, noon, "same")], [draft("same")], ada, null);
  expect(shape(rows)).toEqual(["day", "ben*", "ada*?"]);
  expect(new Set(rows.map((row) => row.key)).size).toBe(3);
});

test("what was edited or deleted says so, where it stands", () => {
  const rows = lines(
    [
      { ...said(1, ada, noon), edited_at: noon + minute },
      { ...said(2, ada, noon), text: "", edited_at: noon + minute, deleted_at: noon + 2 * minute },
      said(3, ada, noon),
    ],
    [],
    ada,
    null,
  );
  expect(rows.filter((row) => row.kind === "said")).toMatchObject([
    { text: "line 1", edited: noon + minute, deleted: false },
    { text: "", deleted: true },
    { edited: null, deleted: false },
  ]);
});

test("a message says whom it mentions, and that it mentions me only where another said it", () => {
  const message = (author: typeof ada, more: Partial<Message>) => ({ ...said(1, author, noon), ...more });
  const line = (one: Message) => lines([one], [], ada, null).find((row) => row.kind === "said");
  expect(line(message(ben, { mentions: ["a"] }))).toMatchObject({ calls: true, mentions: ["a"], everybody: false });
  expect(line(message(ben, { mentions_room: true }))).toMatchObject({ calls: true, everybody: true });
  expect(line(message(ben, { mentions: ["c"] }))).toMatchObject({ calls: false });
  expect(line(message(ada, { mentions: ["a"], mentions_room: true }))).toMatchObject({ calls: false });
});

test("a pin is shown as it is to be, until the message says how it came out", () => {
  const wish = { clientId: "p", room: "tea", seq: 1, on: true, refusal: null } as const;
  const line = (message: Message, pinning: Parameters<typeof lines>[6]) =>
    lines([message], [], ada, null, new Map(), new Map(), pinning).find((row) => row.kind === "said");
  const at = (state: "sending" | "done" | "failed", rev: number | null = null) =>
    new Map([[1, { ...wish, state, rev }]]);
  const message = said(1, ben, noon);
  expect(line(message, at("sending"))).toMatchObject({ pinned: true, unpinned: null });
  expect(line(message, at("done", 2))).toMatchObject({ pinned: true });
  expect(line({ ...message, rev: 2 }, at("done", 2)), "somebody took it away").toMatchObject({ pinned: false });
  expect(line(message, at("failed"))).toMatchObject({ pinned: false, unpinned: { on: true } });
  expect(line({ ...message, pinned_at: noon }, new Map())).toMatchObject({ pinned: true });
});
