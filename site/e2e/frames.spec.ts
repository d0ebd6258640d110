import type { Page } from "@playwright/test";
import { expect, test, unique } from "./world";

/**
 * How smooth a long room is: `FRAMES_MESSAGES` messages (50,000) are said by many sockets at once, then one scrolls
 * through the room as fast as pages come, and talks in it. Times between frames are printed; nineteen of twenty have to come
 * within a tenth of a second, also where drawing is done by the processor, and neither page nor memory may grow with the room.
 */
const MESSAGES = Number(process.env.FRAMES_MESSAGES ?? 50_000);
const SOCKETS = 16;

test("a room of many messages stays smooth", async ({ arrives }) => {
  test.setTimeout(3_600_000);
  const ada = await arrives("ada");
  const { page } = ada;
  await ada.registers();
  await ada.makesRoom(unique("long"));
  const each = Math.ceil(MESSAGES / SOCKETS);
  const filled = performance.now();
  await Promise.all(
    Array.from({ length: SOCKETS }, (_, socket) =>
      ada.asks(
        Array.from({ length: each }, (_, index) => ({
          action: "send",
          text: `message ${index + 1} of socket ${socket + 1}, *with* a \`mark\` or two`,
        })),
      ),
    ),
  );
  print(`filled with ${each * SOCKETS} messages in ${Math.round((performance.now() - filled) / 1_000)} s`);
  await page.reload();
  await expect(ada.log).toHaveAttribute("aria-busy", "false");
  await expect(ada.log.locator(".said").last()).toBeInViewport();
  const small = await heap(page);

  const up = await frames(page, () => scroll(page, -600, 20_000));
  print(`scrolling up    ${say(up)}`);
  const down = await frames(page, () => scroll(page, 600, 8_000));
  print(`scrolling down  ${say(down)}`);
  await page.goto(`${new URL(page.url()).pathname}/${Math.floor(MESSAGES / 2)}`);
  await expect(ada.log.locator(".target")).toBeInViewport();
  const middle = await frames(page, () => scroll(page, -600, 8_000));
  print(`in the middle   ${say(middle)}`);
  await page.getByRole("button", { name: /Jump to latest|new message/ }).click();
  await expect(ada.log.locator(".said").last()).toBeInViewport();
  const talk = await frames(page, () =>
    ada.asks(Array.from({ length: 200 }, (_, n) => ({ action: "send", text: `live ${n}` }))),
  );
  print(`200 coming in   ${say(talk)}`);
  const rows = await ada.log.locator(".said").count();
  const large = await heap(page);
  print(`rows in the page ${rows}; heap ${small} MB before, ${large} MB after`);
  expect(rows).toBeLessThan(520);
  expect(large).toBeLessThan(small + 20);
  for (const { p95 } of [up, down, middle, talk]) expect(p95).toBeLessThan(100);
});

type Frames = { count: number; median: number; p95: number; p99: number; longest: number };

async function frames(page: Page, work: () => Promise<unknown>): Promise<Frames> {
  await page.evaluate(() => {
    const times: number[] = [];
    Object.assign(window, { frames: times, framesOver: false });
    let last = performance.now();
    const tick = (now: number) => {
      times.push(now - last);
      last = now;
      if (!(window as unknown as { framesOver: boolean }).framesOver) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await work();
  const times = await page.evaluate(() => {
    Object.assign(window, { framesOver: true });
    return (window as unknown as { frames: number[] }).frames;
  });
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { count: times.length, median: at(0.5), p95: at(0.95), p99: at(0.99), longest: times.at(-1) ?? 0 };
}

/** By wheel, in the page itself: what comes from here would be measured too. */
async function scroll(page: Page, by: number, ms: number): Promise<void> {
  await page.evaluate(
    ({ by, ms }) =>
      new Promise<void>((done) => {
        const log = document.querySelector("[role=log]");
        const until = performance.now() + ms;
        const step = () => {
          log?.scrollBy(0, by / 4);
          if (performance.now() < until) requestAnimationFrame(step);
          else done();
        };
        requestAnimationFrame(step);
      }),
    { by, ms },
  );
}

async function heap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return Math.round(usedSize / 1024 / 1024);
}

function say({ count, median, p95, p99, longest }: Frames): string {
  const ms = (time: number) => `${time.toFixed(0)} ms`;
  return `${count} frames: median ${ms(median)}, p95 ${ms(p95)}, p99 ${ms(p99)}, longest ${ms(longest)}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
