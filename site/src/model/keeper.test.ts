import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Message, Page, Room } from "../wire";
import { Keeper, type Memory } from "./keeper";
import { Timeline } from "./timeline";

const author = { id: "a", name: "ada" };
const message = (seq: number): Message => ({ seq, rev: seq, author, client_id: `c${seq}`, text: `${seq}`, at: seq });
const page = (count: number): Page => ({
  messages: Array.from({ length: count }, (_, index) => message(index + 1)),
  position: count,
  before: false,
  after: false,
});

let put: [string, Page][];
let renewed: [string, Page][];
let amended: [string, readonly Message[]][];
let others: Timeline[];
let rooms: (readonly Room[])[];
let timeline: Timeline;
let keeper: Keeper;

beforeEach(() => {
  vi.useFakeTimers();
  put = [];
  renewed = [];
  amended = [];
  others = [];
  rooms = [];
  timeline = new Timeline("tea");
  const memory: Memory = {
    all: () => Promise.reject(new Error("none")),
    putRooms: async (list) => void rooms.push(list),
    putPage: async (room, one) => void put.push([room, one]),
    renewPage: async (room, one) => void renewed.push([room, one]),
    amend: async (room, messages) => void amended.push([room, messages]),
    removePage: async () => {},
    clear: async () => {},
    close() {},
  };
  keeper = new Keeper(memory, () => ({ rooms: [], timeline, others }));
});
afterEach(() => {
  keeper.close();
  vi.useRealTimers();
});

test("a browser that keeps nothing has kept nothing", async () => {
  expect(await keeper.all()).toEqual({ rooms: null, pages: new Map() });
});

test("neither what is not loaded nor what is old or far back is kept", () => {
  keeper.keep();
  timeline.restore(page(3));
  keeper.keep();
  timeline.freshen();
  timeline.trim(1, "first");
  keeper.keep();
  expect(put).toEqual([]);
});

test("what is new is kept a moment later, once, and only its newest part", () => {
  timeline.load(page(100));
  keeper.touch();
  keeper.touch();
  expect(put).toEqual([]);
  vi.advanceTimersByTime(1_500);
  expect(put.map(([room, one]) => [room, one.messages.length, one.messages[0]?.seq, one.position, one.before])).toEqual(
    [["tea", 60, 41, 100, true]],
  );
  keeper.keep();
  expect(put).toHaveLength(1);
});

test("what was deleted or edited in any room is amended a moment later, and nothing else", () => {
  keeper.amend("cake", [message(1), { ...message(2), reactions: [{ emoji: "🍰", users: ["b"] }] }]);
  vi.advanceTimersByTime(10_000);
  expect(amended).toEqual([]);
  const changes = [
    { ...message(2), rev: 4, text: "two", edited_at: 4 },
    { ...message(1), rev: 5, text: "", deleted_at: 5 },
  ];
  keeper.amend("cake", [...changes.slice(0, 1), message(3)]);
  keeper.amend("cake", changes.slice(1));
  vi.advanceTimersByTime(1_500);
  keeper.keep();
  expect(amended).toEqual([["cake", changes]]);
});

test("rooms that are not on screen are renewed when the page may be about to go, once", () => {
  const [cake, milk] = [new Timeline("cake"), new Timeline("milk")];
  cake.load(page(3));
  milk.restore(page(3));
  others = [cake, milk];
  keeper.touch();
  vi.advanceTimersByTime(1_500);
  expect(renewed).toEqual([]);
  keeper.keep();
  keeper.keep();
  expect(renewed).toEqual([["cake", page(3)]]);
});

test("after signing out nothing is kept any more", async () => {
  timeline.load(page(3));
  others = [timeline];
  keeper.touch();
  keeper.amend("tea", [{ ...message(1), text: "", deleted_at: 5 }]);
  await keeper.clear();
  keeper.amend("tea", [{ ...message(1), text: "", deleted_at: 5 }]);
  vi.advanceTimersByTime(10_000);
  keeper.keep();
  expect([put, renewed, amended]).toEqual([[], [], []]);
});
