import { expect, test } from "vitest";
import { begun, named, offers } from "./emoji";

test.each(["a:sm", ":s", "12:30", "https://sm", "`:smi", "```\n:smi", ": smi", ":smi le"])(
  "%j begins no name",
  (text) => {
    expect(begun(text, text.length)).toBe(null);
  },
);

test("a name begins after a colon and ends with another", () => {
  expect(begun("so :Smi and", 7)).toEqual({ from: 3, stem: "smi" });
  expect(begun(":+1", 3)).toEqual({ from: 0, stem: "+1" });
  expect(named("so :smile:", 10)).toEqual({ from: 3, name: "smile" });
  expect(named("`:smile:", 8)).toBe(null);
  expect(named("10:30:", 6)).toBe(null);
});

test("what begins so is offered first, the shorter before the longer, each once", () => {
  const emoji = [
    ["smiley", "B"],
    ["smile", "A"],
    ["grin_smile", "C"],
    ["smile_too", "A"],
  ] as const;
  expect(offers(emoji, "smile").map(([name]) => name)).toEqual(["smile", "smiley", "grin_smile"]);
});
