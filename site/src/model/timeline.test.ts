import { describe, expect, test } from "vitest";
import type { Message, Page } from "../wire";
import { Timeline } from "./timeline";

const ada = { id: "a".repeat(24), name: "ada" };

function message(seq: number, rev = seq, text = `line ${seq}`): Message {
  return { seq, rev, author: ada, client_id: `client-${seq}`, text, at: seq * 1_000 };
}

function page(from: number, to: number, position = to, before = from > 1): Page {
  const messages = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => message(from + index));
  return { messages, position, before, after: false };
}

function changes(from: number, to: number, ...messages: Message[]) {
  return { from, to, changes: messages };
}

function loaded(from: number, to: number, position = to): Timeline {
  const timeline = new Timeline("room");
  timeline.load(page(from, to, position));
  return timeline;
}

const seqs = (timeline: Timeline) => timeline.messages.map(({ seq }) => seq);

describe("the newest page", () => {
  test("sets the position to the one it was read at", () => {
    const timeline = loaded(3, 5, 9);
    expect(timeline.position).toBe(9);
    expect(seqs(timeline)).toEqual([3, 4, 5]);
    expect(timeline.earlier).toBe(true);
  });

  test("of an empty room leaves nothing before it", () => {
    const timeline = loaded(1, 0, 0);
    expect(timeline.loaded).toBe(true);
    expect(timeline.earlier).toBe(false);
    expect(timeline.apply(changes(1, 1, message(1)))).toBe("applied");
    expect(seqs(timeline)).toEqual([1]);
  });

  test("takes in the frames that came while it was under way", () => {
    const timeline = new Timeline("room");
    expect(timeline.apply(changes(5, 5, message(5)))).toBe("held");
    expect(timeline.apply(changes(6, 6, message(6)))).toBe("held");
    expect(timeline.load(page(1, 4))).toBe("applied");
    expect(seqs(timeline)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(timeline.position).toBe(6);
  });

  test("keeps what came after such a gap until it is closed", () => {
    const timeline = new Timeline("room");
    timeline.apply(changes(7, 8, message(7), message(8)));
    expect(timeline.load(page(1, 4))).toBe("gap");
    expect(timeline.apply(changes(5, 6, message(5), message(6)))).toBe("applied");
    expect(seqs(timeline)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(timeline.position).toBe(8);
  });

  test("says when those frames leave a gap", () => {
    const timeline = new Timeline("room");
    timeline.apply(changes(7, 7, message(7)));
    expect(timeline.load(page(1, 4))).toBe("gap");
    expect(timeline.position).toBe(4);
    expect(timeline.behind).toBe(true);
  });

  test("loaded again beyond what is here drops what is here rather than leave a hole", () => {
    const timeline = loaded(1, 5);
    timeline.load(page(100, 120));
    expect(seqs(timeline)[0]).toBe(100);
    expect(timeline.earlier).toBe(true);
    expect(timeline.position).toBe(120);
  });

  test("loaded again takes the place of what is here, for that may have been changed meanwhile", () => {
    const timeline = loaded(1, 5);
    timeline.load(page(4, 5, 6));
    expect(seqs(timeline)).toEqual([4, 5]);
    expect(timeline.earlier).toBe(true);
  });

  test("loaded again keeps what was said after it was read", () => {
    const timeline = loaded(1, 5);
    timeline.confirm(message(9));
    timeline.load(page(4, 7));
    expect(seqs(timeline)).toEqual([4, 5, 6, 7, 9]);
    expect(timeline.position).toBe(7);
    expect(timeline.behind).toBe(true);
  });

  test("never takes the position back", () => {
    const timeline = loaded(1, 5);
    timeline.apply(changes(6, 6, message(6)));
    timeline.load(page(1, 5));
    expect(timeline.position).toBe(6);
    expect(seqs(timeline)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe("a frame", () => {
  test("that follows is applied", () => {
    const timeline = loaded(1, 3);
    expect(timeline.apply(changes(4, 5, message(4), message(5)))).toBe("applied");
    expect(timeline.position).toBe(5);
  });

  test("that overlaps is applied, and what is here already stays single", () => {
    const timeline = loaded(1, 3);
    expect(timeline.apply(changes(2, 4, message(2), message(3), message(4)))).toBe("applied");
    expect(seqs(timeline)).toEqual([1, 2, 3, 4]);
    expect(timeline.position).toBe(4);
  });

  test("that is wholly old changes nothing", () => {
    const timeline = loaded(1, 5);
    const { version, messages } = timeline;
    expect(timeline.apply(changes(2, 2, message(2)))).toBe("applied");
    expect(timeline.position).toBe(5);
    expect(timeline.version, "nothing to draw").toBe(version);
    expect(timeline.messages).toBe(messages);
  });

  test("beyond the next position is a gap and is not applied", () => {
    const timeline = loaded(1, 3);
    expect(timeline.apply(changes(5, 5, message(5)))).toBe("gap");
    expect(seqs(timeline)).toEqual([1, 2, 3]);
    expect(timeline.position).toBe(3);
    expect(timeline.behind).toBe(true);
  });

  test("with positions at which nothing came to pass advances over them", () => {
    const timeline = loaded(1, 3);
    expect(timeline.apply(changes(4, 7, message(4, 6)))).toBe("applied");
    expect(timeline.position).toBe(7);
    expect(seqs(timeline)).toEqual([1, 2, 3, 4]);
  });

  test("with a later change of a message replaces it, with an earlier one does not", () => {
    const timeline = loaded(1, 3);
    timeline.apply(changes(4, 4, message(2, 4, "edited")));
    timeline.apply(changes(1, 4, message(2, 2, "old")));
    expect(timeline.messages[1]?.text).toBe("edited");
  });

  test("with a change of a message that is not loaded leaves no hole", () => {
    const timeline = loaded(10, 12);
    timeline.ask();
    timeline.apply(changes(13, 13, message(4, 13, "edited")));
    expect(seqs(timeline)).toEqual([10, 11, 12]);
    timeline.apply(changes(12, 12, message(4, 11, "before that")));
    // The page was read before the change, and comes after it.
    timeline.prepend(page(1, 9, 12), 10);
    expect(timeline.messages[3]?.text).toBe("edited");
  });
});

describe("history", () => {
  test("is put in above", () => {
    const timeline = loaded(51, 60);
    timeline.ask();
    timeline.prepend(page(41, 50, 60), 51);
    expect(seqs(timeline)).toEqual(Array.from({ length: 20 }, (_, index) => 41 + index));
    expect(timeline.earlier).toBe(true);
    timeline.ask();
    timeline.prepend(page(1, 40, 60), 41);
    expect(timeline.earlier).toBe(false);
  });

  test("does not undo a change that came first", () => {
    const timeline = loaded(3, 4);
    timeline.apply(changes(5, 5, message(3, 5, "edited")));
    timeline.ask();
    timeline.prepend(page(1, 3, 4), 3);
    expect(timeline.messages[2]?.text).toBe("edited");
  });

  test("is forgotten down to the newest and can be scrolled to again", () => {
    const timeline = loaded(1, 10);
    timeline.trim(4);
    expect(seqs(timeline)).toEqual([7, 8, 9, 10]);
    expect(timeline.earlier).toBe(true);
    timeline.ask();
    timeline.prepend(page(3, 6, 10), 7);
    expect(seqs(timeline)[0]).toBe(3);
  });

  test("asked for before the stretch became another one is not put in", () => {
    const timeline = loaded(51, 60);
    timeline.ask();
    timeline.load(page(91, 100));
    expect(timeline.prepend(page(41, 50, 60), 51)).toBe(false);
    expect(seqs(timeline)[0]).toBe(91);
    // The same first message, but the page is older than what is known of the rest.
    timeline.ask();
    timeline.load(page(91, 120));
    expect(timeline.prepend(page(81, 90, 100), 91)).toBe(false);
  });

  test("far back it does not reach the newest, and what is said then is not put in", () => {
    const timeline = loaded(1, 100);
    timeline.trim(50, "first");
    expect([timeline.later, timeline.newest?.seq]).toEqual([true, 50]);
    timeline.apply(changes(101, 102, message(101), message(20, 102, "edited")));
    expect(timeline.newest?.seq).toBe(50);
    expect(timeline.messages[19]?.text).toBe("edited");
    expect(timeline.position).toBe(102);
  });

  test("is put in below, with what came while it was under way", () => {
    const timeline = loaded(1, 10);
    timeline.trim(5, "first");
    timeline.ask();
    timeline.apply(changes(11, 12, message(11), message(7, 12, "edited")));
    expect(timeline.append({ ...page(6, 8, 10), before: true, after: true }, 5)).toBe(true);
    expect(seqs(timeline)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(timeline.messages[6]?.text).toBe("edited");
    timeline.ask();
    timeline.apply(changes(13, 13, message(13)));
    timeline.append({ ...page(9, 11, 12), before: true }, 8);
    expect(seqs(timeline)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13]);
    expect(timeline.later).toBe(false);
  });

  test("goes back to the newest with one page, though nothing has happened since", () => {
    const timeline = loaded(1, 10);
    timeline.ask();
    timeline.jump({ ...page(2, 4, 10), before: true, after: true });
    expect([seqs(timeline), timeline.earlier, timeline.later]).toEqual([[2, 3, 4], true, true]);
    timeline.ask();
    timeline.apply(changes(11, 11, message(11)));
    timeline.load(page(8, 10));
    expect([seqs(timeline), timeline.later, timeline.position]).toEqual([[8, 9, 10, 11], false, 11]);
  });

  test("kept from an earlier visit is stale until it is caught up with", () => {
    const timeline = new Timeline("room");
    timeline.restore(page(1, 5));
    expect([timeline.loaded, timeline.stale, timeline.position]).toEqual([true, true, 5]);
    expect(timeline.apply(changes(8, 8, message(8)))).toBe("gap");
    timeline.apply(changes(6, 7, message(6), message(7)));
    expect(seqs(timeline)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    timeline.freshen();
    expect(timeline.stale).toBe(false);
    timeline.restore(page(1, 3));
    expect(seqs(timeline)).toHaveLength(8);
  });

  test("dropped, it begins anew with the next page and the frames since", () => {
    const timeline = loaded(1, 10);
    timeline.drop();
    expect(timeline.loaded).toBe(false);
    expect(seqs(timeline)).toEqual([]);
    expect(timeline.apply(changes(91, 91, message(91)))).toBe("held");
    timeline.load(page(81, 90));
    expect(seqs(timeline)).toEqual([81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91]);
    expect(timeline.position).toBe(91);
  });
});

describe("an own message", () => {
  test("is shown when it is stored, before its frame, and once after it", () => {
    const timeline = loaded(1, 3);
    timeline.confirm(message(5));
    expect(seqs(timeline)).toEqual([1, 2, 3, 5]);
    expect(timeline.position).toBe(3);
    expect(timeline.behind).toBe(true);
    timeline.apply(changes(4, 5, message(4), message(5)));
    expect(seqs(timeline)).toEqual([1, 2, 3, 4, 5]);
    expect(timeline.behind).toBe(false);
  });
});

describe("beyond a gap", () => {
  test("frames are kept in any order, and applied with what closes it", () => {
    const timeline = loaded(1, 3);
    expect(timeline.apply(changes(9, 9, message(9)))).toBe("gap");
    expect(timeline.apply(changes(6, 8, message(6), message(8)))).toBe("gap");
    expect(seqs(timeline)).toEqual([1, 2, 3]);
    expect(timeline.position).toBe(3);
    expect(timeline.apply(changes(4, 6, message(4), message(5), message(6)))).toBe("applied");
    expect(seqs(timeline)).toEqual([1, 2, 3, 4, 5, 6, 8, 9]);
    expect(timeline.position).toBe(9);
    expect(timeline.behind).toBe(false);
  });

  test("what was kept is older than what came since", () => {
    const timeline = loaded(1, 3);
    timeline.apply(changes(5, 5, message(2, 5, "first edit")));
    timeline.apply(changes(4, 6, message(2, 6, "second edit")));
    expect(timeline.messages[1]?.text).toBe("second edit");
    expect(timeline.position).toBe(6);
  });

  test("the oldest frames are kept when there are too many", () => {
    const timeline = loaded(1, 1);
    for (let position = 3; position < 1_000; position++) timeline.apply(changes(position, position, message(position)));
    timeline.apply(changes(2, 2, message(2)));
    expect(timeline.position).toBe(202);
    expect(timeline.behind).toBe(true);
  });

  test("nothing is kept of a room that is dropped", () => {
    const timeline = loaded(1, 3);
    timeline.apply(changes(6, 6, message(6)));
    timeline.drop();
    timeline.load(page(1, 5));
    expect(timeline.position).toBe(5);
  });
});
