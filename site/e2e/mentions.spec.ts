import { expect, isSound, type Person, test } from "./world";

/** Somewhere else, so that nothing there is read. */
async function turnsAway(who: Person): Promise<void> {
  await who.page.getByRole("navigation").getByRole("link", { name: "Parlour" }).click();
  await expect(who.log).toHaveCount(0);
}

const inList = (who: Person, name: string) => who.page.getByRole("navigation").getByRole("link", { name });

test("who is mentioned is told so where the room is listed and in the title, until they read it", async ({ pair }) => {
  test.slow();
  const { ada, ben, room } = await pair();
  await turnsAway(ben);
  await ada.says("no one in particular");
  await expect(inList(ben, room)).toContainText("1 unread message");
  await expect(inList(ben, room).locator(".badge.calls")).toHaveCount(0);
  await ada.says(`@${ben.name.toUpperCase()}: and you?`);
  await expect(inList(ben, room)).toContainText("1 mentions you");
  await expect(ben.page).toHaveTitle(/^@ \(2\) /);
  await ben.page.reload();
  await expect(inList(ben, room)).toContainText("1 mentions you");
  await ben.opens(room);
  await expect(inList(ben, room).locator(".badge")).toHaveCount(0);
  await expect(ben.page).not.toHaveTitle(/@/);
  await expect(ben.log.locator(".said.calls")).toHaveCount(1);
  await expect(ben.log.locator(".mention.me")).toHaveText(`@${ben.name.toUpperCase()}`);
  await expect(ada.log.locator(".mention")).toHaveCount(1);
  await expect(ada.log.locator(".said.calls, .mention.me")).toHaveCount(0);
});

test("a mention that is deleted is counted no more", async ({ pair }) => {
  const { ada, ben, room } = await pair();
  await turnsAway(ben);
  await ada.says(`@${ben.name} quick`);
  await expect(inList(ben, room)).toContainText("1 mentions you");
  await ada.asks([{ action: "delete", seq: 1 }]);
  await expect(inList(ben, room).locator(".badge.calls")).toHaveCount(0);
});

test("nobody is marked who is not mentioned", async ({ pair, arrives }) => {
  test.slow();
  const { ada, ben, room } = await pair();
  const cleo = await arrives("cleo");
  await cleo.registers();
  await ada.says(`@${cleo.name} is not here yet, @${ben.name}`);
  await ada.says(`@nobody-by-that-name a@${ben.name} \`@${ben.name}x\``);
  await ada.says("@room everybody");
  await expect(ben.log.locator(".mention.me")).toHaveText([`@${ben.name}`, "@room"]);
  await expect(ben.log.locator(".said.calls")).toHaveCount(2);

  await cleo.findsAndJoins(room);
  await cleo.sees(cleo.name, "Here now");
  await expect(cleo.log.locator(".mention")).toHaveText([`@${ben.name}`, "@room"]);
  await expect(ben.page.getByRole("complementary").getByText(cleo.name)).toBeVisible();
  await expect(ben.log.locator(".mention")).toHaveText([`@${ben.name}`, "@room"]);
});

test("people are offered by the beginning of their names", async ({ pair }) => {
  const { ada, ben } = await pair();
  const { keyboard } = ada.page;
  await ada.sees(ben.name, "Here now");
  await ada.composer.focus();
  await keyboard.type("hello @b");
  await expect(ada.page.getByRole("listbox", { name: "People to mention" })).toBeVisible();
  await expect(ada.page.getByRole("option")).toHaveText([`@ ${ben.name}`]);
  await keyboard.press("Escape");
  await expect(ada.page.getByRole("listbox")).toHaveCount(0);
  await keyboard.type("e");
  await keyboard.press("Tab");
  await expect(ada.composer).toHaveValue(`hello @${ben.name} `);
  await keyboard.type("and @");
  await expect(ada.page.getByRole("option")).toHaveCount(2);
  await keyboard.press("ArrowDown");
  await expect(ada.page.getByRole("option", { selected: true })).toContainText("room");
  await isSound(ada, "people to mention");
  await keyboard.press("Enter");
  await expect(ada.composer).toHaveValue(`hello @${ben.name} and @room `);
  await expect(ada.composer).toBeFocused();
  await keyboard.press("Enter");
  await expect(ben.log.locator(".mention.me")).toHaveText([`@${ben.name}`, "@room"]);
});

test("what a message said before is seen by its author and by who keeps order", async ({ pair }) => {
  test.slow();
  const { ada, ben } = await pair();
  await ben.says("first");
  await ben.hasRead(["first"]);
  await ben.asks([{ action: "edit", seq: 1, text: "second" }]);
  for (const who of [ada, ben]) {
    await who.log.getByRole("button", { name: "Edited. What it said before" }).click();
    await expect(who.page.getByRole("dialog").locator(".about-text")).toHaveText(["first", "second"]);
    await isSound(who, "what it said before");
    await who.closes();
  }
  await ada.says("mine");
  await ada.hasRead(["second (edited)", "mine"]);
  await ada.asks([{ action: "edit", seq: 2, text: "mine too" }]);
  await expect(ben.log.locator('[data-seq="2"] .said-edited')).toBeVisible();
  await expect(ben.log.locator('[data-seq="2"]').getByRole("button", { name: /^Edited/ })).toHaveCount(0);

  // It may be deleted while one asks.
  let release = () => {};
  const held = new Promise<void>((done) => {
    release = done;
  });
  await ben.page.route("**/versions", async (route) => {
    await held;
    await route.continue();
  });
  await ben.log.getByRole("button", { name: "Edited. What it said before" }).click();
  await expect(ben.page.getByText("Loading what it said")).toBeVisible();
  await ben.asks([{ action: "delete", seq: 1 }]);
  release();
  await expect(ben.page.getByRole("dialog")).toContainText("This message was deleted.");
});

test("what is half written is there on another device, and not over what is being written", async ({
  pair,
  arrives,
}) => {
  test.slow();
  const { ada, room } = await pair();
  const phone = await arrives("phone");
  await phone.page.goto("/");
  await phone.page.getByLabel("Name", { exact: true }).fill(ada.name);
  await phone.page.getByLabel("Password", { exact: true }).fill("three calm armchairs");
  await phone.page.getByRole("button", { name: "Sign in" }).click();
  await phone.isIn();
  await phone.opens(room);
  await ada.composer.pressSequentially("half writ");
  await expect(phone.composer).toHaveValue("half writ");
  await phone.page.getByRole("button", { name: /^People/ }).focus();
  await ada.composer.fill("other");
  await expect(phone.composer).toHaveValue("other");

  // What comes from the phone has come when a page of the same session shows it, in which nobody writes.
  const tab = await ada.anotherTab();
  await tab.page.getByRole("button", { name: /^People/ }).focus();
  await ada.composer.focus();
  await phone.composer.fill("half written there");
  await expect(tab.composer).toHaveValue("half written there");
  await expect(ada.composer).toHaveValue("other");
  await tab.page.close();
  await ada.says("done");
  await expect(phone.composer).toHaveValue("half written there");
  const told = phone.page.waitForResponse((answer) => answer.url().endsWith("/draft"));
  await phone.composer.fill("");
  await told;
  await phone.page.getByRole("button", { name: /^People/ }).focus();
  await ada.composer.fill("next");
  await expect(phone.composer).toHaveValue("next");
  await ada.says("next");
  await expect(phone.composer).toHaveValue("");
  await ada.composer.fill("kept");
  await expect(phone.composer).toHaveValue("kept");
  await phone.page.reload();
  await expect(phone.composer).toHaveValue("kept");
});
