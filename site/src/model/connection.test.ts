import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Ears } from "./channel";
import { Connection } from "./connection";
import { Refusal, SessionEnded, Unreachable } from "./failure";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class Socket {
  readonly sent: { action: string; id: string }[] = [];
  closed = false;
  readonly token: string;
  readonly ears: Ears;

  constructor(token: string, ears: Ears) {
    this.token = token;
    this.ears = ears;
  }

  send(text: string) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.closed = true;
  }

  /** Answers the last request. */
  answers(type: string, frame: object) {
    this.hears({ type, id: this.sent.at(-1)?.id, ...frame });
  }

  hears(frame: object) {
    this.ears.heard(JSON.stringify(frame));
  }
}

function connection(tokens: (renewed: boolean) => Promise<string> = async (renewed) => (renewed ? "new" : "old")) {
  const sockets: Socket[] = [];
  const one = new Connection(
    (token, ears) => {
      const socket = new Socket(token, ears);
      sockets.push(socket);
      return socket;
    },
    tokens,
    { random: () => 1 },
  );
  const last = () => sockets.at(-1) as Socket;
  async function open() {
    one.start();
    await pass();
    last().ears.opened();
  }
  return { one, sockets, last, open };
}

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

test("it goes from idle over connecting to open", async () => {
  const { one, last } = connection();
  const states: string[] = [];
  one.subscribe(() => states.push(one.state.name));
  expect(one.state.name).toBe("idle");
  one.start();
  await pass();
  expect(last().token).toBe("old");
  last().ears.opened();
  expect(states).toEqual(["connecting", "open"]);
});

test("a socket that cannot be had is tried again after a wait that grows", async () => {
  const { one, sockets, last } = connection();
  one.start();
  await pass();
  last().ears.closed(1006);
  expect(one.state).toMatchObject({ name: "waiting", until: Date.now() + 1_000 });
  await pass(1_000);
  expect(sockets).toHaveLength(2);
  last().ears.closed(1006);
  expect(one.state).toMatchObject({ name: "waiting", until: Date.now() + 2_000 });
  await pass(1_999);
  expect(sockets).toHaveLength(2);
  await pass(1);
  expect(sockets).toHaveLength(3);
});

test("only a socket that lasted makes the waits short again", async () => {
  const { one, last, open } = connection();
  await open();
  last().ears.closed(1006);
  await pass(20_000);
  last().ears.opened();
  last().ears.closed(1006);
  expect(one.state).toMatchObject({ until: Date.now() + 40_000 });
  await pass(40_000);
  last().ears.opened();
  await pass(10_000);
  last().ears.closed(1006);
  expect(one.state).toMatchObject({ until: Date.now() + 20_000 });
});

test("what the other side cuts it may have cut for thousands: the first wait is a wide one", async () => {
  const { one, last, open } = connection();
  await open();
  last().ears.closed(1006);
  expect(one.state).toMatchObject({ name: "waiting", until: Date.now() + 20_000 });
});

test("a nudge leaves at most a second of the wait, and the person's wish nothing", async () => {
  const { one, sockets, last, open } = connection();
  await open();
  last().ears.closed(1006);
  one.nudge();
  expect(one.state).toMatchObject({ until: Date.now() + 1_000 });
  await pass(500);
  one.nudge();
  expect(one.state).toMatchObject({ until: Date.now() + 500 });
  await pass(500);
  expect(sockets).toHaveLength(2);
  last().ears.closed(1006);
  one.tryNow();
  await pass();
  expect(sockets).toHaveLength(3);
  await pass(14_000);
  expect(sockets).toHaveLength(4);
});

test("a nudge during a handshake makes the wait after it a short one", async () => {
  const { one, last } = connection();
  one.start();
  for (const wait of [1_000, 2_000, 4_000, 8_000]) {
    await pass();
    last().ears.closed(1006);
    await pass(wait);
  }
  one.nudge();
  last().ears.closed(1006);
  expect(one.state).toMatchObject({ name: "waiting", until: Date.now() + 1_000 });
});

test("a handshake that never ends is given up", async () => {
  const { one, last } = connection();
  one.start();
  await pass(12_000);
  expect(last().closed).toBe(true);
  expect(one.state.name).toBe("waiting");
});

test("a failed handshake asks for a new token, but not at each try", async () => {
  const asked: boolean[] = [];
  const { one, last } = connection(async (renewed) => {
    asked.push(renewed);
    return "token";
  });
  one.start();
  await pass();
  for (let tries = 0; tries < 3; tries += 1) {
    last().ears.closed(1006);
    one.tryNow();
    await pass();
  }
  expect(asked).toEqual([false, true, false, false]);
});

test("a socket closed with 1000 asks for a new token, for the session may have ended", async () => {
  const asked: boolean[] = [];
  const { one, last, open } = connection(async (renewed) => {
    asked.push(renewed);
    if (renewed) throw new SessionEnded();
    return "token";
  });
  await open();
  last().ears.closed(1000);
  await pass(1_000);
  expect(asked).toEqual([false, true]);
  expect(one.state.name).toBe("refused");
  await pass(60_000);
  expect(asked).toHaveLength(2);
});

test("a token that cannot be had now is asked for again later", async () => {
  let tries = 0;
  const { one, sockets } = connection(async () => {
    tries += 1;
    if (tries === 1) throw new Unreachable();
    return "token";
  });
  one.start();
  await pass();
  expect(one.state.name).toBe("waiting");
  await pass(1_000);
  expect(sockets).toHaveLength(1);
});

test("an answer finds its request, also out of order", async () => {
  const { one, last, open } = connection();
  await open();
  const first = one.request({ action: "ping", rooms: {} });
  const second = one.request({ action: "ping", rooms: { tea: 1 } });
  const [a, b] = last().sent;
  last().hears({ type: "pong", id: b?.id, behind: ["tea"] });
  last().hears({ type: "pong", id: a?.id, behind: [] });
  expect(await second).toMatchObject({ behind: ["tea"] });
  expect(await first).toMatchObject({ behind: [] });
});

test("an error frame is the refusal of its request", async () => {
  const { one, last, open } = connection();
  await open();
  const request = one.request({ action: "send", room: "tea", client_id: "c", text: "" });
  const refused = expect(request).rejects.toMatchObject({ code: "invalid" });
  last().hears({ type: "error", id: last().sent[0]?.id, code: "invalid", message: "" });
  await refused;
  await expect(request).rejects.toBeInstanceOf(Refusal);
});

test("a socket that the API does not know any more is replaced, with a new token", async () => {
  const { one, sockets, last, open } = connection();
  await open();
  const lost = expect(one.request({ action: "ping", rooms: {} })).rejects.toBeInstanceOf(Unreachable);
  last().hears({ type: "error", id: last().sent[0]?.id, code: "unauthenticated", reason: "token", message: "" });
  await lost;
  expect(one.state.name).toBe("waiting");
  await pass(1_000);
  expect(sockets).toHaveLength(2);
  expect(last().token).toBe("new");
});

test("the gateway's own error refuses what is under way, so that it can be repeated", async () => {
  const { one, last, open } = connection();
  await open();
  const refused = expect(one.request({ action: "ping", rooms: {} })).rejects.toMatchObject({
    code: "unavailable",
    passes: true,
  });
  last().hears({ message: "Internal server error", connectionId: "x", requestId: "y" });
  await refused;
  expect(one.state.name).toBe("open");
});

test("a request without an answer is lost, and so is its socket", async () => {
  const { one, last, open } = connection();
  await open();
  const lost = expect(one.request({ action: "ping", rooms: {} })).rejects.toBeInstanceOf(Unreachable);
  await pass(12_000);
  await lost;
  expect(last().closed).toBe(true);
  expect(one.state.name).toBe("waiting");
});

test("losing the socket loses what is under way", async () => {
  const { one, last, open } = connection();
  await open();
  const lost = expect(one.request({ action: "ping", rooms: {} })).rejects.toBeInstanceOf(Unreachable);
  last().ears.closed(1006);
  await lost;
});

test("without a socket a request is unreachable at once", async () => {
  const { one } = connection();
  await expect(one.request({ action: "ping", rooms: {} })).rejects.toBeInstanceOf(Unreachable);
});

test("it pings every four minutes with the positions and passes on what is behind", async () => {
  const { one, last, open } = connection();
  one.positions = () => ({ tea: 7 });
  const behind: string[][] = [];
  one.onbehind = (rooms) => behind.push(rooms);
  await open();
  await pass(4 * 60_000);
  expect(last().sent).toMatchObject([{ action: "ping", rooms: { tea: 7 } }]);
  last().hears({ type: "pong", id: last().sent[0]?.id, behind: ["tea"] });
  await pass();
  expect(behind).toEqual([["tea"]]);
  await pass(4 * 60_000);
  expect(last().sent).toHaveLength(2);
});

test("frames that answer nothing are passed on; noise is not", async () => {
  const { one, last, open } = connection();
  const frames: string[] = [];
  one.onframe = (frame) => frames.push(frame.type);
  await open();
  last().ears.heard("not json");
  last().hears({ type: "left", room: "tea", user: {} });
  last().hears({ type: "pong", id: "of an earlier socket", behind: [] });
  expect(frames).toEqual(["left"]);
});

test("a doubted socket that does not answer soon is replaced", async () => {
  const { one, sockets, last, open } = connection();
  await open();
  one.doubt();
  expect(last().sent).toHaveLength(1);
  await pass(4_000);
  expect(one.state.name).toBe("waiting");
  await pass(1_000);
  expect(sockets).toHaveLength(2);
});

test("a nudge leaves a socket alone that was heard a moment ago, and asks one that was silent", async () => {
  const { one, last, open } = connection();
  await open();
  last().hears({ type: "left", room: "tea", user: {} });
  one.nudge();
  expect(last().sent).toHaveLength(0);
  await pass(21_000);
  one.nudge();
  expect(last().sent).toHaveLength(1);
});

test("stopped, it stays stopped, and late events of the old socket mean nothing", async () => {
  const { one, sockets, last, open } = connection();
  await open();
  const old = last();
  one.stop();
  expect(old.closed).toBe(true);
  old.ears.closed(1006);
  old.hears({ type: "left", room: "tea", user: {} });
  await pass(60_000);
  expect(one.state.name).toBe("idle");
  expect(sockets).toHaveLength(1);
});

describe("before a socket is too old", () => {
  const age = 115 * 60_000;

  async function aged() {
    const all = connection();
    const states: string[] = [];
    let caughtUp: () => void = () => {};
    let refuse: (failure: Error) => void = () => {};
    const asked: string[] = [];
    all.one.onreplace = (ask) =>
      new Promise((done, fail) => {
        caughtUp = done;
        refuse = fail;
        void ask({ action: "sync", rooms: {} }).then(({ type }) => asked.push(type), fail);
      });
    await all.open();
    const [old] = all.sockets as [Socket];
    all.one.subscribe(() => states.push(all.one.state.name));
    // Pings are answered, or the old socket would count as dead.
    for (let passed = 0; passed < age; passed += 4 * 60_000) {
      await pass(Math.min(4 * 60_000, age - passed));
      old.answers("pong", { behind: [] });
    }
    return { ...all, old, states, asked, caughtUp: () => caughtUp(), refuse: (failure: Error) => refuse(failure) };
  }

  test("another is opened, caught up, and takes its place, and nothing is to be seen of it", async () => {
    const { one, sockets, last, old, states, asked, caughtUp } = await aged();
    expect(sockets).toHaveLength(2);
    last().ears.opened();
    expect(last().sent).toMatchObject([{ action: "sync" }]);
    // Until it is caught up requests go over the old one.
    void one.request({ action: "ping", rooms: {} }).catch(() => {});
    expect(old.sent.at(-1)).toMatchObject({ action: "ping" });
    last().answers("synced", { rooms: [], gone: [], more: false });
    await pass();
    caughtUp();
    await pass();
    expect(asked).toEqual(["synced"]);
    void one.request({ action: "ping", rooms: { tea: 1 } }).catch(() => {});
    expect(last().sent.at(-1)).toMatchObject({ action: "ping", rooms: { tea: 1 } });
    expect(old.closed).toBe(false);
    await pass(3_000);
    expect(old.closed).toBe(true);
    expect(states).toEqual([]);
    expect(one).toMatchObject({ opens: 1, state: { name: "open" } });
  });

  test("frames come from both, and what the old one does not answer is asked of the new one", async () => {
    const { one, last, old, caughtUp } = await aged();
    const frames: string[] = [];
    one.onframe = (frame) => frames.push("room" in frame ? frame.room : "");
    const answered = one.request({ action: "send", room: "tea", client_id: "c", text: "hello" });
    last().ears.opened();
    caughtUp();
    await pass();
    old.hears({ type: "left", room: "from the old one", user: {} });
    last().hears({ type: "left", room: "from the new one", user: {} });
    expect(frames).toEqual(["from the old one", "from the new one"]);
    old.ears.closed(1001);
    expect(last().sent.at(-1)).toMatchObject({ action: "send", client_id: "c" });
    last().answers("sent", { room: "tea", message: {} });
    expect(await answered).toMatchObject({ type: "sent" });
    expect(one.state.name).toBe("open");
  });

  test("one that cannot be had or caught up is tried again, and the old one goes on", async () => {
    const { one, sockets, last, old, refuse, caughtUp, states } = await aged();
    last().ears.closed(1006);
    await pass(10_000);
    expect(sockets).toHaveLength(3);
    last().ears.opened();
    refuse(new Refusal({ code: "unavailable", message: "" }));
    await pass();
    expect(last().closed).toBe(true);
    expect(old.closed).toBe(false);
    await pass(20_000);
    expect(sockets).toHaveLength(4);
    last().ears.opened();
    caughtUp();
    await pass(3_000);
    expect(old.closed).toBe(true);
    expect(states).toEqual([]);
    expect(one.opens).toBe(1);
  });

  test("if the old one is lost first, the new one takes over what was asked", async () => {
    const { one, sockets, last, old } = await aged();
    last().ears.opened();
    const answered = one.request({ action: "ping", rooms: { tea: 7 } });
    old.ears.closed(1001);
    expect(one).toMatchObject({ opens: 2, state: { name: "open" } });
    expect(last().sent.at(-1)).toMatchObject({ rooms: { tea: 7 } });
    last().answers("pong", { behind: [] });
    expect(await answered).toMatchObject({ type: "pong" });
    expect(sockets).toHaveLength(2);
  });

  test("if the old one is lost during the handshake, that handshake is the one to wait for", async () => {
    const { one, sockets, last, old } = await aged();
    old.ears.closed(1001);
    expect(one.state.name).toBe("connecting");
    last().ears.opened();
    expect(one).toMatchObject({ opens: 2, state: { name: "open" } });
    expect(sockets).toHaveLength(2);
  });

  test("the new one gets old, too, and is kept awake until then", async () => {
    const { sockets, last, caughtUp } = await aged();
    last().ears.opened();
    last().answers("synced", { rooms: [], gone: [], more: false });
    caughtUp();
    await pass(4 * 60_000);
    expect(last().sent.at(-1)).toMatchObject({ action: "ping" });
    const second = last();
    for (let passed = 4 * 60_000; passed < age; passed += 4 * 60_000) {
      second.answers("pong", { behind: [] });
      await pass(Math.min(4 * 60_000, age - passed));
    }
    expect(sockets).toHaveLength(3);
  });

  test("a session that has ended ends all of it", async () => {
    let ended = false;
    const { one, sockets, last, open } = connection(async () => {
      if (ended) throw new SessionEnded();
      return "token";
    });
    await open();
    ended = true;
    for (let passed = 0; passed < age; passed += 60_000) {
      await pass(60_000);
      if (last().sent.length > 0) last().answers("pong", { behind: [] });
    }
    expect(one.state.name).toBe("refused");
    expect(sockets.every(({ closed }) => closed)).toBe(true);
  });

  test("stopped in the middle, neither is left", async () => {
    const { one, sockets, last } = await aged();
    last().ears.opened();
    one.stop();
    expect(sockets.map(({ closed }) => closed)).toEqual([true, true]);
    await pass(60 * 60_000);
    expect(sockets).toHaveLength(2);
  });
});
