import { expect, test } from "vitest";
import type { Room } from "../wire";
import { matching, neighbour } from "./switching";

const room = (name: string, unread = 0): Room => ({
  id: name,
  name,
  kind: "public",
  role: "member",
  position: 1,
  said: 9,
  unread,
  mentions: 0,
});
const names = (rooms: readonly Room[]) => rooms.map(({ name }) => name);

test("a name that begins so comes first, then a word, then what stands within", () => {
  const rooms = [room("Ateatime"), room("Green tea"), room("Tea"), room("Coffee")];
  expect(names(matching(rooms, " TEA"))).toEqual(["Tea", "Green tea", "Ateatime"]);
  expect(matching(rooms, "cocoa")).toEqual([]);
});

test("accents and case do not matter, and what is new comes first", () => {
  const rooms = [room("Café"), room("cafeteria", 2)];
  expect(names(matching(rooms, "cafe"))).toEqual(["cafeteria", "Café"]);
});

test("one steps through the rooms and on at the other end", () => {
  const rooms = [room("a"), room("b"), room("c", 1)];
  expect(neighbour(rooms, "a", 1, false)?.id).toBe("b");
  expect(neighbour(rooms, "a", -1, false)?.id).toBe("c");
  expect(neighbour(rooms, null, 1, false)?.id).toBe("a");
  expect(neighbour(rooms, null, -1, false)?.id).toBe("c");
  expect(neighbour(rooms, "a", 1, true)?.id).toBe("c");
  expect(neighbour(rooms, "c", 1, true)).toBe(null);
  expect(neighbour([], null, 1, false)).toBe(null);
});
