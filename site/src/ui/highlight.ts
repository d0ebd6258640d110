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

const known = createLowlight({
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
});

/** A piece of code and what it is, as a class of `code.css`; null for the rest. */
export type Piece = { text: string; what: string | null };

type Node = { type: string; value?: string; properties?: { className?: unknown }; children?: Node[] };

/** Null when the language is not known. Fetched on demand: most pages of a chat hold no code. */
export function highlight(language: string, code: string): readonly Piece[] | null {
  if (!known.registered(language)) return null;
  return pieces(known.highlight(language, code) as Node, null);
}

function pieces(node: Node, what: string | null): readonly Piece[] {
  if (node.type === "text") return [{ text: node.value ?? "", what }];
  const classes = node.properties?.className;
  const name = Array.isArray(classes) ? String(classes[0]).replace(/^hljs-/, "") : what;
  return (node.children ?? []).flatMap((child) => pieces(child, name));
}
