import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Backoff } from "./backoff";
import { Errand } from "./errand";
import { SessionEnded, Unreachable } from "./failure";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function errand() {
  const runs: { done: () => void; fail: (failure: Error) => void }[] = [];
  const one = new Errand(
    () => new Promise<void>((resolve, reject) => runs.push({ done: resolve, fail: reject })),
    new Backoff({ first: 100, random: () => 1 }),
  );
  return { one, runs };
}

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

test("asked several times while under way it is done once more", async () => {
  const { one, runs } = errand();
  one.ask();
  one.ask();
  one.ask();
  expect(runs).toHaveLength(1);
  runs[0]?.done();
  await pass();
  expect(runs).toHaveLength(2);
  runs[1]?.done();
  await pass(10_000);
  expect(runs).toHaveLength(2);
});

test("a failure is tried again, later each time", async () => {
  const { one, runs } = errand();
  one.ask();
  runs[0]?.fail(new Unreachable());
  await pass(100);
  expect(runs).toHaveLength(2);
  runs[1]?.fail(new Unreachable());
  await pass(199);
  expect(runs).toHaveLength(2);
  await pass(1);
  expect(runs).toHaveLength(3);
});

test("a session that has ended, or an errand that is closed, is not tried again", async () => {
  const { one, runs } = errand();
  one.ask();
  runs[0]?.fail(new SessionEnded());
  await pass(60_000);
  expect(runs).toHaveLength(1);
  one.ask();
  runs[1]?.fail(new Unreachable());
  await pass();
  one.close();
  await pass(60_000);
  one.ask();
  expect(runs).toHaveLength(2);
});
