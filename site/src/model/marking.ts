/** A piece of a text, and whether it is what was searched for. */
export type Piece = { text: string; hit: boolean };

/** Of a long text this much is shown, in characters, with the first hit in it. */
const LONGEST = 280;
/** So much of it before the hit. */
const BEFORE = 60;

/** What is a word to the API: letters, digits and what is put on them. */
const WORD = /[\p{Alphabetic}\p{N}\p{M}_]+/gu;

/** A text with the words of a question marked: whole words, without regard to case and diacritics, as the search finds them. */
export function found(text: string, question: string): readonly Piece[] {
  const wanted = new Set((question.match(WORD) ?? []).map(plain).filter(Boolean));
  const characters: string[] = [];
  const hits = new Set<number>();
  function put(piece: string, hit: boolean) {
    for (const one of piece) {
      if (hit) hits.add(characters.length);
      characters.push(one);
    }
  }
  let at = 0;
  for (const { 0: word, index } of text.matchAll(WORD)) {
    put(text.slice(at, index), false);
    put(word, wanted.has(plain(word)));
    at = index + word.length;
  }
  put(text.slice(at), false);
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

/** What words have in common that differ in case and diacritics only. */
function plain(word: string): string {
  return word.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
}
