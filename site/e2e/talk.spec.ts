import { expect, test, unique } from "./world";

test("two people talk and both see it at once", async ({ pair }) => {
  const { ada, ben } = await pair();

  await ada.says("The kettle is on.");
  await ben.reads("The kettle is on.");
  await ben.says("<b>Two</b> sugars & a biscuit?");
  await ada.reads("<b>Two</b> sugars & a biscuit?");
  await expect(ada.log.locator("b")).toHaveCount(0);
  await ada.says("one\ntwo");
  await expect(ben.log.getByText("one two")).toHaveCount(1);
  await expect(ben.log.locator(".sending, .failed")).toHaveCount(0);
});

test("an own message stands once, before and after it is stored", async ({ arrives }) => {
  const ada = await arrives("ada");
  await ada.registers();
  await ada.makesRoom(unique("tea"));
  const all = ["first", "second", "third", "fourth"];
  for (const text of all) await ada.says(text);
  for (const text of all) await ada.reads(text);
  await ada.hasRead(all);
});

test("reload shows the history, and the address leads back into the room after signing in", async ({ arrives }) => {
  const ada = await arrives("ada");
  const room = unique("tea");
  await ada.registers();
  await ada.makesRoom(room);
  await ada.says("Remember this.");
  await expect(ada.log.locator(".sending")).toHaveCount(0);
  await ada.page.reload();
  await ada.isInRoom(room);
  await ada.reads("Remember this.");

  const address = ada.page.url();
  await ada.page.getByRole("button", { name: "Sign out" }).click();
  await expect(ada.page.getByRole("heading", { name: "Welcome back" })).toBeVisible();
  await ada.page.goto(address);
  await ada.signsIn();
  await ada.isInRoom(room);
  await ada.reads("Remember this.");
});

test("unread messages are counted until they are read", async ({ pair }) => {
  const { ada, ben, room } = await pair();
  await ben.page.getByRole("link", { name: "Parlour", exact: true }).click();

  await ada.says("one");
  await ada.says("two");
  await expect(ben.page.getByRole("link", { name: `${room} 2 unread messages` })).toBeVisible();
  await expect(ben.page).toHaveTitle(/^\(2\) /);
  await ben.opens(room);
  await ben.reads("two");
  await expect(ben.page).toHaveTitle(`${room} · Parlour`);
  // The API has been told, too.
  await expect(async () => {
    await ben.page.reload();
    await ben.isInRoom(room);
    await expect(ben.page).toHaveTitle(`${room} · Parlour`, { timeout: 500 });
  }).toPass();
});

test("back in a room where one was before, one reads, hears and sees who is there", async ({ pair }) => {
  test.slow();
  const { ada, ben, room } = await pair();
  await ada.says("one");
  await ben.reads("one");
  await ben.makesRoom(unique("coffee"));
  await ben.opens(room);

  await ada.says("two");
  await ben.reads("two");
  await expect(ben.page.locator("[aria-live=polite]", { hasText: `${ada.name}: two` })).toHaveCount(1);
  await expect(ben.page).toHaveTitle(`${room} · Parlour`);
  await ben.goesOffline();
  await ben.context.setOffline(false);
  await expect(ben.page.getByText("Connected again.").last()).toBeVisible({ timeout: 20_000 });
  await ben.sees(ada.name, "Here now");
  await expect(ben.page).toHaveTitle(`${room} · Parlour`);
});

test("what others say is read out once each time they say it, and much at once is counted", async ({ pair }) => {
  // Ben's frames are held back and let go together.
  let held: (string | Buffer)[] | null = null;
  let release = () => {};
  const { ada, ben } = await pair(({ ben }) =>
    ben.page.routeWebSocket(/^wss?:/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => {
        if (held) held.push(message);
        else socket.send(message);
      });
      release = () => {
        for (const message of held ?? []) socket.send(message);
        held = null;
      };
    }),
  );
  const heard = await ben.listens();
  const knock = `${ada.name}: knock knock`;
  await ada.says("knock knock");
  await expect.poll(heard).toEqual([knock]);
  await ada.says("knock knock");
  await expect.poll(heard).toEqual([knock, knock]);

  held = [];
  await ada.fills(10);
  await expect.poll(() => held?.some((message) => message.includes("line 10"))).toBe(true);
  release();
  await ben.reads("line 10");
  await expect.poll(heard).toEqual([knock, knock, "10 new messages"]);
});

test("history is scrolled back without a jump", async ({ arrives }) => {
  test.slow();
  const ada = await arrives("ada");
  await ada.registers();
  await ada.makesRoom(unique("long"));
  await ada.fills(130);
  await ada.reads("line 130");
  await ada.page.reload();
  await ada.reads("line 130");
  await expect(ada.log.getByText("line 1", { exact: true })).toHaveCount(0);

  await ada.log.hover();
  await expect(async () => {
    await ada.page.mouse.wheel(0, -1_500);
    await expect(ada.log.getByText("line 1", { exact: true })).toBeVisible({ timeout: 300 });
  }).toPass({ timeout: 30_000 });
  const texts = await ada.log.locator(".said-text").allTextContents();
  expect(texts).toEqual(Array.from({ length: 130 }, (_, index) => `line ${index + 1}`));

  await ada.page.getByRole("button", { name: "Jump to latest" }).click();
  await expect(ada.log.getByText("line 130", { exact: true })).toBeInViewport();
});

test("a page put in above leaves what one reads where it is", async ({ arrives }) => {
  test.slow();
  const ada = await arrives("ada");
  await ada.registers();
  await ada.makesRoom(unique("still"));
  await ada.fills(130);
  await ada.reads("line 130");

  // The earlier page is held back until we have looked where the row stands.
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await ada.page.route("**/messages?*before=*", async (route) => {
    await held;
    await route.continue();
  });
  await ada.page.reload();
  await ada.reads("line 130");
  await ada.log.evaluate((box) => box.scrollTo(0, 40));
  const row = ada.log.getByText("line 83", { exact: true });
  const before = await row.boundingBox();
  release();
  await ada.reads("line 31");
  const after = await row.boundingBox();
  expect(Math.abs((after?.y ?? 0) - (before?.y ?? 1_000))).toBeLessThan(2);
});
