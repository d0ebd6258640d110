import { expect, isSound, type Person, test, unique } from "./world";

async function about(who: Person, other: Person): Promise<void> {
  await who.page.getByRole("button", { name: `What to do about ${other.name}` }).click();
}

const hushed = (who: Person) => who.page.locator(".hushed");

test("a member keeps no order, and neither deletes what others say", async ({ pair }) => {
  const { ada, ben } = await pair();
  await ada.says("mine");
  await ben.reads("mine");
  await ben.sees(ada.name, "Here now");
  await expect(ben.page.getByRole("button", { name: /What to do about/ })).toHaveCount(0);
  await expect(ben.page.getByRole("button", { name: "Banned people" })).toHaveCount(0);
  await ben.log.getByText("mine").hover();
  await expect(ben.log.getByRole("button", { name: "Copy link" })).toBeVisible();
  await expect(ben.log.getByRole("button", { name: "Delete" })).toHaveCount(0);
});

test("who is muted or a guest is told so, and keeps what was half written", async ({ pair }) => {
  test.slow();
  const { ada, ben } = await pair();
  await ben.composer.fill("half writ");
  await about(ada, ben);
  await isSound(ada, "keeping order");
  await ada.page.getByRole("button", { name: "Mute for 1 hour" }).click();
  await expect(hushed(ben)).toContainText("You are muted here. You can read along. It ends: ");
  await expect(ben.page.getByRole("textbox")).toHaveCount(0);
  await isSound(ben, "muted");
  await about(ada, ben);
  await ada.page.getByRole("button", { name: "Lift the mute" }).click();
  await expect(ben.composer).toHaveValue("half writ");
  await about(ada, ben);
  await ada.page.getByRole("button", { name: /Make guest/ }).click();
  await expect(hushed(ben)).toHaveText("You are a guest here: you can read along, and say nothing.");
  await expect(ada.page.locator(".person", { hasText: ben.name })).toContainText("guest");
  await about(ada, ben);
  await ada.page.getByRole("button", { name: "Make member" }).click();
  await ben.says("thanks");
  await ada.reads("thanks");
});

test("a moderator deletes what another said, and it is said who did", async ({ pair }) => {
  const { ada, ben } = await pair();
  await ben.says("spam");
  await ada.log.getByText("spam").hover();
  await expect(ada.log.getByRole("button", { name: "Delete" })).toBeVisible();
  await expect(ada.log.getByRole("button", { name: "Edit" })).toHaveCount(0);
  await ada.does("Delete", "spam");
  await ada.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  for (const who of [ada, ben]) await expect(who.log.getByText("A moderator deleted this message.")).toBeVisible();
});

test("who is sent out is told so and may come again; who is banned may not, until it is lifted", async ({ pair }) => {
  test.slow();
  const { ada, ben, room } = await pair();
  await about(ada, ben);
  await ada.page.getByRole("button", { name: "Send out" }).click();
  await expect(ada.page.getByText("They can join again at any time.")).toBeVisible();
  await isSound(ada, "send out?");
  await ada.page.getByRole("button", { name: "Cancel" }).click();
  await ada.page.getByRole("button", { name: "Send out" }).click();
  await ada.page.getByRole("button", { name: "Send out" }).click();
  await expect(ben.page.getByText(`You were sent out of ${room}. You can join it again.`)).toBeVisible();
  await isSound(ben, "sent out");
  await ben.page.getByRole("button", { name: "Join this room" }).click();
  await ben.isInRoom(room);

  await about(ada, ben);
  await ada.page.getByRole("button", { name: "Ban", exact: true }).click();
  await ada.page.getByLabel("For 1 day").check();
  await ada.page.getByLabel("Why (if you like)").fill("spam");
  await isSound(ada, "ban?");
  await ada.page.getByRole("button", { name: "Ban", exact: true }).click();
  await expect(ben.page.getByText(`You were banned from ${room}.`)).toBeVisible();
  await ben.page.getByRole("button", { name: "Join this room" }).click();
  await expect(ben.page.getByText(/You are banned from this room for (1 day|24 hours) more/)).toBeVisible();
  await ada.page.getByRole("button", { name: "Banned people" }).click();
  await expect(ada.page.getByRole("dialog")).toContainText("spam");
  await isSound(ada, "banned people");
  await ada.page.getByRole("button", { name: `Lift the ban of ${ben.name}` }).click();
  await expect(ada.page.getByText("Nobody is banned.")).toBeVisible();
  await ben.page.getByRole("button", { name: "Join this room" }).click();
  await ben.isInRoom(room);
});

test("a room is handed over after a question", async ({ pair }) => {
  const { ada, ben } = await pair();
  await about(ada, ben);
  await ada.page.getByRole("button", { name: "Hand over the room" }).click();
  await isSound(ada, "hand over?");
  await ada.page.getByRole("button", { name: "Hand over the room" }).click();
  for (const who of [ada, ben]) {
    await expect(who.page.locator(".person", { hasText: ben.name })).toContainText("owner");
    await expect(who.page.locator(".person", { hasText: ada.name })).toContainText("moderator");
  }
  await expect(ben.page.getByRole("button", { name: `What to do about ${ada.name}` })).toBeVisible();
});

test("who is sent out of a private room is not told that they may join again", async ({ arrives }) => {
  const [ada, ben] = await Promise.all([arrives("ada"), arrives("ben")]);
  const room = unique("den");
  await Promise.all([ada.registers(), ben.registers()]);
  await ada.makesPrivateRoom(room);
  await ada.page.getByRole("button", { name: "Invite people" }).click();
  await ada.page.getByLabel("Their name begins with").fill(ben.name);
  await ada.page.getByRole("button", { name: `Invite ${ben.name}` }).click();
  await ben.page.getByRole("button", { name: `Accept: ${room}` }).click();
  await ben.isInRoom(room);
  await ada.closes();
  await about(ada, ben);
  await ada.page.getByRole("button", { name: "Send out" }).click();
  await expect(ada.page.getByText("They can come in again only when somebody invites them.")).toBeVisible();
  await ada.page.getByRole("button", { name: "Send out" }).click();
  const gone = `You were sent out of ${room}. You can come in again when somebody invites you.`;
  await expect(ben.page.getByText(gone)).toBeVisible();
});

test("who only reads sees reactions, and cannot press them", async ({ pair }) => {
  const { ada, ben } = await pair();
  await ada.says("cake");
  await ben.reads("cake");
  await ada.asks([{ action: "react", seq: 1, emoji: "🎉", on: true }]);
  await expect(ben.log.getByRole("button", { name: `🎉 ${ada.name}` })).toHaveText("🎉 1");
  await about(ada, ben);
  await ada.page.getByRole("button", { name: /Make guest/ }).click();
  await expect(hushed(ben)).toHaveText("You are a guest here: you can read along, and say nothing.");
  await expect(ben.log.locator(".chip")).toContainText("🎉");
  await expect(ben.log.getByRole("button", { name: /🎉/ })).toHaveCount(0);
  await expect(ben.log.getByText(`🎉 ${ada.name}`)).toHaveCount(1);
  await isSound(ben, "reactions that cannot be pressed");
});
