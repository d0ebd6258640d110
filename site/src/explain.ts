import { Refusal, SessionEnded, Unreachable } from "./model/failure";
import { duration, wait } from "./spans";
import { words } from "./words";

/** Which thing a field of the API is, at the beginning of a sentence. */
const FIELDS: Record<string, string> = {
  name: "The name",
  password: "The password",
  old: "The old password",
  new: "The new password",
  text: "The message",
  client_id: "The request",
  topic: "The topic",
  description: "The description",
  prefix: "The name",
  q: "What to look for",
  reason: "The reason",
  until: "The end",
};

/** What went wrong, for a person. */
export function explain(failure: unknown): string {
  if (failure instanceof Unreachable) return "The chat cannot be reached. Check your connection and try again.";
  if (failure instanceof SessionEnded) return words.sessionEnded;
  if (!(failure instanceof Refusal)) return "Something went wrong. Try again.";
  const { code, field, rule, limit, reason, retry_after, message } = failure.envelope;
  switch (code) {
    case "invalid":
      return broken(FIELDS[field ?? ""] ?? "This", rule ?? "", limit ?? null) ?? fallback(message);
    case "unauthenticated":
      if (reason === "credentials") return "That name and password do not belong together.";
      return words.sessionEnded;
    case "forbidden":
      if (reason === "guest") return words.guestHere;
      if (reason === "archived") return words.archivedHere;
      if (reason === "direct") return "That cannot be done in a conversation of a few people.";
      if (reason === "muted")
        return retry_after ? `You are muted here for ${wait(retry_after)} more.` : words.mutedHere;
      if (reason === "banned")
        return retry_after
          ? `You are banned from this room for ${wait(retry_after)} more.`
          : "You are banned from this room.";
      if (reason === "rank") return "Your role in this room does not allow it.";
      if (reason === "author") return "Only whoever said it can change it.";
      if (reason === "suspended") return "This account is suspended.";
      return "You are not allowed to do this.";
    case "not_found":
      return "It is not there, or not open to you.";
    case "conflict":
      if (reason === "name_taken") return "This name is taken. Choose another.";
      if (reason === "too_many_rooms") return "You are in as many rooms as one can be. Leave one first.";
      if (reason === "deleted") return words.deleted;
      if (reason === "too_many_pins") return "As many messages are pinned here as can be. Unpin one first.";
      if (reason === "too_many_invitations")
        return "As many invitations to this room hold as can. Take one back first.";
      if (reason === "too_many_reactions") return "This message has as many reactions as it can have.";
      if (reason === "too_many_edits") return "This message was edited as often as one can be.";
      return fallback(message);
    case "too_large":
      return "That is too large to send.";
    case "limited":
      return retry_after
        ? `That was a little too often. Try again in ${duration(Math.ceil(retry_after / 1_000))}.`
        : "That was a little too often. Try again in a moment.";
    case "unavailable":
      return "The chat is not available at the moment. Try again shortly.";
    case "internal":
      return "Something went wrong on our side. Try again.";
    default:
      return fallback(message);
  }
}

/** What went wrong where somebody who is signed in gives their password once more, for a person. */
export function explainProof(failure: unknown): string {
  if (!(failure instanceof Refusal)) return explain(failure);
  const { code, reason, retry_after } = failure.envelope;
  if (code === "unauthenticated" && reason === "credentials") return words.wrongPassword;
  if (code === "limited" && retry_after)
    return `The password was wrong too often. Try again in ${duration(Math.ceil(retry_after / 1_000))}.`;
  return explain(failure);
}

/** Which field of a form the failure belongs to. `proof` is the field of the password that must be right, if there is one. */
export function fieldOf(failure: unknown, proof: string | null = null): string | null {
  if (!(failure instanceof Refusal)) return null;
  if (proof && failure.code === "unauthenticated" && failure.envelope.reason === "credentials") return proof;
  if (failure.code === "conflict" && failure.envelope.reason === "name_taken") return "name";
  return failure.code === "invalid" ? (failure.envelope.field ?? null) : null;
}

function broken(subject: string, rule: string, limit: number | null): string | null {
  switch (rule) {
    case "required":
      return `${subject} is missing.`;
    case "too_short":
      return limit === 1 ? `${subject} is empty.` : `${subject} needs at least ${limit} characters.`;
    case "too_long":
      return `${subject} can have at most ${limit} characters.`;
    case "too_many_bytes":
      return `${subject} is too long: it can have at most ${limit} bytes.`;
    case "common":
      return `${subject} is easily guessed. A few words together are hard to guess.`;
    case "characters":
      return `${subject} contains characters that cannot be used.`;
    case "format":
      return subject === FIELDS.name
        ? "The name begins with a letter or a digit and has no spaces."
        : `${subject} does not have the right form.`;
    default:
      return null;
  }
}

function fallback(message: string): string {
  return message || "Something went wrong. Try again.";
}
