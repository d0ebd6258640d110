// Lighthouse's phone profile against the chat at BASE_URL, in the machine's Chromium and without the internet: the page one
// signs in at, and a conversation. Each of the three scores has to be 95 or more.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import lighthouse from "lighthouse";
import { chromiumLaunch } from "./chromium.mjs";

const base = process.env.BASE_URL ?? "http://127.0.0.1:8800";
const LEAST = 0.95;
const LOOKS = 4;
const PORT = 9333;
const profile = mkdtempSync(join(tmpdir(), "lighthouse-"));
/** Lighthouse opens a page of its own, which shares what is stored only with the profile's own pages. */
const open = () =>
  chromium.launchPersistentContext(profile, {
    ...chromiumLaunch,
    args: [`--remote-debugging-port=${PORT}`, ...chromiumLaunch.args],
  });
let failed = false;

/** What else the machine does only makes a page slower: the best of a few looks counts. */
async function look(what, url) {
  for (let left = LOOKS; left > 0; left -= 1) {
    const lhr = await measure(url);
    const categories = Object.values(lhr.categories);
    const scores = categories.map(({ title, score }) => `${title} ${Math.round((score ?? 0) * 100)}`);
    process.stdout.write(`${what}: ${scores.join(", ")}\n`);
    if (lhr.runtimeError) process.stdout.write(`  ${lhr.runtimeError.message}\n`);
    const low = categories.filter(({ score }) => (score ?? 0) < LEAST);
    if (low.length === 0) return;
    for (const { id, weight } of low.flatMap(({ auditRefs }) => auditRefs)) {
      const { score, title, displayValue } = lhr.audits[id];
      if (weight > 0 && score !== null && score < 0.9)
        process.stdout.write(`  ${id} ${score}: ${title} ${displayValue ?? ""}\n`);
    }
  }
  failed = true;
}

/** In a browser just opened: what is left to be done for a page before would count as work of this one. */
async function measure(url) {
  const browser = await open();
  const { lhr } = await lighthouse(url, {
    port: PORT,
    onlyCategories: ["performance", "accessibility", "best-practices"],
    // The conversation is the one of who is signed in.
    disableStorageReset: true,
    logLevel: "error",
  });
  await browser.close();
  return lhr;
}

await look("sign in", base);
const browser = await open();
const page = await browser.newPage();
await page.goto(base);
await page.getByRole("button", { name: "Create account" }).click();
await page.getByLabel("Name", { exact: true }).fill(`light${Date.now().toString(36)}`);
await page.getByLabel("Password", { exact: true }).fill("three calm armchairs");
await page.getByRole("button", { name: "Create account" }).click();
await page.getByRole("button", { name: "New room" }).first().click();
await page.getByLabel("Name of the room").fill(`light ${Date.now().toString(36)}`);
await page.getByRole("button", { name: "Make room" }).click();
for (const text of ["Good *evening*.", "> Quoted\n\n`code` and https://example.org", "One more line."]) {
  await page.locator("#composer").fill(text);
  await page.locator("#composer").press("Enter");
}
await page.locator(".said").nth(2).waitFor();
const room = page.url();
await browser.close();
await look("conversation", room);
rmSync(profile, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
