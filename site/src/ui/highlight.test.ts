import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { highlight, languages } from "./highlight";

/** Brackets, strings and comments that nobody closes, one in another, and what else grammars look far ahead for. */
const NASTY = [
  "(",
  "[",
  "{",
  "<",
  "<a ",
  "</",
  "(a",
  "(a,",
  "a(",
  "a<",
  "[a, ",
  "{a: ",
  "=/[",
  "List<",
  "@a(",
  "function(",
  "fn a<",
  "def a(",
  "${",
  "`${",
  "$((",
  'f"{',
  'f"""{',
  "{{",
  "<script>",
  "<style>",
  "<!--",
  "<![CDATA[",
  "/*",
  "/* ",
  "/* DOING ",
  "//",
  "#",
  "-- ",
  '"',
  "'",
  '"""',
  'r#"',
  '"\\',
  "\\",
  "\\\n",
  "<<E\n",
  "- ",
  ">-\n ",
  "@@ ",
  "a",
  "aB",
  "a ",
  "a.",
  "a-",
  "$",
  "1e",
  "1_",
  "true",
  "&",
  "\t",
  " ",
  "\n",
  "é",
  "\u2028",
  "😀",
];

/** In lines just short enough to be colored. */
function text(mark: string, length: number): string {
  const line = `${mark.repeat(2_000).slice(0, 1_990)}\n`;
  return line.repeat(Math.ceil(length / line.length)).slice(0, length);
}

const said = (language: string, code: string) =>
  highlight(language, code)
    ?.map(({ text }) => text)
    .join("");

/** Of a code of `length` and one four times as long, the longer one takes no more than some six times as long. */
function growsLike(language: string, mark: string, length: number): void {
  const took = (code: string) => {
    const from = performance.now();
    highlight(language, code);
    return performance.now() - from;
  };
  const best = (code: string) => Math.min(...Array.from({ length: 4 }, () => took(code)));
  const long = text(mark, 4 * length);
  // A few milliseconds are nothing to compare.
  const most = 6 * Math.max(best(text(mark, length)), 4);
  if (took(long) >= most) expect(best(long), mark).toBeLessThan(most);
}

describe.each(languages)("%s", (language) => {
  test("four times as much of anything nasty takes no more than some six times as long", () => {
    for (const mark of NASTY) growsLike(language, mark, 1_000);
  });

  test("says what the code says, or nothing", () => {
    const code = fc.array(fc.oneof(fc.constantFrom(...NASTY), fc.string()), { maxLength: 30 });
    fc.assert(
      fc.property(code, (parts) => {
        expect([parts.join(""), undefined]).toContain(said(language, parts.join("")));
      }),
    );
    for (const mark of NASTY) expect([text(mark, 4_000), undefined], mark).toContain(said(language, text(mark, 4_000)));
  });
});

test.each([
  ["bash", "${"],
  ["rust", "/*"],
  ["python", 'f"""{'],
])("how deep one thing stands in another is no matter to %s", (language, mark) => {
  growsLike(language, mark, 495);
});

test("names its pieces", () => {
  expect(highlight("js", 'let a = "b"; // c')?.filter(({ what }) => what)).toEqual([
    { text: "let", what: "keyword" },
    { text: '"b"', what: "string" },
    { text: "// c", what: "comment" },
  ]);
});

test("of a long code the first lines are colored", () => {
  const line = 'say("tea");\n';
  const pieces = highlight("js", line.repeat(300)) ?? [];
  expect(pieces.filter(({ what }) => what === "string")).toHaveLength(Math.floor(2_000 / line.length));
  expect(said("js", line.repeat(300))).toBe(line.repeat(300));
  expect(highlight("js", "a".repeat(4_000))?.filter(({ text }) => text)).toEqual([
    { text: "a".repeat(4_000), what: null },
  ]);
});

test("a code whose words would become others is not colored", () => {
  expect(highlight("css", "a[\n")).not.toBeNull();
  expect(highlight("css", "a[\u2028")).toBeNull();
});

test.each(["", "tea", "constructor", "__proto__", "tostring", "hasownproperty"])("%j is no language", (language) => {
  expect(highlight(language, "a")).toBeNull();
});
