import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Unreachable } from "../model/failure";
import type { Room } from "../wire";
import { Drafts } from "./drafts";
import { Unsaid } from "./unsaid";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function storage(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
    key: (index: number) => [...kept.keys()][index] ?? null,
    clear: () => kept.clear(),
    get length() {
      return kept.size;
    },
  };
}

function drafts() {
  const put: string[] = [];
  const state = { cut: false };
  const account = {
    async call<T>(_: string, { body }: { body?: unknown } = {}): Promise<T> {
      if (state.cut) throw new Unreachable();
      put.push((body as { text: string }).text);
      return undefined as T;
    },
  };
  const unsaid = new Unsaid(storage(), "ada");
  return { one: new Drafts(account, unsaid), put, unsaid, state };
}

const tea = (draft?: string): readonly Room[] => {
  const room: Room = {
    id: "tea",
    name: "tea",
    kind: "public",
    role: "member",
    position: 0,
    said: 0,
    unread: 0,
    mentions: 0,
  };
  return [draft === undefined ? room : { ...room, draft }];
};

test("what is written is told when the keys have been still for a second, once", async () => {
  const { one, put } = drafts();
  one.write("tea", "h");
  await pass(900);
  one.write("tea", "hello");
  await pass(900);
  expect(put).toEqual([]);
  await pass(200);
  expect(put).toEqual(["hello"]);
  one.write("tea", "hello ");
  await pass(2_000);
  expect(put, "white space is dropped there").toEqual(["hello"]);
});

test("when the page may be about to go, nobody waits", async () => {
  const { one, put } = drafts();
  one.write("tea", "hello");
  one.flush();
  await pass(2_000);
  expect(put).toEqual(["hello"]);
});

test("what is sent is dropped there, if it was ever there", async () => {
  const { one, put, unsaid } = drafts();
  one.write("tea", "hello");
  one.sent("tea");
  await pass(2_000);
  expect(put).toEqual([]);
  one.write("tea", "more");
  await pass(1_000);
  one.sent("tea");
  await pass(0);
  expect(put).toEqual(["more", ""]);
  expect(unsaid.of("tea")).toBe("");
});

test("what another device wrote is taken, but not over what is being written", async () => {
  const { one, unsaid, put } = drafts();
  one.hear("tea", "from my phone");
  expect(unsaid.of("tea")).toBe("from my phone");
  one.write("tea", "here");
  one.hear("tea", "from my phone, too");
  await pass(1_000);
  expect(unsaid.of("tea")).toBe("here");
  expect(put).toEqual(["here"]);
  one.writing = { room: "tea", take: () => false };
  one.hear("tea", "later");
  expect(unsaid.of("tea")).toBe("here");
});

test("the list brings what is newer there, and what is newer here goes there", async () => {
  const { one, unsaid, put, state } = drafts();
  one.know(tea("from before"), one.now);
  expect(unsaid.of("tea")).toBe("from before");
  one.know(tea("from another device"), one.now);
  expect(unsaid.of("tea")).toBe("from another device");
  one.know(tea(), one.now);
  expect(unsaid.of("tea")).toBe("");

  state.cut = true;
  one.write("tea", "written offline");
  await pass(1_000);
  state.cut = false;
  one.know(tea("older"), one.now);
  expect(unsaid.of("tea")).toBe("written offline");
  await pass(1_000);
  expect(put).toEqual(["written offline"]);
});

test("a list that was asked for before something was written is not believed", async () => {
  const { one, unsaid } = drafts();
  const asked = one.now;
  one.write("tea", "newer");
  await pass(1_000);
  one.know(tea("older"), asked);
  expect(unsaid.of("tea")).toBe("newer");
});

test("nothing of it stays when one signs out", async () => {
  const { one, unsaid } = drafts();
  one.write("tea", "secret");
  await pass(1_000);
  unsaid.clear();
  expect([unsaid.of("tea"), unsaid.storedOf("tea")]).toEqual(["", ""]);
});
