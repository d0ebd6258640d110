import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { PHONE as ANY_PHONE } from "./world";

/**
 * Pictures go to the folder in `SCREENSHOTS`, to be looked at. The names in them are for the eye and not unique, so that
 * each run needs a chat with nobody in it.
 */
export const folder = process.env.SCREENSHOTS ?? "../target/screenshots";
export const PHONE = { ...ANY_PHONE, deviceScaleFactor: 2 };

export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await page.mouse.move(0, 0);
  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await page.screenshot({ path: join(folder, `${name}-${scheme}.png`) });
  }
  await page.emulateMedia({ colorScheme: "light" });
}
