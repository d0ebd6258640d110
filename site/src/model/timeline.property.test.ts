import * as fc from "fast-check";
import { test } from "vitest";
import type { Page } from "../wire";
import { Timeline } from "./timeline";
import { type Happening, ReferenceRoom } from "./timeline.reference";

/** What may reach a client, in any order. Positions and times beyond what is possible are brought into range. */
type Step =
  | { kind: "frame"; from: number; to: number; time: number }
  | { kind: "newest"; settled: number; time: number }
  | { kind: "ask"; what: "before" | "after" | "newest" | "around"; time: number }
  | { kind: "answer" }
  | { kind: "sync"; settled: number; pages: boolean }
  | { kind: "cut"; to: number }
  | { kind: "confirm"; rev: number }
  | { kind: "trim"; keep: "first" | "last" };

/** A page this short has something before it in a room this small. */
const LIMIT = 2;

/** A client that does with its timeline what the chat does, and checks after each step what must be true of it. */
class Client {
  readonly timeline = new Timeline("room");
  readonly room: ReferenceRoom;
  /** The last position that the client has seen anything of: whatever it asks now is read after that. */
  #seen = 0;
  #asked: { what: Extract<Step, { kind: "ask" }>["what"]; page: Page; seq: number } | null = null;
  #position = 0;
  #revs = new Map<number, number>();

  constructor(room: ReferenceRoom) {
    this.room = room;
  }

  take(step: Step): void {
    const { timeline, room } = this;
    switch (step.kind) {
      case "frame": {
        const time = Math.min(room.head, Math.max(step.to, step.time));
        const frame = room.range(step.from, Math.min(step.to, room.head), time);
        const { position, messages } = timeline;
        const outcome = timeline.apply(frame);
        const due = position === null ? "held" : frame.from > position + 1 ? "gap" : "applied";
        must(outcome === due, `${due} was due`, this);
        // What does not connect is not shown, and is known to be missing.
        if (outcome === "gap") must(timeline.behind && timeline.messages === messages, "a gap hidden", this);
        this.#seen = Math.max(this.#seen, frame.to);
        break;
      }
      case "newest": {
        // What does not reach up to the newest is left by asking.
        if (timeline.later) break;
        // Asked before anything or a moment ago: older than what is here, or newer. After a cut it is asked after that.
        const settled = Math.max(step.settled, timeline.loaded ? 0 : this.#position);
        timeline.load(room.page(LIMIT, settled, Math.min(room.head, Math.max(settled, step.time))));
        break;
      }
      case "ask":
        this.#ask(step);
        break;
      case "answer": {
        if (!this.#asked) break;
        const { what, page, seq } = this.#asked;
        if (what === "before") timeline.prepend(page, seq);
        else if (what === "after") timeline.append(page, seq);
        else if (what === "newest") timeline.load(page);
        // A cut came between: then there is no more to be looked at than the newest.
        else if (timeline.loaded) timeline.jump(page);
        // What was replaced by a page may have been newer.
        if (what === "newest" || what === "around") this.#forget();
        timeline.giveUp();
        this.#asked = null;
        break;
      }
      case "sync":
        this.#sync(Math.min(step.settled, room.head), step.pages);
        break;
      case "cut":
        if (step.to <= (timeline.position ?? room.head)) break;
        timeline.drop();
        this.#asked = null;
        this.#position = Math.min(step.to, room.head);
        this.#revs.clear();
        break;
      case "confirm": {
        const message = room.log[step.rev - 1];
        if (message) timeline.confirm(message);
        break;
      }
      case "trim":
        timeline.trim(1, step.keep);
        this.#forget();
        break;
    }
    this.#check();
  }

  #ask({ what, time }: Extract<Step, { kind: "ask" }>): void {
    const { timeline, room } = this;
    const [first, last] = [timeline.messages[0]?.seq, timeline.newest?.seq];
    if (!timeline.loaded || this.#asked || first === undefined || last === undefined) return;
    if ((what === "before" && !timeline.earlier) || (what === "after" && !timeline.later)) return;
    const seen = Math.max(this.#seen, timeline.position ?? 0, ...this.#revs.values());
    const at = Math.min(room.head, Math.max(seen, time));
    const settled = Math.min(timeline.position ?? 0, time);
    timeline.ask();
    if (what === "before") this.#asked = { what, seq: first, page: room.page(LIMIT, settled, at, first) };
    else if (what === "newest") this.#asked = { what, seq: 0, page: room.page(LIMIT, settled, at) };
    else if (what === "after") this.#asked = { what, seq: last, page: room.after(LIMIT, settled, at, last) };
    else this.#asked = { what, seq: 0, page: room.after(LIMIT, settled, at, Math.min(time % 3, first - 1)) };
  }

  /** What is out of sight may come back with a page that was under way before it was changed. */
  #forget(): void {
    for (const seq of this.#revs.keys())
      if (!this.timeline.messages.some((message) => message.seq === seq)) this.#revs.delete(seq);
  }

  /** A last sync and all of the history, after which nothing may be missing. */
  finish(): void {
    const { timeline, room } = this;
    if (!timeline.loaded) this.take({ kind: "newest", settled: room.head, time: room.head });
    this.take({ kind: "sync", settled: room.head, pages: true });
    this.take({ kind: "answer" });
    for (let pages = 0; timeline.earlier || timeline.later; pages += 1) {
      must(pages < 40, "history that never ends", this);
      this.take({ kind: "ask", what: timeline.earlier ? "before" : "after", time: room.head });
      this.take({ kind: "answer" });
    }
    must(JSON.stringify(timeline.messages) === JSON.stringify(room.at(room.head)), "not the history", this);
    must(timeline.position === room.head && !timeline.behind, "not at the end", this);
  }

  #sync(settled: number, pages: boolean): void {
    while (this.timeline.position !== null && this.timeline.position < settled) {
      const from = this.timeline.position + 1;
      // All is read at the end of the room: what is edited later is at its later position only.
      const outcome = this.timeline.apply(this.room.range(from, pages ? from : settled, this.room.head));
      must(outcome === "applied", "a catch-up refused", this);
    }
  }

  #check(): void {
    const { timeline, room } = this;
    const { messages, position } = timeline;
    for (const [index, message] of messages.entries()) {
      const { seq, rev } = message;
      must(index === 0 || seq > (messages[index - 1]?.seq ?? 0), "out of order", this);
      must(message.text === room.log[rev - 1]?.text, "something that was never so", this);
      must(rev >= (this.#revs.get(seq) ?? 0), "a change undone", this);
      this.#revs.set(seq, rev);
    }
    if (position === null) return;
    must(position >= this.#position, "the position went back", this);
    this.#position = position;
    const first = timeline.earlier ? (messages[0]?.seq ?? 0) : 0;
    const last = timeline.later ? (messages.at(-1)?.seq ?? 0) : Number.POSITIVE_INFINITY;
    for (const { seq, rev } of room.at(position)) {
      if (seq < first || seq > last || room.last(seq) !== rev) continue;
      // One that is changed later may be older or absent: it is at its last position only.
      must(
        messages.some((message) => message.seq === seq && message.rev === rev),
        "a change skipped",
        this,
      );
    }
  }
}

/** `expect`, some hundred times faster. */
function must(holds: boolean, what: string, { room, timeline }: Client): void {
  if (!holds) throw new Error(`${what}: ${JSON.stringify({ timeline, messages: timeline.messages, room: room.log })}`);
}

function play(script: readonly Happening[], steps: readonly Step[]): void {
  const client = new Client(new ReferenceRoom(script));
  for (const step of steps) client.take(step);
  client.finish();
}

/** Every room of so many positions; the first is something said. */
function rooms(positions: number): Happening[][] {
  if (positions === 0) return [[]];
  const choices: Happening[] = positions === 1 ? ["said"] : ["said", "voided", { edited: 1 }];
  return rooms(positions - 1).flatMap((script) => choices.map((choice) => [...script, choice]));
}

/** Whatever may happen to a client of a room of so many positions. */
function everything(head: number): Step[] {
  const steps: Step[] = [
    { kind: "ask", what: "before", time: 0 },
    { kind: "ask", what: "before", time: head },
    { kind: "ask", what: "after", time: 0 },
    { kind: "ask", what: "newest", time: 0 },
    { kind: "ask", what: "around", time: head },
    { kind: "answer" },
    { kind: "trim", keep: "last" },
    { kind: "trim", keep: "first" },
    { kind: "cut", to: head - 1 },
    { kind: "sync", settled: head - 1, pages: true },
    { kind: "sync", settled: head, pages: false },
  ];
  for (let from = 1; from <= head; from += 1) {
    for (let to = from; to <= head; to += 1) steps.push({ kind: "frame", from, to, time: to });
    if (from < head) steps.push({ kind: "frame", from, to: from, time: head });
    steps.push({ kind: "confirm", rev: from });
    steps.push({ kind: "newest", settled: from, time: head });
  }
  return steps;
}

function schedules(steps: readonly Step[], length: number): Step[][] {
  if (length === 0) return [[]];
  return schedules(steps, length - 1).flatMap((schedule) => steps.map((step) => [...schedule, step]));
}

test.each([
  { positions: 4, length: 2, opened: 0 },
  { positions: 4, length: 2, opened: 2 },
  { positions: 3, length: 3, opened: 1 },
])("every schedule of $length steps in every room of $positions positions ends as its history", (size) => {
  const opening: Step = { kind: "newest", settled: size.opened, time: size.opened };
  const all = schedules(everything(size.positions), size.length);
  for (const script of rooms(size.positions)) for (const steps of all) play(script, [opening, ...steps]);
});

const at = fc.integer({ min: 1, max: 14 });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Happening>("said") },
  { weight: 1, arbitrary: fc.constant<Happening>("voided") },
  { weight: 2, arbitrary: at.map((seq) => ({ edited: seq })) },
  { weight: 1, arbitrary: at.map((seq) => ({ deleted: seq })) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(at, fc.integer({ min: 0, max: 4 }), at)
      .map(([from, more, time]) => ({ kind: "frame" as const, from, to: from + more, time })),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("newest" as const), settled: at, time: at }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("ask" as const),
      what: fc.constantFrom("before" as const, "after" as const, "newest" as const, "around" as const),
      time: at,
    }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: "answer" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("sync" as const), settled: at, pages: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const), to: at }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("confirm" as const), rev: at }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("trim" as const),
      keep: fc.constantFrom("first" as const, "last" as const),
    }),
  },
);

test("random schedules of long rooms end as the room's history", () => {
  fc.assert(
    fc.property(
      fc.array(happening, { minLength: 1, maxLength: 14 }),
      fc.array(step, { maxLength: 24 }),
      (script, steps) => {
        const inside = steps.map((one) => within(one, script.length));
        play(script, inside);
      },
    ),
    { numRuns: 8_000 },
  );
});

function within(step: Step, head: number): Step {
  const clamped = Object.entries(step).map(([key, value]) => [
    key,
    typeof value === "number" ? Math.min(value, head) : value,
  ]);
  return Object.fromEntries(clamped) as Step;
}
