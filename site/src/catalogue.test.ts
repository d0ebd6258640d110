import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "vite";
import { expect, test } from "vitest";
import { words } from "./words";

const here = import.meta.dirname;

const files = readdirSync(here, { recursive: true, encoding: "utf8" })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => /\.tsx?$/.test(name) && !/\.(test|d)\.ts$|(^|\/)wire\.ts$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(here, name), "utf8") }));

/** What no person reads, though it looks like a sentence. */
const NOT_SAID = [
  // The browser's database, which is done without.
  "The browser's database does not open",
  // An error's own text. `explain` says it in words.
  "The server could not answer",
  "No answer",
  "The session has ended",
  // A mistake of ours.
  "A component that needs the chat stands outside of it",
  // A header.
  "Bearer …",
];

/** The lines of an icon. */
const DRAWN = /^M\d/;

type Node = { type: string; value?: unknown; quasis?: { value: { cooked?: string | null } }[] };

/** The texts in a file: strings, templates with `…` for what is put in, and what stands between tags. */
function texts(name: string, text: string): string[] {
  const found: string[] = [];
  const look = (one: unknown): void => {
    if (typeof one !== "object" || one === null) return;
    const { type, value, quasis } = one as Node;
    if ((type === "Literal" || type === "JSXText") && typeof value === "string") found.push(value.trim());
    if (type === "TemplateLiteral") found.push((quasis ?? []).map((part) => part.value.cooked ?? "").join("…"));
    Object.values(one).forEach(look);
  };
  const { program, errors } = parseSync(name, text);
  expect(errors, name).toEqual([]);
  look(program);
  return found;
}

const sentences = files
  .filter(({ name }) => name !== "words.ts")
  .flatMap(({ name, text }) => texts(name, text).map((said) => ({ name, said })))
  .filter(({ said }) => /^\p{Lu}.*\s/su.test(said) && !DRAWN.test(said));

test("every sentence that is said stands in words.ts", () => {
  expect(sentences.filter(({ said }) => !NOT_SAID.includes(said))).toEqual([]);
});

test("no exception is left that is none any more", () => {
  expect(NOT_SAID.filter((one) => !sentences.some(({ said }) => said === one))).toEqual([]);
});

test("texts are found wherever they stand", () => {
  const file = `const a = 'One thing'; const b = \`Two \${a} things\`; const c = <p title="Three things">\n Four things</p>;`;
  expect(texts("file.tsx", file)).toEqual(["One thing", "Two … things", "Three things", "Four things"]);
});

test("every word is used", () => {
  const all = files.map(({ text }) => text).join("\n");
  const isUsed = (path: string, end = "\\b") => new RegExp(`\\bwords\\.${path}${end}`).test(all);
  const paths = Object.entries(words).flatMap(([name, word]) => {
    // A part that is passed on whole, or looked into by names of the API, is used with all that is in it.
    const isWhole = typeof word !== "object" || Array.isArray(word) || isUsed(name, "(?![\\w.])");
    return isWhole ? [name] : Object.keys(word).map((key) => `${name}\\.${key}`);
  });
  expect(paths.filter((path) => !isUsed(path))).toEqual([]);
});
