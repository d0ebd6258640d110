import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Amendments, type Wish } from "./amendments";
import { Backoff } from "./backoff";
import { Refusal, Unreachable } from "./failure";

type Asked = { wish: Wish; done(rev: number): void; fails(failure: unknown): void };

let asked: Asked[] = [];
let known: Map<number, number>;
let one: Amendments;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  known = new Map([
    [1, 1],
    [2, 2],
  ]);
  one = new Amendments(
    (wish) => new Promise((done, fails) => asked.push({ wish, done, fails })),
    (_, seq) => known.get(seq),
    () => new Backoff({ first: 100, random: () => 1 }),
  );
});

afterEach(() => {
  one.close();
  vi.useRealTimers();
});

const wish = (clientId: string, text: string | null = clientId, seq = 1): Wish => ({
  clientId,
  room: "tea",
  seq,
  text,
});
const refusal = (code: string) => new Refusal({ code, message: "no" });
const settle = () => vi.advanceTimersByTimeAsync(0);
const shown = () => [...one.of("tea").values()].map(({ text, state }) => `${text} ${state}`);

test("one that is refused says so, and can be tried again or discarded", async () => {
  one.make(wish("a"));
  asked[0]?.fails(refusal("forbidden"));
  await settle();
  expect(one.of("tea").get(1)).toMatchObject({ state: "failed", text: "a", refusal: { code: "forbidden" } });
  one.retry("a");
  expect(asked[1]?.wish.clientId).toBe("a");
  asked[1]?.fails(refusal("conflict"));
  await settle();
  one.discard("a");
  expect(one.list).toEqual([]);
});

test("is shown from the beginning until the message itself says it", async () => {
  one.make(wish("a"));
  expect(shown()).toEqual(["a sending"]);
  asked[0]?.done(5);
  await settle();
  expect(shown()).toEqual(["a done"]);
  one.heard("tea");
  expect(shown()).toEqual(["a done"]);
  known.set(1, 5);
  one.heard("tea");
  expect(one.list).toEqual([]);
});

test("is over with its answer when the frame was there before", async () => {
  one.make(wish("a"));
  known.set(1, 5);
  asked[0]?.done(5);
  await settle();
  expect(one.list).toEqual([]);
});

test("a lost answer is asked for again under the same name", async () => {
  one.make(wish("a"));
  asked[0]?.fails(new Unreachable());
  await settle();
  expect([shown(), one.pending, asked.length]).toEqual([["a sending"], 1, 1]);
  one.flush();
  expect(asked[1]?.wish).toMatchObject(wish("a"));
  asked[1]?.done(5);
  await settle();
  expect(one.pending).toBe(0);
});

test("a refusal for now is waited out, one for good is not", async () => {
  one.make(wish("a"));
  asked[0]?.fails(new Refusal({ code: "limited", message: "", retry_after: 300 }));
  await vi.advanceTimersByTimeAsync(299);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toHaveLength(2);
  for (let tries = 1; tries <= 10; tries += 1) {
    asked.at(-1)?.fails(refusal("internal"));
    await vi.advanceTimersByTimeAsync(60_000);
  }
  expect(shown()).toEqual(["a failed"]);
});

test("of one message they are asked for one after the other, and the last is shown", async () => {
  one.make(wish("a"));
  one.make(wish("b"));
  one.make(wish("other", "other", 2));
  expect([shown(), asked.length]).toEqual([["b sending", "other sending"], 2]);
  asked[0]?.fails(refusal("forbidden"));
  await settle();
  expect(asked[2]?.wish.clientId).toBe("b");
  expect(shown()).toEqual(["other sending", "b sending"].sort());
});

test("a deletion is a change like another", async () => {
  one.make(wish("a", null));
  expect(one.of("tea").get(1)?.text).toBe(null);
  asked[0]?.done(9);
  known.delete(1);
  await settle();
  expect(one.list).toEqual([]);
});
