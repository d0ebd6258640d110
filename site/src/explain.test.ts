import { expect, test } from "vitest";
import { explain, explainProof, fieldOf } from "./explain";
import { type Envelope, missing, Refusal, Unreachable } from "./model/failure";

function refusal(code: string, more: Partial<Envelope> = {}): Refusal {
  return new Refusal({ code, message: "", ...more });
}

test.each([
  [refusal("invalid", { field: "password", rule: "too_short", limit: 8 }), "The password needs at least 8 characters."],
  [
    refusal("invalid", { field: "password", rule: "too_many_bytes", limit: 72 }),
    "The password is too long: it can have at most 72 bytes.",
  ],
  [
    refusal("conflict", { reason: "too_many_rooms", limit: 200 }),
    "You are in as many rooms as one can be. Leave one first.",
  ],
  [
    refusal("conflict", { reason: "their_too_many_rooms" }),
    "One of the others is in too many rooms to be brought into one more. They can write to you.",
  ],
  [refusal("forbidden", { reason: "toString" }), "You are not allowed to do this."],
  [refusal("forbidden", { reason: "muted", retry_after: 7_200_000 }), "You are muted here for 2 hours more."],
  [
    refusal("forbidden", { reason: "banned", retry_after: 60_000 }),
    "You are banned from this room for 60 seconds more.",
  ],
  [refusal("forbidden", { reason: "banned" }), "You are banned from this room."],
  [
    refusal("invalid", { field: "name", rule: "format" }),
    "The name begins with a letter or a digit and has no spaces.",
  ],
  [refusal("invalid", { field: "other", rule: "format" }), "This does not have the right form."],
  [refusal("invalid", { field: "limit", rule: "too_large", message: "It is too large." }), "It is too large."],
  [refusal("invalid", { field: "name", rule: "too_long", limit: 32 }), "The name can have at most 32 characters."],
  [refusal("invalid", { field: "name", rule: "required" }), "The name is missing."],
  [
    refusal("invalid", { field: "new", rule: "common" }),
    "The new password is easily guessed. A few words together are hard to guess.",
  ],
  [refusal("invalid", { field: "text", rule: "too_short", limit: 1 }), "The message is empty."],
  [refusal("unauthenticated", { reason: "credentials" }), "That name and password do not belong together."],
  [refusal("unauthenticated", { reason: "session" }), "You have been signed out. Sign in to go on."],
  [refusal("conflict", { reason: "name_taken" }), "This name is taken. Choose another."],
  [refusal("limited", { retry_after: 250 }), "That was a little too often. Try again in 1 second."],
  [refusal("limited", { retry_after: 300_000 }), "That was a little too often. Try again in 5 minutes."],
  [refusal("limited"), "That was a little too often. Try again in a moment."],
  [refusal("conflict", { reason: "deleted" }), "This message was deleted."],
  [refusal("conflict", { reason: "too_many_edits" }), "This message was edited as often as one can be."],
  [refusal("forbidden", { reason: "archived" }), "This room is archived: it can only be read."],
  [
    refusal("conflict", { reason: "too_many_pins", limit: 50 }),
    "As many messages are pinned here as can be. Unpin one first.",
  ],
  [refusal("invalid", { field: "topic", rule: "too_long", limit: 250 }), "The topic can have at most 250 characters."],
  [refusal("unavailable"), "The chat is not available at the moment. Try again shortly."],
  [refusal("something new", { message: "Said by the server." }), "Said by the server."],
  [new Unreachable(), "The chat cannot be reached. Check your connection and try again."],
  [new Error("boom"), "Something went wrong. Try again."],
])("%o is explained", (failure, sentence) => {
  expect(explain(failure)).toBe(sentence);
});

test("every code of the API has a sentence of its own", () => {
  const codes = ["forbidden", "not_found", "too_large", "limited", "unavailable", "internal", "unauthenticated"];
  expect(new Set(codes.map((code) => explain(refusal(code)))).size).toBe(codes.length);
});

test.each([
  [refusal("unauthenticated", { reason: "credentials" }), "That is not your password."],
  [refusal("unauthenticated", { reason: "session" }), "You have been signed out. Sign in to go on."],
  [refusal("limited", { retry_after: 4_000 }), "The password was wrong too often. Try again in 4 seconds."],
  [refusal("limited", { retry_after: 900_000 }), "The password was wrong too often. Try again in 15 minutes."],
  [refusal("limited"), "That was a little too often. Try again in a moment."],
  [missing("old"), "The old password is missing."],
  [missing("password"), "The password is missing."],
  [refusal("invalid", { field: "new", rule: "too_short", limit: 8 }), "The new password needs at least 8 characters."],
  [new Unreachable(), "The chat cannot be reached. Check your connection and try again."],
])("%o is explained where the password is asked for", (failure, sentence) => {
  expect(explainProof(failure)).toBe(sentence);
});

test("a password that is wrong stands beside the field that asks for it", () => {
  const wrong = refusal("unauthenticated", { reason: "credentials" });
  expect(fieldOf(wrong, "old")).toBe("old");
  expect(fieldOf(wrong)).toBeNull();
  expect(fieldOf(refusal("unauthenticated", { reason: "session" }), "old")).toBeNull();
  expect(fieldOf(refusal("invalid", { field: "new", rule: "common" }), "old")).toBe("new");
  expect(fieldOf(missing("old"), "old")).toBe("old");
});

test("a failure stands beside its field", () => {
  expect(fieldOf(refusal("invalid", { field: "password", rule: "too_short" }))).toBe("password");
  expect(fieldOf(refusal("conflict", { reason: "name_taken" }))).toBe("name");
  expect(fieldOf(refusal("unavailable"))).toBeNull();
  expect(fieldOf(new Unreachable())).toBeNull();
});
