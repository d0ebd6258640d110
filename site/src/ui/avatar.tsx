import "./avatar.css";
import type { User } from "../wire";

const HUES = 12;

/** A person's initials on one of 24 colors that is theirs by their id: twelve hues, pale and deep. Beside a name it says nothing new, so it is hidden. */
export function Avatar({ user, online }: { user: User; online?: boolean }) {
  return (
    <span class={`avatar ${color(user.id)}`} aria-hidden="true">
      {initials(user.name)}
      {online !== undefined && <span class={online ? "dot here" : "dot"} />}
    </span>
  );
}

function color(id: string): string {
  let hash = 2_166_136_261;
  for (const character of id) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619);
  hash = (hash ^ (hash >>> 15)) >>> 0;
  return `hue-${hash % HUES}${Math.floor(hash / HUES) % 2 === 0 ? "" : " deep"}`;
}

/** First letters of the first two parts of a name, or its first letter. */
function initials(name: string): string {
  const parts = name.split(/[\s._-]+/u).filter(Boolean);
  const letters = (parts.length > 1 ? parts.slice(0, 2) : parts).map((part) => graphemes(part)[0] ?? "");
  return (letters.join("") || "?").toLocaleUpperCase();
}

/** One for all: making it costs more than asking it. */
const segmenter = "Segmenter" in Intl ? new Intl.Segmenter() : null;

function graphemes(text: string): string[] {
  return segmenter ? Array.from(segmenter.segment(text), (part) => part.segment) : [...text];
}
