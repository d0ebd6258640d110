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

test("whoever was not heard of for six seconds is gone", () => {
  typing.hear("tea", ada, 1);
  vi.advanceTimersByTime(4_000);
  typing.hear("tea", ben, 1);
  typing.hear("tea", ada, 1);
  vi.advanceTimersByTime(5_999);
  expect(names()).toEqual(["ada", "ben"]);
  vi.advanceTimersByTime(1);
  expect(names()).toEqual([]);
});

test("their message ends it, in that room and for them only", () => {
  for (const user of [ada, ben]) typing.hear("tea", user, 1);
  typing.hear("books", ada, 1);
  typing.stop("tea", "a");
  expect(names()).toEqual(["ben"]);
  expect(typing.count("books")).toBe(1);
});

test("somebody heard again changes nothing; a crowd is counted", () => {
  typing.hear("tea", ada, 1);
  const { version } = typing;
  typing.hear("tea", ada, 1);
  expect(typing.version).toBe(version);
  typing.hear("tea", null, 12);
  expect(typing.count("tea")).toBe(12);
});
