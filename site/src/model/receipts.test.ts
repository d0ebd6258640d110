import { expect, test } from "vitest";
import type { Member, Message } from "../wire";
import { seenBy } from "./receipts";

const said = (seq: number, by: string): Message => ({
  seq,
  rev: seq,
  author: { id: by, name: by },
  client_id: `c${seq}`,
  text: "",
  at: 0,
});
const member = (id: string, read?: number): Member => ({
  user: { id, name: id },
  role: "member",
  online: true,
  ...(read === undefined ? {} : { read }),
});
const seen = (messages: Message[], ...members: Member[]) => {
  const one = seenBy(messages, members, "me");
  return one && [one.seq, ...one.users.map(({ id }) => id)];
};

test("nobody is named who does not show it, and neither am I", () => {
  expect(seen([said(1, "me")], member("me", 1), member("ben"))).toBe(null);
  expect(seen([said(1, "me")], member("ben", 0))).toBe(null);
  expect(seen([], member("ben", 3))).toBe(null);
});

test("whoever said it is not named for having read it", () => {
  expect(seen([said(1, "me"), said(2, "ben")], member("ben", 2))).toEqual([1, "ben"]);
  expect(seen([said(1, "ben"), said(2, "ben")], member("ben", 2))).toBe(null);
});

test("the newest that others have read, with all who have read it", () => {
  const messages = [1, 2, 4].map((seq) => said(seq, "me"));
  expect(seen(messages, member("ben", 3), member("cy", 2), member("dee", 1))).toEqual([2, "ben", "cy"]);
  expect(seen(messages, member("ben", 9))).toEqual([4, "ben"]);
});
