import { expect, PASSWORD, type Person, test, unique } from "./world";

const button = ({ page }: Person, name: string | RegExp) => page.getByRole("button", { name });
const focused = ({ page }: Person) => page.locator(":focus");

async function registers(who: Person): Promise<void> {
  const { page } = who;
  await page.goto("/");
  await who.tabsTo(button(who, "Create account"));
  await page.keyboard.press("Enter");
  await who.tabsTo(page.getByLabel("Name", { exact: true }));
  await page.keyboard.type(who.name);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await who.isIn();
}

/** Into the conversation and up to a message, with what somebody has who looks at nothing but the focus. */
async function goesUpTo(who: Person, seq: number): Promise<void> {
  await who.tabsTo(who.composer);
  await who.page.keyboard.press("Shift+Tab");
  await expect(who.page.locator("[role=log]:focus, [role=log] :focus")).toHaveCount(1);
  const row = who.log.locator(`[data-seq="${seq}"]`);
  for (let presses = 0; presses < 20; presses += 1) {
    await who.page.keyboard.press("ArrowUp");
    if (await row.evaluate((node) => node === document.activeElement)) return;
  }
  throw new Error(`The arrow key does not lead to message ${seq}`);
}

test("rooms are made, gone through and found by keyboard alone", async ({ arrives }) => {
  const ada = await arrives("ada");
  const { page } = ada;
  const { keyboard } = page;
  const [first, second] = [unique("a-room"), unique("b-room")];
  await registers(ada);
  for (const name of [first, second]) {
    await ada.tabsTo(button(ada, "New room"));
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
  await ada.tabsTo(page.getByRole("link", { name: second }));
  await keyboard.press("ArrowUp");
  await keyboard.press("Enter");
  await ada.isInRoom(first);

  // Before the rooms stands the way past them.
  await page.reload();
  await ada.isInRoom(first);
  const skip = page.getByRole("link", { name: "Skip to the conversation" });
  await ada.tabsTo(skip);
  await expect(skip).toBeInViewport();
  await keyboard.press("Enter");
  await expect(ada.composer).toBeFocused();

  await ada.tabsTo(button(ada, "Find a room"));
  await keyboard.press("Enter");
  await expect(page.getByLabel("Name begins with")).toBeFocused();
  await keyboard.type("zzz");
  await keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(button(ada, "Find a room")).toBeFocused();
});

test("from an empty page to a message that was found again, two people use nothing but the keyboard", async ({
  arrives,
}) => {
  test.slow();
  const [ada, ben] = await Promise.all([arrives("ada"), arrives("ben")]);
  const { keyboard } = ada.page;
  const room = unique("den");
  const word = unique("samovar").replaceAll("-", "");
  await registers(ada);
  await registers(ben);

  // A private room, and somebody in it.
  await ada.tabsTo(button(ada, "New room"));
  await keyboard.press("Enter");
  await expect(ada.page.getByLabel("Name of the room")).toBeFocused();
  await keyboard.type(room);
  await keyboard.press("Tab");
  await keyboard.press("ArrowDown");
  await expect(ada.page.getByLabel("Private")).toBeChecked();
  await keyboard.press("Enter");
  await ada.isInRoom(room);
  await ada.tabsTo(button(ada, "Invite people"));
  await keyboard.press("Enter");
  await expect(ada.page.getByLabel("Their name begins with")).toBeFocused();
  await keyboard.type(ben.name);
  await ada.tabsTo(button(ada, `Invite ${ben.name}`));
  await keyboard.press("Enter");
  await expect(ada.page.getByText(`For ${ben.name}, by ${ada.name}`)).toBeVisible();
  await keyboard.press("Escape");
  await expect(button(ada, "Invite people")).toBeFocused();
  await ben.tabsTo(button(ben, `Accept: ${room}`));
  await ben.page.keyboard.press("Enter");
  await ben.isInRoom(room);
  await expect(ben.composer).toBeFocused();
  await ben.page.keyboard.type(`A ${word} for the kitchen?`);
  await ben.page.keyboard.press("Enter");
  await ada.reads(`A ${word} for the kitchen?`);

  // Into the conversation: a reply, a reaction, a pin. Caps Lock changes nothing.
  await goesUpTo(ada, 1);
  await keyboard.press("R");
  await expect(ada.composer).toBeFocused();
  await keyboard.type("yes, plaese, @be");
  await expect(ada.page.getByRole("option", { name: ben.name })).toBeVisible();
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await expect(ben.log.locator(".said-quote")).toContainText(word);
  await expect(ben.log.locator(".mention.me")).toHaveText(`@${ben.name}`);
  await goesUpTo(ada, 1);
  await keyboard.press("+");
  await expect(ada.page.getByLabel("Emoji by name")).toBeFocused();
  await keyboard.type("teapot");
  await expect(button(ada, "teapot")).toBeVisible();
  await keyboard.press("Enter");
  await expect(ben.log.locator(".chip")).toHaveText(["🫖 1"]);
  await goesUpTo(ada, 1);
  await keyboard.press("Enter");
  await expect(focused(ada)).toHaveAttribute("aria-label", "Reply");
  await ada.tabsTo(ada.log.getByRole("button", { name: "Pin", exact: true }));
  await keyboard.press("Enter");
  await expect(ben.log.locator(".said-pinned")).toHaveCount(1);
  // What stands in a message is on the way, and presses as it should.
  await ada.tabsTo(ada.log.locator(".chip"), "Shift+Tab");
  await keyboard.press("Enter");
  await expect(ben.log.locator(".chip")).toHaveCount(0);

  // What was written wrong, without going there, and back where one writes.
  await ada.tabsTo(ada.composer);
  await keyboard.press("ArrowUp");
  await expect(ada.page.getByLabel("Edit your message")).toBeFocused();
  await keyboard.press("Home");
  await keyboard.type("Oh ");
  await keyboard.press("Enter");
  await expect(ben.log.locator(".said-text").last()).toContainText("Oh yes");
  await expect(ada.composer).toBeFocused();

  // The people, and what is pinned.
  await ada.tabsTo(button(ada, "Pinned messages"));
  await keyboard.press("Enter");
  await expect(ada.page.getByRole("dialog").getByText(word)).toBeVisible();
  await keyboard.press("Escape");
  await ada.tabsTo(button(ada, /^People: 2/));
  await keyboard.press("Enter");
  await expect(ada.page.getByRole("complementary")).toHaveCount(0);
  await keyboard.press("Enter");
  await ada.tabsTo(button(ada, `Write to ${ben.name}`));

  // Much later one looks for it, and goes there, and back.
  await ben.fills(120);
  await ada.reads("line 120");
  await keyboard.press("Control+Shift+f");
  await expect(ada.page.getByLabel("Words in a message")).toBeFocused();
  await keyboard.type(word);
  await expect(ada.page.locator(".found")).toHaveCount(1);
  await ada.tabsTo(ada.page.locator(".found"));
  await keyboard.press("Enter");
  await expect(ada.log.locator('[data-seq="1"]')).toBeFocused();
  await expect(ada.log.locator('[data-seq="1"]')).toBeInViewport();
  await keyboard.press("Escape");
  await expect(ada.composer).toBeFocused();
});
