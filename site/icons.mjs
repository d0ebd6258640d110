// Makes the icons that cannot be SVG out of public/favicon.svg, in the machine's Chromium.
import { readFileSync } from "node:fs";
import { chromium } from "@playwright/test";

const svg = readFileSync("public/favicon.svg", "utf8");
const icons = [
  { name: "icon-180", size: 180, inset: 0, ground: "#17614f" },
  { name: "icon-192", size: 192, inset: 0, ground: "transparent" },
  { name: "icon-512", size: 512, inset: 0, ground: "transparent" },
  // Of a maskable icon only a circle of four fifths is sure to be seen.
  { name: "icon-maskable-512", size: 512, inset: 10, ground: "#17614f" },
];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
for (const { name, size, inset, ground } of icons) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const image = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
  await page.setContent(
    `<style>body{margin:0;background:${ground}}img{position:fixed;inset:${inset}%;width:${
      100 - 2 * inset
    }%}</style><img src="${image}">`,
  );
  await page.screenshot({ path: `public/${name}.png`, omitBackground: true });
  await page.close();
}
await browser.close();
