import { join } from "node:path";
import { folder, PHONE, shoot } from "./shoot";
import { expect, PASSWORD, Person, test } from "./world";

/** Who says what, and to which of it in reply. */
const TALK: [who: number, text: string, reply?: number][] = [
  [0, "Morning, everyone. The new reading list is up: three short novels and one very long one."],
  [1, "I am four hundred pages in and nobody has left the house yet."],
  [2, "That is the point of the house."],
  [0, "Shall we say Thursday at seven?"],
  [1, "Works for me. I’ll bring the lemon cake if somebody brings plates.", 4],
  [2, "Plates: yes.\nForks: also yes.\nChairs: we will see."],
  [3, "מישהו צריך הסעה? יש לי מקום לשניים ברכב."],
  [1, "@Ada do you still have the big teapot?"],
  [0, "Polished and ready. See you then!"],
];
const LONG: [number, string][] = [
  [0, `Pneumono${"ultramicroscopic".repeat(14)}silicovolcanoconiosis`],
  [1, `https://example.org/${"a/very/long/path/without/any/space/".repeat(8)}?and=a&query=too`],
  [2, "مرحبا بالجميع! هل نلتقي يوم الخميس في الساعة السابعة مساءً؟ سأحضر الكعكة معي إن أحضر أحدكم الأطباق."],
  [0, "A paragraph that goes on for a while, as paragraphs do. ".repeat(12)],
];

test("every screen", async ({ arrives }) => {
  test.setTimeout(600_000);
  const guest = await arrives("Zoë");
  await guest.page.goto("/");
  await shoot(guest.page, "01-sign-in");
  await guest.page.getByLabel("Name", { exact: true }).fill("nobody");
  await guest.page.getByLabel("Password", { exact: true }).fill("wrong password");
  await guest.page.getByRole("button", { name: "Sign in" }).click();
  await guest.page.getByRole("alert").waitFor();
  await shoot(guest.page, "02-wrong-password");
  await guest.page.getByRole("button", { name: "Create account" }).click();
  await guest.page.getByLabel("Name", { exact: true }).fill("Zoë");
  await guest.page.getByLabel("Password", { exact: true }).fill("short");
  await guest.page.getByRole("button", { name: "Create account" }).click();
  await guest.page.getByRole("alert").waitFor();
  await shoot(guest.page, "03-field-error");

  const people: Person[] = [];
  for (const name of ["Ada", "Ben", "Clara_Weiss", "דנה"]) {
    const person = new Person(name, (await arrives()).page);
    await person.registers();
    people.push(person);
  }
  const [ada, ben, clara, dana] = people as [Person, Person, Person, Person];
  await shoot(ada.page, "04-no-rooms");
  const room = "Thursday book club";
  await ada.makesRoom(room);
  await shoot(ada.page, "05-empty-room");
  for (const person of [ben, clara, dana]) await person.findsAndJoins(room);
  await ada.page.getByRole("button", { name: "About this room" }).click();
  await ada.page.getByLabel("Topic").fill("Thursday at seven: the long one");
  await ada.page.getByRole("button", { name: "Save" }).click();
  await ada.page.getByText("Saved.").waitFor();
  await ada.closes();
  for (const [index, [who, text, reply]] of TALK.entries()) {
    await (people[who] as Person).asks([{ action: "send", text, ...(reply ? { reply_to: reply } : {}) }]);
    await ada.log.locator(`[data-seq="${index + 1}"]`).waitFor();
  }
  for (const [who, emoji] of [
    [0, "🍋"],
    [2, "🍋"],
    [3, "🎂"],
  ] as const)
    await (people[who] as Person).asks([{ action: "react", seq: 5, emoji, on: true }]);
  await expect(ada.log.locator(".chip")).toHaveText(["🍋 2", "🎂 1"]);
  const others = ["Allotment 14", "Kitchen", "A room whose name is about as long as a name of a room may be"];
  for (const name of others) await ben.makesRoom(name);
  await ada.page.getByRole("button", { name: "Find a room" }).click();
  await ada.page.getByRole("button", { name: /^Join/ }).first().waitFor();
  await shoot(ada.page, "06-find-a-room");
  await ada.page.getByLabel("Name begins with").fill("zzzz nothing like it");
  await ada.page.getByText("No room’s name begins").waitFor();
  await shoot(ada.page, "07-nothing-found");
  await ada.page.keyboard.press("Escape");
  await ada.page.getByRole("button", { name: "New room" }).first().click();
  await ada.page.getByRole("button", { name: "Make room" }).click();
  await ada.page.getByRole("alert").waitFor();
  await shoot(ada.page, "08-new-room-error");
  await ada.page.keyboard.press("Escape");
  for (const name of others) await ada.findsAndJoins(name);
  await ada.opens(room);
  await dana.context.close();
  await ada.sees(dana.name, "Away");
  await ben.opens(others[1] as string);
  await ben.says("Is the kettle still broken?");
  await ben.says("Asking for a friend.");
  await ada.page.getByRole("link", { name: /2 unread messages/ }).waitFor();
  await shoot(ada.page, "10-conversation");

  const phone = await arrives("unused", PHONE);
  await phone.page.goto("/");
  await phone.page.getByLabel("Name", { exact: true }).fill(ada.name);
  await phone.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await phone.page.getByRole("button", { name: "Sign in" }).click();
  await phone.page.getByRole("link", { name: /2 unread messages/ }).waitFor();
  await shoot(phone.page, "20-phone-rooms");
  await phone.opens(room);
  await phone.reads("Polished and ready. See you then!");
  await shoot(phone.page, "21-phone-conversation");
  await phone.page.getByRole("button", { name: /^People/ }).click();
  await phone.page.getByRole("complementary").waitFor();
  await shoot(phone.page, "22-phone-people");
  await phone.page.getByRole("button", { name: "Close" }).click();
  await phone.page.getByRole("link", { name: "Back to your rooms" }).click();
  await phone.page.getByRole("button", { name: "Find a room" }).click();
  await phone.page
    .getByRole("button", { name: /^(Join|Open)/ })
    .first()
    .waitFor();
  await shoot(phone.page, "23-phone-find");
  await phone.page.keyboard.press("Escape");
  await phone.page.getByRole("button", { name: /^Your account/ }).click();
  await phone.page.getByText("This device").waitFor();
  await shoot(phone.page, "27-phone-account");

  await ada.page.getByRole("button", { name: /^Your account/ }).click();
  await ada.page.getByText("This device").waitFor();
  await shoot(ada.page, "17-account");
  await ada.page.keyboard.press("Escape");

  const narrow = await arrives("unused", {
    viewport: { width: 320, height: 568 },
    isMobile: true,
    hasTouch: true,
    deviceScaleFactor: 2,
  });
  await narrow.page.goto("/");
  await shoot(narrow.page, "24-narrow-sign-in");

  await ada.page.setViewportSize({ width: 900, height: 700 });
  await shoot(ada.page, "11-two-panes");
  await ada.page.getByRole("button", { name: /^People/ }).click();
  await shoot(ada.page, "12-people-over");
  await ada.page.keyboard.press("Escape");
  await ada.page.setViewportSize({ width: 1280, height: 800 });

  for (const [who, text] of LONG) {
    await ([ada, clara, clara][who] as Person).says(text);
    await ada.log.locator(".said:not(.sending)", { hasText: text.trim().slice(0, 40) }).waitFor();
  }
  await shoot(ada.page, "13-long-texts");
  const marks = [
    "The *new* edition is **much** better, ~~cheaper~~ and has a `colophon`. See [the publisher](https://example.org/books).",
    "> Nobody has left the house yet.\n\nThey will:\n\n1. in chapter nine\n2. through the window\n   - twice",
    "```rust\n/// How many pages are left.\nfn left(read: u32) -> Option<u32> {\n    912_u32.checked_sub(read) // never ends\n}\n```",
  ];
  for (const text of marks) await ada.says(text);
  await ada.log.locator(".code-keyword").first().waitFor();
  await shoot(ada.page, "18-marks");
  await ada.log.locator("blockquote").hover();
  await ada.page.getByRole("button", { name: "Edit" }).waitFor();
  await ada.page.screenshot({ path: join(folder, "18-actions-light.png") });
  await ada.page.getByRole("button", { name: "Edit" }).click();
  await shoot(ada.page, "18-editing");
  await ada.page.keyboard.press("Escape");
  await ada.composer.pressSequentially(":book");
  await ada.page.getByRole("option").first().waitFor();
  await shoot(ada.page, "18-emoji");
  await ada.composer.fill("");
  await ada.page.keyboard.press("Control+k");
  await ada.page.getByRole("option").first().waitFor();
  await shoot(ada.page, "19-go-to-a-room");
  await ada.page.keyboard.press("Escape");
  await ada.page.keyboard.press("Control+/");
  await shoot(ada.page, "19-keyboard");
  await ada.page.keyboard.press("Escape");
  await ada.page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
  await shoot(ada.page, "19-right-to-left");
  await ada.page.evaluate(() => document.documentElement.removeAttribute("dir"));
  await ada.page.setViewportSize({ width: 320, height: 568 });
  await shoot(ada.page, "25-narrow-long-texts");
  await ada.page.setViewportSize({ width: 640, height: 400 });
  await shoot(ada.page, "26-zoom-200");
  await ada.page.getByRole("button", { name: /^People/ }).click();
  await ada.page.getByRole("complementary").waitFor();
  await shoot(ada.page, "26-zoom-200-people");
  await ada.page.getByRole("button", { name: `What to do about ${clara.name}` }).click();
  await ada.page.getByRole("button", { name: "Ban", exact: true }).click();
  await shoot(ada.page, "26-zoom-200-dialog");
  await ada.closes();
  await ada.page.keyboard.press("Escape");
  await ada.page.setViewportSize({ width: 1280, height: 800 });

  await ada.context.setOffline(true);
  await ada.page.locator(".status.trouble").waitFor({ timeout: 30_000 });
  await ada.says("Written on the train.");
  await ada.log.getByText("Waiting for a connection").waitFor();
  await shoot(ada.page, "14-offline");
  await ada.context.setOffline(false);
  await ada.page.locator(".status.trouble").waitFor({ state: "hidden", timeout: 30_000 });

  await ada.page.goto("/r/0123456789abcdef01234567");
  await ada.page.getByRole("heading", { name: "You are not in this room" }).waitFor();
  await shoot(ada.page, "15-not-a-member");
  await ada.page.goto("/");
  await ada.page.getByRole("heading", { name: "Pick a room to talk in" }).waitFor();
  await shoot(ada.page, "16-pick-a-room");
});

test("every state of a message", async ({ arrives }) => {
  const ada = new Person("Ada_Lind", (await arrives()).page);
  const { page } = ada;
  await page.routeWebSocket(/^wss?:/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      const { action, id, text } = JSON.parse(String(message));
      if (action !== "send" || !text.startsWith("Could somebody")) return server.send(message);
      socket.send(JSON.stringify({ type: "error", id, code: "forbidden", message: "no" }));
    });
  });
  await ada.registers();
  await ada.makesRoom("Garden");
  for (const text of [
    "The beans are up.",
    "Nobody water the cactus.",
    "שעת הקציר מתקרבת",
    "Ten lettuces, one snail.",
  ]) {
    await ada.says(text);
  }
  await expect(ada.log.locator(".sending")).toHaveCount(0);
  await ada.asks([
    { action: "edit", seq: 1, text: "The beans are up. All eleven of them." },
    { action: "delete", seq: 2 },
    { action: "edit", seq: 3, text: "שעת הקציר מתקרבת, בואו!" },
  ]);
  await ada.log.getByText("(edited)").nth(1).waitFor();
  await ada.says("Could somebody else say this for me?");
  await ada.log.getByText("Not sent.").waitFor();
  await ada.goesOffline();
  await ada.says("Written in the cellar, where the net does not reach.");
  await ada.log.getByText("Waiting for a connection").waitFor();
  await shoot(page, "30-states");
  await page.setViewportSize({ width: 390, height: 844 });
  await shoot(page, "31-phone-states");
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole("button", { name: "Sign out" }).click();
  await shoot(page, "32-sign-out-unsent");
});

test("what people do with each other", async ({ arrives }) => {
  test.setTimeout(180_000);
  const ada = new Person("Ada_Weir", (await arrives()).page);
  const ben = new Person("Ben_Lund", (await arrives()).page);
  const phone = new Person(ben.name, (await arrives("unused", PHONE)).page);
  for (const person of [ada, ben]) await person.registers();
  const room = "Friday choir";
  await ada.makesRoom(room);
  await ben.findsAndJoins(room);
  await ada.says("Rehearsal is moved to Friday. Who brings the scores?");
  await ben.reads("Rehearsal is moved to Friday. Who brings the scores?");
  await ben.says("I do. And who brings the biscuits?");
  await ada.reads("I do. And who brings the biscuits?");
  await ada.says("Nobody must know about the biscuits.");
  await expect(ada.log.locator(".sending")).toHaveCount(0);
  const requests = ["🎉", "👍", "🍪"].map((emoji) => ({ action: "react", seq: 2, emoji, on: true }));
  await ada.asks([...requests, { action: "send", text: "Consider it done.", reply_to: 2 }]);
  await ben.asks([{ action: "react", seq: 2, emoji: "👍", on: true }]);
  await ada.log.locator(".said-quote").waitFor();
  await expect(ada.log.locator(".chip")).toHaveText(["🎉 1", "👍 2", "🍪 1"]);
  await ada.log.getByText("Nobody must know").hover();
  await ada.log.getByRole("button", { name: "Reply", exact: true }).click();
  await ada.composer.fill("Except you, of course");
  await ben.composer.pressSequentially("They know it", { delay: 400 });
  await ada.page.locator(".typing", { hasText: ben.name }).waitFor();
  await shoot(ada.page, "40-talking");
  await ada.log.getByText("Consider it done").hover();
  await ada.log.getByRole("button", { name: "React" }).click();
  await shoot(ada.page, "41-picker");
  await ada.page.keyboard.press("Escape");
  await ada.page.getByRole("button", { name: `What to do about ${ben.name}` }).click();
  await shoot(ada.page, "42-keeping-order");
  await ada.page.getByRole("button", { name: "Ban", exact: true }).click();
  await shoot(ada.page, "43-ban");
  await ada.page.keyboard.press("Escape");
  await ada.page.getByRole("button", { name: `What to do about ${ben.name}` }).click();
  await ada.page.getByRole("button", { name: "Mute for 1 day" }).click();
  await ben.page.locator(".hushed").waitFor();
  await shoot(ben.page, "44-muted");
  await phone.page.goto("/");
  await phone.signsIn();
  await phone.page.getByRole("link", { name: new RegExp(room) }).click();
  await phone.page.locator(".chip").first().waitFor();
  await shoot(phone.page, "45-phone-muted");
});

test("rooms of a few, and what is found in them", async ({ arrives }) => {
  test.setTimeout(300_000);
  const people: Person[] = [];
  for (const name of ["Ida_Holm", "Jo", "Kit_Ferreira_of_the_Long_Name", "נועה"]) {
    const person = new Person(name, (await arrives()).page);
    await person.registers();
    people.push(person);
  }
  const [ida, jo, kit, noa] = people as [Person, Person, Person, Person];
  const { page } = ida;
  const room = "Surprise party";
  await page.getByRole("button", { name: "New room" }).first().click();
  await page.getByLabel("Name of the room").fill(room);
  await page.getByLabel("Private").check();
  await shoot(page, "50-private-room");
  await page.getByRole("button", { name: "Make room" }).click();
  await ida.isInRoom(room);
  await shoot(page, "51-private-empty");

  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Invite people" }).click();
  for (const { name } of [jo, kit, noa]) {
    await dialog.getByLabel("Their name begins with").fill(name);
    await dialog.getByRole("button", { name: `Invite ${name}` }).click();
    await dialog.getByText(`For ${name}, by ${ida.name}`).waitFor();
  }
  await shoot(page, "52-inviting");
  await dialog.getByRole("button", { name: "Make link" }).click();
  const link = await dialog.getByLabel("The link").inputValue();
  await dialog.getByLabel("The link").scrollIntoViewIfNeeded();
  await shoot(page, "53-invitations");
  await ida.closes();
  await jo.page.getByRole("region", { name: "Invitations" }).waitFor();
  await shoot(jo.page, "54-invited");
  await kit.page.goto(link);
  await kit.page.getByRole("dialog", { name: "You are invited" }).getByRole("button", { name: "Join" }).waitFor();
  await shoot(kit.page, "55-invited-by-link");
  await kit.page.getByRole("dialog").getByRole("button", { name: "Join" }).click();
  await kit.isInRoom(room);
  for (const who of [jo, noa]) {
    await who.page.getByRole("button", { name: `Accept: ${room}` }).click();
    await who.isInRoom(room);
  }

  await page.getByRole("button", { name: "About this room" }).click();
  await dialog
    .getByLabel("Topic")
    .fill("Saturday at eight, and not a word to Max. The lights stay off until he is in.");
  await dialog.getByLabel("Description").fill("Who brings what.\nWho distracts Max.");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("Saved.").waitFor();
  await shoot(page, "56-about");
  await ida.closes();
  const said: [Person, string][] = [
    [ida, "The cake is ordered: chocolate, three layers."],
    [jo, `@${ida.name} who keeps him busy until eight?`],
    [kit, "@room I could break my bicycle again."],
    [noa, `@${ida.name} אני מביאה בלונים`],
    [ida, "Perfect. It is always convincing."],
  ];
  for (const [who, text] of said) {
    await who.says(text);
    await ida.log.locator(".said:not(.sending)", { hasText: text }).waitFor();
  }
  await ida.does("Pin", "The cake is ordered: chocolate, three layers.");
  await ida.log.locator(".said-pinned").waitFor();
  await ida.asks([{ action: "edit", seq: 5, text: "Perfect. It is always so convincing." }]);
  await ida.log.locator(".said-edited").waitFor();
  await shoot(page, "57-mentions");
  await ida.composer.pressSequentially("Thanks, @");
  await page.getByRole("listbox", { name: "People to mention" }).waitFor();
  await shoot(page, "58-mention-list");
  await ida.composer.fill("");
  await ida.log.locator(".said-edited").click();
  await dialog.locator(".about-text").first().waitFor();
  await shoot(page, "59-versions");
  await ida.closes();
  await page.getByRole("button", { name: "Pinned messages" }).click();
  await dialog.getByText("The cake is ordered").waitFor();
  await shoot(page, "60-pinned");
  await ida.closes();

  await page.getByRole("button", { name: "New conversation" }).click();
  for (const { name } of [jo, kit]) {
    await dialog.getByLabel("Their name begins with").fill(name);
    await dialog.getByLabel(`Choose ${name}`).check();
  }
  await shoot(page, "61-new-conversation");
  await dialog.getByRole("button", { name: "Start" }).click();
  await ida.isInRoom(`${jo.name} and ${kit.name}`);
  await ida.says("Just the three of us: candles?");
  await shoot(page, "62-group");
  await noa.page.getByRole("button", { name: `Write to ${ida.name}` }).click();
  await noa.isInRoom(ida.name);
  await noa.says("The cake, is it without nuts?");
  await jo.says(`@${ida.name} hello?`);
  const list = page.getByRole("navigation");
  await list.getByRole("link", { name: /^נועה .*1 unread/ }).waitFor();
  await list.getByRole("link", { name: /1 mentions you/ }).waitFor();
  await shoot(page, "63-directs");

  await page.keyboard.press("Control+Shift+f");
  await dialog.getByLabel("Words in a message").fill("cake");
  await expect(dialog.locator(".found")).toHaveCount(2);
  await shoot(page, "64-search");
  await dialog.getByLabel("Words in a message").fill("broccoli");
  await dialog.getByText("Nothing was said").waitFor();
  await shoot(page, "65-search-nothing");
  await ida.closes();
  await ida.opens(room);
  await page.getByRole("button", { name: "About this room" }).click();
  await page.getByRole("button", { name: "Archive room" }).click();
  await dialog.getByRole("button", { name: "Open it again" }).waitFor();
  await ida.closes();
  await shoot(page, "66-archived");
  await page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
  await shoot(page, "67-right-to-left");

  const phone = new Person(ida.name, (await arrives("unused", PHONE)).page);
  await phone.page.goto("/");
  await phone.signsIn();
  await phone.page.getByRole("link", { name: new RegExp(room) }).waitFor();
  await shoot(phone.page, "70-phone-rooms");
  await phone.opens(room);
  await phone.log.getByText("The cake is ordered").waitFor();
  await shoot(phone.page, "71-phone-mentions");
  await phone.page.getByRole("link", { name: "Back to your rooms" }).click();
  await phone.page.getByRole("button", { name: "Search messages" }).click();
  await phone.page.getByLabel("Words in a message").fill("cake");
  await expect(phone.page.locator(".found")).toHaveCount(2);
  await shoot(phone.page, "72-phone-search");
  await phone.closes();
  await phone.page
    .getByRole("navigation")
    .getByRole("link", { name: `${jo.name} and ${kit.name}` })
    .click();
  await phone.log
    .getByText("Just the three of us")
    .dispatchEvent("pointerdown", { pointerType: "touch", bubbles: true });
  await phone.page.getByRole("dialog").getByRole("button", { name: "Edit" }).waitFor();
  await shoot(phone.page, "73-phone-actions");
});
