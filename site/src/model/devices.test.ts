import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Device } from "../wire";
import { Backoff } from "./backoff";
import { Devices } from "./devices";
import { Refusal, Unreachable } from "./failure";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

function device(id: string, seen_at: number, current = false): Device {
  return { id, name: "Firefox on Linux", address: "192.0.2.1", created_at: 0, seen_at, current };
}

const phone = device("phone", 30);
const here = device("here", 20, true);
const work = device("work", 10);

/** Each list that is asked for is answered by hand. */
function devices(end: () => Promise<void> = async () => {}) {
  const asked: { give: (list: Device[]) => void; fail: (failure: Error) => void }[] = [];
  const ended: string[] = [];
  const one = new Devices(
    {
      list: () => new Promise((give, fail) => asked.push({ give, fail })),
      end: async (id) => end().then(() => void ended.push(id)),
      endOthers: async () => end().then(() => void ended.push("others")),
    },
    new Backoff({ first: 100, random: () => 1 }),
  );
  return { one, asked, ended };
}

const ids = (one: Devices) => one.list?.map(({ id }) => id);

test("the one in hand comes first, then the one seen last", async () => {
  const { one, asked } = devices();
  expect(one.list).toBeNull();
  one.ask();
  asked[0]?.give([work, phone, here]);
  await pass();
  expect(ids(one)).toEqual(["here", "phone", "work"]);
  expect(one.others.map(({ id }) => id)).toEqual(["phone", "work"]);
});

test("a list that is not to be had says why and is tried again", async () => {
  const { one, asked } = devices();
  let changes = 0;
  one.subscribe(() => {
    changes += 1;
  });
  one.ask();
  asked[0]?.fail(new Unreachable());
  await pass();
  expect(one.failure).toBeInstanceOf(Unreachable);
  expect(changes).toBe(1);
  await pass(100);
  asked[1]?.give([here]);
  await pass();
  expect(one.failure).toBeNull();
  expect(ids(one)).toEqual(["here"]);
});

test("a failure leaves the list that is known", async () => {
  const { one, asked } = devices();
  one.ask();
  asked[0]?.give([here, phone]);
  await pass();
  one.ask();
  asked[1]?.fail(new Unreachable());
  await pass();
  expect(ids(one)).toEqual(["here", "phone"]);
  one.close();
});

test("signed out, a device is gone at once, and a list that was under way does not bring it back", async () => {
  const { one, asked, ended } = devices();
  one.ask();
  asked[0]?.give([here, phone, work]);
  await pass();
  one.ask();
  await one.end("phone");
  expect(ended).toEqual(["phone"]);
  expect(ids(one)).toEqual(["here", "work"]);
  asked[1]?.give([here, phone, work]);
  await pass();
  expect(ids(one)).toEqual(["here", "work"]);
  asked[2]?.give([here]);
  await pass();
  expect(ids(one)).toEqual(["here"]);
});

test("signing out the others leaves the one in hand", async () => {
  const { one, asked, ended } = devices();
  one.ask();
  asked[0]?.give([here, phone, work]);
  await pass();
  await one.endOthers();
  expect(ended).toEqual(["others"]);
  expect(ids(one)).toEqual(["here"]);
});

test("a sign-out that is refused changes nothing and is told", async () => {
  const refusal = new Refusal({ code: "unavailable", message: "" });
  const { one, asked } = devices(() => Promise.reject(refusal));
  one.ask();
  asked[0]?.give([here, phone]);
  await pass();
  await expect(one.end("phone")).rejects.toBe(refusal);
  await expect(one.endOthers()).rejects.toBe(refusal);
  expect(ids(one)).toEqual(["here", "phone"]);
  expect(asked).toHaveLength(1);
});

test("a device that had ended already is gone too", async () => {
  const { one, asked } = devices(() => Promise.reject(new Refusal({ code: "not_found", message: "" })));
  one.ask();
  asked[0]?.give([here, phone]);
  await pass();
  await one.end("phone");
  expect(ids(one)).toEqual(["here"]);
});

test("once it is closed nothing is asked any more", async () => {
  const { one, asked } = devices();
  one.ask();
  one.close();
  asked[0]?.fail(new Unreachable());
  await pass(60_000);
  expect(asked).toHaveLength(1);
});
