import { defineConfig } from "@playwright/test";
import { chromiumLaunch } from "./chromium.mjs";

/** The stories run against whatever serves the chat at `BASE_URL`, in the machine's own Chromium. */
const baseURL = process.env.BASE_URL ?? "http://127.0.0.1:8800";

export default defineConfig({
  testDir: "e2e",
  outputDir: process.env.E2E_OUTPUT ?? "../target/e2e",
  fullyParallel: true,
  workers: Number(process.env.E2E_WORKERS ?? 2),
  forbidOnly: Boolean(process.env.CI),
  // In CI other tests take the processors at the same time. What needs another try is told as flaky.
  retries: process.env.CI ? 2 : 0,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    baseURL,
    browserName: "chromium",
    locale: "en-GB",
    timezoneId: "Europe/Vienna",
    trace: "retain-on-failure",
    actionTimeout: 30_000,
    // What a worker answers no story could hold back. The stories about it let it in.
    serviceWorkers: "block",
    launchOptions: chromiumLaunch,
  },
  projects: [
    { name: "stories", testIgnore: ["screenshots*.spec.ts", "replacements.spec.ts", "frames.spec.ts"] },
    { name: "replacements", testMatch: "replacements.spec.ts" },
    { name: "frames", testMatch: "frames.spec.ts", workers: 1, use: { trace: "off" } },
    { name: "screenshots", testMatch: "screenshots*.spec.ts", workers: 1 },
  ],
});
