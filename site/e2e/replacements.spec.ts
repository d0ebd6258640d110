import type { Page, WebSocket } from "@playwright/test";
import { type Talker, Talkers } from "./talkers";
import { KEPT, watchSight, watchSockets } from "./watch";
import { expect, test, unique } from "./world";

/** So often the page replaces its socket, while the others say at least so much. */
const REPLACEMENTS = 50;
const SAID = 1_000;
const TALKERS = 6;
/** On a machine with nothing else to do it takes a minute. */
const DEADLINE_MS = 170_000;
/** In a room where much is said the client tells what was read no more often than this. */
const READ_MS = 3_000;

/** The sockets of a page, as seen from outside: what went over them, and which were there at the same time. */
class Sockets {
  /** How many were caught up. */
  ready = 0;
  /** How often the read position was told. */
  reads = 0;
  readonly wrong: string[] = [];
  #last: WebSocket | null = null;

  constructor(page: Page) {
    page.on("websocket", (socket) => this.#watch(socket));
  }

  #watch(socket: WebSocket): void {
    let ready = false;
    socket.on("framesent", ({ payload }) => {
      const { action } = JSON.parse(String(payload));
      if (action === "read") this.reads += 1;
      if (!ready && action !== "sync") this.wrong.push(`a socket was asked to ${action} before it was caught up`);
    });
    socket.on("framereceived", ({ payload }) => {
      const { type, more } = JSON.parse(String(payload));
      if (ready || type !== "synced" || more) return;
      ready = true;
      this.ready += 1;
      if (this.#last?.isClosed()) this.wrong.push("a socket was closed before the next one was caught up");
      this.#last = socket;
    });
  }
}

const sum = (all: readonly Talker[], count: (one: Talker) => number) =>
  all.reduce((total, one) => total + count(one), 0);

// A trace of so many changes would cost more than what it is about.
test.use({ trace: "off" });

/**
 * Needs a chat whose clock is so fast that two hours are over within this story, as `cargo local --chaos
 * 1,all=0,clock=200` has it: they are 36 seconds there, and ten idle minutes are three. That they were over is seen by
 * what became of the sockets of those who do not replace them.
 */
test("a socket is replaced fifty times under load, and nobody sees anything of it", async ({ arrives }) => {
  test.setTimeout(DEADLINE_MS + 30_000);
  const ada = await arrives("ada");
  await ada.socketsLast("1-1");
  await watchSockets(ada.page);
  const sockets = new Sockets(ada.page);
  await ada.registers();
  await ada.makesRoom(unique("tea"));
  const room = new URL(ada.page.url()).pathname.split("/")[2] ?? "";
  const talkers = await Talkers.begin((await arrives()).page, room, TALKERS);
  await expect(ada.log.locator(".said-text").nth(TALKERS)).toBeVisible();
  await watchSight(ada.page, ada.name);

  const begun = Date.now();
  const before = {
    ready: sockets.ready,
    reads: sockets.reads,
    said: sum(await talkers.look(), ({ said }) => said.length),
  };
  const mine: string[] = [];
  let now: Talker[];
  const said = () => sum(now, (one) => one.said.length) - before.said;
  const replaced = () => sockets.ready - before.ready;
  do {
    expect(Date.now() - begun, "how long it may take").toBeLessThan(DEADLINE_MS);
    mine.push(`${ada.name} says ${mine.length + 1}`);
    await ada.says(mine.at(-1) ?? "");
    await expect(ada.page.locator(".sending")).toHaveCount(0);
    expect(await ada.page.evaluate(() => window.sight.wrong)).toEqual([]);
    expect(sockets.wrong).toEqual([]);
    now = await talkers.look();
  } while (replaced() < REPLACEMENTS || said() < SAID || now.some(({ outlived }) => outlived === 0));
  const ms = Date.now() - begun;
  const figures = { replaced: replaced(), said: said() + mine.length, seconds: Math.round(ms / 1_000) };
  const reads = sockets.reads - before.reads;

  const all = await talkers.end();
  const history = await talkers.history();
  await expect.poll(() => ada.texts().then((texts) => texts.at(-1))).toBe(history.at(-1));
  const shown = await ada.texts();
  expect(shown.length).toBeGreaterThanOrEqual(KEPT);
  expect(shown).toEqual(history.slice(-shown.length));
  for (const one of [...all, { name: ada.name, said: mine }]) {
    expect(history.filter((text) => text.startsWith(`${one.name} `))).toEqual(one.said);
  }
  const { wrong, looks, pause } = await ada.page.evaluate(() => window.sight);
  expect(wrong).toEqual([]);
  expect(sockets.wrong).toEqual([]);

  // Each was ended by the page, beside an open one; no limit of the other side's ever came to it.
  const ended = (await ada.page.evaluate(() => window.lines)).filter(({ code }) => code !== 0);
  expect(ended.length).toBeGreaterThan(REPLACEMENTS - 10);
  expect(ended.filter(({ beside }) => !beside)).toEqual([]);
  // However much is said, and over however many sockets it comes.
  expect(reads).toBeLessThanOrEqual(ms / READ_MS + 1);
  // Who only goes from one socket to the next is never away for the others.
  expect(all.flatMap(({ gone }) => gone)).not.toContain(ada.name);

  const oldest = Math.round(Math.max(...ended.map(({ openedAt, closedAt }) => closedAt - openedAt)));
  const outlived = sum(all, (one) => one.outlived);
  const pauses = { oldest, pause: Math.round(pause) };
  process.stdout.write(`${JSON.stringify({ ...figures, reads, looks, outlived, ...pauses })}\n`);
});
