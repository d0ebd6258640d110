import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Chat } from "./chat";
import type { Ears } from "./model/channel";
import type { Memory } from "./model/keeper";
import type { Account } from "./net/account";
import type { Catchup, Message, Page, Room } from "./wire";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

function room(id: string, more: Partial<Room> = {}): Room {
  return { id, name: id, kind: "public", role: "member", position: 0, said: 0, unread: 0, mentions: 0, ...more };
}

function said(seq: number, more: Partial<Message> = {}): Message {
  return { seq, rev: seq, author: { id: "b", name: "ben" }, client_id: `c${seq}`, text: "secret", at: 0, ...more };
}

function page(position: number): Page {
  return { messages: [said(position)], position, before: true, after: false };
}

/** Ada's chat, with an API that has these rooms and a browser that has kept these pages. */
async function chat(list: Room[], pages: Record<string, Page> = {}) {
  const lists: Room[][] = [list];
  const calls: string[] = [];
  const asked: { action: string; id: string; rooms?: Record<string, number> }[] = [];
  const amended: [string, readonly Message[]][] = [];
  const removed: string[] = [];
  let ears: Ears | undefined;
  const account = {
    token: async () => "token",
    async call(path: string) {
      calls.push(path);
      if (path === "/rooms") return { rooms: lists.at(-1) };
      if (path === "/invitations") return { invitations: [] };
      throw new Error(path);
    },
  };
  const memory: Memory = {
    all: async () => ({ rooms: null, pages: new Map(Object.entries(pages)) }),
    putRooms: async () => {},
    putPage: async () => {},
    renewPage: async () => {},
    amend: async (where, messages) => void amended.push([where, messages]),
    removePage: async (where) => void removed.push(where),
    clear: async () => {},
    close() {},
  };
  const shelf = {
    onchange() {},
    all: async () => [],
    put: async () => {},
    remove: async () => {},
    clear: async () => {},
    alone: async () => {},
    close() {},
  };
  const storage = { getItem: () => null, setItem() {}, removeItem() {}, key: () => null, clear() {}, length: 0 };
  const dial = (_: string, given: Ears) => {
    ears = given;
    return { send: (text: string) => void asked.push(JSON.parse(text)), close() {} };
  };
  const one = new Chat(account as unknown as Account, { id: "a", name: "ada" }, dial, { shelf, memory, storage });
  one.start();
  await pass();
  ears?.opened();
  await pass();
  const heard = (frame: object) => ears?.heard(JSON.stringify(frame));
  const syncs = () => asked.filter(({ action }) => action === "sync");
  async function synced(...rooms: Catchup[]) {
    heard({ type: "synced", id: syncs().at(-1)?.id, rooms, gone: [], more: false });
    await pass();
  }
  return { one, lists, calls, heard, syncs, synced, amended, removed };
}

function catchup(where: string, from: number, changes: Message[], more: Partial<Catchup> = {}): Catchup {
  const to = from + changes.length - 1;
  return { room: where, from, to, head: to, said: to, changes, verdict: "complete", ...more };
}

test("kept rooms that are near are caught up with, and what was deleted there meanwhile goes", async () => {
  const rooms = [room("tea", { position: 12, said: 11 }), room("cake", { position: 900, said: 900 })];
  const { one, syncs, synced, amended, removed } = await chat(rooms, { tea: page(11), cake: page(11), milk: page(11) });
  expect(removed.sort(), "too far, and not mine").toEqual(["cake", "milk"]);
  expect(syncs().at(-1)?.rooms).toEqual({ tea: 11 });
  expect(one.history.get("tea")?.stale).toBe(true);
  const deleted = said(11, { rev: 12, text: "", deleted_at: 1 });
  await synced(catchup("tea", 12, [deleted], { said: 11 }));
  expect(one.history.get("tea")).toMatchObject({ stale: false, messages: [{ text: "" }] });
  await pass(1_500);
  expect(amended).toEqual([["tea", [deleted]]]);
  one.close();
});

test("what is deleted in a room that was never looked at goes from what is kept of it", async () => {
  const { one, heard, amended } = await chat([room("tea", { position: 11, said: 11 })]);
  const deleted = said(11, { rev: 12, text: "", deleted_at: 1 });
  heard({ type: "changes", room: "tea", from: 12, to: 12, said: 11, changes: [deleted] });
  await pass(1_500);
  expect(amended).toEqual([["tea", [deleted]]]);
  one.close();
});

test("of a room that is not on screen and of which too much was missed, nothing is kept and nothing is asked", async () => {
  const { one, syncs, synced, removed, calls } = await chat([room("tea", { position: 11, said: 11 })], {
    tea: page(11),
  });
  expect(syncs().at(-1)?.rooms).toEqual({ tea: 11 });
  await synced(catchup("tea", 12, [said(12)], { head: 5_000, verdict: "more" }));
  expect(removed).toEqual(["tea"]);
  expect(one.history.get("tea")?.loaded).toBe(false);
  expect(calls.filter((path) => path.includes("/messages"))).toEqual([]);
  one.close();
});

test("an edit that may mention me anew has the list asked for, a little later and once for many", async () => {
  const tea = room("tea", { position: 11, said: 11, unread: 2 });
  const { one, lists, heard, calls } = await chat([tea]);
  const before = calls.filter((path) => path === "/rooms").length;
  for (const seq of [10, 11]) {
    const rev = seq + 2;
    const changes = [said(seq, { rev, edited_at: 1, mentions: ["a"] })];
    heard({ type: "changes", room: "tea", from: rev, to: rev, said: 11, changes });
  }
  lists.push([{ ...tea, position: 13, mentions: 2 }]);
  await pass(5_000);
  expect(calls.filter((path) => path === "/rooms")).toHaveLength(before + 1);
  expect(one.rooms.mentions).toBe(2);
  one.close();
});

test("on another device I read, and what is left is what the server says", async () => {
  const { one, heard } = await chat([room("tea", { position: 11, said: 11, unread: 4, mentions: 3 })]);
  heard({ type: "seen", room: "tea", seq: 9, unread: 2, mentions: 0 });
  expect(one.rooms.get("tea")).toMatchObject({ unread: 2, mentions: 0 });
  one.close();
});

test("that more people cannot be loaded is said to who asked", async () => {
  const { one } = await chat([room("tea")]);
  await expect(one.loadMorePeople("tea")).rejects.toThrow();
  one.close();
});
