import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Written } from "../model/outbox";
import { IndexedShelf } from "./shelf";

let shelves: IndexedShelf[] = [];

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
});

afterEach(() => {
  for (const shelf of shelves) shelf.close();
  shelves = [];
  vi.unstubAllGlobals();
});

function shelf(account = "ada"): IndexedShelf {
  const one = new IndexedShelf(account);
  shelves.push(one);
  return one;
}

function draft(clientId: string, more: Partial<Written> = {}): Written {
  return { clientId, room: "tea", text: clientId, at: 0, state: "sending", refusal: null, ...more };
}

const names = async (one: IndexedShelf) => (await one.all()).map(({ clientId }) => clientId);

test("drafts stand in the order of writing, whichever tab wrote them", async () => {
  const [here, there] = [shelf(), shelf()];
  await here.put(draft("b"));
  await there.put(draft("a"));
  await here.put(draft("c"));
  expect(await names(there)).toEqual(["b", "a", "c"]);
});

test("one that is there is replaced where it stands", async () => {
  const one = shelf();
  await one.put(draft("a"));
  await one.put(draft("b"));
  await one.put(draft("a", { state: "failed", refusal: { code: "forbidden", message: "no" } }));
  expect(await one.all()).toEqual([
    draft("a", { state: "failed", refusal: { code: "forbidden", message: "no" } }),
    draft("b"),
  ]);
});

test("what is removed stays away, and removing it twice is nothing", async () => {
  const one = shelf();
  // Written and removed at once, as when the answer is quick: the order holds.
  const put = one.put(draft("a"));
  const removed = one.remove("a");
  await Promise.all([put, removed, one.put(draft("b"))]);
  await one.remove("a");
  expect(await names(one)).toEqual(["b"]);
});

test("accounts have nothing in common", async () => {
  const [ada, ben] = [shelf("ada"), shelf("ben")];
  await ada.put(draft("same"));
  await ben.put(draft("same"));
  await ada.clear();
  expect(await names(ada)).toEqual([]);
  expect(await names(ben)).toEqual(["same"]);
});

test("a tab hears of what another one does, and not of its own", async () => {
  const [here, there] = [shelf(), shelf()];
  let own = 0;
  here.onchange = () => {
    own += 1;
  };
  const heard = new Promise<void>((resolve) => {
    there.onchange = resolve;
  });
  await here.put(draft("a"));
  await heard;
  expect(own).toBe(0);
});

test("a browser without a database refuses, and may have one later", async () => {
  const one = shelf();
  const works = globalThis.indexedDB;
  vi.stubGlobal("indexedDB", {
    open() {
      throw new DOMException("not in private windows", "InvalidStateError");
    },
  });
  await expect(one.put(draft("a"))).rejects.toThrow();
  await expect(one.all()).rejects.toThrow();
  vi.stubGlobal("indexedDB", works);
  await one.put(draft("a"));
  expect(await names(one)).toEqual(["a"]);
});

test("a database that does not open is not waited for", async () => {
  vi.useFakeTimers();
  vi.stubGlobal("indexedDB", { open: () => Reflect.construct(IDBOpenDBRequest, []) });
  const refused = expect(shelf().all()).rejects.toThrow("does not open");
  await vi.advanceTimersByTimeAsync(3_000);
  await refused;
  vi.useRealTimers();
});
