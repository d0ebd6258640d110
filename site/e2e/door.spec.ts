import { expect, test, unique } from "./world";

test("a wrong password, a taken name and broken rules are explained beside their field", async ({ arrives }) => {
  const ada = await arrives("ada");
  await ada.registers();
  await ada.page.getByRole("button", { name: "Sign out" }).click();

  await ada.signsIn("not the password");
  await expect(ada.page.getByRole("alert")).toHaveText("That name and password do not belong together.");
  await expect(ada.page.getByLabel("Name", { exact: true })).toHaveValue(ada.name);
  await ada.signsIn();
  await ada.isIn();

  const ben = await arrives("ben");
  const { page } = ben;
  const name = page.getByLabel("Name", { exact: true });
  const password = page.getByLabel("Password", { exact: true });
  const create = page.getByRole("button", { name: "Create account" });
  await page.goto("/");
  await create.click();
  await name.fill(ada.name.toUpperCase());
  await password.fill("three calm armchairs");
  await create.click();
  await expect(name).toHaveAccessibleDescription("This name is taken. Choose another.");
  await expect(name).toBeFocused();

  await name.fill(ben.name);
  await password.fill("short");
  await create.click();
  await expect(password).toHaveAccessibleDescription("The password needs at least 8 characters.");
  await expect(password).toHaveAttribute("aria-invalid", "true");

  await password.fill("three calm armchairs");
  await create.click();
  await ben.isIn();
});

test("a room's name that is taken is explained, and the room can be joined instead", async ({ arrives }) => {
  const ada = await arrives("ada");
  const room = unique("tea");
  await ada.registers();
  await ada.makesRoom(room);
  await ada.page.getByRole("button", { name: "New room" }).first().click();
  await ada.page.getByLabel("Name of the room").fill(room);
  await ada.page.getByRole("button", { name: "Make room" }).click();
  await expect(ada.page.getByLabel("Name of the room")).toHaveAccessibleDescription(
    "This name is taken. Choose another.",
  );
});

test("the password can be shown", async ({ arrives }) => {
  const { page } = await arrives();
  await page.goto("/");
  const password = page.getByLabel("Password", { exact: true });
  await expect(password).toHaveAttribute("type", "password");
  await page.getByRole("button", { name: "Show password" }).click();
  await expect(password).toHaveAttribute("type", "text");
});
