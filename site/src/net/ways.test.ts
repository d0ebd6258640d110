import { expect, test } from "vitest";
import { Refusal, Unreachable } from "../model/failure";
import { MyRooms } from "../model/rooms";
import type { Room } from "../wire";
import { Ways } from "./ways";

function room(id: string, more: Partial<Room> = {}): Room {
  return { id, name: id, kind: "public", role: "member", position: 0, said: 0, unread: 0, mentions: 0, ...more };
}

const people = (...ids: string[]) => ids.map((id) => ({ id, name: id }));
const withBen = room("ben", { kind: "direct", people: people("ada", "ben") });
const withBoth = room("both", { kind: "group", people: people("ada", "ben", "cleo") });
/** All others but one have left. */
const left = room("left", { kind: "group", people: people("ada", "dan") });

function ways(list: readonly Room[], answer: () => Room) {
  const asked: unknown[] = [];
  const rooms = new MyRooms("ada");
  rooms.replace(list);
  const account = {
    async call<T>(path: string, { body }: { body?: unknown } = {}): Promise<T> {
      asked.push([path, body]);
      return answer() as T;
    },
  };
  return { one: new Ways(account, "ada", rooms), rooms, asked };
}

const cut = () => {
  throw new Unreachable();
};

test("the conversation with somebody that there is already is not asked for", async () => {
  const { one, asked } = ways([withBoth, withBen, room("tea")], cut);
  expect((await one.converse(["ben"])).id).toBe("ben");
  expect(asked).toEqual([]);
});

test("one that there is not is made, and is mine from then on", async () => {
  const withDan = room("dan", { kind: "direct", people: people("ada", "dan") });
  const { one, rooms, asked } = ways([withBen, left], () => withDan);
  expect((await one.converse(["dan"])).id).toBe("dan");
  expect(asked).toEqual([["/direct", { users: ["dan"] }]]);
  expect(rooms.get("dan")).toBeDefined();
});

test("which conversation of a few it is, the API says, and where it cannot, the one with these people is opened", async () => {
  const other = room("other", { kind: "group", people: people("ada", "ben", "cleo") });
  const online = ways([withBoth], () => other);
  expect((await online.one.converse(["cleo", "ben"])).id).toBe("other");
  const offline = ways([withBen, withBoth], cut);
  expect((await offline.one.converse(["cleo", "ben"])).id).toBe("both");
  await expect(offline.one.converse(["cleo", "dan"])).rejects.toBeInstanceOf(Unreachable);
});

test("that somebody else is in too many rooms is not said of me, unless I may be too", async () => {
  const full = () => {
    throw new Refusal({ code: "conflict", reason: "too_many_rooms", message: "" });
  };
  const reason = { envelope: { reason: "their_too_many_rooms" } };
  await expect(ways([withBen], full).one.converse(["dan"])).rejects.toMatchObject(reason);
  const many = Array.from({ length: 200 }, (_, index) => room(`room ${index}`));
  await expect(ways(many, full).one.converse(["dan"])).rejects.toMatchObject({
    envelope: { reason: "too_many_rooms" },
  });
});
