import "./markdown.css";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Block, type Inline, parse } from "../model/markdown";
import { type Mentioned, marked } from "../model/mentions";
import type { Piece } from "./highlight";

/** A text with what its marks make of it. `end` stands behind its last word. */
export function Markdown({
  text,
  mentioned = null,
  end,
}: {
  text: string;
  mentioned?: Mentioned | null;
  end?: ComponentChildren;
}) {
  const blocks = parse(text);
  return <Blocks blocks={mentioned ? marked(blocks, mentioned) : blocks} end={end} />;
}

type Whole = {
  blocks: readonly Block[];
  end?: ComponentChildren;
  /** Within a quote or a list, whose direction is that of all that stands in it. */
  nested?: boolean;
};

function Blocks({ blocks, end, nested = false }: Whole) {
  const last = blocks.at(-1);
  return (
    <>
      {blocks.map((block, index) => (
        <One key={index} block={block} nested={nested} end={block === last && block.kind === "text" ? end : null} />
      ))}
      {last?.kind !== "text" && end && <p>{end}</p>}
    </>
  );
}

function One({ block, nested, end }: { block: Block; nested: boolean; end: ComponentChildren }) {
  const dir = nested ? undefined : "auto";
  switch (block.kind) {
    case "text":
      return (
        <p dir={dir}>
          <Inlines inside={block.inside} />
          {end}
        </p>
      );
    case "code":
      return <Code language={block.language} text={block.text} />;
    case "quote":
      return (
        <blockquote dir={dir}>
          <Blocks blocks={block.inside} nested />
        </blockquote>
      );
    case "list": {
      const items = block.items.map((item, index) => (
        <li key={index}>
          <Blocks blocks={item} nested />
        </li>
      ));
      return block.start === null ? (
        <ul dir={dir}>{items}</ul>
      ) : (
        <ol dir={dir} start={block.start}>
          {items}
        </ol>
      );
    }
  }
}

function Inlines({ inside }: { inside: readonly Inline[] }) {
  return (
    <>
      {inside.map((one, index) => (
        <Part key={index} one={one} />
      ))}
    </>
  );
}

function Part({ one }: { one: Inline }) {
  if (typeof one === "string") return <>{one}</>;
  switch (one.kind) {
    case "code":
      return <code>{one.text}</code>;
    case "em":
      return (
        <em>
          <Inlines inside={one.inside} />
        </em>
      );
    case "strong":
      return (
        <strong>
          <Inlines inside={one.inside} />
        </strong>
      );
    case "del":
      return (
        <del>
          <Inlines inside={one.inside} />
        </del>
      );
    case "mention":
      return <span class={one.me ? "mention me" : "mention"}>{one.text}</span>;
    case "link":
      return (
        <a href={one.href} title={one.href} target="_blank" rel="noopener noreferrer">
          <Inlines inside={one.inside} />
        </a>
      );
  }
}

/** It is there at once, and colored when what colors it has been fetched. */
function Code({ language, text }: { language: string; text: string }) {
  const [pieces, setPieces] = useState<readonly Piece[] | null>(null);
  useEffect(() => {
    let gone = false;
    setPieces(null);
    if (language)
      import("./highlight").then(
        ({ highlight }) => gone || setPieces(highlight(language, text)),
        () => {},
      );
    return () => {
      gone = true;
    };
  }, [language, text]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <pre dir="ltr" tabIndex={0}>
      <code>
        {pieces ? pieces.map((piece, index) => (piece.what ? <Colored key={index} {...piece} /> : piece.text)) : text}
      </code>
    </pre>
  );
}

/** What is not named in the style sheet has the color of the text. */
function Colored({ text, what }: Piece) {
  return <span class={`code-${what}`}>{text}</span>;
}
