import * as fc from "fast-check";
import { expect, test } from "vitest";
import { found } from "./marking";

const shown = (text: string, question: string) =>
  found(text, question)
    .map(({ text, hit }) => (hit ? `[${text}]` : text))
    .join("");

test.each([
  ["Tea and cake", "tea cake", "[Tea] and [cake]"],
  ["Crème brûlée", "creme", "[Crème] brûlée"],
  ["creme", "CRÈME", "[creme]"],
  ["steam, teatime, tea_time, tea2, TEA.", "tea", "steam, teatime, tea_time, tea2, [TEA]."],
  ["tea-time", "time", "tea-[time]"],
  ["नमस्ते दुनिया", "नमस्ते", "[नमस्ते] दुनिया"],
  ["ﬁne", "fi", "ﬁne"],
  ["nothing of it", "tea", "nothing of it"],
  ["a.b*c", ".*", "a.b*c"],
  ["👍🏽 tea", "tea", "👍🏽 [tea]"],
])("%s, for %s", (text, question, expected) => {
  expect(shown(text, question)).toBe(expected);
});

test("of a long text the part with the first hit is shown", () => {
  const pieces = found(`${"x ".repeat(500)}tea${" y".repeat(500)}`, "tea");
  const whole = pieces.map(({ text }) => text).join("");
  expect(whole.length).toBeLessThan(300);
  expect(pieces.filter(({ hit }) => hit)).toEqual([{ text: "tea", hit: true }]);
  expect(whole.startsWith("…") && whole.endsWith("…")).toBe(true);
});

test("nothing of a short text is lost, whatever is looked for", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 100 }), fc.string({ maxLength: 10 }), (text, question) => {
      const whole = found(text, question)
        .map(({ text }) => text)
        .join("");
      expect([...text].length > 280 || whole === text).toBe(true);
    }),
  );
});
