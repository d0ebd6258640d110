import { Lexer, type Token, Tokenizer, type Tokens } from "marked";

/** What a text is made of, drawn element by element. There is no node that could carry markup. */
export type Inline =
  | string
  | { kind: "em" | "strong" | "del"; inside: readonly Inline[] }
  | { kind: "code"; text: string }
  | { kind: "link"; href: string; inside: readonly Inline[] }
  /** Made by `mentions`. */
  | { kind: "mention"; text: string; me: boolean };

export type Block =
  | { kind: "text"; inside: readonly Inline[] }
  | { kind: "code"; language: string; text: string }
  | { kind: "quote"; inside: readonly Block[] }
  /** `start`: the first number of a numbered one. */
  | { kind: "list"; start: number | null; items: readonly (readonly Block[])[] };

/** Nothing stands deeper in something else than this. What would is text. */
const DEPTH = 8;
/** A paragraph with more marks than this is text: for each of them all of the paragraph may be read. */
const MOST = 300;
/** A text of more lines is text: each line of a list may cost all of it. */
const LINES = 400;
/** The API lets 4,000 characters through, which are at most this many units here; a longer one is text. */
const LONGEST = 8_000;
/** Without any of these there is nothing to look for. */
const MARKS = /[*_~`>[\\@]|:\/\/|www\.|^[ \t]*(?:[-+]|\d{1,9}[.)])\s/m;
const SCHEMES = ["http:", "https:", "mailto:"];

export function parse(text: string): readonly Block[] {
  const long = text.length > LONGEST || text.split("\n").length > LINES;
  if (long || !MARKS.test(text)) return [{ kind: "text", inside: [text] }];
  return blocks(new Bounded({ gfm: true, tokenizer: new Subset() }).lex(text));
}

/** Marked, in a time that grows like the text. */
class Bounded extends Lexer {
  override inlineTokens(src: string, tokens: Token[] = []): Token[] {
    if ((src.match(/[*_~`[]/g)?.length ?? 0) <= MOST) return super.inlineTokens(src, tokens);
    tokens.push({ type: "text", raw: src, text: src, escaped: false });
    return tokens;
  }
}

/** Marked's rules, without those whose outcome has no node here: markup, images, headings, tables, rules, references. */
class Subset extends Tokenizer {
  #depth = 0;

  override blockquote = (src: string) => this.#inside(() => super.blockquote(src));
  override list = (src: string) => this.#inside(() => super.list(src));
  override emStrong = (src: string, masked: string, before?: string) =>
    this.#inside(() => super.emStrong(src, masked, before));
  override del = (src: string, masked: string, before?: string) => this.#inside(() => super.del(src, masked, before));
  override link = (src: string) => this.#inside(() => super.link(src));
  override codespan = (src: string) => this.#inside(() => super.codespan(src));
  override html = () => undefined;
  override tag = () => undefined;
  override heading = () => undefined;
  override lheading = () => undefined;
  override table = () => undefined;
  override hr = () => undefined;
  override def = () => undefined;
  override reflink = () => undefined;
  /** Indented code: here it is indented text. */
  override code = () => undefined;

  #inside<T>(look: () => T | undefined): T | undefined {
    if (this.#depth >= DEPTH) return undefined;
    this.#depth += 1;
    try {
      return look();
    } finally {
      this.#depth -= 1;
    }
  }
}

function blocks(tokens: readonly Token[]): readonly Block[] {
  return tokens.flatMap((token): Block[] => {
    switch (token.type) {
      case "space":
      case "checkbox":
        return [];
      case "code":
        return [{ kind: "code", language: language(token.lang), text: token.text }];
      case "blockquote":
        return [{ kind: "quote", inside: blocks(token.tokens ?? []) }];
      case "list":
        return [list(token as Tokens.List)];
      default:
        return [{ kind: "text", inside: inlines(token) }];
    }
  });
}

function list({ ordered, start, items }: Tokens.List): Block {
  const first = ordered ? Number(start) || 0 : null;
  return { kind: "list", start: first, items: items.map((item) => blocks(item.tokens)) };
}

/** What stands in a token; one that has nothing in it is its own source. */
function inlines(token: Token): readonly Inline[] {
  if (!("tokens" in token) || !token.tokens) return ["text" in token ? String(token.text) : token.raw];
  return token.tokens.flatMap((one): readonly Inline[] => {
    switch (one.type) {
      case "em":
      case "strong":
      case "del":
        return [{ kind: one.type, inside: inlines(one) }];
      case "codespan":
        return [{ kind: "code", text: one.text }];
      case "link": {
        const href = address(one.href);
        return href ? [{ kind: "link", href, inside: inlines(one) }] : [one.raw];
      }
      case "br":
        return ["\n"];
      case "text":
        return inlines(one);
      case "escape":
        return [one.text];
      default:
        return [one.raw];
    }
  });
}

/** A whole address of a scheme that can do no harm, or null. */
function address(href: string): string | null {
  try {
    const { protocol, href: whole } = new URL(href);
    return SCHEMES.includes(protocol) ? whole : null;
  } catch {
    return null;
  }
}

function language(info: string | undefined): string {
  return /^[\w+#.-]{1,20}/.exec(info ?? "")?.[0].toLowerCase() ?? "";
}
