import type { Page, WebSocket } from "@playwright/test";
import { expect, Person, test } from "./world";

const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index} of mine`);

test("what was written offline in a tab since closed arrives once and in order", async ({ pair }) => {
  test.slow();
  const { ada, ben } = await pair();
  await ada.goesOffline();
  const written = lines(1, 10);
  for (const line of written) await ada.says(line);
  await expect.poll(() => ada.stored("drafts")).toHaveLength(10);
  const address = ada.page.url();
  const { context } = ada;
  await ada.page.close();

  await context.setOffline(false);
  const again = new Person(ada.name, await context.newPage());
  await again.page.goto(address);
  for (const who of [ben, again]) await who.hasRead(written);
  await expect.poll(() => again.stored("drafts")).toHaveLength(0);
});

test("two tabs send what both have written once and in order", async ({ pair }) => {
  test.slow();
  const { ada, ben } = await pair();
  const sent: { text: string; page: Page; socket: WebSocket }[] = [];
  ada.context.on("page", (page) => listen(page));
  const listen = (page: Page) =>
    page.on("websocket", (socket) =>
      socket.on("framesent", ({ payload }) => {
        const { action, text } = JSON.parse(String(payload));
        if (action !== "send") return;
        // What a socket left unanswered is asked again by the same page over its next one.
        const asked = sent.some((one) => one.text === text && one.page === page && one.socket !== socket);
        if (!asked) sent.push({ text, page, socket });
      }),
    );
  listen(ada.page);
  const tab = await ada.anotherTab();
  await ada.goesOffline();
  const written = lines(1, 5);
  const turns: [typeof ada, string[]][] = [
    [ada, written.slice(0, 2)],
    [tab, written.slice(2, 4)],
    [ada, written.slice(4)],
  ];
  let count = 0;
  for (const [one, texts] of turns) {
    for (const line of texts) await one.says(line);
    count += texts.length;
    await expect.poll(() => ada.stored("drafts")).toHaveLength(count);
  }
  for (const { log } of [ada, tab]) await expect(log.locator(".sending .said-text")).toHaveText(written);

  await ada.context.setOffline(false);
  await ben.hasRead(written);
  for (const one of [ada, tab]) await one.hasRead(written);
  expect(sent.map(({ text }) => text)).toEqual(written);
});

test("what is edited or deleted is shown so to everybody, also to who comes later", async ({ pair }) => {
  const { ada, ben } = await pair();
  for (const line of ["frist", "a secret", "third"]) await ada.says(line);
  await ada.hasRead(["frist", "a secret", "third"]);
  await ada.asks([
    { action: "edit", seq: 1, text: "first" },
    { action: "delete", seq: 2 },
  ]);
  const isShown = async () => {
    await expect(ben.log.locator(".said-text")).toHaveText(["first (edited)", "third"]);
    await expect(ben.log.getByText("This message was deleted.")).toHaveCount(1);
    await expect(ben.log.getByText("a secret")).toHaveCount(0);
  };
  await isShown();
  await ben.page.reload();
  await isShown();
});

test("signing out asks about what is not sent, and takes it along", async ({ pair }) => {
  const { ada, ben } = await pair();
  await ada.goesOffline();
  await ada.says("never to be said");
  await expect.poll(() => ada.stored("drafts")).toHaveLength(1);
  await ada.page.getByRole("button", { name: "Sign out" }).click();
  await ada.page.getByRole("button", { name: "Stay signed in" }).click();
  await expect(ada.log.getByText("never to be said")).toBeVisible();
  await ada.page.getByRole("button", { name: "Sign out" }).click();
  await ada.page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await expect(ada.page.getByRole("heading", { name: "Welcome back" })).toBeVisible();
  await expect.poll(() => ada.stored("drafts")).toHaveLength(0);

  await ada.context.setOffline(false);
  await ada.signsIn();
  await ada.isIn();
  await ben.says("Are you there?");
  await ben.hasRead(["Are you there?"]);
});
