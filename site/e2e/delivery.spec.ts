import type { Page } from "@playwright/test";
import { expect, test } from "./world";

const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index} of mine`);

/** How many drafts the browser keeps. */
function kept(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((done, fail) => {
        const opening = indexedDB.open("parlour");
        opening.onerror = () => fail(opening.error);
        opening.onsuccess = () => {
          const counting = opening.result.transaction("drafts").objectStore("drafts").count();
          counting.onsuccess = () => {
            opening.result.close();
            done(counting.result);
          };
        };
      }),
  );
}

test("what was written offline in a tab since closed arrives once and in order", async ({ pair }) => {
  test.slow();
  const { ada, ben } = await pair();
  await ada.goesOffline();
  const written = lines(1, 10);
  for (const line of written) await ada.says(line);
  await expect.poll(() => kept(ada.page)).toBe(10);
  const address = ada.page.url();
  const { context } = ada;
  await ada.page.close();

  await context.setOffline(false);
  const page = await context.newPage();
  await page.goto(address);
  await ben.hasRead(written);
  await expect(page.getByRole("log").locator(".said-text")).toHaveText(written);
  await expect.poll(() => kept(page)).toBe(0);
});

test("two tabs send what both have written once and in order", async ({ pair }) => {
  test.slow();
  const { ada, ben } = await pair();
  const sent: string[] = [];
  ada.context.on("page", (page) => listen(page));
  const listen = (page: Page) =>
    page.on("websocket", (socket) =>
      socket.on("framesent", ({ payload }) => {
        const { action, text } = JSON.parse(String(payload));
        if (action === "send") sent.push(text);
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
    await expect.poll(() => kept(ada.page)).toBe(count);
  }
  for (const { log } of [ada, tab]) await expect(log.locator(".sending .said-text")).toHaveText(written);

  await ada.context.setOffline(false);
  await ben.hasRead(written);
  for (const one of [ada, tab]) await one.hasRead(written);
  expect(sent).toEqual(written);
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
  await expect.poll(() => kept(ada.page)).toBe(1);
  await ada.page.getByRole("button", { name: "Sign out" }).click();
  await ada.page.getByRole("button", { name: "Stay signed in" }).click();
  await expect(ada.log.getByText("never to be said")).toBeVisible();
  await ada.page.getByRole("button", { name: "Sign out" }).click();
  await ada.page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await expect(ada.page.getByRole("heading", { name: "Welcome back" })).toBeVisible();
  expect(await kept(ada.page)).toBe(0);

  await ada.context.setOffline(false);
  await ada.signsIn();
  await ada.isIn();
  await ben.says("Are you there?");
  await ben.hasRead(["Are you there?"]);
});
