import { expect, test, vi } from "vitest";
import type { Member, Members } from "../wire";
import { People } from "./people";

function member(name: string, online = false): Member {
  return { user: { id: `id-${name}`, name }, role: "member", online };
}

function people(...members: Member[]): People {
  const one = new People();
  one.load(page(...members));
  return one;
}

function page(...members: Member[]): Members {
  return { members, more: false, total: members.length, here: members.filter(({ online }) => online).length };
}

const names = (one: People) => one.list.map(({ user, online }) => `${user.name}${online ? "+" : ""}`);

test("those who are here come first, by name", () => {
  expect(names(people(member("cy"), member("ben", true), member("ada", true)))).toEqual(["ada+", "ben+", "cy"]);
});

test("signals move people", () => {
  const one = people(member("ada", true), member("ben"));
  one.presence({ id: "id-ben", name: "ben" }, true);
  one.presence({ id: "id-ada", name: "ada" }, false);
  expect(names(one)).toEqual(["ben+", "ada"]);
  one.joined(member("cy", true));
  one.left({ id: "id-ada", name: "ada" });
  expect(names(one)).toEqual(["ben+", "cy+"]);
  expect(one.here).toBe(2);
});

test("somebody of another room does not appear", () => {
  const one = people(member("ada", true));
  one.presence({ id: "id-zoe", name: "zoe" }, true);
  expect(names(one)).toEqual(["ada+"]);
});

test("the next page begins after the last id", () => {
  const one = people(member("b"), member("c"), member("a"));
  expect(one.last).toBe("id-c");
  one.append(page(member("d")));
  expect(names(one)).toEqual(["a", "b", "c", "d"]);
});

test("signals that come while the list is under way are not undone by it", () => {
  const one = people(member("ada", true), member("ben"));
  one.begin();
  one.presence({ id: "id-ben", name: "ben" }, true);
  one.joined(member("cy", true));
  one.left({ id: "id-ada", name: "ada" });
  one.load(page(member("ada", true), member("ben")));
  expect(names(one)).toEqual(["ben+", "cy+"]);
});

test("what somebody is, whether they are muted and how far they have read is heard, and of strangers not", () => {
  const one = people(member("ada", true), member("ben"));
  one.seen({ "id-ada": 7 }, "id-me");
  one.seen({ "id-ada": 5 }, "id-me");
  one.member({ ...member("ada", true), role: "moderator", muted: { until: null } });
  expect(one.get("id-ada")).toMatchObject({ role: "moderator", muted: { until: null }, read: 7 });
  one.mute("id-ada", undefined);
  expect(one.get("id-ada")).not.toHaveProperty("muted");
  one.seen({ "id-ada": 7, "id-zoe": 7 }, "id-me");
  one.member(member("zoe"));
  expect(names(one)).toEqual(["ada+", "ben"]);
});

test("who is not said to have read shows it no more, unless they have read nothing or are me", () => {
  const one = people({ ...member("ada"), read: 3 }, { ...member("ben"), read: 0 }, { ...member("me"), read: 2 });
  one.seen({}, "id-me");
  expect(one.get("id-ada")).not.toHaveProperty("read");
  expect([one.get("id-ben")?.read, one.get("id-me")?.read]).toEqual([0, 2]);
});

test("when somebody went is known from then on, and not while they are here, nor of who does not show it", () => {
  vi.useFakeTimers({ now: 5_000 });
  const one = people({ ...member("ada", true), read: 0 }, member("ben", true));
  one.presence({ id: "id-ada", name: "ada" }, false);
  one.presence({ id: "id-ben", name: "ben" }, false);
  expect(one.get("id-ada")).toMatchObject({ online: false, seen_at: 5_000 });
  expect(one.get("id-ben")).toMatchObject({ online: false });
  expect(one.get("id-ben")).not.toHaveProperty("seen_at");
  one.presence({ id: "id-ada", name: "ada" }, true);
  expect(one.get("id-ada")).not.toHaveProperty("seen_at");
  vi.useRealTimers();
});

test("those who were not fetched are counted, too", () => {
  const one = new People();
  one.load({ members: [member("ada", true), member("ben")], more: true, total: 300, here: 41 });
  expect([one.total, one.here]).toEqual([300, 41]);
  one.presence({ id: "id-ben", name: "ben" }, true);
  one.joined(member("cy"));
  one.left({ id: "id-zoe" });
  one.left({ id: "id-ada" });
  expect([one.total, one.here]).toEqual([299, 41]);
  one.append({ members: [member("dan", true)], more: false, total: 3, here: 2 });
  expect([one.total, one.here]).toEqual([3, 2]);
});

test("whoever goes is counted once, however often that is told", () => {
  const one = new People();
  one.load({ members: [member("ada", true), member("ben")], more: true, total: 300, here: 41 });
  one.sentOut("id-ben");
  one.left({ id: "id-ben" });
  expect(one.total).toBe(299);
  // Somebody who was banned without being there is told of by nobody.
  one.sentOut("id-zoe");
  expect(one.total).toBe(299);
  one.left({ id: "id-dan" });
  one.left({ id: "id-dan" });
  expect(one.total).toBe(298);
  one.joined(member("dan"));
  one.left({ id: "id-dan" });
  expect(one.total).toBe(298);
});

test("an API of a version before counts nobody", () => {
  const one = new People();
  const before = { members: [member("ada", true)], more: true } as unknown as Parameters<People["load"]>[0];
  one.load(before);
  expect([one.total, one.here]).toEqual([1, 1]);
});
