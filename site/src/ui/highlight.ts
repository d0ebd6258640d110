import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";

const grammars = {
  bash,
  c,
  css,
  diff,
  go,
  java,
  javascript,
  json,
  python,
  rust,
  sql,
  typescript,
  xml,
  yaml,
};

const known = createLowlight(grammars);

/** Those that are colored; some have other names besides. */
export const languages: readonly string[] = Object.keys(grammars);

/**
 * So much of a code is colored, in whole lines. Some grammars take the square of a text's length for what nobody writes (a single word of 4,000
 * letters in Java: 75 ms), and a page of history may be full of it.
 */
const LONGEST = 2_000;

/** A piece of code and what it is, as a class of `code.css`; null for the rest. */
export type Piece = { text: string; what: string | null };

type Node = { type: string; value?: string; properties?: { className?: unknown }; children?: Node[] };

/**
 * Null when the language is not known, or what is colored would say something else: a bracket that CSS leaves open makes another line end of a line
 * separator. Fetched on demand: most pages of a chat hold no code.
 */
export function highlight(language: string, code: string): readonly Piece[] | null {
  if (!known.registered(language)) return null;
  const end = code.length <= LONGEST ? code.length : code.lastIndexOf("\n", LONGEST - 1) + 1;
  const pieces: Piece[] = [];
  gather(known.highlight(language, code.slice(0, end)) as Node, null, pieces);
  pieces.push({ text: code.slice(end), what: null });
  return pieces.map(({ text }) => text).join("") === code ? pieces : null;
}

/** Into one list: lists of lists would take the square of how deep one thing stands in another. */
function gather(node: Node, what: string | null, pieces: Piece[]): void {
  if (node.type === "text") {
    pieces.push({ text: node.value ?? "", what });
    return;
  }
  const classes = node.properties?.className;
  const name = Array.isArray(classes) ? String(classes[0]).replace(/^hljs-/, "") : what;
  for (const child of node.children ?? []) gather(child, name, pieces);
}
