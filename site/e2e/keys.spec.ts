import { expect, test, unique } from "./world";

test("by keys through the rooms, into a public one, and to what is new", async ({ pair }) => {
  const { ada, ben, room } = await pair();
  const { keyboard } = ada.page;
  const [own, open] = [unique("a-own"), unique("open")];
  await ada.makesRoom(own);
  await ben.makesRoom(open);

  await keyboard.press("Control+k");
  await expect(ada.page.getByRole("combobox", { name: "Go to a room" })).toBeFocused();
  await keyboard.type("no such room at all");
  await expect(ada.page.getByText("No room’s name begins")).toBeVisible();
  await keyboard.press("Enter");
  await ada.closes();
  await expect(ada.composer).toBeFocused();

  await keyboard.press("Control+k");
  await expect(ada.page.getByRole("combobox", { name: "Go to a room" })).toBeFocused();
  await keyboard.type(room.slice(0, 8));
  await expect(ada.page.getByRole("option", { name: room })).toBeVisible();
  await keyboard.press("Enter");
  await ada.isInRoom(room);
  await keyboard.press("Control+k");
  await expect(ada.page.getByRole("combobox", { name: "Go to a room" })).toBeFocused();
  await keyboard.type(open);
  await expect(ada.page.getByRole("option", { name: `${open} Join` })).toBeVisible();
  await keyboard.press("Enter");
  await ada.isInRoom(open);

  await keyboard.press("Alt+ArrowUp");
  await ada.isInRoom(own);
  await ben.opens(room);
  await ben.says("look here");
  await expect(ada.page.getByRole("link", { name: `${room} 1 unread message` })).toBeVisible();
  await keyboard.press("Alt+Shift+ArrowDown");
  await ada.isInRoom(room);
  await ada.reads("look here");

  await keyboard.press("Control+/");
  await expect(ada.page.getByRole("dialog", { name: "Keyboard" })).toBeVisible();
  await ada.closes();
  // Where one writes, a question mark is one.
  await ada.composer.focus();
  await keyboard.type("?");
  await expect(ada.composer).toHaveValue("?");
  await ada.log.focus();
  await keyboard.press("?");
  await expect(ada.page.getByRole("dialog", { name: "Keyboard" })).toBeVisible();
});
