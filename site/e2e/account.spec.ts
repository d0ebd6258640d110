import { expect, PASSWORD, Person, test } from "./world";

const OTHER_PASSWORD = "four green teapots";

/** The same person in another browser. */
async function onAnotherDevice(person: Person, arrives: () => Promise<Person>, password = PASSWORD): Promise<Person> {
  const device = new Person(person.name, (await arrives()).page);
  await device.page.goto("/");
  await device.signsIn(password);
  await device.isIn();
  return device;
}

/** The dialog of one's own account, open. */
async function account(person: Person) {
  await person.page.getByRole("button", { name: `Your account: ${person.name}` }).click();
  return person.page.getByRole("dialog", { name: "Your account" });
}

async function isOut(person: Person): Promise<void> {
  await expect(person.page.getByRole("heading", { name: "Welcome back" })).toBeVisible({ timeout: 20_000 });
}

test("a device is signed out, a new password signs out another, and the account is deleted", async ({ arrives }) => {
  test.slow();
  const ada = await arrives("ada");
  await ada.registers();
  const mine = await account(ada);
  const devices = mine.getByRole("region", { name: "Devices" });
  await expect(devices.getByRole("listitem")).toHaveCount(1);
  await expect(devices.getByText("This device")).toBeVisible();
  await expect(devices.getByText("You are signed in nowhere else.")).toBeVisible();
  await ada.page.keyboard.press("Escape");
  await expect(mine).toHaveCount(0);
  await expect(ada.page.getByRole("button", { name: /^Your account/ })).toBeFocused();

  // Another device is listed, and signed out at once.
  const phone = await onAnotherDevice(ada, arrives);
  await account(ada);
  await expect(devices.getByRole("listitem")).toHaveCount(2);
  await devices.getByRole("button", { name: /^Sign out / }).click();
  await expect(devices.getByRole("status")).toHaveText(/is signed out\.$/);
  await expect(devices.getByRole("heading")).toBeFocused();
  await expect(devices.getByRole("listitem")).toHaveCount(1);
  await isOut(phone);
  await expect(phone.page.getByText("You have been signed out.")).toBeVisible();

  // What is wrong stands beside its field, and nobody is signed out by it.
  await phone.signsIn();
  await phone.isIn();
  const old = mine.getByLabel("Old password", { exact: true });
  const fresh = mine.getByLabel("New password", { exact: true });
  const change = mine.getByRole("button", { name: "Change password" });
  await change.click();
  await expect(old).toHaveAccessibleDescription("The old password is missing.");
  await expect(old).toBeFocused();
  await old.fill("not the password");
  await fresh.fill("short");
  await change.click();
  await expect(fresh).toHaveAccessibleDescription("The new password needs at least 8 characters.");
  await fresh.fill("password1");
  await change.click();
  await expect(fresh).toHaveAccessibleDescription(/^The new password is easily guessed\./);
  await fresh.fill(OTHER_PASSWORD);
  await change.click();
  await expect(old).toHaveAccessibleDescription("That is not your password.");
  await expect(phone.page.locator(".parlour")).toBeVisible();

  await old.fill(PASSWORD);
  await change.click();
  await expect(mine.getByText("Your password is changed.")).toBeVisible();
  await expect(old).toHaveValue("");
  await isOut(phone);
  await phone.signsIn();
  await expect(phone.page.getByRole("alert")).toHaveText("That name and password do not belong together.");
  await phone.signsIn(OTHER_PASSWORD);
  await phone.isIn();

  // The end, which is asked about twice.
  const end = mine.getByRole("region", { name: "Delete account" });
  const password = end.getByLabel("Password", { exact: true });
  const question = ada.page.getByRole("dialog", { name: `Delete the account ${ada.name} for good?` });
  const ask = end.getByRole("button", { name: "Delete account" });
  await ask.click();
  await expect(password).toHaveAccessibleDescription("The password is missing.");
  await password.fill(PASSWORD);
  await ask.click();
  await question.getByRole("button", { name: "Keep account" }).click();
  await expect(question).toHaveCount(0);
  await expect(ask).toBeFocused();
  await ask.click();
  await question.getByRole("button", { name: "Delete for good" }).click();
  await expect(password).toHaveAccessibleDescription("That is not your password.");
  await expect(password).toBeFocused();
  await password.fill(OTHER_PASSWORD);
  await ask.click();
  await expect(question.getByText("Your name stays taken")).toBeVisible();
  await question.getByRole("button", { name: "Delete for good" }).click();
  await isOut(ada);
  await expect(ada.page.getByRole("status")).toHaveText("Your account is deleted.");
  await isOut(phone);
  await ada.signsIn(OTHER_PASSWORD);
  await expect(ada.page.getByRole("alert")).toHaveText("That name and password do not belong together.");
});

test("all other devices are signed out at once", async ({ arrives }) => {
  const ada = await arrives("ada");
  await ada.registers();
  const others = [await onAnotherDevice(ada, arrives), await onAnotherDevice(ada, arrives)];
  const mine = await account(ada);
  const devices = mine.getByRole("region", { name: "Devices" });
  await expect(devices.getByRole("listitem")).toHaveCount(3);
  await devices.getByRole("button", { name: "Sign out all other devices" }).click();
  await expect(devices.getByRole("status")).toHaveText("All other devices are signed out.");
  await expect(devices.getByRole("listitem")).toHaveCount(1);
  for (const other of others) await isOut(other);
});

test("without a network the devices are not to be had, and come when it is back", async ({ arrives }) => {
  const ada = await arrives("ada");
  await ada.registers();
  await ada.context.setOffline(true);
  const mine = await account(ada);
  const devices = mine.getByRole("region", { name: "Devices" });
  await expect(devices.getByRole("alert")).toContainText("The chat cannot be reached.");
  await ada.context.setOffline(false);
  await expect(devices.getByRole("listitem")).toHaveCount(1, { timeout: 40_000 });
  await expect(devices.getByRole("alert")).toHaveCount(0);
});
