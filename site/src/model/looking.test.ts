import { expect, test } from "vitest";
import { Backoff } from "./backoff";
import type { Ask, State } from "./connection";
import { Refusal, Unreachable } from "./failure";
import { Looking } from "./looking";

const settle = () => new Promise((over) => setTimeout(over, 5));

function world() {
  const asked: (string | null)[] = [];
  const failures: Error[] = [];
  const ask = (async (body: { room: string | null }) => {
    asked.push(body.room);
    const failure = failures.shift();
    if (failure) throw failure;
    return { type: "noted" };
  }) as unknown as Ask;
  const connection = { state: { name: "open" } as State, request: ask };
  const looking = new Looking(connection, new Backoff({ first: 1, random: () => 1 }));
  return { asked, failures, ask, connection, looking };
}

test("one that passes is asked for again, a room that is not mine is not", async () => {
  const { asked, failures, looking } = world();
  failures.push(new Refusal({ code: "unavailable", message: "" }));
  looking.at("tea");
  await settle();
  failures.push(new Refusal({ code: "not_found", message: "" }));
  looking.at("strange");
  await settle();
  expect(asked).toEqual(["tea", "tea", "strange"]);
  looking.close();
});

test("without a socket nothing is asked; a new one is told where one looks", async () => {
  const { asked, connection, looking } = world();
  connection.state = { name: "connecting" };
  looking.at("tea");
  await settle();
  expect(asked).toEqual([]);
  connection.state = { name: "open" };
  looking.opened();
  await settle();
  looking.opened();
  await settle();
  looking.at("tea");
  looking.away("books");
  await settle();
  expect(asked).toEqual(["tea", "tea"]);
  looking.away("tea");
  await settle();
  expect(asked).toEqual(["tea", "tea", null]);
});

test("a socket that takes another's place is told before it does; when it cannot be, it does not", async () => {
  const { asked, failures, ask, looking } = world();
  looking.at("tea");
  await settle();
  await looking.over(ask);
  expect(asked).toEqual(["tea", "tea"]);
  failures.push(new Unreachable());
  await expect(looking.over(ask)).rejects.toThrow();
});
