import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Message } from "../wire";
import { Backoff } from "./backoff";
import { Refusal, Unreachable } from "./failure";
import { type Draft, Outbox } from "./outbox";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Sent = { draft: Draft; store: () => void; fail: (failure: Error) => void };

function outbox() {
  const sent: Sent[] = [];
  const box = new Outbox(
    (draft) =>
      new Promise<Message>((resolve, reject) => {
        sent.push({ draft, store: () => resolve({} as Message), fail: reject });
      }),
    () => new Backoff({ first: 100, cap: 100, random: () => 1 }),
  );
  const say = (clientId: string, room = "tea") => box.add({ clientId, room, text: clientId, at: 0 });
  const asked = () => sent.map(({ draft }) => draft.clientId);
  return { box, sent, say, asked };
}

const refusal = (code: string, more = {}) => new Refusal({ code, message: code, ...more });
const settled = () => vi.advanceTimersByTimeAsync(0);

test("drafts of a room go one after the other, in order", async () => {
  const { box, sent, say, asked } = outbox();
  say("one");
  say("two");
  expect(asked()).toEqual(["one"]);
  sent[0]?.store();
  await settled();
  expect(asked()).toEqual(["one", "two"]);
  expect(box.drafts.map((draft) => draft.clientId)).toEqual(["two"]);
});

test("one room does not wait for another", () => {
  const { say, asked } = outbox();
  say("one", "tea");
  say("two", "cake");
  expect(asked()).toEqual(["one", "two"]);
});

test("a lost connection is no failure: the draft waits and goes out again under its name", async () => {
  const { box, sent, say, asked } = outbox();
  say("one");
  sent[0]?.fail(new Unreachable());
  await settled();
  expect(box.drafts[0]?.state).toBe("sending");
  say("two");
  await settled();
  box.flush();
  expect(asked().slice(1)).toEqual(["one"]);
  sent[1]?.store();
  await settled();
  expect(asked().at(-1)).toBe("two");
});

test("what is refused for good keeps its text, says why, and lets the next one go", async () => {
  const { box, sent, say, asked } = outbox();
  say("one");
  say("two");
  sent[0]?.fail(refusal("forbidden"));
  await settled();
  expect(box.drafts[0]).toMatchObject({ clientId: "one", text: "one", state: "failed" });
  expect(box.drafts[0]?.refusal).toMatchObject({ code: "forbidden" });
  expect(asked()).toEqual(["one", "two"]);
});

test("a retry sends the same name again, and a discard forgets it", async () => {
  const { box, sent, say, asked } = outbox();
  say("one");
  sent[0]?.fail(refusal("forbidden"));
  await settled();
  box.retry("one");
  expect(asked()).toEqual(["one", "one"]);
  expect(box.drafts[0]).toMatchObject({ state: "sending", refusal: null });
  sent[1]?.fail(refusal("forbidden"));
  await settled();
  box.discard("one");
  expect(box.drafts).toEqual([]);
});

test("a discard takes nothing back that is on its way", () => {
  const { box, say } = outbox();
  say("one");
  box.discard("one");
  expect(box.drafts).toHaveLength(1);
});

test("'not now' is tried again by itself, in order, and in the end left to the person", async () => {
  const { box, sent, say, asked } = outbox();
  say("one");
  say("two");
  for (let attempt = 0; attempt < 6; attempt += 1) {
    expect(asked()).toHaveLength(attempt + 1);
    sent[attempt]?.fail(refusal("unavailable"));
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(box.drafts[0]?.state).toBe("failed");
  expect(asked()).toEqual(["one", "one", "one", "one", "one", "one", "two"]);
});

test("a limit is waited for as long as it says", async () => {
  const { sent, say, asked } = outbox();
  say("one");
  sent[0]?.fail(refusal("too_many", { retry_after: 7 }));
  await vi.advanceTimersByTimeAsync(6_999);
  expect(asked()).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked()).toHaveLength(2);
});

test("an echo settles a draft whose answer was lost, and it is not sent again", async () => {
  const { box, sent, say, asked } = outbox();
  say("one");
  box.settle("one");
  sent[0]?.fail(new Unreachable());
  await settled();
  box.flush();
  expect(box.drafts).toEqual([]);
  expect(asked()).toEqual(["one"]);
});

test("after closing nothing goes out", async () => {
  const { box, sent, say, asked } = outbox();
  say("one");
  sent[0]?.fail(refusal("unavailable"));
  await settled();
  box.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked()).toHaveLength(1);
});
