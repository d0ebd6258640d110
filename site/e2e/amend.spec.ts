import { expect, isSound, PHONE, test } from "./world";

test("a change that is refused says so and keeps what was written", async ({ pair }) => {
  let refuse = true;
  const { ada, ben } = await pair(({ ada }) =>
    ada.page.routeWebSocket(/^wss?:/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((message) => {
        const { action, id } = JSON.parse(String(message));
        if (refuse && action === "edit")
          socket.send(JSON.stringify({ type: "error", id, code: "conflict", reason: "too_many_edits", message: "no" }));
        else server.send(message);
      });
    }),
  );
  await ada.says("frist");
  await ada.does("Edit", "frist");
  await ada.page.getByLabel("Edit your message").fill("first");
  await ada.page.keyboard.press("Enter");
  await expect(ada.log.getByText("Not changed. This message was edited as often as one can be.")).toBeVisible();
  await expect(ada.log.locator(".said-text")).toHaveText(["first"]);
  await ben.reads("frist");
  await ada.log.getByRole("button", { name: "Discard" }).click();
  await ada.reads("frist");

  refuse = false;
  await ada.does("Edit", "frist");
  await ada.page.getByLabel("Edit your message").fill("first");
  await ada.page.getByRole("button", { name: "Save" }).click();
  await expect(ben.log.locator(".said-text")).toHaveText(["first (edited)"]);
  await expect(ada.log.locator(".said-text")).toHaveText(["first (edited)"]);
});

test("an answer that is lost is asked for again, and the message is changed once", async ({ pair }) => {
  test.slow();
  const names: string[] = [];
  let lossy = true;
  const { ada, ben } = await pair(({ ada }) =>
    ada.page.routeWebSocket(/^wss?:/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((message) => {
        const { action, client_id } = JSON.parse(String(message));
        if (action === "edit") names.push(client_id);
        server.send(message);
      });
      server.onMessage((message) => {
        if (lossy && String(message).includes('"type":"changed"')) {
          lossy = false;
          server.close();
          socket.close({ code: 1001 });
        } else if (!lossy || !String(message).includes("edited_at")) socket.send(message);
      });
    }),
  );
  await ada.says("frist");
  await ada.does("Edit", "frist");
  await ada.page.getByLabel("Edit your message").fill("first");
  await ada.page.keyboard.press("Enter");
  await expect(ada.log.locator(".said-text")).toHaveText([/^first/]);
  await expect.poll(() => names.length, { timeout: 40_000 }).toBeGreaterThan(1);
  await ada.hasRead(["first (edited)"]);
  await ben.hasRead(["first (edited)"]);
  expect(new Set(names).size).toBe(1);
});

test("a message is deleted after a question, and others' messages are not mine to change", async ({ pair }) => {
  const { ada, ben } = await pair();
  await ada.says("a secret");
  await ben.reads("a secret");
  await ben.log.getByText("a secret").hover();
  await expect(ben.log.getByRole("button", { name: "Copy link" })).toBeVisible();
  await expect(ben.log.getByRole("button", { name: "Delete" })).toHaveCount(0);
  await expect(ben.log.getByRole("button", { name: "Edit" })).toHaveCount(0);

  await ada.does("Delete", "a secret");
  await ada.page.getByRole("button", { name: "Keep it" }).click();
  await ada.reads("a secret");
  await ada.does("Delete", "a secret");
  await ada.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  for (const who of [ada, ben]) {
    await expect(who.log.getByText("This message was deleted.")).toHaveCount(1);
    await expect(who.log.getByText("a secret")).toHaveCount(0);
  }
});

test("by keyboard: arrow up edits the last message, in the conversation arrows, letters and Escape work", async ({
  pair,
}) => {
  const { ada, ben } = await pair();
  const { keyboard } = ada.page;
  for (const line of ["one", "two"]) await ada.says(line);
  await ben.hasRead(["one", "two"]);
  await ben.says("three");
  await ada.hasRead(["one", "two", "three"]);
  await keyboard.press("ArrowUp");
  await expect(ada.page.getByLabel("Edit your message")).toBeFocused();
  await keyboard.press("Escape");
  await expect(ada.composer).toBeFocused();
  await keyboard.press("ArrowUp");
  // At once, as somebody does who knows the keys.
  await keyboard.type("!");
  await keyboard.press("Enter");
  await expect(ada.composer).toBeFocused();
  for (const who of [ada, ben]) await who.hasRead(["one", "two! (edited)", "three"]);

  await ada.log.focus();
  for (let presses = 0; presses < 3; presses += 1) await keyboard.press("ArrowUp");
  await keyboard.press("Delete");
  await expect(ada.page.getByRole("dialog")).toContainText("one");
  await ada.closes();
  await ada.log.focus();
  await keyboard.press("ArrowUp");
  await keyboard.press("ArrowUp");
  await keyboard.press("e");
  await expect(ada.page.getByLabel("Edit your message")).toHaveValue("two!");
  // With nothing in it, it is to be deleted.
  await ada.page.getByLabel("Edit your message").fill("");
  await keyboard.press("Enter");
  await ada.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await ben.hasRead(["one", "three"]);
});

test("a finger that stays on a message opens what can be done with it", async ({ arrives }) => {
  const ada = await arrives("ada", PHONE);
  await ada.registers();
  await ada.makesRoom(`touch-${Date.now().toString(36)}`);
  await ada.composer.fill("hold me");
  await ada.page.getByRole("button", { name: "Send" }).click();
  await ada.hasRead(["hold me"]);
  await ada.holds("hold me");
  await isSound(ada, "what can be done with a message, on a phone");
  await ada.page.getByRole("dialog").getByRole("button", { name: "Edit" }).click();
  await expect(ada.page.getByLabel("Edit your message")).toHaveValue("hold me");
});
