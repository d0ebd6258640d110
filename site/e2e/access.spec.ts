import { expect, fits, isSound, type Person, PHONE, test, unique } from "./world";

test("every screen passes axe in both themes", async ({ arrives }) => {
  test.slow();
  const ada = await arrives("ada");
  const { page } = ada;
  await page.goto("/");
  await isSound(ada, "sign in");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").first().waitFor();
  await isSound(ada, "sign in, refused");
  await page.getByRole("button", { name: "Create account" }).click();
  await isSound(ada, "create account");
  await ada.registers();
  await isSound(ada, "no rooms");
  await page.getByRole("button", { name: "New room" }).first().click();
  await isSound(ada, "new room");
  await page.keyboard.press("Escape");
  const room = unique("tea");
  await ada.makesRoom(room);
  await isSound(ada, "empty room");
  await ada.says("Hello there.");
  await ada.says("مرحبا");
  await expect(ada.log.locator(".sending")).toHaveCount(0);
  await isSound(ada, "conversation");
  await ada.says(
    "> quoted\n\n- a *list* of `code`\n- [a link](https://example.org)\n\n```js\nconst a = 1; // one\n```",
  );
  await expect(ada.log.locator(".code-keyword")).toHaveCount(1);
  await isSound(ada, "marks");
  await ada.log.getByText("Hello there.").hover();
  await page.getByRole("button", { name: "Edit" }).waitFor();
  await isSound(ada, "actions of a message");
  await ada.does("Edit", "Hello there.");
  await isSound(ada, "editing");
  await page.keyboard.press("Escape");
  await ada.does("Delete", "Hello there.");
  await isSound(ada, "delete?");
  await ada.closes();
  await ada.composer.pressSequentially(":smi");
  await page.getByRole("option").first().waitFor();
  await isSound(ada, "emoji");
  await ada.composer.fill("");
  await page.keyboard.press("Control+k");
  await page.getByRole("option").first().waitFor();
  await isSound(ada, "go to a room");
  await ada.closes();
  await page.keyboard.press("Control+/");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await isSound(ada, "keyboard");
  await ada.closes();
  await page.goto(`${new URL(page.url()).pathname}/1`);
  await page.locator(".said.target").waitFor();
  await isSound(ada, "a linked message");
  await page.getByRole("button", { name: "Find a room" }).click();
  await page
    .getByRole("button", { name: /^(Open|Join) / })
    .first()
    .waitFor();
  await isSound(ada, "find a room");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Leave room" }).click();
  await isSound(ada, "leave?");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Your account/ }).click();
  await page.getByText("This device").waitFor();
  await isSound(ada, "account");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByRole("alert").waitFor();
  await isSound(ada, "account, refused");
  await page.getByRole("dialog").getByLabel("Password", { exact: true }).fill("three calm armchairs");
  await page.getByRole("button", { name: "Delete account" }).click();
  await page.getByRole("button", { name: "Keep account" }).waitFor();
  await isSound(ada, "delete the account?");
  await page.getByRole("button", { name: "Keep account" }).click();
  await page.keyboard.press("Escape");
  await page.setViewportSize({ width: 390, height: 844 });
  await isSound(ada, "conversation on a phone");
  await page.getByRole("button", { name: /^People/ }).click();
  await isSound(ada, "people on a phone");
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Back to your rooms" }).click();
  await isSound(ada, "rooms on a phone");
  await ada.context.setOffline(true);
  await page.locator(".status.trouble").waitFor({ timeout: 20_000 });
  await isSound(ada, "offline");
  await ada.context.setOffline(false);
  await page.goto("/r/000000000000000000000000");
  await page.getByRole("heading", { name: "You are not in this room" }).waitFor();
  await isSound(ada, "not a member");
});

test("a phone shows one pane at a time", async ({ arrives }) => {
  const ada = await arrives("ada", PHONE);
  const { page } = ada;
  const room = unique("tea");
  await ada.registers();
  await fits(ada, "no rooms");
  await ada.makesRoom(room);
  await expect(page.getByRole("navigation")).toBeHidden();
  await ada.composer.fill(`${"long".repeat(60)} words`);
  await page.getByRole("button", { name: "Send" }).click();
  await ada.reads(`${"long".repeat(60)} words`);
  await fits(ada, "a long word");

  await page.getByRole("button", { name: /^People: 1 in this room/ }).click();
  await ada.sees(ada.name, "Here now");
  await expect(page.getByRole("button", { name: "Close" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("complementary")).toHaveCount(0);
  await expect(page.getByRole("button", { name: /^People/ })).toBeFocused();

  await page.getByRole("link", { name: "Back to your rooms" }).click();
  await expect(page.getByRole("navigation")).toBeVisible();
  await expect(ada.log).toHaveCount(0);
  await fits(ada, "rooms");
  await page.goBack();
  await ada.isInRoom(room);
  await expect(ada.log.locator(".said-text")).toBeInViewport();

  for (const button of await page.locator("button:visible, a:visible").all()) {
    const box = await button.boundingBox();
    if (!box || box.height <= 1) continue;
    expect(box.height, await button.evaluate((node) => node.outerHTML)).toBeGreaterThanOrEqual(44);
  }
});

/** Screens and dialogs, and how to come to each from a room. */
const WAYS: readonly (readonly [screen: string, room: "in" | "out", (who: Person) => Promise<void>])[] = [
  ["find a room", "out", ({ page }) => page.getByRole("button", { name: "Find a room" }).click()],
  ["new room", "out", ({ page }) => page.getByRole("button", { name: "New room" }).first().click()],
  ["new conversation", "out", ({ page }) => page.getByRole("button", { name: "New conversation" }).click()],
  ["search", "out", searches],
  ["account", "out", ({ page }) => page.getByRole("button", { name: /^Your account/ }).click()],
  ["keyboard", "in", ({ page }) => page.keyboard.press("Control+/")],
  ["go to a room", "in", ({ page }) => page.keyboard.press("Control+k")],
  ["people", "in", async () => {}],
  ["about", "in", inPane("About this room")],
  ["pins", "in", inPane("Pinned messages")],
  ["inviting", "in", makesLink],
  ["banned people", "in", inPane("Banned people")],
  ["leave?", "in", inPane("Leave room")],
  ["keeping order", "in", inPane(/^What to do about/)],
  ["send out?", "in", inPane(/^What to do about/, "Send out")],
  ["ban?", "in", inPane(/^What to do about/, "Ban")],
  ["hand over?", "in", inPane(/^What to do about/, "Hand over the room")],
];

async function searches({ page }: Person): Promise<void> {
  await page.getByRole("button", { name: "Search messages" }).click();
  await page.getByLabel("Words in a message").fill("first");
  await page.locator(".found").first().waitFor();
}

async function makesLink({ page }: Person): Promise<void> {
  await page.getByRole("button", { name: "Invite people" }).click();
  await page.getByRole("button", { name: "Make link" }).click();
  await page.getByLabel("The link").waitFor();
}

function inPane(button: string | RegExp, then?: string) {
  return async ({ page }: Person) => {
    await page.getByRole("button", { name: button }).click();
    if (then) await page.getByRole("dialog").getByRole("button", { name: then, exact: true }).click();
    await page.getByRole("dialog").waitFor();
  };
}

for (const [what, viewport] of [
  ["at 320 pixels", { width: 320, height: 568 }],
  ["at 200 %", { width: 640, height: 400 }],
] as const) {
  test(`${what} nothing scrolls sideways`, async ({ arrives }) => {
    test.slow();
    const ada = await arrives("ada", { viewport });
    const ben = await arrives("ben");
    const { page } = ada;
    const room = unique("aroomwithanamewithoutanyspace");
    const long = `first ${"W".repeat(500)}`;
    await page.goto("/");
    await fits(ada, "the door");
    await Promise.all([ada.registers(), ben.registers()]);
    await fits(ada, "no rooms");
    await ada.makesRoom(room);
    await ben.findsAndJoins(room);
    await ada.says(long);
    await ada.reads(long);
    await fits(ada, "a long word");
    const emoji = ["🎉", "👍", "🍪", "🍋", "❤️", "😂", "👀", "🙏"];
    await ada.asks([
      { action: "pin", seq: 1, on: true },
      { action: "edit", seq: 1, text: `${long} edited` },
      ...emoji.map((one) => ({ action: "react", seq: 1, emoji: one, on: true })),
      { action: "send", text: "a reply", reply_to: 1 },
    ]);
    await expect(ada.log.locator(".chip")).toHaveCount(emoji.length);
    await expect(ada.log.locator(".said-quote")).toContainText("WWW");
    await fits(ada, "a quote, chips and a pin");
    await ada.log.getByRole("button", { name: "Edited. What it said before" }).click();
    await expect(page.getByRole("dialog")).toContainText("edited");
    await fits(ada, "what it said before");
    await ada.closes();
    for (const [button, screen] of [
      ["React", "emoji to react with"],
      ["Delete", "delete?"],
    ] as const) {
      await ada.does(button, "a reply");
      await expect(page.getByRole("dialog")).toBeVisible();
      await fits(ada, screen);
      await ada.closes();
    }
    await ada.does("Reply", "a reply");
    await ada.composer.pressSequentially("@");
    await page.getByRole("option").first().waitFor();
    await fits(ada, "replying, and people to mention");

    const inside = page.url();
    for (const [screen, where, come] of WAYS) {
      await page.goto(where === "in" ? inside : "/");
      await ada.isIn();
      if (where === "in") {
        await ada.isInRoom(room);
        await page.getByRole("button", { name: /^People: 2/ }).click();
        await page.getByRole("complementary").waitFor();
      }
      await come(ada);
      await fits(ada, screen);
    }
  });
}

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
