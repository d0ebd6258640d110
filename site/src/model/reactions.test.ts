import { afterEach, beforeEach, expect, test } from "vitest";
import { Refusal, Unreachable } from "./failure";
import { type Reacting, Reactions, type Wish, withMine } from "./reactions";

type Asked = { wish: Wish; done(rev: number): void; fails(failure: unknown): void };

let asked: Asked[] = [];
let one: Reactions;

beforeEach(() => {
  asked = [];
  one = new Reactions(
    (wish) => new Promise((done, fails) => asked.push({ wish, done, fails })),
    () => 1,
  );
});
afterEach(() => one.close());

const wish = (clientId: string, emoji: string, on = true): Wish => ({ clientId, room: "tea", seq: 1, emoji, on });
const settle = () => new Promise((over) => setTimeout(over));
const reacting = (emoji: string, on: boolean, state: Reacting["state"], rev: number | null = null): Reacting => ({
  ...wish("c", emoji, on),
  state,
  rev,
  refusal: null,
});

test("one that is refused is not shown, and says why", async () => {
  one.make(wish("a", "👍"));
  asked[0]?.fails(new Refusal({ code: "conflict", reason: "too_many_reactions", message: "" }));
  await settle();
  const wishes = one.of("tea").get(1) ?? [];
  expect(wishes).toMatchObject([{ state: "failed", refusal: { reason: "too_many_reactions" } }]);
  expect(withMine([], wishes, 1, "me")).toEqual([]);
});

test("a lost answer is asked for again under the same name", async () => {
  one.make(wish("a", "👍"));
  asked[0]?.fails(new Unreachable());
  await settle();
  one.flush();
  expect(asked.map(({ wish }) => wish.clientId)).toEqual(["a", "a"]);
});

test("different emoji do not wait for each other, the same one does", async () => {
  for (const each of [wish("a", "👍"), wish("b", "🎉"), wish("c", "👍", false)]) one.make(each);
  expect(asked.map(({ wish }) => wish.clientId)).toEqual(["a", "b"]);
  asked[0]?.done(5);
  await settle();
  expect(asked.at(-1)?.wish).toMatchObject({ clientId: "c", on: false });
});

test("mine comes last among the people and the emoji, and goes with the emoji if it is alone", () => {
  const there = [{ emoji: "👍", users: ["ben"] }];
  expect(withMine(there, [reacting("👍", true, "sending")], 1, "me")).toEqual([{ emoji: "👍", users: ["ben", "me"] }]);
  expect(withMine(there, [reacting("🎉", true, "sending")], 1, "me")).toEqual([
    ...there,
    { emoji: "🎉", users: ["me"] },
  ]);
  const alone = [{ emoji: "🎉", users: ["me"] }];
  expect(withMine(alone, [reacting("🎉", false, "sending")], 1, "me")).toEqual([]);
});

test("what the message says already is the message's own", () => {
  const there = [{ emoji: "👍", users: ["ben"] }];
  // Done at 5, and taken away elsewhere since.
  expect(withMine(there, [reacting("👍", true, "done", 5)], 6, "me")).toBe(there);
  expect(withMine(there, [reacting("👍", true, "done", 5)], 4, "me")).toEqual([{ emoji: "👍", users: ["ben", "me"] }]);
});
