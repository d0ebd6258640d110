import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Block, type Inline, parse } from "./markdown";

const line = (text: string) => {
  const [block, ...others] = parse(text);
  expect(others).toEqual([]);
  return block?.kind === "text" ? block.inside : block;
};

/** What is read, in order; and every link. */
function read(blocks: readonly Block[]): { text: string; links: string[] } {
  const links: string[] = [];
  const inline = (one: Inline): string => {
    if (typeof one === "string") return one;
    if (one.kind === "code" || one.kind === "mention") return one.text;
    if (one.kind === "link") links.push(one.href);
    return one.inside.map(inline).join("");
  };
  const block = (one: Block): string => {
    if (one.kind === "code") return one.text;
    if (one.kind === "text") return one.inside.map(inline).join("");
    if (one.kind === "quote") return one.inside.map(block).join("\n");
    return one.items.map((item) => item.map(block).join("\n")).join("\n");
  };
  return { text: blocks.map(block).join("\n"), links };
}

describe("never becomes more than text", () => {
  test.each([
    "<b>bold</b> & <script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt; &amp; &#60;",
    "<a href='javascript:alert(1)'>x</a>",
    "<!-- not seen --> <?php ?> <![CDATA[x]]>",
    "![picture](https://example.org/a.png)",
    "# not a heading",
    "a | b\n--|--\n1 | 2",
    "not a heading\n---",
    "[not defined][1]\n[1]: https://example.org",
    "    indented",
  ])("%s", (source) => {
    expect(read(parse(source)).text.trim()).toBe(source.trim());
  });

  test.each([
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x)",
    "[x](file:///etc/passwd)",
    "[x](//example.org)",
    "[x](/r/0123456789abcdef01234567)",
    "[x](<javascript:alert(1)>)",
    "<javascript:alert(1)>",
    "[x](blob:https://example.org/1)",
  ])("%s is no link", (source) => {
    expect(read(parse(source)).links).toEqual([]);
  });

  const marks = fc.constantFrom(
    ..."*_~`>[]()!<&\\-+1.:@#|\n \t".split(""),
    "```",
    "javascript:",
    "https://",
    "a",
    "<b>",
  );
  test("whatever is put together", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(marks, { maxLength: 60 }).map((parts) => parts.join("")),
        ),
        (source) => {
          const { text, links } = read(parse(source));
          for (const link of links) expect(link).toMatch(/^(https?:|mailto:)/);
          // No letter is lost, but for the addresses of links and the languages of code.
          if (links.length === 0 && !/```|~~~/.test(source)) {
            const letters = (all: string) => all.replaceAll(/[^\p{L}<&#|]/gu, "");
            expect(letters(text)).toBe(letters(source));
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test("something in something in something ends", () => {
    for (const mark of [">", "> ", "- ", "1. ", "*a ", "**a", "[", "[a](", "~~a "]) {
      expect(JSON.stringify(parse(mark.repeat(2_000))).length).toBeLessThan(100_000);
    }
  });
});

describe("becomes what it says", () => {
  test("emphasis, strong, strike and code, one in another", () => {
    expect(line("*a* **b** ~~c~~ `<d>` **e *f***")).toEqual([
      { kind: "em", inside: ["a"] },
      " ",
      { kind: "strong", inside: ["b"] },
      " ",
      { kind: "del", inside: ["c"] },
      " ",
      { kind: "code", text: "<d>" },
      " ",
      { kind: "strong", inside: ["e ", { kind: "em", inside: ["f"] }] },
    ]);
    expect(line("snake_case_name and 2 * 3 * 4")).toEqual(["snake_case_name and 2 * 3 * 4"]);
  });

  test("links, named and bare", () => {
    expect(line("[tea](https://example.org/tea) https://example.org/a_b_c. a@example.org")).toEqual([
      { kind: "link", href: "https://example.org/tea", inside: ["tea"] },
      " ",
      { kind: "link", href: "https://example.org/a_b_c", inside: ["https://example.org/a_b_c"] },
      ". ",
      { kind: "link", href: "mailto:a@example.org", inside: ["a@example.org"] },
    ]);
  });

  test("fenced code with its language, also before it is closed", () => {
    expect(parse("```Rust,ignore\nlet a = *b;\n```")).toEqual([
      { kind: "code", language: "rust", text: "let a = *b;" },
    ]);
    expect(parse("```\n<b>")).toEqual([{ kind: "code", language: "", text: "<b>" }]);
  });

  test("quotes and lists", () => {
    expect(parse("> a\n> b")).toEqual([{ kind: "quote", inside: [{ kind: "text", inside: ["a\nb"] }] }]);
    expect(parse("3. a\n4. b")).toEqual([
      { kind: "list", start: 3, items: [[{ kind: "text", inside: ["a"] }], [{ kind: "text", inside: ["b"] }]] },
    ]);
    expect(parse("- a\n  - b")).toEqual([
      {
        kind: "list",
        start: null,
        items: [
          [
            { kind: "text", inside: ["a"] },
            { kind: "list", start: null, items: [[{ kind: "text", inside: ["b"] }]] },
          ],
        ],
      },
    ]);
  });

  test("lines and paragraphs", () => {
    expect(line("a\nb *c*")).toEqual(["a\nb ", { kind: "em", inside: ["c"] }]);
    expect(parse("*a*\n\nb")).toHaveLength(2);
  });
});

test.each([
  "*a ",
  "**a",
  "a**",
  "_a",
  "a_",
  "[",
  "[a](",
  "![",
  "`",
  "`a``",
  "~",
  "~~a",
  "- ",
  "- a\n",
  ">",
  "> a\n",
  "1. ",
  "\n",
  " ",
  "\\",
  "<",
  "<a ",
  "&",
  "http://a.",
  "www.",
  "a@b.",
  "*_",
  "**_~~a",
  "__a__",
  "```\n",
  "\t",
  "-\n  ",
  '[a](b "',
  "a",
])("four times as much of %j takes no more than some six times as long", (mark) => {
  const text = (length: number) => mark.repeat(Math.ceil(length / mark.length)).slice(0, length);
  const [short, long] = [text(2_000), text(8_000)];
  const took = (source: string) => {
    let best = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 4; tries += 1) {
      const from = performance.now();
      parse(source);
      best = Math.min(best, performance.now() - from);
    }
    return best;
  };
  took(short);
  // A few milliseconds are nothing to compare.
  expect(took(long)).toBeLessThan(6 * Math.max(took(short), 4));
});
