import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Message } from "../wire";
import { Backoff } from "./backoff";
import { Refusal, Unreachable } from "./failure";
import { Outbox, type Shelf, type Written } from "./outbox";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** One browser's storage: what all shelves of one person share. Each touch takes a millisecond, as a real one takes time. */
class Browser {
  drafts: Written[] = [];
  full = false;
  locks = true;
  readonly shelves = new Set<Shelf>();
  #held = new Map<string, Promise<void>>();

  shelf(): Shelf {
    const touch = async (work: () => void) => {
      await pass.later(1);
      if (this.full) throw new Error("QuotaExceededError");
      work();
    };
    const change = async (work: () => void) => {
      await touch(work);
      for (const other of this.shelves) if (other !== shelf) other.onchange();
    };
    const shelf: Shelf = {
      onchange: () => {},
      all: async () => {
        let all: Written[] = [];
        await touch(() => {
          all = [...this.drafts];
        });
        return all;
      },
      put: (draft) =>
        change(() => {
          const at = this.drafts.findIndex(({ clientId }) => clientId === draft.clientId);
          if (at < 0) this.drafts.push(draft);
          else this.drafts[at] = draft;
        }),
      remove: (clientId) =>
        change(() => {
          this.drafts = this.drafts.filter((draft) => draft.clientId !== clientId);
        }),
      clear: () =>
        change(() => {
          this.drafts = [];
        }),
      alone: (room, signal, work) => this.#alone(room, signal, work),
      close: () => void this.shelves.delete(shelf),
    };
    this.shelves.add(shelf);
    return shelf;
  }

  async #alone(room: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    if (!this.locks) return work();
    const before = this.#held.get(room) ?? Promise.resolve();
    const mine = before.then(() => (signal.aborted ? undefined : work()));
    this.#held.set(
      room,
      mine.catch(() => {}),
    );
    return mine;
  }
}

/** A room's server, as far as it matters here: it knows a repetition by its name. */
class Server {
  stored: string[] = [];
  asked: string[] = [];
  answer: (draft: Written) => Promise<void> = async () => {};

  async store(draft: Written): Promise<Message> {
    this.asked.push(draft.clientId);
    await this.answer(draft);
    if (!this.stored.includes(draft.clientId)) this.stored.push(draft.clientId);
    return {} as Message;
  }
}

const pass = Object.assign((ms = 10) => vi.advanceTimersByTimeAsync(ms), {
  later: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
});

function world() {
  const server = new Server();
  const browser = new Browser();
  const tab = () => {
    let online = true;
    const box = new Outbox(
      browser.shelf(),
      async (draft) => {
        if (!online) throw new Unreachable();
        return server.store(draft);
      },
      () => new Backoff({ first: 100, cap: 100, random: () => 1 }),
    );
    const say = (clientId: string, room = "tea") => box.add({ clientId, room, text: clientId, at: 0 });
    const names = () => box.drafts.map(({ clientId }) => clientId);
    const connect = (is: boolean) => {
      online = is;
      if (is) box.flush();
    };
    return { box, say, names, connect };
  };
  return { server, browser, tab, ...tab() };
}

/** The server holds its answers back until they are let go, one by one. */
function held(server: Server) {
  const waiting: { done: () => void; fail: (failure: Error) => void }[] = [];
  server.answer = () => new Promise((done, fail) => void waiting.push({ done, fail }));
  return waiting;
}

const refusal = (code: string, more = {}) => new Refusal({ code, message: code, ...more });

test("drafts of a room go one after the other, in order", async () => {
  const { server, say, names, browser } = world();
  const answers = held(server);
  say("one");
  say("two");
  expect(names()).toEqual(["one", "two"]);
  await pass();
  expect(server.asked).toEqual(["one"]);
  answers[0]?.done();
  await pass();
  expect(server.asked).toEqual(["one", "two"]);
  expect(names()).toEqual(["two"]);
  answers[1]?.done();
  await pass();
  expect(browser.drafts).toEqual([]);
});

test("one room does not wait for another", async () => {
  const { server, say } = world();
  held(server);
  say("one", "tea");
  say("two", "cake");
  await pass();
  expect(server.asked).toEqual(["one", "two"]);
});

test("a lost connection is no failure: the draft waits and goes out again under its name", async () => {
  const { server, box, say, connect } = world();
  connect(false);
  say("one");
  say("two");
  await pass(60_000);
  expect(box.drafts.map(({ state }) => state)).toEqual(["sending", "sending"]);
  connect(true);
  await pass();
  expect(server.stored).toEqual(["one", "two"]);
  expect(box.drafts).toEqual([]);
});

test("a page that is closed leaves its drafts to the next one", async () => {
  const { server, browser, box, say, connect, tab } = world();
  connect(false);
  say("one");
  say("two");
  say("three", "cake");
  await pass();
  box.close();
  const next = tab();
  await pass();
  expect(server.stored.filter((name) => name !== "three")).toEqual(["one", "two"]);
  expect(server.stored).toHaveLength(3);
  expect([next.names(), browser.drafts]).toEqual([[], []]);
});

test("a page that is closed in the middle of sending leaves it to the next, and it is stored once", async () => {
  const { server, box, say, tab } = world();
  const answers = held(server);
  say("one");
  await pass();
  box.close();
  answers[0]?.done();
  server.answer = async () => {};
  tab();
  await pass();
  expect(server.stored).toEqual(["one"]);
});

test("what is refused for good keeps its text, says why, and lets the next one go", async () => {
  const { server, box, say, tab } = world();
  server.answer = async ({ clientId }) => {
    if (clientId === "one") throw refusal("forbidden");
  };
  say("one");
  say("two");
  await pass();
  expect(server.stored).toEqual(["two"]);
  expect(box.drafts).toMatchObject([{ clientId: "one", text: "one", state: "failed", refusal: { code: "forbidden" } }]);
  // And so it stands on the next page.
  const next = tab();
  await pass();
  expect(next.box.drafts).toMatchObject([{ clientId: "one", state: "failed", refusal: { code: "forbidden" } }]);
});

test("a retry sends the same name again, and a discard forgets it", async () => {
  const { server, browser, box, say } = world();
  server.answer = async () => {
    throw refusal("forbidden");
  };
  say("one");
  await pass();
  box.retry("one");
  expect(box.drafts[0]).toMatchObject({ state: "sending", refusal: null });
  await pass();
  expect(server.asked).toEqual(["one", "one"]);
  box.discard("one");
  await pass();
  expect([box.drafts, browser.drafts]).toEqual([[], []]);
});

test("a discard takes nothing back that is on its way", async () => {
  const { server, box, say } = world();
  held(server);
  say("one");
  await pass();
  box.discard("one");
  expect(box.drafts).toHaveLength(1);
});

test("'not now' is tried again by itself, in order, for as long as it takes", async () => {
  const { server, box, say } = world();
  let tries = 0;
  server.answer = async () => {
    tries += 1;
    if (tries < 100) throw refusal("unavailable");
  };
  say("one");
  say("two");
  await pass(5_000);
  expect(box.drafts.map(({ state }) => state)).toEqual(["sending", "sending"]);
  await pass(10_000);
  expect(server.stored).toEqual(["one", "two"]);
  expect(new Set(server.asked.slice(0, 100))).toEqual(new Set(["one"]));
});

test("a message that the server breaks on steps aside in the end", async () => {
  const { server, box, say } = world();
  server.answer = async ({ clientId }) => {
    if (clientId === "one") throw refusal("internal");
  };
  say("one");
  say("two");
  await pass(2_000);
  expect(server.stored).toEqual(["two"]);
  expect(box.drafts).toMatchObject([{ clientId: "one", state: "failed" }]);
  expect(server.asked.filter((name) => name === "one")).toHaveLength(10);
});

test("a limit is waited for as long as it says, and the draft goes on by itself", async () => {
  const { server, box, say } = world();
  server.answer = async () => {
    throw refusal("limited", { retry_after: 7_000 });
  };
  say("one");
  await pass(100);
  expect(box.drafts[0]?.state).toBe("sending");
  server.answer = async () => {};
  await pass(6_900);
  expect(server.asked).toHaveLength(1);
  await pass(100);
  expect(server.stored).toEqual(["one"]);
  expect(box.drafts).toEqual([]);
});

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
  "what is said %i moments after the last one was sent goes, too",
  async (moments) => {
    const { server, box, say } = world();
    await pass();
    let said = false;
    box.subscribe(async () => {
      if (said || box.drafts.length > 0) return;
      said = true;
      for (let moment = 0; moment < moments; moment += 1) await Promise.resolve();
      say("two");
    });
    say("one");
    await pass(20);
    expect(server.stored).toEqual(["one", "two"]);
  },
);

test("an echo settles a draft before its answer comes, and the next one goes", async () => {
  const { server, box, say } = world();
  const answers = held(server);
  say("one");
  say("two");
  await pass();
  box.settle("one");
  await pass();
  expect(server.asked).toEqual(["one", "two"]);
  answers[0]?.fail(new Unreachable());
  box.flush();
  await pass();
  expect(server.asked).toEqual(["one", "two"]);
});

test("an echo ends the wait for a limit", async () => {
  const { server, box, say } = world();
  server.answer = async ({ clientId }) => {
    if (clientId === "one") throw refusal("limited", { retry_after: 60_000 });
  };
  say("one");
  say("two");
  await pass();
  box.settle("one");
  await pass();
  expect(server.stored).toEqual(["two"]);
});

test("after closing nothing goes out", async () => {
  const { server, box, say } = world();
  server.answer = async () => {
    throw refusal("unavailable");
  };
  say("one");
  await pass();
  box.close();
  await pass(60_000);
  expect(server.asked).toHaveLength(1);
});

test("signing out forgets everything, also for the next page", async () => {
  const { server, box, say, connect, tab } = world();
  connect(false);
  say("one");
  await pass();
  const cleared = box.clear();
  await pass();
  await cleared;
  box.close();
  const next = tab();
  await pass();
  expect([next.names(), server.asked]).toEqual([[], []]);
});

describe("two tabs", () => {
  test("show the same drafts", async () => {
    const { names, say, connect, tab } = world();
    const other = tab();
    connect(false);
    other.connect(false);
    say("one");
    await pass();
    other.say("two");
    await pass();
    expect([names(), other.names()]).toEqual([
      ["one", "two"],
      ["one", "two"],
    ]);
  });

  test("send each draft once, in the order of writing", async () => {
    const { server, names, say, connect, tab } = world();
    const other = tab();
    connect(false);
    other.connect(false);
    for (let line = 1; line <= 10; line += 1) {
      (line % 2 ? say : other.say)(`line ${line}`);
      await pass();
    }
    server.answer = () => pass.later(20);
    connect(true);
    other.connect(true);
    await pass(1_000);
    const all = Array.from({ length: 10 }, (_, index) => `line ${index + 1}`);
    expect(server.asked).toEqual(all);
    expect([names(), other.names()]).toEqual([[], []]);
  });

  test("without locks may ask twice, and what is stored is the same", async () => {
    const { server, browser, say, connect, tab } = world();
    browser.locks = false;
    const other = tab();
    connect(false);
    other.connect(false);
    for (const name of ["one", "two", "three"]) say(name);
    await pass();
    server.answer = ({ clientId }) => pass.later(clientId === "one" ? 50 : 5);
    connect(true);
    await pass(7);
    other.connect(true);
    await pass(1_000);
    expect(server.stored).toEqual(["one", "two", "three"]);
    expect(browser.drafts).toEqual([]);
  });

  test("and one tab without locks still sends one after the other", async () => {
    const { server, browser, say } = world();
    browser.locks = false;
    held(server);
    say("one");
    say("two");
    await pass();
    expect(server.asked).toEqual(["one"]);
  });

  test("do not wait for the one whose connection is gone", async () => {
    const { server, names, say, connect, tab } = world();
    tab();
    connect(false);
    say("one");
    await pass();
    expect(server.stored).toEqual(["one"]);
    expect(names()).toEqual([]);
  });

  test("take over when the one that was sending is closed", async () => {
    const { server, box, say, tab } = world();
    server.answer = async () => {
      throw refusal("limited", { retry_after: 60_000 });
    };
    say("one");
    await pass();
    tab();
    box.close();
    server.answer = async () => {};
    await pass();
    expect(server.stored).toEqual(["one"]);
  });

  test("see a failure, and either may end it", async () => {
    const { server, names, say, tab } = world();
    const other = tab();
    server.answer = async () => {
      throw refusal("forbidden");
    };
    say("one");
    await pass();
    expect(other.box.drafts).toMatchObject([{ state: "failed" }]);
    other.box.discard("one");
    await pass();
    expect([names(), other.names()]).toEqual([[], []]);
  });
});

describe("a browser that keeps nothing", () => {
  test("does not keep a draft from being sent", async () => {
    const { server, browser, box, say } = world();
    browser.full = true;
    say("one");
    say("two");
    await pass();
    expect(server.stored).toEqual(["one", "two"]);
    expect(box).toMatchObject({ drafts: [], unkept: false });
  });

  test("leaves it on the page, which says so", async () => {
    const { server, browser, box, names, say, connect } = world();
    connect(false);
    say("one");
    await pass();
    expect(box.unkept).toBe(false);
    browser.full = true;
    say("two");
    await pass();
    expect(box.unkept).toBe(true);
    expect(box.drafts).toMatchObject([{ unkept: false }, { unkept: true }]);
    browser.full = false;
    for (const shelf of browser.shelves) shelf.onchange();
    await pass();
    expect(names()).toEqual(["one", "two"]);
    connect(true);
    await pass();
    expect(server.stored).toEqual(["one", "two"]);
    expect(box.unkept).toBe(false);
  });
});
