import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { openDB } from "idb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Message, Page, Room } from "../wire";
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

const author = { id: "a", name: "ada" };
const message = (seq: number, more: Partial<Message> = {}): Message => {
  return { seq, rev: seq, author, client_id: `c${seq}`, text: `secret ${seq}`, at: seq, ...more };
};
const deleted = { text: "", deleted_at: 9 };

test("what was deleted is gone from the browser's database, in whichever room", async () => {
  const one = new IndexedMemory("ada");
  await one.putPage("tea", { ...page(2), messages: [message(1), message(2)] });
  await one.amend("tea", [
    message(1, { ...deleted, rev: 3 }),
    message(1, { rev: 2 }),
    message(7, { ...deleted, rev: 4 }),
  ]);
  await one.amend("cake", [message(1, { ...deleted, rev: 3 })]);
  const { pages } = await one.all();
  expect([...pages.keys()]).toEqual(["tea"]);
  expect(pages.get("tea")).toEqual({ ...page(2), messages: [message(1, { ...deleted, rev: 3 }), message(2)] });
  expect(JSON.stringify([...pages])).not.toContain("secret 1");
});

test("a page brings nothing back that was deleted, nor does one that is older than what another tab has kept", async () => {
  const one = new IndexedMemory("ada");
  await one.putPage("tea", { ...page(1), messages: [message(1)] });
  await one.amend("tea", [message(1, { ...deleted, rev: 2 })]);
  await one.putPage("tea", { ...page(1), messages: [message(1)] });
  expect((await one.all()).pages.get("tea")?.messages).toEqual([message(1, { ...deleted, rev: 2 })]);
  await one.putPage("tea", { ...page(3), messages: [message(1, { ...deleted, rev: 2 }), message(2, { rev: 3 })] });
  await one.renewPage("tea", { ...page(2), messages: [message(1)] });
  expect((await one.all()).pages.get("tea")).toMatchObject({ position: 3, messages: [deleted, { seq: 2 }] });
});

test("a page that is renewed stays in its turn, and is not put where there is none", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const one = new IndexedMemory("ada");
  for (let index = 1; index <= 12; index += 1) {
    vi.setSystemTime(index);
    await one.putPage(`room ${index}`, page(1));
  }
  vi.setSystemTime(13);
  await one.renewPage("room 1", page(2));
  await one.renewPage("other", page(2));
  expect((await one.all()).pages.get("room 1")?.position).toBe(2);
  await one.putPage("room 13", page(1));
  const { pages } = await one.all();
  expect([pages.size, pages.has("room 1"), pages.has("other")]).toEqual([12, false, false]);
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
