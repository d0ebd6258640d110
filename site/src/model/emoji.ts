/** Names and what they stand for, in the order in which they are offered. */
export type Emoji = readonly (readonly [name: string, emoji: string])[];

/** So many are offered at once. */
const OFFERED = 8;

/** The beginning of a name right before the caret: after a colon that begins a word, two letters at least. */
export function begun(text: string, caret: number): { from: number; stem: string } | null {
  const found = /(?:^|[\s(])(:([a-z0-9_+-]{2,32}))$/i.exec(text.slice(Math.max(0, caret - 40), caret));
  if (!found?.[1] || inCode(text, caret)) return null;
  return { from: caret - found[1].length, stem: (found[2] ?? "").toLowerCase() };
}

/** A whole name with both colons right before the caret. */
export function named(text: string, caret: number): { from: number; name: string } | null {
  const found = /(?:^|[\s(]):([a-z0-9_+-]{1,32}):$/i.exec(text.slice(Math.max(0, caret - 40), caret));
  if (!found?.[1] || inCode(text, caret)) return null;
  return { from: caret - found[1].length - 2, name: found[1].toLowerCase() };
}

/** Those whose name begins so, and after them those in whose name it stands. */
export function offers(emoji: Emoji, stem: string, most = OFFERED): Emoji {
  const first = emoji.filter(([name]) => name.startsWith(stem));
  const others = emoji.filter(([name]) => name.includes(stem) && !name.startsWith(stem));
  const seen = new Set<string>();
  return [...first.sort(([a], [b]) => a.length - b.length), ...others]
    .filter(([, one]) => !seen.has(one) && seen.add(one))
    .slice(0, most);
}

/** In code a colon is a colon. */
function inCode(text: string, caret: number): boolean {
  return (text.slice(0, caret).split("`").length - 1) % 2 === 1;
}
