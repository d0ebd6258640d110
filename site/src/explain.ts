import { Refusal, SessionEnded, Unreachable } from "./model/failure";
import { duration, wait, words } from "./words";

/** What went wrong, for a person. */
export function explain(failure: unknown): string {
  if (failure instanceof Unreachable) return words.failed.unreachable;
  if (failure instanceof SessionEnded) return words.sessionEnded;
  if (!(failure instanceof Refusal)) return words.failed.unknown;
  const { code, field, rule, limit, reason, retry_after, message } = failure.envelope;
  switch (code) {
    case "invalid":
      return broken(field ?? "", rule ?? "", limit ?? 0) ?? fallback(message);
    case "unauthenticated":
      return reason === "credentials" ? words.failed.credentials : words.sessionEnded;
    case "forbidden":
      return forbidden(reason ?? "", retry_after);
    case "not_found":
      return words.failed.notFound;
    case "conflict":
      if (reason === "deleted") return words.deleted;
      return among(words.conflicts, reason ?? "") ?? fallback(message);
    case "too_large":
      return words.failed.tooLarge;
    case "limited":
      return retry_after ? words.failed.limited(shortly(retry_after)) : words.failed.limitedBriefly;
    case "unavailable":
      return words.failed.unavailable;
    case "internal":
      return words.failed.internal;
    default:
      return fallback(message);
  }
}

/** What went wrong where somebody who is signed in gives their password once more, for a person. */
export function explainProof(failure: unknown): string {
  if (!(failure instanceof Refusal)) return explain(failure);
  const { code, reason, retry_after } = failure.envelope;
  if (code === "unauthenticated" && reason === "credentials") return words.wrongPassword;
  if (code === "limited" && retry_after) return words.failed.wrongTooOften(shortly(retry_after));
  return explain(failure);
}

/** Which field of a form the failure belongs to. `proof` is the field of the password that must be right, if there is one. */
export function fieldOf(failure: unknown, proof: string | null = null): string | null {
  if (!(failure instanceof Refusal)) return null;
  if (proof && failure.code === "unauthenticated" && failure.envelope.reason === "credentials") return proof;
  if (failure.code === "conflict" && failure.envelope.reason === "name_taken") return "name";
  return failure.code === "invalid" ? (failure.envelope.field ?? null) : null;
}

function forbidden(reason: string, retryAfter: number | undefined): string {
  if (reason === "guest") return words.guestHere;
  if (reason === "archived") return words.archivedHere;
  if (reason === "muted") return retryAfter ? words.mutedFor(wait(retryAfter)) : words.mutedHere;
  if (reason === "banned" && retryAfter) return words.bannedFor(wait(retryAfter));
  return among(words.forbidden, reason) ?? words.forbidden.other;
}

function broken(field: string, rule: string, limit: number): string | null {
  if (rule === "format" && field === "name") return words.nameForm;
  const what = among(words.fields, field) ?? words.fields.other;
  return among<(what: string, limit: number) => string>(words.broken, rule)?.(what, limit) ?? null;
}

/** What is said of a name that the API gives: it may be one that this version does not know. */
function among<T>(all: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(all, name) ? all[name] : undefined;
}

function shortly(ms: number): string {
  return duration(Math.ceil(ms / 1_000));
}

function fallback(message: string): string {
  return message || words.failed.unknown;
}
