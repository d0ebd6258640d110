import { expect, isSound, test } from "./world";

test("a reaction that is refused says why and is not shown", async ({ pair }) => {
  let refuse = true;
  const { ada, ben } = await pair(({ ben }) =>
    ben.page.routeWebSocket(/^wss?:/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((message) => {
        const { action, id } = JSON.parse(String(message));
        if (refuse && action === "react")
          socket.send(
            JSON.stringify({ type: "error", id, code: "conflict", reason: "too_many_reactions", message: "no" }),
          );
        else server.send(message);
      });
    }),
  );
  await ada.says("cake");
  await ben.does("React", "cake");
  await ben.page.getByRole("button", { name: "tada" }).click();
  await expect(ben.log.getByText("🎉: not done. This message has as many reactions as it can have.")).toBeVisible();
  await expect(ben.log.locator(".chip")).toHaveCount(0);
  refuse = false;
  await ben.log.getByRole("button", { name: "Try again" }).click();
  await expect(ada.log.locator(".chip")).toHaveText(["🎉 1"]);
});

test("two people react: by name, by keyboard, by pressing what is there", async ({ pair }) => {
  const { ada, ben } = await pair();
  await ada.says("cake");
  await ben.reads("cake");
  await ben.log.focus();
  await ben.page.keyboard.press("ArrowUp");
  await ben.page.keyboard.press("+");
  await ben.page.getByLabel("Emoji by name").fill("lemon");
  await expect(ben.page.getByRole("dialog").getByRole("button", { name: "lemon", exact: true })).toBeVisible();
  await isSound(ben, "emoji to react with");
  await ben.page.keyboard.press("Enter");
  const chip = ada.log.getByRole("button", { name: `🍋 ${ben.name}` });
  await expect(chip).toHaveText("🍋 1");
  await expect(chip).toHaveAttribute("aria-pressed", "false");
  await chip.click();
  const both = ada.log.getByRole("button", { name: `🍋 you and ${ben.name}` });
  await expect(both).toHaveAttribute("aria-pressed", "true");
  await expect(ben.log.locator(".chip")).toHaveText(["🍋 2"]);
  await isSound(ada, "reactions");
  await both.click();
  await expect(ben.log.getByRole("button", { name: "🍋 you" })).toHaveText("🍋 1");
  await ben.log.locator(".chip").click();
  for (const who of [ada, ben]) await expect(who.log.locator(".chip")).toHaveCount(0);
});

test("an answer that is lost is asked for again under the same name", async ({ pair }) => {
  test.slow();
  const names: string[] = [];
  let lossy = true;
  const { ada, ben } = await pair(({ ben }) =>
    ben.page.routeWebSocket(/^wss?:/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((message) => {
        const { action, client_id } = JSON.parse(String(message));
        if (action === "react") names.push(client_id);
        server.send(message);
      });
      server.onMessage((message) => {
        if (lossy && names.length > 0) {
          lossy = false;
          server.close();
          socket.close({ code: 1001 });
        } else socket.send(message);
      });
    }),
  );
  await ada.says("cake");
  await ben.does("React", "cake");
  await ben.page.getByRole("button", { name: "heart" }).click();
  await expect(ben.log.locator(".chip")).toHaveText(["❤️ 1"]);
  await expect.poll(() => names.length, { timeout: 40_000 }).toBeGreaterThan(1);
  await expect(ada.log.locator(".chip")).toHaveText(["❤️ 1"]);
  expect(new Set(names).size).toBe(1);
});
