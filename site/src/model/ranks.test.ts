import { expect, test } from "vitest";
import { above, holds, keepsOrder, offices } from "./ranks";

test("guests and members keep no order, and nobody acts on their like", () => {
  expect([null, "guest", "member"].some((role) => keepsOrder(role as null))).toBe(false);
  expect([above("member", "guest"), above("moderator", "moderator"), above("moderator", "owner")]).toEqual([
    false,
    false,
    false,
  ]);
  expect([offices("member", "guest"), offices("moderator", "moderator")]).toEqual([[], []]);
});

test("those who keep order act on those below them, and on who is gone", () => {
  expect([above("moderator", "member"), above("owner", "moderator"), above("moderator")]).toEqual([true, true, true]);
  expect(offices("moderator", "member")).toEqual(["guest"]);
  expect(offices("owner", "member")).toEqual(["moderator", "guest"]);
});

test("a mute holds until its moment, or until it is lifted", () => {
  expect(holds(undefined, 5)).toBe(null);
  expect(holds({ until: 5 }, 5)).toBe(null);
  expect(holds({ until: 6 }, 5)).toEqual({ until: 6 });
  expect(holds({ until: null }, 5)).toEqual({ until: null });
});
