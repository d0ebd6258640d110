import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test, unique } from "./world";

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

/** No finding of any severity, in both themes. */
async function isSound(page: Page, screen: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map(
      ({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((node) => node.html).join(" | ")}`,
    );
    expect(found, `${screen}, ${colorScheme}`).toEqual([]);
  }
}

/** Nothing sticks out sideways. */
async function fits(page: Page): Promise<void> {
  const { scroll, client } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    client: document.documentElement.clientWidth,
  }));
  expect(scroll).toBeLessThanOrEqual(client);
}

test("every screen passes axe in both themes", async ({ arrives }) => {
  test.slow();
  const ada = await arrives("ada");
  const { page } = ada;
  await page.goto("/");
  await isSound(page, "sign in");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").first().waitFor();
  await isSound(page, "sign in, refused");
  await page.getByRole("button", { name: "Create account" }).click();
  await isSound(page, "create account");
  await ada.registers();
  await isSound(page, "no rooms");
  await page.getByRole("button", { name: "New room" }).first().click();
  await isSound(page, "new room");
  await page.keyboard.press("Escape");
  const room = unique("tea");
  await ada.makesRoom(room);
  await isSound(page, "empty room");
  await ada.says("Hello there.");
  await ada.says("مرحبا");
  await expect(ada.log.locator(".sending")).toHaveCount(0);
  await isSound(page, "conversation");
  await ada.says(
    "> quoted\n\n- a *list* of `code`\n- [a link](https://example.org)\n\n```js\nconst a = 1; // one\n```",
  );
  await expect(ada.log.locator(".code-keyword")).toHaveCount(1);
  await isSound(page, "marks");
  await ada.log.getByText("Hello there.").hover();
  await page.getByRole("button", { name: "Edit" }).waitFor();
  await isSound(page, "actions of a message");
  await ada.does("Edit", "Hello there.");
  await isSound(page, "editing");
  await page.keyboard.press("Escape");
  await ada.does("Delete", "Hello there.");
  await isSound(page, "delete?");
  await ada.closes();
  await ada.composer.pressSequentially(":smi");
  await page.getByRole("option").first().waitFor();
  await isSound(page, "emoji");
  await ada.composer.fill("");
  await page.keyboard.press("Control+k");
  await page.getByRole("option").first().waitFor();
  await isSound(page, "go to a room");
  await ada.closes();
  await page.keyboard.press("Control+/");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await isSound(page, "keyboard");
  await ada.closes();
  await page.goto(`${new URL(page.url()).pathname}/1`);
  await page.locator(".said.target").waitFor();
  await isSound(page, "a linked message");
  await page.getByRole("button", { name: "Find a room" }).click();
  await page
    .getByRole("button", { name: /^(Open|Join) / })
    .first()
    .waitFor();
  await isSound(page, "find a room");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Leave room" }).click();
  await isSound(page, "leave?");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Your account/ }).click();
  await page.getByText("This device").waitFor();
  await isSound(page, "account");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByRole("alert").waitFor();
  await isSound(page, "account, refused");
  await page.getByRole("dialog").getByLabel("Password", { exact: true }).fill("three calm armchairs");
  await page.getByRole("button", { name: "Delete account" }).click();
  await page.getByRole("button", { name: "Keep account" }).waitFor();
  await isSound(page, "delete the account?");
  await page.getByRole("button", { name: "Keep account" }).click();
  await page.keyboard.press("Escape");
  await page.setViewportSize({ width: 390, height: 844 });
  await isSound(page, "conversation on a phone");
  await page.getByRole("button", { name: /^People/ }).click();
  await isSound(page, "people on a phone");
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Back to your rooms" }).click();
  await isSound(page, "rooms on a phone");
  await ada.context.setOffline(true);
  await page.locator(".status.trouble").waitFor({ timeout: 20_000 });
  await isSound(page, "offline");
  await ada.context.setOffline(false);
  await page.goto("/r/000000000000000000000000");
  await page.getByRole("heading", { name: "You are not in this room" }).waitFor();
  await isSound(page, "not a member");
});

test("a phone shows one pane at a time", async ({ arrives }) => {
  const ada = await arrives("ada", PHONE);
  const { page } = ada;
  const room = unique("tea");
  await ada.registers();
  await fits(page);
  await ada.makesRoom(room);
  await expect(page.getByRole("navigation")).toBeHidden();
  await ada.composer.fill(`${"long".repeat(60)} words`);
  await page.getByRole("button", { name: "Send" }).click();
  await ada.reads(`${"long".repeat(60)} words`);
  await fits(page);

  await page.getByRole("button", { name: /^People: 1 in this room/ }).click();
  await ada.sees(ada.name, "Here now");
  await expect(page.getByRole("button", { name: "Close" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("complementary")).toHaveCount(0);
  await expect(page.getByRole("button", { name: /^People/ })).toBeFocused();

  await page.getByRole("link", { name: "Back to your rooms" }).click();
  await expect(page.getByRole("navigation")).toBeVisible();
  await expect(ada.log).toHaveCount(0);
  await fits(page);
  await page.goBack();
  await ada.isInRoom(room);
  await expect(ada.log.locator(".said-text")).toBeInViewport();

  for (const button of await page.locator("button:visible, a:visible").all()) {
    const box = await button.boundingBox();
    if (!box || box.height <= 1) continue;
    expect(box.height, await button.evaluate((node) => node.outerHTML)).toBeGreaterThanOrEqual(44);
  }
});

test("at 320 pixels, as at 200 % on a small screen, nothing scrolls sideways", async ({ arrives }) => {
  const ada = await arrives("ada", { viewport: { width: 320, height: 568 } });
  await ada.page.goto("/");
  await fits(ada.page);
  await ada.registers();
  await fits(ada.page);
  await ada.makesRoom(unique("aroomwithanamewithoutanyspace"));
  await ada.says("W".repeat(500));
  await ada.reads("W".repeat(500));
  await fits(ada.page);
  expect(await ada.log.evaluate((log) => log.scrollWidth - log.clientWidth)).toBeLessThanOrEqual(0);
});

test("everything can be done by keyboard alone", async ({ arrives }) => {
  const ada = await arrives("ada");
  const { page } = ada;
  const { keyboard } = page;
  const names = [unique("a-room"), unique("b-room")];
  const tabTo = async (name: string | RegExp, role: "button" | "link" | "textbox" = "button") => {
    const target = page.getByRole(role, { name }).first();
    for (let presses = 0; presses < 40; presses += 1) {
      if (await target.evaluate((node) => node === document.activeElement)) return;
      await keyboard.press("Tab");
    }
    throw new Error(`The tab key does not lead to ${name}`);
  };

  await page.goto("/");
  await tabTo("Create account");
  await keyboard.press("Enter");
  await page.getByLabel("Name", { exact: true }).focus();
  await keyboard.type(ada.name);
  await keyboard.press("Tab");
  await keyboard.type("three calm armchairs");
  await keyboard.press("Enter");
  await ada.isIn();

  for (const name of names) {
    await tabTo("New room");
    await keyboard.press("Enter");
    await expect(page.getByLabel("Name of the room")).toBeFocused();
    await keyboard.type(name);
    await keyboard.press("Enter");
    await ada.isInRoom(name);
    await expect(ada.composer).toBeFocused();
  }

  await keyboard.type("one line");
  await keyboard.press("Shift+Enter");
  await keyboard.type("and another");
  await keyboard.press("Enter");
  await expect(ada.log.getByText("one line and another")).toBeVisible();
  await expect(ada.composer).toBeFocused();

  // Up and down go through the rooms, Enter opens.
  await tabTo(names[1] as string, "link");
  await keyboard.press("ArrowUp");
  await keyboard.press("Enter");
  await ada.isInRoom(names[0] as string);

  // Before the rooms stands the way past them.
  await page.reload();
  await ada.isInRoom(names[0] as string);
  await tabTo("Skip to the conversation", "link");
  const skip = page.getByRole("link", { name: "Skip to the conversation" });
  await expect(skip).toBeInViewport();
  await keyboard.press("Enter");
  await expect(ada.composer).toBeFocused();

  await tabTo(/^Find a room/);
  await keyboard.press("Enter");
  await expect(page.getByLabel("Name begins with")).toBeFocused();
  await keyboard.type("zzz");
  await keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Find a room" })).toBeFocused();
});

test("the colors can be chosen and stay chosen", async ({ arrives }) => {
  const ada = await arrives("ada");
  await ada.registers();
  const background = () => ada.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await ada.page.getByRole("button", { name: /^Colors/ }).click();
  await ada.page.getByRole("button", { name: /^Colors: light/ }).click();
  await expect(ada.page.getByRole("button", { name: /^Colors: dark/ })).toBeVisible();
  await expect.poll(background).not.toBe(light);
  await ada.page.reload();
  await expect(ada.page.getByRole("button", { name: /^Colors: dark/ })).toBeVisible();
  await expect.poll(background).not.toBe(light);
});
