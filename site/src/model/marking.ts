/** A piece of a text, and whether it is what was searched for. */
export type Piece = { text: string; hit: boolean };

/** Of a long text this much is shown, in characters, with the first hit in it. */
const LONGEST = 280;
/** So much of it before the hit. */
const BEFORE = 60;

/** A text with the words of a question marked, without regard to case and diacritics, as the search finds them. */
export function found(text: string, question: string): readonly Piece[] {
  const words = [...new Set(question.split(/[^\p{L}\p{N}\p{M}]+/u).map(fold))].filter(Boolean);
  const characters = [...text];
  // A folded character may be none or several: each of them knows whose it is.
  const folded: { of: number; as: string }[] = characters.flatMap((one, of) =>
    [...fold(one)].map((as) => ({ of, as })),
  );
  const line = folded.map(({ as }) => as).join("");
  const starts: number[] = [];
  let at = 0;
  for (const { as } of folded) {
    starts.push(at);
    at += as.length;
  }
  const hits = new Set<number>();
  for (const word of words) {
    for (let from = line.indexOf(word); from >= 0; from = line.indexOf(word, from + word.length)) {
      folded.forEach(({ of }, index) => {
        const start = starts[index] ?? 0;
        if (start >= from && start < from + word.length) hits.add(of);
      });
    }
  }
  const first = hits.size > 0 ? Math.min(...hits) : 0;
  const begin = characters.length <= LONGEST ? 0 : Math.max(0, first - BEFORE);
  const end = Math.min(characters.length, begin + LONGEST);
  const pieces: Piece[] = begin > 0 ? [{ text: "…", hit: false }] : [];
  for (let index = begin; index < end; index += 1) {
    const hit = hits.has(index);
    const last = pieces.at(-1);
    if (last && last.hit === hit) last.text += characters[index];
    else pieces.push({ text: characters[index] ?? "", hit });
  }
  if (end < characters.length) pieces.push({ text: "…", hit: false });
  return pieces;
}

function fold(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
}
