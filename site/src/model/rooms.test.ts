import { expect, test } from "vitest";
import type { Message, Room } from "../wire";
import { calls, MyRooms } from "./rooms";

function room(id: string, more: Partial<Room> = {}): Room {
  return { id, name: id, kind: "public", role: "member", position: 0, said: 0, unread: 0, mentions: 0, ...more };
}

test("rooms stand in order of their names, numbers as numbers, case aside", () => {
  const rooms = new MyRooms();
  rooms.replace([room("b", { name: "Room 10" }), room("a", { name: "room 2" }), room("c", { name: "apple" })]);
  expect(rooms.list.map(({ name }) => name)).toEqual(["apple", "room 2", "Room 10"]);
});

test("what others say is unread, what I say is not", () => {
  const rooms = new MyRooms();
  rooms.replace([room("tea", { position: 3, said: 3, unread: 1 })]);
  rooms.advance("tea", 5, 5, { mine: 1, mentions: [] });
  expect(rooms.get("tea")).toMatchObject({ position: 5, said: 5, unread: 2 });
  expect(rooms.unread).toBe(2);
});

test("a frame that is repeated counts once", () => {
  const rooms = new MyRooms();
  rooms.replace([room("tea", { said: 3 })]);
  rooms.advance("tea", 4, 4, { mine: 0, mentions: [] });
  const { version } = rooms;
  rooms.advance("tea", 4, 4, { mine: 0, mentions: [] });
  expect(rooms.get("tea")?.unread).toBe(1);
  expect(rooms.version, "nothing to draw").toBe(version);
});

test("a list that frames have overtaken keeps what they brought", () => {
  const rooms = new MyRooms();
  rooms.replace([room("tea", { position: 3, said: 3, unread: 0 })]);
  rooms.advance("tea", 5, 5, { mine: 0, mentions: [] });
  rooms.replace([room("tea", { position: 4, said: 4, unread: 1 })]);
  expect(rooms.get("tea")).toMatchObject({ position: 5, said: 5, unread: 2 });
});

test("a newer list is believed: another tab may have read", () => {
  const rooms = new MyRooms();
  rooms.replace([room("tea", { position: 5, said: 5, unread: 4 })]);
  rooms.replace([room("tea", { position: 5, said: 5, unread: 0 })]);
  expect(rooms.unread).toBe(0);
});

test("what is read elsewhere is read here, and never more unread than before", () => {
  const rooms = new MyRooms();
  rooms.replace([room("tea", { said: 10, unread: 4 })]);
  rooms.readTo("tea", 9);
  expect(rooms.get("tea")?.unread).toBe(1);
  rooms.readTo("tea", 7);
  expect(rooms.get("tea")?.unread).toBe(1);
});

test("what I am there may change, and a mute that is lifted is gone", () => {
  const rooms = new MyRooms();
  rooms.replace([room("tea")]);
  rooms.setStanding("tea", { role: "guest", muted: { until: null } });
  expect(rooms.get("tea")).toMatchObject({ role: "guest", muted: { until: null } });
  rooms.setStanding("tea", { role: "moderator" });
  expect(rooms.get("tea")).not.toHaveProperty("muted");
});

function said(seq: number, more: Partial<Message> = {}): Message {
  return { seq, rev: seq, author: { id: "b", name: "ben" }, client_id: `c${seq}`, text: "", at: 0, ...more };
}

test("whom a message mentions: by name or with everybody, never its author, and not once it is deleted", () => {
  expect(calls(said(1, { mentions: ["a"] }), "a")).toBe(true);
  expect(calls(said(1, { mentions_room: true }), "a")).toBe(true);
  expect(calls(said(1, { mentions: ["c"] }), "a")).toBe(false);
  expect(calls(said(1, { mentions: ["b"], mentions_room: true }), "b")).toBe(false);
  expect(calls(said(1, { mentions: ["a"], deleted_at: 2 }), "a")).toBe(false);
});

test("mentions are counted as they come, once, and go with what is read", () => {
  const rooms = new MyRooms();
  rooms.replace([room("tea", { said: 3, unread: 1, mentions: 1 })]);
  for (let times = 0; times < 2; times += 1) rooms.advance("tea", 5, 5, { mine: 0, mentions: [5] });
  expect(rooms.get("tea")).toMatchObject({ unread: 3, mentions: 2 });
  rooms.setUnread("tea", 0, 0);
  expect(rooms.mentions).toBe(0);
});

test("a list that frames have overtaken keeps the mentions that they brought, and no others", () => {
  const rooms = new MyRooms();
  rooms.replace([room("tea", { said: 3 })]);
  rooms.advance("tea", 5, 5, { mine: 0, mentions: [4, 5] });
  rooms.replace([room("tea", { said: 4, unread: 1, mentions: 1 })]);
  expect(rooms.get("tea")?.mentions).toBe(2);
  rooms.replace([room("tea", { said: 5, unread: 0, mentions: 0 })]);
  expect(rooms.get("tea")?.mentions).toBe(0);
});

test("a mention that is deleted is none, and counted away once", () => {
  const rooms = new MyRooms();
  rooms.replace([room("tea", { said: 3 })]);
  rooms.advance("tea", 4, 4, { mine: 0, mentions: [4] });
  rooms.takeBack("tea", [said(4, { mentions: ["a"], rev: 5 })], "a");
  expect(rooms.mentions, "a reaction changes nothing of it").toBe(1);
  rooms.takeBack("tea", [said(4, { deleted_at: 9, rev: 6 })], "a");
  rooms.takeBack("tea", [said(4, { deleted_at: 9, rev: 6 })], "a");
  expect(rooms.mentions).toBe(0);
});

test("conversations are called by their people, and stand after the rooms", () => {
  const rooms = new MyRooms(({ people = [] }) => people.map(({ name }) => name).join(" & "));
  const people = [{ id: "b", name: "ben" }];
  rooms.replace([room("d", { kind: "direct", name: "", people }), room("z"), room("a", { archived: true })]);
  expect(rooms.list.map(({ name }) => name)).toEqual(["z", "a", "ben"]);
  rooms.put(room("g", { kind: "group", name: "", people: [{ id: "a", name: "ada" }, ...people] }));
  expect(rooms.get("g")?.name).toBe("ada & ben");
});

test("what a room is about may change, and what is taken away is gone", () => {
  const rooms = new MyRooms();
  rooms.replace([room("tea", { topic: "cake", archived: true }), room("b")]);
  rooms.setAbout("tea", { name: "a room", description: "for tea" });
  expect(rooms.list.map(({ name }) => name)).toEqual(["a room", "b"]);
  expect(rooms.get("tea")).not.toHaveProperty("topic");
  expect(rooms.get("tea")).not.toHaveProperty("archived");
});
