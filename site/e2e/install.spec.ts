import { expect, test } from "./world";

test("what it takes to be installed is there", async ({ arrives }) => {
  const { page } = await arrives("guest");
  await page.goto("/");
  const href = await page.locator("link[rel=manifest]").getAttribute("href");
  const answer = await page.request.get(href ?? "");
  expect(answer.status()).toBe(200);
  const { icons, start_url, display } = await answer.json();
  expect([start_url, display]).toEqual(["/", "standalone"]);
  expect(icons.some(({ purpose }: { purpose?: string }) => purpose === "maskable")).toBe(true);
  for (const { src } of icons) expect((await page.request.get(src)).status(), src).toBe(200);
});
