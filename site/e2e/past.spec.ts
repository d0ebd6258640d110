import { expect, isSound, Person, test, unique } from "./world";

const api = /\/(rooms|refresh|sessions)(\/|\?|$)/;

/** The API answers this person nothing any more, until the returned function is called. */
async function cutOff({ page }: Person): Promise<() => Promise<void>> {
  await page.routeWebSocket(/^wss?:/, (socket) => socket.close({ code: 1013 }));
  await page.route(api, (route) => (route.request().resourceType() === "fetch" ? route.abort() : route.continue()));
  return () => page.unrouteAll();
}

test("signed out, nothing of what was seen is left", async ({ pair }) => {
  const { ada, ben } = await pair();
  await ada.says("for your eyes only");
  await ben.reads("for your eyes only");
  await ben.composer.fill("half writ");
  const left = async () => {
    const keys = await ben.page.evaluate(() => Object.keys(localStorage));
    return JSON.stringify([await ben.stored("rooms"), await ben.stored("pages"), keys]);
  };
  await expect.poll(left).toContain("for your eyes only");
  await expect.poll(left).toContain("unsaid");
  await ben.page.getByRole("button", { name: "Sign out" }).click();
  await expect(ben.page.getByRole("heading", { name: "Welcome back" })).toBeVisible();
  await expect.poll(left).toBe("[[],[],[]]");
});

test("opens with what was seen last, and then catches up in order", async ({ pair }) => {
  test.slow();
  const { ada, ben, room } = await pair();
  for (const line of ["one", "two"]) await ada.says(line);
  await ben.hasRead(["one", "two"]);
  const address = ben.page.url();
  await ben.keeps("two");
  // How far he has read is known to others, too.
  await expect(ada.log.locator(".said", { hasText: "two" }).getByText(`Seen by ${ben.name}`)).toHaveCount(1);
  const { context } = ben;
  await ben.page.close();
  for (const line of ["three", "four"]) await ada.says(line);
  await ada.hasRead(["one", "two", "three", "four"]);

  const again = new Person(ben.name, await context.newPage());
  let release = () => {};
  const held = new Promise<void>((done) => {
    release = done;
  });
  await again.page.routeWebSocket(/^wss?:/, async (socket) => {
    await held;
    socket.connectToServer();
  });
  await again.page.goto(address);
  await again.isInRoom(room);
  await expect(again.log.locator(".said-text")).toHaveText(["one", "two"]);
  await expect(again.page.getByText("Catching up…")).toBeVisible();
  release();
  await again.hasRead(["one", "two", "three", "four"]);
  await expect(again.page.getByText("Catching up…")).toHaveCount(0);
  await expect(again.log.locator(".new-mark + li")).toContainText("three");
});

test("what is half written stays with its room, also after a reload", async ({ arrives }) => {
  const ada = await arrives("ada");
  const [tea, coffee] = [unique("tea"), unique("coffee")];
  await ada.registers();
  await ada.makesRoom(tea);
  await ada.composer.fill("half a cup");
  await ada.makesRoom(coffee);
  await expect(ada.composer).toHaveValue("");
  await ada.opens(tea);
  await expect(ada.composer).toHaveValue("half a cup");
  await ada.page.reload();
  await ada.isInRoom(tea);
  await expect(ada.composer).toHaveValue("half a cup");
  await ada.composer.press("Enter");
  await ada.hasRead(["half a cup"]);
  await ada.page.reload();
  await ada.hasRead(["half a cup"]);
  await expect(ada.composer).toHaveValue("");
});

test("a link leads to its message with what stands around it, and on in both directions", async ({ pair }) => {
  test.slow();
  const { ada, ben } = await pair();
  await ada.fills(700);
  await ben.reads("line 700");
  const room = new URL(ada.page.url()).pathname;
  await ben.page.goto(`${room}/350`);
  const row = ben.log.locator('[data-seq="350"]');
  await expect(row).toBeInViewport();
  await expect(row).toBeFocused();
  await expect(row).toHaveClass(/target/);

  // Down to the end and up to the beginning, in order and without a hole, and never with many rows at once.
  const seen = new Set<number>();
  await ben.log.hover();
  for (const [by, until] of [
    [900, "line 700"],
    [-900, "line 1"],
  ] as const) {
    await expect(async () => {
      await ben.page.mouse.wheel(0, by);
      const texts = await ben.texts();
      const numbers = texts.map((text) => Number(text.slice(5)));
      expect(texts.length).toBeLessThanOrEqual(520);
      for (const [index, number] of numbers.entries()) {
        seen.add(number);
        if (index > 0) expect(number).toBe((numbers[index - 1] ?? 0) + 1);
      }
      await expect(ben.log.getByText(until, { exact: true })).toBeInViewport({ timeout: 200 });
    }).toPass({ timeout: 90_000, intervals: [50] });
  }
  expect(seen.size).toBe(700);
  // What is said meanwhile is counted, and one press away.
  await ada.says("and here we are");
  await ben.page.getByRole("button", { name: /1 new message/ }).click();
  await ben.reads("and here we are");
  await expect(ben.log.getByText("and here we are")).toBeInViewport();
});

test("with much that is new one begins where one stopped reading", async ({ pair }) => {
  test.slow();
  const { ada, ben, room } = await pair();
  await ada.says("before");
  await ben.reads("before");
  await expect(ben.page).toHaveTitle(`${room} · Parlour`);
  await ben.makesRoom(unique("elsewhere"));
  await ada.fills(200);
  await expect(ben.page).toHaveTitle(/^\(99\+\) /);
  await ben.page.reload();
  await ben.opens(room);
  await expect(ben.log.locator(".new-mark")).toBeInViewport();
  await expect(ben.log.locator(".new-mark + li")).toContainText("line 1");
  await expect(ben.page.getByRole("link", { name: new RegExp(room) })).toContainText("99+");
  await ben.page.getByRole("button", { name: /new messages/ }).click();
  await expect(ben.log.getByText("line 200", { exact: true })).toBeInViewport();
  await expect(ben.page).toHaveTitle(`${room} · Parlour`);
});

test("from a link to something old, what is unread below is one press away", async ({ pair }) => {
  test.slow();
  const { ada, ben, room } = await pair();
  await ada.fills(100);
  await ben.reads("line 100");
  await expect(ben.page).toHaveTitle(`${room} · Parlour`);
  const address = new URL(ben.page.url()).pathname;
  await ben.makesRoom(unique("elsewhere"));
  await ada.asks(Array.from({ length: 100 }, (_, index) => ({ action: "send", text: `news ${index + 1}` })));
  await expect(ben.page).toHaveTitle(/^\(99\+\) /);

  await ben.page.goto(`${address}/10`);
  await expect(ben.log.locator('[data-seq="10"]')).toBeInViewport();
  const unread = ben.page.getByRole("button", { name: "Jump to unread" });
  await expect(unread).toBeVisible();
  await expect(ben.page.getByRole("button", { name: "100 new messages" })).toBeVisible();
  await isSound(ben, "ways to jump");
  await unread.click();
  await expect(ben.log.locator(".new-mark")).toBeInViewport();
  await expect(ben.log.locator(".new-mark + li")).toContainText("news 1");
  await expect(unread).toHaveCount(0);

  // Scrolled past, it is not offered again.
  await ben.page.getByRole("button", { name: "100 new messages" }).click();
  await expect(ben.log.getByText("news 100", { exact: true })).toBeInViewport();
  await expect(unread).toHaveCount(0);
});

test("without the API what was seen last is there, and nothing of it counts as read", async ({ pair }) => {
  const { ada, ben, room } = await pair();
  await ada.says("one");
  await ben.hasRead(["one"]);
  await ben.keeps("one");
  await cutOff(ben);
  await ben.page.reload();
  await ben.isInRoom(room);
  await expect(ben.log.locator(".said-text")).toHaveText(["one"]);
  await ben.says("written without a network");
  await expect(ben.log.locator(".sending")).toHaveCount(1);
});
