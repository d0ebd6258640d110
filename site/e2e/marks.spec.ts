import { expect, test, unique } from "./world";

test("what is written never becomes markup, and no link runs anything", async ({ pair }) => {
  const { ada, ben } = await pair();
  const attacks = [
    "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "[x](javascript:alert(1)) [y](data:text/html,hi)",
    "![x](https://example.org/x.png)",
  ];
  for (const attack of attacks) await ada.says(attack);
  await ben.hasRead(attacks);
  await expect(ben.log.locator("img, script, a")).toHaveCount(0);
});

test("marks are shown as what they mean", async ({ pair }) => {
  const { ada, ben } = await pair();
  await ada.says("*soft* **loud** ~~gone~~ `code` [tea](https://example.org/tea)");
  await expect(ben.log.locator("em")).toHaveText("soft");
  await expect(ben.log.locator("strong")).toHaveText("loud");
  await expect(ben.log.locator("del")).toHaveText("gone");
  await expect(ben.log.locator("code")).toHaveText("code");
  const link = ben.log.getByRole("link", { name: "tea" });
  await expect(link).toHaveAttribute("href", "https://example.org/tea");
  await expect(link).toHaveAttribute("rel", "noopener noreferrer");
  await expect(link).toHaveAttribute("target", "_blank");

  await ada.composer.fill('```rust\nlet tea = "hot";\n```\n> said before\n\n1. one\n2. two');
  await ada.composer.press("Enter");
  await expect(ben.log.locator("pre .code-keyword")).toHaveText("let");
  await expect(ben.log.locator("blockquote")).toHaveText("said before");
  await expect(ben.log.locator("ol ol > li")).toHaveText(["one", "two"]);
});

test("emoji come by their names", async ({ arrives }) => {
  const ada = await arrives("ada");
  const { keyboard } = ada.page;
  await ada.registers();
  await ada.makesRoom(unique("tea"));
  await expect(ada.composer).toBeFocused();
  await keyboard.type("hello :smile:");
  await expect(ada.composer).toHaveValue("hello 😄");
  await keyboard.type(" :tad");
  await expect(ada.page.getByRole("option", { name: ":tada:" })).toBeVisible();
  await keyboard.press("Enter");
  await expect(ada.composer).toHaveValue("hello 😄 🎉");
  await keyboard.type(" at 12:30: `:smile:`");
  await expect(ada.composer).toHaveValue("hello 😄 🎉 at 12:30: `:smile:`");
  await keyboard.type(" :roc");
  await ada.page.getByRole("option", { name: ":rocket:" }).click();
  await expect(ada.composer).toHaveValue("hello 😄 🎉 at 12:30: `:smile:` 🚀");
  await keyboard.press("Enter");
  await expect(ada.log.locator(".said-text")).toHaveText(["hello 😄 🎉 at 12:30: :smile: 🚀"]);
});
