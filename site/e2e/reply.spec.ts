import { expect, isSound, type Person, test } from "./world";

async function replies(who: Person, to: string): Promise<void> {
  await who.does("Reply", to);
  await expect(who.page.locator(".reply-bar")).toContainText(to);
}

test("Escape takes a reply away, and a deleted message is said to be deleted", async ({ pair }) => {
  const { ada, ben } = await pair();
  await ada.says("cake?");
  await replies(ben, "cake?");
  await expect(ben.composer).toBeFocused();
  await ben.page.keyboard.press("Escape");
  await expect(ben.page.locator(".reply-bar")).toHaveCount(0);
  await ben.says("no reply");
  await ada.reads("no reply");
  await expect(ada.log.locator(".said-quote")).toHaveCount(0);

  await replies(ben, "cake?");
  await isSound(ben, "replying");
  await ben.says("yes");
  await expect(ada.log.locator(".said-quote")).toHaveText(`In reply to ${ada.name} cake?`);
  await isSound(ada, "a reply");
  await ada.asks([{ action: "delete", seq: 1 }]);
  for (const who of [ada, ben])
    await expect(who.log.locator(".said-quote")).toHaveText("In reply to A deleted message");
});

test("a reply is kept with what is half written, and in the outbox of a closed page", async ({ pair }) => {
  test.slow();
  const { ada, ben } = await pair();
  await ada.says("cake?");
  await replies(ben, "cake?");
  await ben.composer.fill("yes, w");
  await ben.page.reload();
  await expect(ben.page.locator(".reply-bar")).toContainText("cake?");
  await expect(ben.composer).toHaveValue("yes, w");
  await ben.goesOffline();
  await ben.says("yes, with lemon");
  await expect(ben.page.locator(".reply-bar")).toHaveCount(0);
  await expect(ben.log.locator(".said-quote")).toContainText("cake?");
  await expect.poll(() => ben.stored("drafts")).toHaveLength(1);
  const { context } = ben;
  const address = ben.page.url();
  await ben.page.close({ runBeforeUnload: false });
  await context.setOffline(false);
  await (await context.newPage()).goto(address);
  await ada.hasRead(["cake?", "yes, with lemon"]);
  await expect(ada.log.locator(".said-quote")).toContainText("cake?");
});

test("what is quoted and not loaded is fetched, and pressing it goes there", async ({ pair }) => {
  test.slow();
  const { ada, ben } = await pair();
  await ada.says("the first word");
  await ada.fills(120);
  await ada.asks([{ action: "send", text: "about the beginning", reply_to: 1 }]);
  await ben.reads("about the beginning");
  // What he has not said that he has read he would be taken to.
  await expect(ada.log.getByText(`Seen by ${ben.name}`)).toHaveCount(1);
  await ben.page.reload();
  await expect(ben.log.locator(".said-quote")).toHaveText(`In reply to ${ada.name} the first word`);
  await expect(ben.log.locator('[data-seq="1"]')).toHaveCount(0);
  await ben.log.locator(".said-quote").click();
  await expect(ben.log.locator('[data-seq="1"]')).toBeInViewport();
  await expect(ben.log.locator('[data-seq="1"]')).toHaveClass(/target/);
});
