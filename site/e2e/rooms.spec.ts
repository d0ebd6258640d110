import { expect, isSound, type Person, test, unique } from "./world";

const inList = (who: Person, name: string) => who.page.getByRole("navigation").getByRole("link", { name });

test("a private room is marked as one, and whoever is not in it does not find it", async ({ arrives }) => {
  const [ada, ben] = await Promise.all([arrives("ada"), arrives("ben")]);
  await Promise.all([ada.registers(), ben.registers()]);
  const room = unique("den");
  await ada.page.getByRole("button", { name: "New room" }).first().click();
  await ada.page.getByLabel("Name of the room").fill(room);
  await ada.page.getByLabel("Private").check();
  await expect(ada.page.getByLabel("Private")).toHaveAccessibleDescription(/Only who is invited/);
  await isSound(ada, "new private room");
  await ada.page.getByRole("button", { name: "Make room" }).click();
  await ada.isInRoom(room);
  await expect(inList(ada, room)).toHaveAccessibleName(`${room} (private)`);
  await expect(ada.page.getByRole("button", { name: "Copy the room’s address" })).toHaveCount(0);

  await ben.page.getByRole("button", { name: "Find a room" }).first().click();
  await ben.page.getByLabel("Name begins with").fill(room.slice(0, 12));
  await expect(ben.page.getByText("No room’s name begins with")).toBeVisible();
  await ben.page.goto(new URL(ada.page.url()).pathname);
  await ben.page.getByRole("button", { name: "Join this room" }).click();
  await expect(ben.page.getByRole("alert")).toHaveText("It is not there, or not open to you.");
});

test("two people talk by themselves, however they come to it", async ({ pair }) => {
  test.slow();
  const { ada, ben, room } = await pair();
  await ada.page.getByRole("button", { name: `Write to ${ben.name}` }).click();
  await ada.isInRoom(ben.name);
  await expect(ada.page.getByRole("button", { name: /^Leave/ })).toHaveCount(0);
  await expect(ada.page.getByRole("button", { name: "Invite people" })).toHaveCount(0);
  await ada.says("only for you");
  await isSound(ada, "a conversation of two");

  const direct = ben.page.getByRole("region", { name: "Direct messages" });
  await expect(direct.getByRole("link", { name: new RegExp(`^${ada.name} .*1 unread message`) })).toBeVisible();
  await direct.getByRole("button", { name: "New conversation" }).click();
  const dialog = ben.page.getByRole("dialog");
  await expect(dialog.getByRole("button", { name: "Start" })).toHaveAttribute("aria-disabled", "true");
  await dialog.getByLabel("Their name begins with").fill(ada.name);
  await dialog.getByLabel(`Choose ${ada.name}`).check();
  await isSound(ben, "new conversation");
  await dialog.getByRole("button", { name: "Start" }).click();
  await ben.isInRoom(ada.name);
  await ben.reads("only for you");
  await expect(ben.composer).toHaveAttribute("aria-label", `Message ${ada.name}`);
  await expect(direct.getByRole("link")).toHaveCount(1);
  await expect(ben.page.getByRole("region", { name: "Rooms", exact: true }).getByRole("link")).toHaveText([room]);
});

test("a few talk by themselves, called by the others, and who leaves comes back by asking again", async ({
  arrives,
}) => {
  test.slow();
  const [ada, ben, cleo] = await Promise.all([arrives("ada"), arrives("ben"), arrives("cleo")]);
  await Promise.all([ada.registers(), ben.registers(), cleo.registers()]);
  const others = [ben.name, cleo.name].join(" and ");
  async function start() {
    await ada.page.getByRole("button", { name: "New conversation" }).click();
    const dialog = ada.page.getByRole("dialog");
    for (const { name } of [ben, cleo]) {
      await dialog.getByLabel("Their name begins with").fill(name);
      await dialog.getByLabel(`Choose ${name}`).check();
    }
    await dialog.getByRole("button", { name: "Start" }).click();
    await ada.isInRoom(others);
  }
  await start();
  await ada.says("all three");
  await inList(cleo, [ada.name, ben.name].join(" and ")).click();
  await cleo.reads("all three");

  await ada.page.getByRole("button", { name: "Leave conversation" }).click();
  await ada.page.getByRole("dialog").getByRole("button", { name: "Leave conversation" }).click();
  await expect(inList(ada, others)).toHaveCount(0);
  await start();
  await ada.reads("all three");
});

test("what a room is about is seen by all of it at once, and changed by who may", async ({ pair }) => {
  test.slow();
  const { ada, ben, room } = await pair();
  const about = (who: Person) => who.page.getByRole("button", { name: "About this room" });
  await about(ada).click();
  const dialog = ada.page.getByRole("dialog");
  await dialog.getByLabel("Topic").fill("Which tea?");
  await dialog.getByLabel("Description").fill("Two\nlines");
  await dialog.getByLabel("Name of the room").fill(`${room}-2`);
  await isSound(ada, "about a room");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByText("Saved.")).toBeVisible();
  await expect(ben.page.getByRole("heading", { level: 1 })).toHaveText(`${room}-2`);
  await expect(ben.page.locator(".conversation-topic")).toHaveText("Which tea?");
  await expect(inList(ben, `${room}-2`)).toBeVisible();
  await about(ben).click();
  await expect(ben.page.getByRole("dialog")).toContainText("Two\nlines");
  await expect(ben.page.getByRole("dialog").getByRole("textbox")).toHaveCount(0);
  await expect(ben.page.getByRole("dialog").getByRole("button", { name: "Archive room" })).toHaveCount(0);
  await ben.closes();
  await ben.page.getByRole("button", { name: "Find a room" }).click();
  await ben.page.getByLabel("Name begins with").fill(`${room}-2`);
  await expect(ben.page.locator(".finder-room", { hasText: `${room}-2` })).toContainText("Which tea?");
  await ben.closes();

  await dialog.getByLabel("Topic").fill("x".repeat(251));
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByRole("alert")).toHaveText("The topic can have at most 250 characters.");
});

test("an archived room is only read, until it is opened again", async ({ pair }) => {
  test.slow();
  const { ada, ben, room } = await pair();
  await ben.says("mine");
  await ben.hasRead(["mine"]);
  await ben.composer.fill("half writ");
  await ada.page.getByRole("button", { name: "About this room" }).click();
  await ada.page.getByRole("button", { name: "Archive room" }).click();
  await expect(ben.page.locator(".hushed")).toHaveText("This room is archived: it can only be read.");
  await expect(ben.composer).toHaveCount(0);
  await expect(inList(ben, room)).toHaveAccessibleName(`${room} (archived)`);
  await ben.log.getByText("mine").hover();
  await expect(ben.log.getByRole("button", { name: "Copy link" })).toBeVisible();
  await expect(ben.log.getByRole("button", { name: "Delete" })).toHaveCount(0);
  await isSound(ben, "an archived room");
  await ada.page.getByRole("button", { name: "Open it again" }).click();
  await expect(ben.composer).toHaveValue("half writ");
  await ben.says("again");
  await ada.page.keyboard.press("Escape");
  await ada.reads("again");
});

test("a message is pinned by who keeps order, and found by everybody", async ({ pair }) => {
  test.slow();
  const { ada, ben } = await pair();
  await ada.says("the rules");
  await ben.reads("the rules");
  await ben.log.getByText("the rules").hover();
  await expect(ben.log.getByRole("button", { name: "Reply" })).toBeVisible();
  await expect(ben.log.getByRole("button", { name: "Pin", exact: true })).toHaveCount(0);
  await ada.does("Pin", "the rules");
  for (const who of [ada, ben]) await expect(who.log.locator(".said-pinned")).toHaveCount(1);

  await ada.fills(120);
  await ben.reads("line 120");
  // What he has not said that he has read he would be taken to.
  await expect(ada.log.getByText(`Seen by ${ben.name}`)).toHaveCount(1);
  await ben.page.reload();
  await ben.reads("line 120");
  await expect(ben.log.locator('[data-seq="1"]')).toHaveCount(0);
  await ben.page.getByRole("button", { name: "Pinned messages" }).click();
  await isSound(ben, "pinned messages");
  await ben.page
    .getByRole("dialog")
    .getByRole("button", { name: /the rules/ })
    .click();
  await expect(ben.log.locator('[data-seq="1"]')).toBeInViewport();
  await expect(ben.log.locator('[data-seq="1"]')).toHaveClass(/target/);
  await ada.asks([{ action: "pin", seq: 1, on: false }]);
  await expect(ben.log.locator(".said-pinned")).toHaveCount(0);
  await ben.page.getByRole("button", { name: "Pinned messages" }).click();
  await expect(ben.page.getByText("Nothing is pinned here.")).toBeVisible();
});

test("in a conversation of two either pins, and both find it", async ({ pair }) => {
  const { ada, ben } = await pair();
  await ada.page.getByRole("button", { name: `Write to ${ben.name}` }).click();
  await ada.isInRoom(ben.name);
  await ada.says("the address");
  await inList(ben, ada.name).click();
  await ben.reads("the address");
  await ben.does("Pin", "the address");
  for (const who of [ada, ben]) {
    await expect(who.log.locator(".said-pinned")).toHaveCount(1);
    await who.page.getByRole("button", { name: "Pinned messages" }).click();
    await expect(who.page.getByRole("dialog").getByRole("button", { name: /the address/ })).toBeVisible();
    await who.closes();
  }
  await ada.does("Unpin", "the address");
  for (const who of [ada, ben]) await expect(who.log.locator(".said-pinned")).toHaveCount(0);
});

test("a link to a message is copied and said to be, and what cannot be copied is not", async ({ arrives }) => {
  const ada = await arrives("ada", { permissions: ["clipboard-read", "clipboard-write"] });
  await ada.registers();
  await ada.makesRoom(unique("tea"));
  await ada.says("copy me");
  await ada.hasRead(["copy me"]);
  await ada.does("Copy link", "copy me");
  const told = ada.page.locator(".log-note.told");
  await expect(told).toHaveText("Copied");
  await isSound(ada, "copied");
  expect(await ada.page.evaluate(() => navigator.clipboard.readText())).toBe(`${ada.page.url()}/1`);
  await expect(told).toHaveCount(0);
  await ada.page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error("no"));
  });
  await ada.does("Copy link", "copy me");
  await expect(told).toHaveText("Not copied: your browser did not allow it");
  await ada.page.getByRole("button", { name: "Copy the room’s address" }).click();
  await expect(ada.page.getByRole("button", { name: "Not copied" })).toBeVisible();
});

test("who leaves is told what that means there", async ({ arrives }) => {
  test.slow();
  const [ada, ben] = await Promise.all([arrives("ada"), arrives("ben")]);
  await Promise.all([ada.registers(), ben.registers()]);
  const [den, tea] = [unique("den"), unique("tea")];
  const question = (who: Person) => who.page.getByRole("dialog");
  await ada.makesPrivateRoom(den);
  await ada.page.getByRole("button", { name: "Leave room" }).click();
  await expect(question(ada)).toContainText("nobody can come in any more, not even you");
  await ada.closes();
  await ada.page.getByRole("button", { name: "Invite people" }).click();
  await ada.page.getByLabel("Their name begins with").fill(ben.name);
  await ada.page.getByRole("button", { name: `Invite ${ben.name}` }).click();
  await ben.page.getByRole("button", { name: `Accept: ${den}` }).click();
  await ben.isInRoom(den);
  await ada.closes();
  await ada.page.getByRole("button", { name: "Leave room" }).click();
  await expect(question(ada)).toContainText("You cannot come back without an invitation.");
  await expect(question(ada)).toContainText("It passes on to whoever has moderated it for longest");
  await ben.page.getByRole("button", { name: "Leave room" }).click();
  await expect(question(ben)).toContainText("You cannot come back without an invitation.");
  await expect(question(ben)).not.toContainText("passes on");
  await ben.closes();
  await ada.page.getByRole("dialog").getByRole("button", { name: "Leave room" }).click();
  await expect(ben.page.locator(".person", { hasText: ben.name })).toContainText("owner");
  await ben.makesRoom(tea);
  await ben.page.getByRole("button", { name: "Leave room" }).click();
  await expect(question(ben)).toContainText("You can join again at any time.");
  await expect(question(ben)).not.toContainText("passes on");
});

test("who has gone was seen a moment ago", async ({ pair }) => {
  const { ada, ben } = await pair();
  await ben.page.goto("about:blank");
  await ada.sees(ben.name, "Away");
  await expect(ada.page.locator(".person", { hasText: ben.name })).toContainText("last seen just now");
  await ada.page.reload();
  await expect(ada.page.locator(".person", { hasText: ben.name })).toContainText(/last seen (just now|1 minute ago)/);
  await expect(ada.page.locator(".person", { hasText: ada.name })).not.toContainText("last seen");
});
