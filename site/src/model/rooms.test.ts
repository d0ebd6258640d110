import { expect, test } from "vitest";
import type { Message, Room } from "../wire";
import { MyRooms } from "./rooms";

function room(id: string, more: Partial<Room> = {}): Room {
  return { id, name: id, kind: "public", role: "member", position: 0, said: 0, unread: 0, mentions: 0, ...more };
}

const ada = { id: "a", name: "ada" };

function said(seq: number, more: Partial<Message> = {}): Message {
  return { seq, rev: seq, author: { id: "b", name: "ben" }, client_id: `c${seq}`, text: "", at: 0, ...more };
}

function hears(rooms: MyRooms, ...changes: Message[]): boolean {
  const [seqs, revs] = [changes.map(({ seq }) => seq), changes.map(({ rev }) => rev)];
  return rooms.hear("tea", { to: Math.max(...revs), said: Math.max(...seqs), changes }, () => undefined);
}

test("rooms stand in order of their names, numbers as numbers, case aside", () => {
  const rooms = new MyRooms("a");
  rooms.replace([room("b", { name: "Room 10" }), room("a", { name: "room 2" }), room("c", { name: "apple" })]);
  expect(rooms.list.map(({ name }) => name)).toEqual(["apple", "room 2", "Room 10"]);
});

test("what others say is unread, what I say is not", () => {
  const rooms = new MyRooms("a");
  rooms.replace([room("tea", { position: 3, said: 3, unread: 1 })]);
  hears(rooms, said(4, { author: ada }), said(5));
  expect(rooms.get("tea")).toMatchObject({ position: 5, said: 5, unread: 2 });
  expect(rooms.unread).toBe(2);
});

test("a frame that is repeated counts once", () => {
  const rooms = new MyRooms("a");
  rooms.replace([room("tea", { said: 3 })]);
  hears(rooms, said(4));
  const { version } = rooms;
  hears(rooms, said(4));
  expect(rooms.get("tea")?.unread).toBe(1);
  expect(rooms.version, "nothing to draw").toBe(version);
});

test("a list that frames have overtaken keeps what they brought", () => {
  const rooms = new MyRooms("a");
  rooms.replace([room("tea", { position: 3, said: 3, unread: 0 })]);
  hears(rooms, said(4), said(5));
  rooms.replace([room("tea", { position: 4, said: 4, unread: 1 })]);
  expect(rooms.get("tea")).toMatchObject({ position: 5, said: 5, unread: 2 });
});

test("a newer list is believed: another tab may have read", () => {
  const rooms = new MyRooms("a");
  rooms.replace([room("tea", { position: 5, said: 5, unread: 4 })]);
  rooms.replace([room("tea", { position: 5, said: 5, unread: 0 })]);
  expect(rooms.unread).toBe(0);
});

test("a list from before I was known to have read further is not believed", () => {
  const rooms = new MyRooms("a");
  rooms.replace([room("tea", { said: 10, unread: 4, mentions: 2 })]);
  rooms.readTo("tea", 9, { unread: 1, mentions: 1 });
  rooms.replace([room("tea", { said: 10, unread: 4, mentions: 2 })]);
  expect(rooms.get("tea")).toMatchObject({ unread: 1, mentions: 1 });
});

test("what is read elsewhere is read here, as the server counts it, and never more unread than before", () => {
  const rooms = new MyRooms("a");
  rooms.replace([room("tea", { said: 10, unread: 4, mentions: 3 })]);
  rooms.readTo("tea", 8, { unread: 2, mentions: 0 });
  expect(rooms.get("tea")).toMatchObject({ unread: 2, mentions: 0 });
  rooms.readTo("tea", 7, { unread: 3, mentions: 1 });
  expect(rooms.get("tea")).toMatchObject({ unread: 2, mentions: 0 });
});

test("a message that was read elsewhere before its frame comes is not unread", () => {
  const rooms = new MyRooms("a");
  rooms.replace([room("tea", { said: 10 })]);
  rooms.readTo("tea", 11, { unread: 0, mentions: 0 });
  hears(rooms, said(11, { mentions: ["a"] }));
  expect(rooms.get("tea")).toMatchObject({ said: 11, unread: 0, mentions: 0 });
});

test("what I am there may change, and a mute that is lifted is gone", () => {
  const rooms = new MyRooms("a");
  rooms.replace([room("tea")]);
  rooms.setStanding("tea", { role: "guest", muted: { until: null } });
  expect(rooms.get("tea")).toMatchObject({ role: "guest", muted: { until: null } });
  rooms.setStanding("tea", { role: "moderator" });
  expect(rooms.get("tea")).not.toHaveProperty("muted");
});

test("mentions are counted as they come, once, and go with what is read", () => {
  const rooms = new MyRooms("a");
  rooms.replace([room("tea", { said: 3, unread: 1, mentions: 1 })]);
  for (let times = 0; times < 2; times += 1) hears(rooms, said(4), said(5, { mentions: ["a"] }));
  expect(rooms.get("tea")).toMatchObject({ unread: 3, mentions: 2 });
  rooms.readAll("tea");
  expect([rooms.unread, rooms.mentions]).toEqual([0, 0]);
});

test("a list that frames have overtaken keeps the mentions that they brought, and no others", () => {
  const rooms = new MyRooms("a");
  rooms.replace([room("tea", { said: 3 })]);
  hears(rooms, said(4, { mentions: ["a"] }), said(5, { mentions: ["a"] }));
  rooms.replace([room("tea", { said: 4, unread: 1, mentions: 1 })]);
  expect(rooms.get("tea")?.mentions).toBe(2);
  rooms.replace([room("tea", { said: 5, unread: 0, mentions: 0 })]);
  expect(rooms.get("tea")?.mentions).toBe(0);
});

test("what a room that is not mine hears counts for nothing", () => {
  const rooms = new MyRooms("a");
  rooms.replace([]);
  expect(hears(rooms, said(4, { mentions: ["a"], edited_at: 1 }))).toBe(true);
  expect(rooms.mentions).toBe(0);
});

test("conversations are called by their people, and stand after the rooms", () => {
  const rooms = new MyRooms("a", ({ people = [] }) => people.map(({ name }) => name).join(" & "));
  const people = [{ id: "b", name: "ben" }];
  rooms.replace([room("d", { kind: "direct", name: "", people }), room("z"), room("a", { archived: true })]);
  expect(rooms.list.map(({ name }) => name)).toEqual(["z", "a", "ben"]);
  rooms.put(room("g", { kind: "group", name: "", people: [{ id: "a", name: "ada" }, ...people] }));
  expect(rooms.get("g")?.name).toBe("ada & ben");
});

test("what a room is about may change, and what is taken away is gone", () => {
  const rooms = new MyRooms("a");
  rooms.replace([room("tea", { topic: "cake", archived: true }), room("b")]);
  rooms.setAbout("tea", { name: "a room", description: "for tea" });
  expect(rooms.list.map(({ name }) => name)).toEqual(["a room", "b"]);
  expect(rooms.get("tea")).not.toHaveProperty("topic");
  expect(rooms.get("tea")).not.toHaveProperty("archived");
});
