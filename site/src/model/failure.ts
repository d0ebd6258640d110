import type { Failure } from "../wire";

/** The wire's, open to what a newer API may add: a client outlives the version that it was built for. */
export type Envelope = Omit<Failure, "code" | "rule" | "reason"> & {
  code: string;
  rule?: string;
  reason?: string;
};

/** Our own reason: not I am in too many rooms, but somebody whom I want to talk with. The API has one for both. */
export const THEIR_TOO_MANY_ROOMS = "their_too_many_rooms";

/** The API said no. The envelope tells why; decide by `code`. */
export class Refusal extends Error {
  readonly envelope: Envelope;

  constructor(envelope: Envelope) {
    super(envelope.message);
    this.name = "Refusal";
    this.envelope = envelope;
  }

  get code(): string {
    return this.envelope.code;
  }

  /** Whether the same request, sent again later, may succeed. Every request of ours may be repeated. */
  get passes(): boolean {
    return ["unavailable", "internal", "limited"].includes(this.code);
  }
}

/** A field is empty, and the API need not be asked: it would count an empty password as a wrong one. */
export function missing(field: string): Refusal {
  return new Refusal({ code: "invalid", field, rule: "required", message: "" });
}

/** Nobody answered: the network or the socket went away, or the answer took too long. Whether it was done is unknown. */
export class Unreachable extends Error {
  constructor(message = "No answer") {
    super(message);
    this.name = "Unreachable";
  }
}

/** The session has ended: only signing in again helps. */
export class SessionEnded extends Error {
  constructor() {
    super("The session has ended");
    this.name = "SessionEnded";
  }
}
