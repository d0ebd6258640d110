import { expect, isSound, type Person, test } from "./world";

const typing = (who: Person) => who.page.locator(".typing");

test("an empty composer and a hidden page tell nobody; typing is shown, told politely, and ends with the message", async ({
  pair,
}) => {
  const asked: { action: string; room?: string | null }[] = [];
  const { ada, ben } = await pair(({ ada }) =>
    ada.page.routeWebSocket(/^wss?:/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((message) => {
        asked.push(JSON.parse(String(message)));
        server.send(message);
      });
    }),
  );
  await ben.says("anybody?");
  await ada.reads("anybody?");
  await ada.composer.fill(" ");
  await ada.composer.fill("");
  expect(asked.filter(({ action }) => action === "typing")).toEqual([]);

  const before = await ben.log.boundingBox();
  const begun = Date.now();
  await ada.composer.pressSequentially("here I am", { delay: 50 });
  await expect(typing(ben)).toHaveText(`${ada.name} is typing…`);
  await expect(ben.page.locator('[aria-live="polite"]', { hasText: `${ada.name} is typing…` })).toHaveCount(1);
  expect(await ben.log.boundingBox()).toEqual(before);
  const told = asked.filter(({ action }) => action === "typing").length;
  expect(told).toBeGreaterThan(0);
  expect(told, "not more often than every three seconds").toBeLessThanOrEqual(1 + (Date.now() - begun) / 3_000);
  await expect(typing(ada)).toHaveText("");
  await ada.composer.press("Enter");
  await ben.reads("here I am");
  await expect(typing(ben)).toHaveText("");

  await ada.page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await expect.poll(() => asked.filter(({ action }) => action === "look").at(-1)?.room).toBe(null);
});

test("who typed and stopped is gone after eight seconds, and a page that comes back hears again", async ({ pair }) => {
  const { ada, ben } = await pair();
  await ben.page.reload();
  await expect(ben.log).toHaveAttribute("aria-busy", "false");
  await ada.says("so");
  await ben.reads("so");
  // Three seconds after the last time it is said again.
  await ada.composer.pressSequentially("hm, let me see", { delay: 300 });
  await expect(typing(ben)).toHaveText(`${ada.name} is typing…`);
  await expect(typing(ben)).toHaveText("", { timeout: 12_000 });
});

test("whoever does not want it is not shown to have read; others are, under what they have read", async ({ pair }) => {
  test.slow();
  const { ada, ben } = await pair();
  await ben.page.getByRole("button", { name: /Your account/ }).click();
  const shows = ben.page.getByRole("switch", { name: "Show others how far I have read" });
  await expect(shows).toHaveAttribute("aria-checked", "true");
  await shows.click();
  await expect(shows).toHaveAttribute("aria-checked", "false");
  await isSound(ben, "account");
  await ben.page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await ada.says("one");
  await ben.reads("one");
  await ben.says("I have read it");
  await ada.reads("I have read it");
  await expect(ben.log.getByText(`Seen by ${ada.name}`)).toHaveCount(1);
  await expect(ada.log.getByText(/Seen by/)).toHaveCount(0);

  await ben.page.getByRole("button", { name: /Your account/ }).click();
  await ben.page.getByRole("switch").click();
  await expect(ben.page.getByRole("switch")).toHaveAttribute("aria-checked", "true");
  await ben.page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await ada.says("two");
  await ben.reads("two");
  await expect(ada.log.locator(".said", { hasText: "two" }).getByText(`Seen by ${ben.name}`)).toHaveCount(1);
  await isSound(ada, "seen by");
});

test("what is read on one device is read on the other", async ({ pair }) => {
  test.slow();
  const { ada, ben, room } = await pair();
  const tab = await ben.context.newPage();
  await tab.goto("/");
  await ben.page.goto("/");
  await ada.says("news");
  await expect(tab.getByRole("link", { name: new RegExp(`${room}.*1 unread`) })).toBeVisible();
  await ben.page.getByRole("link", { name: new RegExp(room) }).click();
  await ben.reads("news");
  await expect(tab.getByRole("link", { name: new RegExp(`${room}.*unread`) })).toHaveCount(0);
});
