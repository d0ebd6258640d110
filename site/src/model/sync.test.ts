import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Catchup, Frame, Message } from "../wire";
import type { Ears } from "./channel";
import { Connection } from "./connection";
import { Sync } from "./sync";
import { Timeline } from "./timeline";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Asked = { id: string; rooms: Record<string, number> };

function message(seq: number): Message {
  return { seq, rev: seq, author: { id: "a", name: "ada" }, client_id: `c${seq}`, text: "", at: 0 };
}

async function sync(...positions: [room: string, position: number][]) {
  const asked: Asked[] = [];
  let ears: Ears | undefined;
  const connection = new Connection(
    (_, given) => {
      ears = given;
      return { send: (text) => asked.push(JSON.parse(text)), close: () => {} };
    },
    async () => "token",
  );
  connection.start();
  await pass();
  ears?.opened();
  const timelines = positions.map(([room, position]) => {
    const timeline = new Timeline(room);
    timeline.load({ messages: [], position, before: false, after: false });
    return timeline;
  });
  const gone: string[] = [];
  const reloaded: string[] = [];
  const one = new Sync(connection, {
    timelines: () => timelines,
    apply: (room, catchup) => void timelines.find((timeline) => timeline.room === room)?.apply(catchup),
    gone: (rooms) => void gone.push(...rooms),
    reload: (timeline) => void reloaded.push(timeline.room),
  });
  async function answer(frame: Omit<Extract<Frame, { type: "synced" }>, "type" | "id">) {
    ears?.heard(JSON.stringify({ type: "synced", id: asked.at(-1)?.id, ...frame }));
    await pass();
  }
  async function refuse(retry_after?: number) {
    const refusal = { type: "error", id: asked.at(-1)?.id, code: "limited", message: "", retry_after };
    ears?.heard(JSON.stringify(refusal));
    await pass();
  }
  return { one, asked, answer, refuse, timelines, gone, reloaded };
}

function catchup(room: string, from: number, to: number, more: Partial<Catchup> = {}): Catchup {
  const changes = Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
  return { room, from, to, head: to, said: to, changes, verdict: "complete", ...more };
}

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

test("all rooms are caught up in one request", async () => {
  const { one, asked, answer, timelines } = await sync(["tea", 3], ["cake", 8]);
  one.ask();
  expect(asked).toMatchObject([{ rooms: { tea: 3, cake: 8 } }]);
  await answer({ rooms: [catchup("tea", 4, 5), catchup("cake", 9, 9)], gone: [], more: false });
  expect(timelines.map(({ position }) => position)).toEqual([5, 9]);
  expect(asked).toHaveLength(1);
});

test("while there is more it asks again from where it stands", async () => {
  const { one, asked, answer } = await sync(["tea", 0]);
  one.ask();
  await answer({ rooms: [catchup("tea", 1, 2, { head: 4, verdict: "more" })], gone: [], more: true });
  expect(asked[1]).toMatchObject({ rooms: { tea: 2 } });
  await answer({ rooms: [catchup("tea", 3, 4)], gone: [], more: false });
  expect(asked).toHaveLength(2);
});

test("'more' that brings nothing is not asked for without end", async () => {
  const { one, asked, answer } = await sync(["tea", 5]);
  one.ask();
  await answer({ rooms: [catchup("tea", 6, 5, { verdict: "more" })], gone: [], more: true });
  expect(asked).toHaveLength(1);
});

test("asked while it is under way it asks once more", async () => {
  const { one, asked, answer } = await sync(["tea", 3]);
  one.ask();
  one.ask();
  one.ask();
  await answer({ rooms: [catchup("tea", 4, 4)], gone: [], more: false });
  expect(asked).toHaveLength(2);
  expect(asked[1]).toMatchObject({ rooms: { tea: 4 } });
});

test("a room far behind is loaded anew and left out of what is asked next", async () => {
  const { one, asked, answer, reloaded } = await sync(["tea", 0], ["cake", 0]);
  one.ask();
  await answer({
    rooms: [
      catchup("tea", 1, 2, { head: 5_000, verdict: "more" }),
      catchup("cake", 1, 2, { head: 3, verdict: "more" }),
    ],
    gone: [],
    more: true,
  });
  expect(reloaded).toEqual(["tea"]);
  expect(asked[1]?.rooms).toEqual({ cake: 2 });
  await answer({ rooms: [catchup("cake", 3, 3)], gone: [], more: false });
  expect(asked).toHaveLength(2);
});

test("what is kept of a room far behind stays old until it is loaded anew; what is caught up with is not", async () => {
  const { one, answer, timelines } = await sync(["tea", 0], ["cake", 0]);
  for (const timeline of timelines) {
    timeline.drop();
    timeline.restore({ messages: [message(1)], position: 1, before: false, after: false });
  }
  one.ask();
  await answer({
    rooms: [catchup("tea", 2, 3, { head: 5_000, verdict: "more" }), catchup("cake", 2, 3)],
    gone: [],
    more: false,
  });
  expect(timelines.map(({ stale }) => stale)).toEqual([true, false]);
});

test("a room that no longer keeps what was missed is dropped and loaded anew", async () => {
  const { one, asked, answer, timelines, reloaded } = await sync(["tea", 3]);
  one.ask();
  await answer({ rooms: [{ ...catchup("tea", 90, 95), verdict: "cut" }], gone: [], more: false });
  expect(timelines[0]).toMatchObject({ loaded: false, messages: [], head: 95 });
  expect(reloaded).toEqual(["tea"]);
  expect(asked).toHaveLength(1);
});

test("over another socket it asks there", async () => {
  const { one, asked, timelines } = await sync(["tea", 3]);
  const there: object[] = [];
  await one.over(async (body) => {
    there.push(body);
    const frame = { type: "synced", id: "1", rooms: [catchup("tea", 4, 4)], gone: [], more: false };
    return frame as never;
  });
  expect(there).toEqual([{ action: "sync", rooms: { tea: 3 } }]);
  expect(timelines[0]?.position).toBe(4);
  expect(asked).toHaveLength(0);
});

test("rooms that are gone are passed on", async () => {
  const { one, answer, gone } = await sync(["tea", 3]);
  one.ask();
  await answer({ rooms: [], gone: ["tea"], more: false });
  expect(gone).toEqual(["tea"]);
});

test("what is promised and does not come within two seconds is asked for", async () => {
  const { one, asked, answer, timelines } = await sync(["tea", 3]);
  one.ask();
  await answer({ rooms: [catchup("tea", 4, 4, { head: 6 })], gone: [], more: false });
  await pass(1_999);
  expect(asked).toHaveLength(1);
  await pass(1);
  expect(asked).toHaveLength(2);
  await answer({ rooms: [catchup("tea", 5, 6)], gone: [], more: false });
  expect(timelines[0]?.behind).toBe(false);
  await pass(60_000);
  expect(asked).toHaveLength(2);
});

test("what comes by itself is not asked for", async () => {
  const { one, asked, timelines } = await sync(["tea", 3]);
  timelines[0]?.confirm(message(4));
  one.watch();
  timelines[0]?.apply({ from: 4, to: 4, changes: [message(4)] });
  await pass(60_000);
  expect(asked).toHaveLength(0);
});

test("what is refused for now is asked for when the API says, or else in two seconds", async () => {
  const { one, asked, refuse } = await sync(["tea", 3]);
  one.ask();
  await refuse(7_000);
  await pass(6_999);
  expect(asked).toHaveLength(1);
  await pass(1);
  expect(asked).toHaveLength(2);
  await refuse();
  await pass(2_000);
  expect(asked).toHaveLength(3);
});
