// First load is the page, and the script and style that it names. It stays under 100 KB compressed. What is fetched on
// demand is listed beside it.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const limit = 100 * 1024;
const page = readFileSync("dist/index.html", "utf8");
const files = ["index.html", ...readdirSync("dist/assets").map((name) => `assets/${name}`)];
let total = 0;
for (const file of files) {
  const size = gzipSync(readFileSync(`dist/${file}`)).length;
  const first = file === "index.html" || page.includes(`/${file}`);
  if (first) total += size;
  process.stdout.write(`${(size / 1024).toFixed(1).padStart(7)} KB gzip  ${file}${first ? "" : " (on demand)"}\n`);
}
process.stdout.write(`${(total / 1024).toFixed(1).padStart(7)} KB gzip  together, of ${limit / 1024} KB\n`);
if (total > limit) {
  process.stderr.write("The first load is over its limit.\n");
  process.exit(1);
}
