import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Typing } from "./typing";

let said: string[] = [];
let typing: Typing;
const ada = { id: "a", name: "ada" };
const ben = { id: "b", name: "ben" };
const names = () => typing.of("tea").map(({ name }) => name);

beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  typing = new Typing((room) => said.push(room));
});
afterEach(() => {
  typing.close();
  vi.useRealTimers();
});

test("nothing is said of an empty text, and of one that grows a little less often than every three seconds", () => {
  typing.write("tea", " ");
  expect(said).toEqual([]);
  for (let ms = 0; ms < 6_600; ms += 300) {
    typing.write("tea", "text");
    vi.advanceTimersByTime(300);
  }
  typing.write("books", "text");
  expect(said).toEqual(["tea", "tea", "books"]);
});

test("whoever was not heard of for eight seconds is gone, and the one comes first who began first", () => {
  typing.hear("tea", [ada], undefined);
  vi.advanceTimersByTime(4_000);
  typing.hear("tea", [ben, ada], undefined);
  vi.advanceTimersByTime(7_999);
  expect(names()).toEqual(["ada", "ben"]);
  vi.advanceTimersByTime(1);
  expect(names()).toEqual([]);
});

test("their message ends it, in that room and for them only", () => {
  typing.hear("tea", [ada, ben], undefined);
  typing.hear("books", [ada], undefined);
  typing.stop("tea", "a");
  expect(names()).toEqual(["ben"]);
  expect(typing.count("books")).toBe(1);
});

test("what is heard is all there is: whoever is not in it has stopped", () => {
  typing.hear("tea", [ada, ben], undefined);
  typing.hear("books", [ada], undefined);
  typing.hear("tea", [ben], undefined);
  expect(names()).toEqual(["ben"]);
  typing.hear("tea", [], undefined);
  expect(names()).toEqual([]);
  expect(typing.count("books")).toBe(1);
});

test("somebody heard again changes nothing; a crowd is counted", () => {
  typing.hear("tea", [ada], undefined);
  const { version } = typing;
  typing.hear("tea", [ada], undefined);
  expect(typing.version).toBe(version);
  typing.hear("tea", [], 12);
  expect(typing.count("tea")).toBe(12);
  typing.hear("tea", [], 0);
  expect(typing.count("tea")).toBe(0);
});
