import { expect, test } from "vitest";
import { parse } from "./markdown";
import { callable, calling, callsAll, type Mentioned, marked } from "./mentions";

const names = (text: string, more: Partial<Mentioned> = {}) => {
  const found: string[] = [];
  const look = (one: unknown): void => {
    if (typeof one !== "object" || one === null) return;
    if ("kind" in one && one.kind === "mention" && "text" in one)
      found.push(`${one.text}${"me" in one && one.me ? "*" : ""}`);
    for (const value of Object.values(one)) look(value);
  };
  look(marked(parse(text), { names: ["anna", "Ben", "x.y", "dot."], room: false, me: "ben", ...more }));
  return found;
};

test("those whom the message mentions are marked, whatever the case, and I apart", () => {
  expect(names("@anna and @BEN: (@Anna)")).toEqual(["@anna", "@BEN*", "@Anna"]);
  expect(names("**@anna**, > @ben\n\n- @x.y")).toEqual(["@anna", "@ben*", "@x.y"]);
});

test("marks behind a name are not of it, unless they are", () => {
  expect(names("ask @anna. @x.y! @dot. @dot")).toEqual(["@anna", "@x.y", "@dot."]);
  expect(names("@annabel @anna-maria")).toEqual([]);
});

test("nobody is marked whom the message does not mention", () => {
  expect(names("@cleo @room anna")).toEqual([]);
  expect(names("me@anna.org a@anna @@anna")).toEqual([]);
  expect(names("`@anna`\n```\n@anna\n```\n[@anna](https://example.org)")).toEqual([]);
});

test("everybody is marked only where everybody is mentioned, and that is me too", () => {
  expect(names("hello @Room!")).toEqual([]);
  expect(names("hello @Room!", { room: true })).toEqual(["@Room*"]);
  expect(names("@roomy", { room: true })).toEqual([]);
});

test("all of a text is still there", () => {
  const [block] = marked(parse("a @anna b"), { names: ["anna"], room: false, me: "ben" });
  expect(block).toEqual({ kind: "text", inside: ["a ", { kind: "mention", text: "@anna", me: false }, " b"] });
});

test.each([
  ["@", { from: 0, stem: "" }],
  ["hello @an", { from: 6, stem: "an" }],
  ["(@Än", { from: 1, stem: "Än" }],
  ["me@an", null],
  ["@@an", null],
  ["@an ", null],
  ["`@an", null],
])("before the caret in %j begins %o", (text, found) => {
  expect(calling(text, text.length)).toEqual(found);
});

test("people are offered by the beginning of their names, and everybody last", () => {
  expect(callable(["Rob", "anna", "", "room", "Róbert"], "RO", true)).toEqual(["Rob", "room"]);
  expect(callable(["Rob", "anna"], "", true)).toEqual(["Rob", "anna", "room"]);
  expect(callable(["anna"], "x", true)).toEqual([]);
  expect(callable(["anna"], "Anna", true), "whole").toEqual([]);
  expect(callable(["anna", "annabel"], "anna", true)).toEqual(["anna", "annabel"]);
});

test("everybody is not offered where it calls nobody", () => {
  expect(callable(["Rob", "anna"], "", false)).toEqual(["Rob", "anna"]);
  expect(callable(["Rob"], "ro", false)).toEqual(["Rob"]);
  const [few, crowd, unknown] = [
    { loaded: true, total: 100 },
    { loaded: true, total: 101 },
    { loaded: false, total: 0 },
  ];
  expect([few, crowd, unknown].map((people) => callsAll("member", people))).toEqual([true, false, false]);
  expect([few, crowd, unknown].map((people) => callsAll("moderator", people))).toEqual([true, true, true]);
});
