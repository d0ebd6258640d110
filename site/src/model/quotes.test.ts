import { expect, test } from "vitest";
import type { Message } from "../wire";
import { Unreachable } from "./failure";
import { Quotes } from "./quotes";

const said = (seq: number, rev = seq, text = `line ${seq}`): Message => ({
  seq,
  rev,
  author: { id: "a", name: "ada" },
  client_id: `c${seq}`,
  text,
  at: 0,
});
const settle = () => new Promise((over) => setTimeout(over));

test("what could not be fetched is asked for again when there is a connection", async () => {
  let up = false;
  const quotes = new Quotes(async (_, seq) => {
    if (!up) throw new Unreachable();
    return said(seq);
  });
  quotes.want("tea", 1);
  await settle();
  expect(quotes.of("tea", 1)).toBeUndefined();
  up = true;
  await quotes.flush();
  expect(quotes.of("tea", 1)?.text).toBe("line 1");
});

test("each is fetched once, one after the other, and one that is not there is known to be none", async () => {
  const asked: number[] = [];
  let under = 0;
  const quotes = new Quotes(async (_, seq) => {
    asked.push(seq);
    under += 1;
    expect(under).toBe(1);
    await settle();
    under -= 1;
    return seq === 2 ? null : said(seq);
  });
  for (const seq of [1, 2, 1, 3]) quotes.want("tea", seq);
  await settle();
  await settle();
  await settle();
  await settle();
  quotes.want("tea", 2);
  expect(asked).toEqual([1, 2, 3]);
  expect(quotes.of("tea", 2)).toBeNull();
});

test("a change that is heard while it is fetched is not undone", async () => {
  const quotes = new Quotes(async (_, seq) => said(seq, 5, "before"));
  quotes.want("tea", 1);
  quotes.hear("tea", [said(1, 6, "after")]);
  await settle();
  expect(quotes.of("tea", 1)?.text).toBe("after");
});

test("a change of what is quoted is heard, an older one and one of what is not quoted are not", async () => {
  const quotes = new Quotes(async (_, seq) => said(seq, 5));
  quotes.want("tea", 1);
  await settle();
  quotes.hear("tea", [said(1, 4, "old"), said(2, 9)]);
  expect([quotes.of("tea", 1)?.text, quotes.of("tea", 2)]).toEqual(["line 1", undefined]);
  quotes.hear("tea", [said(1, 6, "new")]);
  expect(quotes.of("tea", 1)?.text).toBe("new");
  quotes.forget("tea");
  expect(quotes.of("tea", 1)).toBeUndefined();
});
