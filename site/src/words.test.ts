import { expect, test } from "vitest";
import { ago, calledBy, few, nameOf, together, typingNow } from "./words";

test("whoever deleted their account is called something", () => {
  expect(nameOf({ id: "0", name: "anna" })).toBe("anna");
  expect(nameOf({ id: "0", name: "" })).toBe("Deleted account");
});

test("people together are named, and the others counted", () => {
  expect(together([], 1)).toBe("1 other");
  expect(together(["you"], 0)).toBe("you");
  expect(together(["you"], 2)).toBe("you and 2 others");
  expect(together(["you", "ben"], 1)).toBe("you, ben and 1 other");
});

test("who types is said of two at most, and a crowd is counted", () => {
  expect(typingNow([], 0)).toBe("");
  expect(typingNow(["ada"], 1)).toBe("ada is typing…");
  expect(typingNow(["ada", "ben"], 2)).toBe("ada and ben are typing…");
  expect(typingNow(["ada", "ben", "cy"], 3)).toBe("Several people are typing…");
  expect(typingNow([], 1)).toBe("Somebody is typing…");
  expect(typingNow([], 12)).toBe("12 people are typing…");
});

test("a conversation is called by the others in it", () => {
  const [ada, ben, cleo] = ["ada", "ben", "cleo"].map((name) => ({ id: name, name }));
  if (!ada || !ben || !cleo) return;
  expect(calledBy({ kind: "direct", people: [ada, ben] }, ada)).toBe("ben");
  expect(calledBy({ kind: "group", people: [ada, ben, cleo] }, ben)).toBe("ada and cleo");
  expect(calledBy({ kind: "group", people: [ada, { id: "x", name: "" }] }, ada)).toBe("Deleted account");
  expect(calledBy({ kind: "direct", people: [ada] }, ada)).toBe("Deleted account");
  expect(calledBy({ kind: "group", people: [ada] }, ada)).toBe("A conversation that all others have left");
});

test("how long ago it was is not said to be longer than it was", () => {
  expect([0, 59_000, 60_000, 119 * 60_000, 120 * 60_000, 47 * 3_600_000, 49 * 3_600_000].map(ago)).toEqual([
    "just now",
    "just now",
    "1 minute ago",
    "1 hour ago",
    "2 hours ago",
    "47 hours ago",
    "2 days ago",
  ]);
});

test("a large count is cut short", () => {
  expect([1, 99, 100].map(few)).toEqual(["1", "99", "99+"]);
});
