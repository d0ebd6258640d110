import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { openDB } from "idb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Page, Room } from "../wire";
import { IndexedMemory } from "./memory";
import { IndexedShelf } from "./shelf";

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const page = (position: number): Page => ({ messages: [], position, before: false, after: false });
const room = (id: string): Room => ({
  id,
  name: id,
  kind: "public",
  role: "member",
  position: 1,
  said: 1,
  unread: 0,
  mentions: 0,
});

test("accounts have nothing in common, and clearing one leaves the other", async () => {
  const [ada, ben] = [new IndexedMemory("ada"), new IndexedMemory("ben")];
  expect(await ada.all()).toEqual({ rooms: null, pages: new Map() });
  for (const one of [ada, ben]) {
    await one.putRooms([room("tea")]);
    await one.putPage("tea", page(1));
  }
  await ada.clear();
  expect(await ada.all()).toEqual({ rooms: null, pages: new Map() });
  expect(await ben.all()).toEqual({ rooms: [room("tea")], pages: new Map([["tea", page(1)]]) });
});

test("the page put last stands, and of many rooms those seen last", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const one = new IndexedMemory("ada");
  for (let index = 1; index <= 14; index += 1) {
    vi.setSystemTime(index);
    await one.putPage(`room ${index}`, page(index));
  }
  await one.putPage("room 14", page(15));
  await one.removePage("room 13");
  const { pages } = await one.all();
  expect([...pages.keys()].sort()).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14].map((n) => `room ${n}`).sort());
  expect(pages.get("room 14")?.position).toBe(15);
  vi.useRealTimers();
});

test("drafts of a database from before stay", async () => {
  const old = await openDB("parlour", 1, {
    upgrade(database) {
      const store = database.createObjectStore("drafts", { keyPath: "place", autoIncrement: true });
      store.createIndex("account", "account");
      store.createIndex("name", ["account", "clientId"], { unique: true });
    },
  });
  const draft = { clientId: "a", room: "tea", text: "a", at: 0, state: "sending" as const, refusal: null };
  await old.put("drafts", { ...draft, account: "ada" });
  old.close();
  const shelf = new IndexedShelf("ada");
  expect(await shelf.all()).toEqual([draft]);
  shelf.close();
});
