import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Refusal, SessionEnded, Unreachable } from "../model/failure";
import { Account } from "./account";

const BASE = "http://api.example";
const KEY = "parlour.session";
const ada = { id: "a".repeat(24), name: "ada" };

class Memory implements Storage {
  readonly #items = new Map<string, string>();
  get length() {
    return this.#items.size;
  }
  clear = () => this.#items.clear();
  getItem = (key: string) => this.#items.get(key) ?? null;
  key = () => null;
  removeItem = (key: string) => void this.#items.delete(key);
  setItem = (key: string, value: string) => void this.#items.set(key, value);
}

type Answer = [status: number, body?: unknown] | "nothing";
let answers: Record<string, Answer[]>;
let calls: { path: string; body: Record<string, unknown>; token: string | null }[];

beforeEach(() => {
  vi.useFakeTimers();
  answers = {};
  calls = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const path = url.slice(BASE.length);
    const token = new Headers(init.headers).get("authorization");
    calls.push({ path, body: JSON.parse((init.body as string | null) ?? "{}"), token });
    const answer = answers[path]?.shift() ?? "nothing";
    if (answer === "nothing") throw new TypeError("no network");
    return new Response(answer[1] === undefined ? null : JSON.stringify(answer[1]), { status: answer[0] });
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function session(number: number) {
  return { user: ada, access_token: `access-${number}`, expires_in: 900, refresh_token: `refresh-${number}` };
}

const ended = { type: "error", code: "unauthenticated", reason: "session", message: "" };
const expired = { type: "error", code: "unauthenticated", reason: "token", message: "" };

async function signedIn(storage = new Memory()) {
  answers["/login"] = [[200, session(1)]];
  const account = new Account(BASE, storage);
  await account.login("ada", "password");
  calls = [];
  return { account, storage };
}

test("signing in is kept for the next page", async () => {
  const { storage } = await signedIn();
  const next = new Account(BASE, storage);
  expect(next.user).toEqual(ada);
  expect(await next.token()).toBe("access-1");
  expect(calls).toEqual([]);
});

test("a token is renewed before it ends", async () => {
  const { account } = await signedIn();
  await vi.advanceTimersByTimeAsync(841_000);
  answers["/refresh"] = [[200, session(2)]];
  expect(await account.token()).toBe("access-2");
  expect(calls).toMatchObject([{ path: "/refresh", body: { refresh_token: "refresh-1" } }]);
});

test("in the background it is renewed before anybody needs it, again and again", async () => {
  const { account } = await signedIn();
  answers["/refresh"] = [[200, session(2)], "nothing", [200, session(3)]];
  const stop = account.keepFresh();
  await vi.advanceTimersByTimeAsync(719_000);
  expect(calls).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(calls.map(({ body }) => body.refresh_token)).toEqual(["refresh-1"]);
  expect(account.lastToken).toBe("access-2");
  // Without a network it is tried again, and a token that is still good is used meanwhile.
  await vi.advanceTimersByTimeAsync(720_000 + 5_000);
  expect(account.lastToken).toBe("access-3");
  stop();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(calls).toHaveLength(3);
});

test("what another tab has renewed in the background is taken", async () => {
  const { account, storage } = await signedIn();
  const stop = account.keepFresh();
  await vi.advanceTimersByTimeAsync(700_000);
  storage.setItem(KEY, JSON.stringify({ ...session(7), expires_at: Date.now() + 900_000 }));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(account.lastToken).toBe("access-7");
  expect(calls).toEqual([]);
  stop();
});

test("many who need a new token share one renewal", async () => {
  const { account } = await signedIn();
  await vi.advanceTimersByTimeAsync(900_000);
  answers["/refresh"] = [[200, session(2)]];
  expect(await Promise.all([account.token(), account.token(), account.token()])).toEqual([
    "access-2",
    "access-2",
    "access-2",
  ]);
  expect(calls).toHaveLength(1);
});

test("what another tab has renewed is taken, not renewed again", async () => {
  const { account, storage } = await signedIn();
  await vi.advanceTimersByTimeAsync(900_000);
  storage.setItem(KEY, JSON.stringify({ ...session(7), expires_at: Date.now() + 900_000 }));
  expect(await account.token()).toBe("access-7");
  expect(calls).toEqual([]);
});

test("a call whose token is refused is repeated once with a new one", async () => {
  const { account } = await signedIn();
  answers["/rooms"] = [
    [401, expired],
    [200, { rooms: [] }],
  ];
  answers["/refresh"] = [[200, session(2)]];
  expect(await account.call("/rooms")).toEqual({ rooms: [] });
  expect(calls.map(({ path, token }) => [path, token])).toEqual([
    ["/rooms", "Bearer access-1"],
    ["/refresh", null],
    ["/rooms", "Bearer access-2"],
  ]);
});

test("a session that has ended is forgotten and says so", async () => {
  const { account, storage } = await signedIn();
  answers["/rooms"] = [[401, ended]];
  answers["/refresh"] = [[401, ended]];
  await expect(account.call("/rooms")).rejects.toBeInstanceOf(SessionEnded);
  expect(account.user).toBeNull();
  expect(account.ended).toBe(true);
  expect(storage.getItem(KEY)).toBeNull();
});

test("no network and a server in trouble do not end a session", async () => {
  const { account } = await signedIn();
  await vi.advanceTimersByTimeAsync(900_000);
  answers["/refresh"] = ["nothing", [503, { type: "error", code: "unavailable", message: "" }], [200, session(2)]];
  await expect(account.token()).rejects.toBeInstanceOf(Unreachable);
  await expect(account.token()).rejects.toBeInstanceOf(Unreachable);
  expect(account.user).toEqual(ada);
  expect(await account.token()).toBe("access-2");
});

test("signing out forgets at once and tells the API", async () => {
  const { account, storage } = await signedIn();
  answers["/logout"] = [[204]];
  const told = account.logout();
  expect(account.user).toBeNull();
  expect(storage.getItem(KEY)).toBeNull();
  await told;
  expect(calls).toMatchObject([{ path: "/logout", body: { refresh_token: "refresh-1" } }]);
});

test("a renewal under way does not bring back who signed out meanwhile", async () => {
  const { account, storage } = await signedIn();
  await vi.advanceTimersByTimeAsync(900_000);
  answers["/refresh"] = [[200, session(2)]];
  answers["/logout"] = [[204]];
  const token = expect(account.token()).rejects.toBeInstanceOf(Unreachable);
  void account.logout();
  await token;
  expect(storage.getItem(KEY)).toBeNull();
  expect(account.user).toBeNull();
});

test("another tab's signing out is this one's too", async () => {
  const { account, storage } = await signedIn();
  let changes = 0;
  account.subscribe(() => {
    changes += 1;
  });
  storage.removeItem(KEY);
  account.storageChanged(KEY);
  expect(account.user).toBeNull();
  expect(changes).toBe(1);
});

test("an account that is deleted is forgotten, and that is no session that ended by itself", async () => {
  const { account, storage } = await signedIn();
  let changes = 0;
  account.subscribe(() => {
    changes += 1;
  });
  answers["/account"] = [[204]];
  await account.erase("password");
  expect(calls).toEqual([{ path: "/account", body: { password: "password" }, token: "Bearer access-1" }]);
  expect(account.user).toBeNull();
  expect(storage.getItem(KEY)).toBeNull();
  expect(account.deleted).toBe(true);
  expect(account.ended).toBe(false);
  expect(changes).toBeGreaterThan(0);
  answers["/login"] = [[200, session(2)]];
  await account.login("ada", "password");
  expect(account.deleted).toBe(false);
});

test("a socket that ended with the account does not make its deletion look like a sign-out", async () => {
  const { account } = await signedIn();
  answers["/account"] = [[204]];
  answers["/refresh"] = [[401, ended]];
  const erased = account.erase("password");
  await expect(account.token(account.lastToken)).rejects.toBeInstanceOf(SessionEnded);
  await erased;
  expect(account.deleted).toBe(true);
  expect(account.ended).toBe(false);
});

test("a wrong password deletes nothing, is asked once, and signs nobody out", async () => {
  const { account } = await signedIn();
  answers["/account"] = [[401, { ...ended, reason: "credentials" }], [204]];
  await expect(account.erase("guess")).rejects.toMatchObject({ envelope: { reason: "credentials" } });
  expect(calls).toHaveLength(1);
  expect(account.user).toEqual(ada);
  expect(account.deleted).toBe(false);
});

test("who signs in while the account is being deleted stays signed in", async () => {
  const { account, storage } = await signedIn();
  answers["/account"] = [[204]];
  const erased = account.erase("password");
  const ben = { ...session(5), user: { id: "b".repeat(24), name: "ben" }, expires_at: Date.now() + 900_000 };
  storage.setItem(KEY, JSON.stringify(ben));
  account.storageChanged(KEY);
  await erased;
  expect(account.user).toEqual(ben.user);
  expect(account.deleted).toBe(false);
});

test("what is not a session in the storage is no session", () => {
  const storage = new Memory();
  storage.setItem(KEY, "{broken");
  expect(new Account(BASE, storage).user).toBeNull();
  storage.setItem(KEY, '{"user":3}');
  expect(new Account(BASE, storage).user).toBeNull();
});

test("an answer in the gateway's own form is understood by its status", async () => {
  const { account } = await signedIn();
  answers["/nowhere"] = [[404, { message: "Not Found" }]];
  const failure = await account.call("/nowhere").catch((reason: unknown) => reason);
  expect(failure).toBeInstanceOf(Refusal);
  expect((failure as Refusal).code).toBe("not_found");
});
