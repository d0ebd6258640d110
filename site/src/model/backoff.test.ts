import { expect, test } from "vitest";
import { Backoff } from "./backoff";
import { CAP_MS, CROWD_MS } from "./connection";

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
  expect(backoff.next()).toBe(100);
});

test("many failures do not overflow", () => {
  const backoff = new Backoff({ random: () => 1 });
  for (let index = 0; index < 2_000; index += 1) backoff.next();
  expect(backoff.next()).toBe(30_000);
});

test("a wider spread holds for the waits after it, too", () => {
  const backoff = new Backoff({ first: 1_000, cap: 60_000, random: () => 1 });
  expect([backoff.next(20_000), backoff.next(), backoff.next(20_000)]).toEqual([20_000, 40_000, 60_000]);
  backoff.reset();
  expect(backoff.next()).toBe(1_000);
});

test.each([0, 5, 20, 120])(
  "5,000 clients cut off at once, for %i s, make fewer than 500 handshakes in any second",
  (down) => {
    const random = seeded();
    const tries: number[] = [];
    for (let client = 0; client < 5_000; client += 1) {
      const backoff = new Backoff({ cap: CAP_MS, random });
      let at = backoff.next(CROWD_MS);
      tries.push(at);
      while (at < down * 1_000) {
        at += backoff.next();
        tries.push(at);
      }
    }
    tries.sort((a, b) => a - b);
    let busiest = 0;
    for (let from = 0, to = 0; to < tries.length; to += 1) {
      while ((tries[to] as number) - (tries[from] as number) >= 1_000) from += 1;
      busiest = Math.max(busiest, to - from + 1);
    }
    expect(busiest).toBeLessThan(500);
    // And nobody is left waiting: all are back within a minute of the end.
    expect(tries.at(-1)).toBeLessThan(down * 1_000 + CAP_MS);
  },
);

/** The same numbers in each run. */
function seeded(): () => number {
  let seed = 20_260_101;
  return () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
}
