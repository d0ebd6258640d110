import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Lookup } from "./lookup";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function lookup() {
  const asked: string[] = [];
  const heard: string[] = [];
  const answers: Record<string, (answer: string) => void> = {};
  const one = new Lookup<string>((stem) => {
    asked.push(stem);
    return stem === "no" ? Promise.reject(new Error()) : new Promise((resolve) => (answers[stem] = resolve));
  });
  const want = (stem: string) => one.want(stem, (answer) => void heard.push(answer));
  return { one, asked, heard, answers, want };
}

test("it is asked when the keys pause, for what was written last", async () => {
  const { asked, heard, answers, want } = lookup();
  want("a");
  await pass(150);
  want("an");
  await pass(200);
  expect(asked).toEqual(["an"]);
  answers.an?.("anna");
  await pass(0);
  expect(heard).toEqual(["anna"]);
});

test("an answer that comes too late, or to nobody, is not heard", async () => {
  const { one, asked, heard, answers, want } = lookup();
  want("a");
  await pass(200);
  want("b");
  answers.a?.("anna");
  await pass(200);
  one.drop();
  answers.b?.("ben");
  want("no");
  await pass(200);
  expect(asked).toEqual(["a", "b", "no"]);
  expect(heard).toEqual([]);
});
