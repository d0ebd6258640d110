import { expect, test } from "vitest";
import { LIFETIME } from "../model/connection";
import { parseLifetime } from "./addresses";

test("a socket gets as old as the page says, in seconds", () => {
  expect(parseLifetime("1-3")).toEqual({ from: 1_000, to: 3_000 });
});

test.each([null, "", "0-5", "5-3", "5", "soon", "-1-4"])("%o is no lifetime", (text) => {
  expect(parseLifetime(text)).toBe(LIFETIME);
});
