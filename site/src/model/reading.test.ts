import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Ears } from "./channel";
import { Connection } from "./connection";
import { Reading } from "./reading";
import { MyRooms } from "./rooms";
import { Timeline } from "./timeline";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

async function reading(said: number, unread: number) {
  const asked: { action: string; id: string; seq: number; position: number }[] = [];
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
  const rooms = new MyRooms("a");
  rooms.replace([
    { id: "tea", name: "tea", kind: "public", role: "member", position: said, said, unread, mentions: 0 },
  ]);
  const timeline = new Timeline("tea");
  const line = (seq: number, id = "b") => ({
    seq,
    rev: seq,
    author: { id, name: id },
    client_id: `c${seq}`,
    text: "",
    at: 0,
  });
  const messages = Array.from({ length: said }, (_, index) => line(index + 1));
  timeline.load({ messages, position: said, before: false, after: false });
  const comes = (seq: number, author: string) => {
    const changes = [line(seq, author)];
    timeline.apply({ from: seq, to: seq, changes });
    rooms.hear("tea", { to: seq, said: seq, changes }, () => undefined);
  };
  const hears = (seq: number) => comes(seq, "b");
  const says = (seq: number) => comes(seq, "a");
  const one = new Reading(connection, rooms, () => timeline);
  return { one, asked, rooms, hears, says, connection, ears: () => ears };
}

test("what is in view is read and told", async () => {
  const { one, asked, rooms } = await reading(5, 2);
  one.at("tea");
  expect(rooms.unread).toBe(0);
  expect(asked).toMatchObject([{ action: "read", room: "tea", seq: 5, position: 5 }]);
});

test("what was read before is not told again", async () => {
  const { one, asked } = await reading(5, 0);
  one.at("tea");
  expect(asked).toHaveLength(0);
});

test("what I say first in a room is told, for my other devices", async () => {
  const { one, asked, says } = await reading(0, 0);
  one.at("tea");
  says(1);
  one.consider();
  expect(asked).toMatchObject([{ action: "read", room: "tea", seq: 1 }]);
});

test("what is not in view is not read", async () => {
  const { one, asked, rooms } = await reading(5, 2);
  one.at(null);
  expect(rooms.unread).toBe(2);
  expect(asked).toHaveLength(0);
});

test("what is in view stays read when another device says how far it has come", async () => {
  const { one, rooms, hears } = await reading(5, 2);
  one.at("tea");
  hears(6);
  one.consider();
  one.elsewhere("tea", 5, { unread: 1, mentions: 0 });
  expect(rooms.unread).toBe(0);
  one.at(null);
  hears(7);
  one.elsewhere("tea", 6, { unread: 1, mentions: 0 });
  expect(rooms.unread).toBe(1);
});

test("a busy room is told at most every three seconds, the last time included", async () => {
  const { one, asked, hears } = await reading(1, 1);
  one.at("tea");
  for (let seq = 2; seq <= 10; seq += 1) {
    hears(seq);
    one.consider();
  }
  expect(asked.map(({ seq }) => seq)).toEqual([1]);
  await pass(3_300);
  expect(asked.map(({ seq }) => seq)).toEqual([1, 10]);
  await pass(60_000);
  expect(asked).toHaveLength(2);
});

test("what could not be told is told later", async () => {
  const { one, asked, ears } = await reading(5, 2);
  one.at("tea");
  ears()?.heard(JSON.stringify({ type: "error", id: asked[0]?.id, code: "unavailable", message: "" }));
  await pass(3_300);
  expect(asked).toHaveLength(2);
});

test("what is read without a connection is told when there is one", async () => {
  const { one, asked, ears, connection } = await reading(5, 2);
  ears()?.closed(1006);
  one.at("tea");
  expect(asked).toHaveLength(0);
  connection.tryNow();
  await pass();
  ears()?.opened();
  one.consider();
  expect(asked).toMatchObject([{ seq: 5 }]);
});

test("what waits for the pause is told when one turns away", async () => {
  const { one, asked, hears } = await reading(1, 1);
  one.at("tea");
  hears(2);
  one.consider();
  expect(asked).toHaveLength(1);
  one.at(null);
  expect(asked.map(({ seq }) => seq)).toEqual([1, 2]);
  await pass(60_000);
  expect(asked).toHaveLength(2);
});

test("what could not be shown to the others is asked for again, unless somebody else has had it shown", async () => {
  const { one, asked, ears } = await reading(5, 2);
  const answers = (at: number) =>
    ears()?.heard(
      JSON.stringify({ type: "read", id: asked[at]?.id, room: "tea", unread: 0, mentions: 0, retry_after: 2_000 }),
    );
  one.at("tea");
  answers(0);
  await pass(1_999);
  expect(asked).toHaveLength(1);
  await pass(1_001);
  expect(asked).toMatchObject([{ seq: 5 }, { action: "read", room: "tea", seq: 5, again: true }]);
  answers(1);
  await pass();
  one.shown("tea", 4);
  // Twice as long.
  await pass(3_999);
  expect(asked).toHaveLength(2);
  await pass(1_001);
  expect(asked).toHaveLength(3);
  answers(2);
  await pass();
  one.shown("tea", 5);
  await pass(60_000);
  expect(asked).toHaveLength(3);
});

test("what is to be shown again does not keep from being told what was read meanwhile", async () => {
  const { one, asked, hears, ears } = await reading(5, 2);
  one.at("tea");
  ears()?.heard(
    JSON.stringify({ type: "read", id: asked[0]?.id, room: "tea", unread: 0, mentions: 0, retry_after: 500 }),
  );
  await pass();
  hears(6);
  one.consider();
  await pass(2_000);
  expect(asked.map(({ seq }) => seq)).toEqual([5]);
  one.at(null);
  expect(asked.map(({ seq }) => seq)).toEqual([5, 6]);
});

test("what may be known although its answer was lost is shown all the same", async () => {
  const { one, asked, ears } = await reading(5, 2);
  one.at("tea");
  ears()?.heard(JSON.stringify({ type: "error", id: asked[0]?.id, code: "unavailable", message: "" }));
  await pass(3_300);
  expect(asked).toMatchObject([{ seq: 5 }, { seq: 5, again: true }]);
});
