import type { Role } from "../wire";
import type { Block, Inline } from "./markdown";
import { keepsOrder } from "./ranks";

/** Whom a message mentions, as far as their names are known here. */
export type Mentioned = { names: readonly string[]; room: boolean; me: string };

/** What stands for everybody. */
export const EVERYBODY = "room";

/** So many are offered at once. */
export const OFFERED = 8;
/** In a room of more people only whoever keeps order there calls everybody. */
export const CROWD = 100;

/** Where a name can begin, as the API sees it: an `@` inside a word, as in an address of electronic mail, mentions nobody. */
const CALL = /(?<![\p{L}\p{N}\p{M}_.@-])@([\p{L}\p{N}][\p{L}\p{N}\p{M}_.-]*)/gu;

/** The blocks of a text, in which the names that its message mentions are marked. Not in code, and not in links. */
export function marked(blocks: readonly Block[], mentioned: Mentioned): readonly Block[] {
  const names = new Set(mentioned.names.map(fold));
  const me = fold(mentioned.me);
  return blocks.map(block);

  function block(one: Block): Block {
    switch (one.kind) {
      case "text":
        return { ...one, inside: one.inside.flatMap(inline) };
      case "quote":
        return { ...one, inside: one.inside.map(block) };
      case "list":
        return { ...one, items: one.items.map((item) => item.map(block)) };
      default:
        return one;
    }
  }

  function inline(one: Inline): readonly Inline[] {
    if (typeof one === "string") return parts(one);
    return "inside" in one && one.kind !== "link" ? [{ ...one, inside: one.inside.flatMap(inline) }] : [one];
  }

  function parts(text: string): readonly Inline[] {
    const found: Inline[] = [];
    let done = 0;
    for (const { index, 1: name = "" } of text.matchAll(CALL)) {
      const called = calledBy(name);
      if (!called) continue;
      const end = index + 1 + called.length;
      if (index > done) found.push(text.slice(done, index));
      const room = fold(called) === EVERYBODY && mentioned.room;
      found.push({ kind: "mention", text: text.slice(index, end), me: room || fold(called) === me });
      done = end;
    }
    if (done < text.length) found.push(text.slice(done));
    return found;
  }

  /** `@anna.` may be `anna.` or `anna`. */
  function calledBy(name: string): string | null {
    const bare = name.replace(/[_.-]+$/u, "");
    if (mentioned.room && fold(bare) === EVERYBODY) return bare;
    return [name, bare].find((one) => names.has(fold(one))) ?? null;
  }
}

/** The beginning of a name right before the caret, from its `@` on. Not in code. */
export function calling(text: string, caret: number): { from: number; stem: string } | null {
  const found = /(?<![\p{L}\p{N}\p{M}_.@-])@([\p{L}\p{N}\p{M}_.-]{0,32})$/u.exec(text.slice(0, caret));
  if (!found || (text.slice(0, caret).split("`").length - 1) % 2 === 1) return null;
  return { from: found.index, stem: found[1] ?? "" };
}

/** Whether `@room` of somebody with this role calls everybody; as long as it is not known how many there are, it may not. */
export function callsAll(role: Role | null, { loaded, total }: { loaded: boolean; total: number }): boolean {
  return keepsOrder(role) || (loaded && total <= CROWD);
}

/** Whose name begins so, in the order given; after them everybody, if they can be called. Whoever has written the only one whole needs no offer. */
export function callable(names: readonly string[], stem: string, all: boolean): readonly string[] {
  const beginning = fold(stem);
  const found = [...names.filter((name) => fold(name) !== EVERYBODY), ...(all ? [EVERYBODY] : [])]
    .filter((name) => name !== "" && fold(name).startsWith(beginning))
    .slice(0, OFFERED);
  return found.length === 1 && fold(found[0] ?? "") === beginning ? [] : found;
}

/** As names are compared: without case, and without what only looks different. */
function fold(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}
