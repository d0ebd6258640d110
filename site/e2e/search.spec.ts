import { expect, isSound, type Person, test, unique } from "./world";

test("what was said is found by its words, and one goes to where it was said", async ({ pair }) => {
  test.slow();
  const { ada, ben, room } = await pair();
  const word = unique("marmalade").replaceAll("-", "");
  await ada.says(`Crème and ${word} please`);
  await ada.hasRead([`Crème and ${word} please`]);
  await ada.fills(120);
  // What he has not read, he would be offered by its number instead of the latest.
  await ben.reads("line 120");
  await expect(ben.page).toHaveTitle(`${room} · Parlour`);
  const other = unique("other");
  await ben.makesRoom(other);
  await ben.says(`${word} elsewhere`);
  await ben.hasRead([`${word} elsewhere`]);

  await ben.page.keyboard.press("Control+Shift+f");
  const dialog = ben.page.getByRole("dialog", { name: "Search messages" });
  await dialog.getByLabel("Words in a message").fill(word.slice(0, -1));
  await expect(dialog.getByText("Searching…")).toBeVisible();
  await expect(dialog.getByText("Nothing was said with")).toBeVisible();
  await dialog.getByLabel("Words in a message").fill(word.toUpperCase());
  await expect(dialog.locator(".found")).toHaveCount(2);
  await expect(dialog.locator("mark")).toHaveText([word, word]);
  await expect(dialog.locator(".found-head").first()).toContainText(`in ${other}`);
  await isSound(ben, "found");
  await dialog.getByLabel("Only in this room").check();
  await expect(dialog.locator(".found")).toHaveCount(1);
  await dialog.getByLabel("Only in this room").uncheck();
  await dialog.getByLabel("Words in a message").fill(`creme ${word}`);
  await expect(dialog.locator("mark")).toHaveText(["Crème", word]);
  await dialog.locator(".found").click();
  await ben.isInRoom(room);
  await expect(ben.log.locator('[data-seq="1"]')).toBeInViewport();
  await expect(ben.log.locator('[data-seq="1"]')).toHaveClass(/target/);

  // There again, after one has gone elsewhere in the room.
  await ben.page.getByRole("button", { name: "Jump to latest" }).click();
  await expect(ben.log.locator('[data-seq="1"]')).not.toBeInViewport();
  await ben.page.getByRole("button", { name: "Search messages" }).click();
  await dialog.getByLabel("Words in a message").fill(`creme ${word}`);
  await dialog.locator(".found").click();
  await expect(ben.log.locator('[data-seq="1"]')).toBeInViewport();
});

test("older ones are shown when asked for, none of them twice", async ({ arrives }) => {
  const ada = await arrives("ada");
  await ada.registers();
  await ada.makesRoom(unique("tea"));
  const word = unique("biscuit").replaceAll("-", "");
  await ada.asks(Array.from({ length: 25 }, (_, index) => ({ action: "send", text: `${word} number${index + 1}` })));
  await ada.page.getByRole("button", { name: "Search messages" }).click();
  const dialog = ada.page.getByRole("dialog");
  await dialog.getByLabel("Words in a message").fill(word);
  await expect(dialog.locator(".found")).toHaveCount(20);
  await dialog.getByRole("button", { name: "Show older ones" }).click();
  await expect(dialog.locator(".found")).toHaveCount(25);
  await expect(dialog.getByRole("button", { name: "Show older ones" })).toHaveCount(0);
  const texts = await dialog.locator(".found-text").allTextContents();
  expect(texts).toEqual(Array.from({ length: 25 }, (_, index) => `${word} number${25 - index}`));
});

test("what nobody said is not found, nor what is in rooms of others, nor what was deleted", async ({ pair }) => {
  const { ada, ben } = await pair();
  const word = unique("secret").replaceAll("-", "");
  await ada.makesRoom(unique("alone"));
  await ada.says(`${word} of mine`);
  await ada.hasRead([`${word} of mine`]);
  const look = async ({ page }: Person) => {
    await page.getByRole("button", { name: "Search messages" }).click();
    await page.getByLabel("Words in a message").fill(word);
  };
  await look(ben);
  await expect(ben.page.getByText(`Nothing was said with “${word}”.`)).toBeVisible();
  await isSound(ben, "nothing found");
  await ada.asks([{ action: "delete", seq: 1 }]);
  await look(ada);
  await expect(ada.page.getByText(`Nothing was said with “${word}”.`)).toBeVisible();
});
