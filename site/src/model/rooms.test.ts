import { expect, test } from "vitest";
import type { Room } from "../wire";
import { MyRooms } from "./rooms";

function room(id: string, more: Partial<Room> = {}): Room {
  return { id, name: id, kind: "public", role: "member", position: 0, said: 0, unread: 0, ...more };
}

test("rooms stand in order of their names, numbers as numbers, case aside", () => {
  const rooms = new MyRooms();
  rooms.replace([room("b", { name: "Room 10" }), room("a", { name: "room 2" }), room("c", { name: "apple" })]);
  expect(rooms.list.map(({ name }) => name)).toEqual(["apple", "room 2", "Room 10"]);
});

test("what others say is unread, what I say is not", () => {
  const rooms = new MyRooms();
  rooms.replace([room("tea", { position: 3, said: 3, unread: 1 })]);
  rooms.advance("tea", 5, 5, 1);
  expect(rooms.get("tea")).toMatchObject({ position: 5, said: 5, unread: 2 });
  expect(rooms.unread).toBe(2);
});

test("a frame that is repeated counts once", () => {
  const rooms = new MyRooms();
  rooms.replace([room("tea", { said: 3 })]);
  rooms.advance("tea", 4, 4, 0);
  const { version } = rooms;
  rooms.advance("tea", 4, 4, 0);
  expect(rooms.get("tea")?.unread).toBe(1);
  expect(rooms.version, "nothing to draw").toBe(version);
});

test("a list that frames have overtaken keeps what they brought", () => {
  const rooms = new MyRooms();
  rooms.replace([room("tea", { position: 3, said: 3, unread: 0 })]);
  rooms.advance("tea", 5, 5, 0);
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
