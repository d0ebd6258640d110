import { expect, isSound, type Person, test, unique } from "./world";

async function makesDen(ada: Person): Promise<string> {
  const room = unique("den");
  await ada.registers();
  await ada.makesPrivateRoom(room);
  return room;
}

/** The link that the dialog shows. */
async function makesLink({ page }: Person, uses: string): Promise<string> {
  await page.getByRole("button", { name: "Invite people" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("1 hour").check();
  await dialog.getByLabel(uses).check();
  await dialog.getByRole("button", { name: "Make link" }).click();
  await expect(dialog.getByLabel("The link")).toBeVisible();
  return dialog.getByLabel("The link").inputValue();
}

test("somebody is invited by name, is told at once, and comes in", async ({ arrives }) => {
  test.slow();
  const [ada, ben] = await Promise.all([arrives("ada"), arrives("ben")]);
  const room = await makesDen(ada);
  await ben.registers();
  await ada.page.getByRole("button", { name: "Invite people" }).click();
  const dialog = ada.page.getByRole("dialog");
  await dialog.getByLabel("Their name begins with").fill(ben.name);
  await dialog.getByRole("button", { name: `Invite ${ben.name}` }).click();
  await expect(dialog.getByText(`For ${ben.name}, by ${ada.name}`)).toBeVisible();
  await expect(dialog.getByLabel("Their name begins with")).toBeFocused();
  await isSound(ada, "inviting");

  const invited = ben.page.getByRole("region", { name: "Invitations" });
  await expect(invited).toContainText(`${ada.name} invites you to ${room}`);
  await isSound(ben, "an invitation");
  await ben.page.reload();
  await invited.getByRole("button", { name: `Accept: ${room}` }).click();
  await ben.isInRoom(room);
  await expect(invited).toHaveCount(0);
  await ben.says("thank you");
  await ada.page.keyboard.press("Escape");
  await ada.reads("thank you");
});

test("who declines is asked no more, and who is taken back is not let in", async ({ arrives }) => {
  const [ada, ben] = await Promise.all([arrives("ada"), arrives("ben")]);
  const room = await makesDen(ada);
  await ben.registers();
  await ada.page.getByRole("button", { name: "Invite people" }).click();
  await ada.page.getByLabel("Their name begins with").fill(ben.name);
  await ada.page.getByRole("button", { name: `Invite ${ben.name}` }).click();
  await ben.page.getByRole("button", { name: `Decline: ${room}` }).click();
  await expect(ben.page.getByRole("region", { name: "Invitations" })).toHaveCount(0);
  await ben.page.reload();
  await ben.isIn();
  await expect(ben.page.getByText("You are in no room yet.").first()).toBeVisible();
  await expect(ben.page.getByRole("region", { name: "Invitations" })).toHaveCount(0);
});

test("a link leads a newcomer in, past the door, as often as it says", async ({ arrives }) => {
  test.slow();
  const [ada, ben, cleo] = await Promise.all([arrives("ada"), arrives("ben"), arrives("cleo")]);
  const room = await makesDen(ada);
  await ada.says("Welcome.");
  const link = await makesLink(ada, "1 person");
  expect(new URL(link).pathname, "the server does not see it").toBe("/");

  await ben.registers(link.slice(new URL(link).origin.length));
  const card = ben.page.getByRole("dialog", { name: "You are invited" });
  await expect(card).toContainText(`${ada.name} invites you to ${room}`);
  await isSound(ben, "an invitation by link");
  await card.getByRole("button", { name: "Not now" }).click();
  await expect(card).toHaveCount(0);
  expect(new URL(ben.page.url()).hash).toBe("");
  await ben.page.goto(link);
  await card.getByRole("button", { name: "Join" }).click();
  await ben.isInRoom(room);
  await ben.reads("Welcome.");

  await cleo.registers(link.slice(new URL(link).origin.length));
  await expect(cleo.page.getByRole("alert")).toContainText("This invitation does not hold any more");
  await expect(cleo.page.getByRole("dialog").getByRole("button", { name: "Join" })).toHaveCount(0);
  await isSound(cleo, "a dead invitation");
});

test("a link that is taken back leads nowhere", async ({ arrives }) => {
  const [ada, ben] = await Promise.all([arrives("ada"), arrives("ben")]);
  await makesDen(ada);
  let release = () => {};
  const held = new Promise<void>((done) => {
    release = done;
  });
  await ada.page.route("**/invitations", async (route) => {
    if (route.request().method() === "GET") await held;
    await route.continue();
  });
  const making = makesLink(ada, "any number of people");
  await expect(ada.page.getByText("Loading the invitations")).toBeVisible();
  release();
  const link = await making;
  await ada.page.getByRole("button", { name: `Take back: Link by ${ada.name}` }).click();
  await expect(ada.page.getByText("There are none.")).toBeVisible();
  await expect(ada.page.getByRole("heading", { name: "Invitations that hold" })).toBeFocused();
  await ben.registers(link.slice(new URL(link).origin.length));
  await expect(ben.page.getByRole("alert")).toContainText("This invitation does not hold any more");
});
