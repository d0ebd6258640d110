import { expect, test } from "vitest";
import { Backoff } from "./backoff";

test("the ceiling doubles from the first wait up to the cap", () => {
  const backoff = new Backoff({ first: 1_000, cap: 10_000, random: () => 1 });
  expect([1, 2, 3, 4, 5, 6].map(() => backoff.next())).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

test("each wait is drawn evenly between zero and its ceiling", () => {
  const draws = [0, 0.25, 0.5];
  const backoff = new Backoff({ first: 1_000, cap: 10_000, random: () => draws.shift() ?? 0 });
  expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([0, 500, 2_000]);
});

test("after a reset it begins anew", () => {
  const backoff = new Backoff({ first: 100, random: () => 1 });
  backoff.next();
  backoff.next();
  backoff.reset();
  expect(backoff.tries).toBe(0);
  expect(backoff.next()).toBe(100);
});

test("many failures do not overflow", () => {
  const backoff = new Backoff({ random: () => 1 });
  for (let index = 0; index < 2_000; index += 1) backoff.next();
  expect(backoff.next()).toBe(30_000);
});
