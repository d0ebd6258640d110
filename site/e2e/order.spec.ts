import AxeBuilder from "@axe-core/playwright";
import { expect, type Person, test } from "./world";

async function isSound({ page }: Person): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`)).toEqual([]);
  }
}

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
  await isSound(ada);
  await ada.page.getByRole("button", { name: "Mute for 1 hour" }).click();
  await expect(hushed(ben)).toContainText("You are muted here. You can read along. It ends: ");
  await expect(ben.page.getByRole("textbox")).toHaveCount(0);
  await isSound(ben);
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
  await ada.page.getByRole("button", { name: "Cancel" }).click();
  await ada.page.getByRole("button", { name: "Send out" }).click();
  await ada.page.getByRole("button", { name: "Send out" }).click();
  await expect(ben.page.getByText(`You were sent out of ${room}. You can join it again.`)).toBeVisible();
  await isSound(ben);
  await ben.page.getByRole("button", { name: "Join this room" }).click();
  await ben.isInRoom(room);

  await about(ada, ben);
  await ada.page.getByRole("button", { name: "Ban", exact: true }).click();
  await ada.page.getByLabel("For 1 day").check();
  await ada.page.getByLabel("Why (if you like)").fill("spam");
  await isSound(ada);
  await ada.page.getByRole("button", { name: "Ban", exact: true }).click();
  await expect(ben.page.getByText(`You were banned from ${room}.`)).toBeVisible();
  await ben.page.getByRole("button", { name: "Join this room" }).click();
  await expect(ben.page.getByText(/You are banned from this room for (1 day|24 hours) more/)).toBeVisible();
  await ada.page.getByRole("button", { name: "Banned people" }).click();
  await expect(ada.page.getByRole("dialog")).toContainText("spam");
  await isSound(ada);
  await ada.page.getByRole("button", { name: `Lift the ban of ${ben.name}` }).click();
  await expect(ada.page.getByText("Nobody is banned.")).toBeVisible();
  await ben.page.getByRole("button", { name: "Join this room" }).click();
  await ben.isInRoom(room);
});

test("a room is handed over after a question", async ({ pair }) => {
  const { ada, ben } = await pair();
  await about(ada, ben);
  await ada.page.getByRole("button", { name: "Hand over the room" }).click();
  await ada.page.getByRole("button", { name: "Hand over the room" }).click();
  for (const who of [ada, ben]) {
    await expect(who.page.locator(".person", { hasText: ben.name })).toContainText("owner");
    await expect(who.page.locator(".person", { hasText: ada.name })).toContainText("moderator");
  }
  await expect(ben.page.getByRole("button", { name: `What to do about ${ada.name}` })).toBeVisible();
});
