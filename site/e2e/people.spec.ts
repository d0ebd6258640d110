import { expect, Person, test, unique } from "./world";

test("presence comes and goes, and leaving takes one off the list", async ({ arrives }) => {
  const ada = await arrives("ada");
  const ben = await arrives("ben");
  const room = unique("tea");
  await ada.registers();
  await ben.registers();
  await ada.makesRoom(room);
  await expect(ada.page.getByText("Nobody else is here yet.")).toBeVisible();

  await ben.findsAndJoins(room);
  await ada.sees(ben.name, "Here now");
  await ben.sees(ada.name, "Here now");

  await ben.page.goto("about:blank");
  await ada.sees(ben.name, "Away");
  await ben.page.goto("/");
  await ben.isIn();
  await ada.sees(ben.name, "Here now");

  await ben.opens(room);
  await ben.page.getByRole("button", { name: "Leave room" }).click();
  await ben.page.getByRole("dialog").getByRole("button", { name: "Leave room" }).click();
  await expect(ben.page.getByRole("navigation").getByRole("link", { name: room })).toHaveCount(0);
  await expect(ada.page.getByRole("complementary").getByText(ben.name)).toHaveCount(0);
});

test("two tabs are one person: closing one leaves them here", async ({ pair }) => {
  const { ada, ben, room } = await pair();
  const second = new Person(ben.name, await ben.context.newPage());
  await second.page.goto(ben.page.url());
  await second.isInRoom(room);
  await expect(ada.page.getByRole("complementary").getByText(ben.name, { exact: true })).toHaveCount(1);

  // What one tab says the other one shows, once.
  await ben.says("from the first tab");
  await second.reads("from the first tab");
  await ben.reads("from the first tab");

  await ben.page.close();
  await second.says("still here");
  await ada.reads("still here");
  await ada.sees(ben.name, "Here now");
  await second.page.close();
  await ada.sees(ben.name, "Away");
});

test("signing out in one tab signs out the other, and the others see one go", async ({ pair }) => {
  const { ada, ben, room } = await pair();
  const second = await ben.context.newPage();
  await second.goto("/");
  await expect(second.getByRole("navigation").getByRole("link", { name: room })).toBeVisible();

  await ben.page.getByRole("button", { name: "Sign out" }).click();
  await expect(ben.page.getByRole("heading", { name: "Welcome back" })).toBeVisible();
  await expect(second.getByRole("heading", { name: "Welcome back" })).toBeVisible();
  await ada.sees(ben.name, "Away");
});

test("an address of a public room leads a newcomer in", async ({ arrives }) => {
  const ada = await arrives("ada");
  const ben = await arrives("ben");
  const room = unique("tea");
  await ada.registers();
  await ada.makesRoom(room);
  await ada.says("Welcome.");
  await expect(ada.log.locator(".sending")).toHaveCount(0);

  await ben.registers(new URL(ada.page.url()).pathname);
  await ben.page.getByRole("button", { name: "Join this room" }).click();
  await ben.isInRoom(room);
  await ben.reads("Welcome.");

  await ben.page.goto("/r/000000000000000000000000");
  await ben.page.getByRole("button", { name: "Join this room" }).click();
  await expect(ben.page.getByRole("alert")).toHaveText("It is not there, or not open to you.");
});

test("of many people all are counted, and further ones are fetched, again if need be", async ({ arrives }) => {
  const ada = await arrives("ada");
  const room = unique("tea");
  await ada.registers();
  await ada.makesRoom(room);
  let release = () => {};
  const held = new Promise<void>((done) => {
    release = done;
  });
  // A room of three hundred, of whom the first page has one.
  await ada.page.route("**/members?limit=200", async (route) => {
    const answer = await route.fetch();
    await held;
    await route.fulfill({ response: answer, json: { ...(await answer.json()), more: true, total: 300, here: 40 } });
  });
  let refuse = true;
  await ada.page.route("**/members?limit=200&after=*", async (route) => {
    if (refuse) return route.abort();
    const member = { user: { id: "f".repeat(24), name: "zoe" }, role: "member", online: false };
    await route.fulfill({ json: { members: [member], more: false, total: 2, here: 1 } });
  });
  await ada.page.reload();
  await ada.isInRoom(room);
  await expect(ada.page.getByRole("button", { name: "People", exact: true })).toBeVisible();
  release();
  await expect(ada.page.getByRole("button", { name: "People: 300 in this room, 40 here now" })).toBeVisible();
  await ada.sees(ada.name, "Here now");
  await ada.page.getByRole("button", { name: "Show more people" }).click();
  await ada.page.getByRole("button", { name: "More people could not be loaded. Try again" }).click();
  await expect(ada.page.getByRole("button", { name: "More people could not be loaded. Try again" })).toBeVisible();
  refuse = false;
  await ada.page.getByRole("button", { name: "More people could not be loaded. Try again" }).click();
  await ada.sees("zoe", "Away");
  await expect(ada.page.getByRole("button", { name: "People: 2 in this room, 1 here now" })).toBeVisible();
});
