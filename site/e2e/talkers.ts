import type { Page } from "@playwright/test";
import { PASSWORD, unique } from "./world";

/** What one of them has done. */
export type Talker = {
  name: string;
  /** What was acknowledged, in order. */
  said: string[];
  /** How many sockets the other side ended by closing them for going away, as it does when one is too old. */
  outlived: number;
  /** Whom they were told to be gone. */
  gone: string[];
};

declare global {
  interface Window {
    talkers: { over: boolean; all: Talker[]; done: Promise<unknown>; token: string };
  }
}

/**
 * People without a client: each has one socket, says something four times a second and waits for the answer. They do
 * not replace their sockets but talk until the other side ends one, come back, and say again what was not answered.
 */
export class Talkers {
  readonly #page: Page;
  readonly #room: string;

  private constructor(page: Page, room: string) {
    this.#page = page;
    this.#room = room;
  }

  /** They talk out of a page that nobody has signed in to. `room` is an id. */
  static async begin(page: Page, room: string, count: number): Promise<Talkers> {
    await page.goto("/");
    const names = Array.from({ length: count }, (_, index) => unique(`talker${index + 1}`));
    await page.evaluate(talk, { names, room, password: PASSWORD });
    return new Talkers(page, room);
  }

  look(): Promise<Talker[]> {
    return this.#page.evaluate(() => window.talkers.all);
  }

  /** How many things all of them have said. */
  async count(): Promise<number> {
    return (await this.look()).reduce((sum, { said }) => sum + said.length, 0);
  }

  /** Everybody has said what they were about to say. */
  async end(): Promise<Talker[]> {
    return this.#page.evaluate(async () => {
      window.talkers.over = true;
      await window.talkers.done;
      return window.talkers.all;
    });
  }

  /** What was said in the room, as its history has it. */
  history(): Promise<string[]> {
    return this.#page.evaluate(async (room) => {
      const http = document.querySelector<HTMLMetaElement>('meta[name="parlour-http"]')?.content ?? "";
      const headers = { authorization: `Bearer ${window.talkers.token}` };
      const texts: string[] = [];
      for (let after = 0, more = true; more; ) {
        const answer = await fetch(`${http}/rooms/${room}/messages?limit=100&after=${after}`, { headers });
        const page = (await answer.json()) as { messages: { seq: number; text: string }[]; after: boolean };
        texts.push(...page.messages.map(({ text }) => text));
        after = page.messages.at(-1)?.seq ?? after;
        more = page.after;
      }
      return texts;
    }, this.#room);
  }
}

/** Runs in the page, and stands alone. */
async function talk({ names, room, password }: { names: string[]; room: string; password: string }): Promise<void> {
  const PACE_MS = 250;
  const address = (name: string) => document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
  const http = address("parlour-http");

  async function post<T>(path: string, body: object, token?: string): Promise<T> {
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (token) headers.authorization = `Bearer ${token}`;
    const answer = await fetch(http + path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json() as Promise<T>;
  }

  /** One socket for one talker: `ask` gives the answer, or null when the socket ended before there was one. */
  function open(talker: Talker, token: string) {
    type Answer = { type: string; retry_after?: number; message?: string };
    const socket = new WebSocket(address("parlour-ws"), ["parlour.v1", `bearer.${token}`]);
    const waiting = new Map<string, (answer: Answer | null) => void>();
    let ids = 0;
    const ready = new Promise<boolean>((done) => {
      socket.onopen = () => done(true);
      socket.onclose = ({ code }) => {
        if (code === 1001) talker.outlived += 1;
        for (const answered of waiting.values()) answered(null);
        done(false);
      };
    });
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.type === "presence" && !frame.online) talker.gone.push(frame.user.name);
      waiting.get(frame.id)?.(frame);
    };
    const ask = (request: object) =>
      new Promise<Answer | null>((done) => {
        if (socket.readyState !== WebSocket.OPEN) return done(null);
        ids += 1;
        waiting.set(String(ids), done);
        socket.send(JSON.stringify({ id: String(ids), ...request }));
      });
    return { ready, ask, close: () => socket.close() };
  }

  async function live(talker: Talker, token: string): Promise<void> {
    for (let line = open(talker, token); ; line = open(talker, token)) {
      if (!(await line.ready)) continue;
      await line.ask({ action: "sync", rooms: {} });
      if (await chatter(talker, line.ask)) return line.close();
    }
  }

  /** What is not acknowledged yet, under the name that it keeps. */
  const pending = new Map<Talker, { text: string; client_id: string }>();

  /** False when the socket ended. */
  async function chatter(talker: Talker, ask: ReturnType<typeof open>["ask"]): Promise<boolean> {
    while (!window.talkers.over || pending.has(talker)) {
      const pause = new Promise((over) => setTimeout(over, PACE_MS));
      const text = `${talker.name} says ${talker.said.length + 1}`;
      const message = pending.get(talker) ?? { text, client_id: crypto.randomUUID() };
      pending.set(talker, message);
      const answer = await ask({ action: "send", room, ...message });
      if (!answer) return false;
      if (answer.type === "sent") {
        talker.said.push(message.text);
        pending.delete(talker);
      } else if (!answer.retry_after) throw new Error(answer.message);
      await pause;
    }
    return true;
  }

  const all = names.map((name) => ({ name, said: [], outlived: 0, gone: [] }));
  window.talkers = { over: false, all, done: Promise.resolve(), token: "" };
  const tokens: string[] = [];
  for (const { name } of all) {
    const session = await post<{ access_token: string }>("/register", { name, password });
    await post(`/rooms/${room}/join`, {}, session.access_token);
    tokens.push(session.access_token);
  }
  window.talkers.token = tokens[0] ?? "";
  window.talkers.done = Promise.all(all.map((talker, index) => live(talker, tokens[index] ?? "")));
}
