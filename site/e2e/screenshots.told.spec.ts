import { PHONE, shoot } from "./shoot";
import { expect, PASSWORD, Person, test } from "./world";

/** What is asked before something is done that cannot be taken back, what one is told, and all of that on a phone. */
test("questions and news", async ({ arrives }) => {
  test.setTimeout(300_000);
  const people: Person[] = [];
  for (const name of ["Eva_Holt", "Finn", "Gro_Nilsen", "Hugo"]) {
    const person = new Person(name, (await arrives()).page);
    await person.registers();
    people.push(person);
  }
  const [eva, finn, gro, hugo] = people as [Person, Person, Person, Person];
  const { page } = eva;
  const dialog = page.getByRole("dialog");
  const about = (who: Person) => page.getByRole("button", { name: `What to do about ${who.name}` }).click();
  const room = "Allotment rota";
  await eva.makesRoom(room);
  await page.getByRole("button", { name: "Pinned messages" }).click();
  await dialog.getByText("Nothing is pinned here.").waitFor();
  await shoot(page, "80-no-pins");
  await eva.closes();
  for (const who of [finn, gro, hugo]) await who.findsAndJoins(room);
  await eva.says("Who waters on Sunday? The tomatoes are thirsty, and so is the compost, strangely.");
  await finn.reads("Who waters on Sunday? The tomatoes are thirsty, and so is the compost, strangely.");
  await finn.says("I do, unless it rains.");
  await eva.reads("I do, unless it rains.");
  await finn.asks([{ action: "react", seq: 1, emoji: "🍅", on: true }]);

  await about(finn);
  await page.getByRole("button", { name: "Send out" }).click();
  await shoot(page, "81-send-out");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Hand over the room" }).click();
  await shoot(page, "82-hand-over");
  await eva.closes();
  await page.getByRole("button", { name: "Leave room" }).click();
  await shoot(page, "83-leave");
  await eva.closes();
  await eva.does("Delete", "Who waters on Sunday? The tomatoes are thirsty, and so is the compost, strangely.");
  await shoot(page, "84-delete");
  await eva.closes();
  await page.getByRole("button", { name: /^Your account/ }).click();
  await dialog.getByRole("region", { name: "Delete account" }).getByLabel("Password", { exact: true }).fill(PASSWORD);
  await dialog.getByRole("button", { name: "Delete account" }).click();
  await page.getByRole("button", { name: "Keep account" }).waitFor();
  await shoot(page, "85-delete-account");
  await page.getByRole("button", { name: "Keep account" }).click();
  await eva.closes();

  await about(gro);
  await page.getByRole("button", { name: /Make guest/ }).click();
  await gro.page.locator(".hushed").waitFor();
  await shoot(gro.page, "86-guest");
  await about(finn);
  await page.getByRole("button", { name: "Send out" }).click();
  await page.getByRole("button", { name: "Send out" }).click();
  await finn.page.locator(".strip.bad").waitFor();
  await shoot(finn.page, "87-sent-out");
  for (const [who, reason] of [
    [hugo, "Sold the tomatoes of others"],
    [gro, ""],
  ] as const) {
    await about(who);
    await page.getByRole("button", { name: "Ban", exact: true }).click();
    if (reason) await page.getByLabel("For 7 days").check();
    await page.getByLabel("Why (if you like)").fill(reason);
    await page.getByRole("button", { name: "Ban", exact: true }).click();
    await expect(dialog).toHaveCount(0);
  }
  await page.getByRole("button", { name: "Banned people" }).click();
  await expect(dialog.locator(".person")).toHaveCount(2);
  await shoot(page, "88-banned");
  await eva.closes();

  await finn.page.goto("/#/invite/0123456789abcdef01234567");
  await finn.page.reload();
  await finn.page.getByRole("alert").waitFor();
  await shoot(finn.page, "89-dead-invitation");
  // A browser in which a newer version waits.
  await hugo.page.addInitScript(() => {
    const registration = { active: {}, waiting: {}, addEventListener() {} };
    const container = { register: async () => registration, addEventListener() {} };
    Object.defineProperty(navigator, "serviceWorker", { value: container });
  });
  await hugo.page.goto("/");
  await hugo.page.getByText("A new version of Parlour is here.").waitFor();
  await shoot(hugo.page, "90-update");
});

test("ways back to what is new", async ({ arrives }) => {
  test.setTimeout(300_000);
  const [ivo, jana] = [new Person("Ivo", (await arrives()).page), new Person("Jana_Kos", (await arrives()).page)];
  for (const person of [ivo, jana]) await person.registers();
  await ivo.makesRoom("Night shift");
  await jana.findsAndJoins("Night shift");
  const lines = [
    "All quiet.",
    "Checked the boiler.",
    "The cat is in again.",
    "Coffee is out.",
    "Somebody at the gate.",
  ];
  const say = (who: Person, from: number, count: number) =>
    who.asks(
      Array.from({ length: count }, (_, index) => ({
        action: "send",
        text: `${from + index}: ${lines[index % lines.length]}`,
      })),
    );
  await say(ivo, 1, 80);
  await jana.reads(`80: ${lines[4]}`);
  await expect(jana.page).toHaveTitle("Night shift · Parlour");
  const address = new URL(jana.page.url()).pathname;
  await jana.makesRoom("Day shift");
  await say(ivo, 81, 60);
  await jana.page.getByRole("link", { name: /60 unread/ }).waitFor();
  await jana.page.goto(`${address}/12`);
  const unread = jana.page.getByRole("button", { name: "Jump to unread" });
  await unread.waitFor();
  await shoot(jana.page, "91-jump-to-unread");
  await unread.click();
  await expect(jana.log.locator(".new-mark")).toBeInViewport();
  await shoot(jana.page, "92-unread");
  await jana.page.getByRole("button", { name: /new messages/ }).click();
  await expect(jana.page).toHaveTitle("Night shift · Parlour");

  // Opened with what was seen last, while the socket does not come.
  await jana.keeps("140:");
  await jana.page.routeWebSocket(/^wss?:/, () => {});
  await jana.page.goto(address);
  await jana.page.locator(".log-note").waitFor();
  await shoot(jana.page, "93-catching-up");
});

test("dialogs on a phone, and from right to left", async ({ arrives }) => {
  test.setTimeout(300_000);
  const kim = new Person("Kim_Sand", (await arrives("unused", PHONE)).page);
  const lena = new Person("Lena", (await arrives()).page);
  const { page } = kim;
  const dialog = page.getByRole("dialog");
  for (const person of [kim, lena]) await person.registers();
  const room = "Board games";
  await kim.makesRoom(room);
  await lena.findsAndJoins(room);
  await lena.says("Who brings the one with the sheep?");
  await kim.reads("Who brings the one with the sheep?");
  await kim.asks([
    { action: "send", text: "Me. Lamb included.", reply_to: 1 },
    { action: "react", seq: 1, emoji: "🐑", on: true },
    { action: "pin", seq: 1, on: true },
  ]);
  await lena.asks([{ action: "send", text: "@Kim_Sand מישהו צריך הסעה? יש לי מקום לשניים ברכב." }]);
  await kim.asks([{ action: "edit", seq: 2, text: "Me. Sheep included." }]);
  await kim.log.locator(".said-edited").waitFor();
  await kim.log.locator(".mention").waitFor();

  await kim.holds("Who brings the one with the sheep?");
  await dialog.getByRole("button", { name: "React" }).click();
  await dialog.getByLabel("Emoji by name").waitFor();
  await shoot(page, "94-phone-picker");
  await kim.closes();
  await kim.log.locator(".said-edited").click();
  await dialog.locator(".about-text").first().waitFor();
  await shoot(page, "94-phone-versions");
  await kim.closes();

  const inPane = async (button: string, name: string, then?: string) => {
    await page.getByRole("button", { name: /^People/ }).click();
    await page.getByRole("button", { name: button }).click();
    if (then) await dialog.getByRole("button", { name: then, exact: true }).click();
    await dialog.waitFor();
    // What a dialog fetches is there soon.
    await page.waitForTimeout(500);
    await shoot(page, name);
    await kim.closes();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("complementary")).toHaveCount(0);
  };
  await inPane("About this room", "95-phone-about");
  await inPane("Pinned messages", "95-phone-pins");
  await inPane("Invite people", "95-phone-invite", "Make link");
  await inPane("Banned people", "95-phone-banned");
  await inPane("Leave room", "95-phone-leave");
  await inPane(`What to do about ${lena.name}`, "95-phone-keeping-order");
  await inPane(`What to do about ${lena.name}`, "95-phone-ban", "Ban");
  await inPane(`What to do about ${lena.name}`, "95-phone-hand-over", "Hand over the room");

  await page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
  await shoot(page, "96-phone-right-to-left");
  await page.getByRole("button", { name: /^People/ }).click();
  await shoot(page, "96-phone-right-to-left-people");
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("link", { name: "Back to your rooms" }).click();
  await shoot(page, "96-phone-right-to-left-rooms");
  await page.getByRole("button", { name: "New conversation" }).click();
  await page.getByLabel("Their name begins with").fill(lena.name);
  await page.getByLabel(`Choose ${lena.name}`).check();
  await shoot(page, "97-phone-new-conversation");
});
