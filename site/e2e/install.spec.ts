import { expect, test, unique } from "./world";

test.use({ serviceWorkers: "allow" });

test("without a network the page opens with what was seen last, and sends what is written when there is one", async ({
  arrives,
}) => {
  test.slow();
  const ada = await arrives("ada", { serviceWorkers: "allow" });
  const room = unique("tea");
  await ada.registers();
  await ada.makesRoom(room);
  await ada.says("before the tunnel");
  await ada.hasRead(["before the tunnel"]);
  await ada.page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  await ada.keeps("before the tunnel");

  await ada.context.setOffline(true);
  await ada.page.reload();
  await ada.isInRoom(room);
  await expect(ada.log.locator(".said-text")).toHaveText(["before the tunnel"]);
  // What is fetched on demand is there too.
  await ada.composer.pressSequentially("in the tunnel :smile:");
  await expect(ada.composer).toHaveValue("in the tunnel 😄");
  await ada.composer.press("Enter");
  await expect(ada.log.locator(".sending")).toHaveCount(1);
  await ada.context.setOffline(false);
  await ada.hasRead(["before the tunnel", "in the tunnel 😄"]);
});

test("what it takes to be installed is there", async ({ arrives }) => {
  const ada = await arrives("ada", { serviceWorkers: "allow" });
  await ada.registers();
  const manifest = await ada.page.request.get("/manifest.webmanifest");
  for (const { src } of (await manifest.json()).icons)
    expect((await ada.page.request.get(src)).status(), src).toBe(200);
  await ada.page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
});
