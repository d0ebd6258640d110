import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Backoff } from "./backoff";
import { Connection, type Ears } from "./connection";
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
    new Backoff({ first: 1_000, cap: 8_000, random: () => 1 }),
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

test("a lost socket is followed by another after a wait that grows", async () => {
  const { one, sockets, last, open } = connection();
  await open();
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
  await pass(1_000);
  last().ears.opened();
  last().ears.closed(1006);
  expect(one.state).toMatchObject({ until: Date.now() + 2_000 });
  await pass(2_000);
  last().ears.opened();
  await pass(10_000);
  last().ears.closed(1006);
  expect(one.state).toMatchObject({ until: Date.now() + 1_000 });
});

test("a nudge ends the wait at once", async () => {
  const { one, sockets, last, open } = connection();
  await open();
  last().ears.closed(1006);
  one.nudge();
  await pass();
  expect(sockets).toHaveLength(2);
  await pass(60_000);
  expect(sockets.length).toBeGreaterThan(2);
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
    one.nudge();
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
