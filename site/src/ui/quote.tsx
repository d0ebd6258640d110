import "./quote.css";
import { useEffect } from "preact/hooks";
import { nameOf, words } from "../words";
import { useChat, useObserved } from "./hooks";

/** Of a long text this much is enough for a line. */
const LENGTH = 200;

/** What of a message stands where it is replied to: its author and one line. */
export function Quote({ room, seq }: { room: string; seq: number }) {
  const chat = useChat();
  const here = useObserved(chat.history.timeline(room)).find(seq);
  const quotes = useObserved(chat.quotes);
  const message = here ?? quotes.of(room, seq);
  const unknown = message === undefined;

  useEffect(() => {
    if (unknown) quotes.want(room, seq);
  }, [unknown]);

  if (unknown) return <span class="quote quiet">…</span>;
  if (message === null || message.deleted_at !== undefined) return <span class="quote quiet">{words.quoteGone}</span>;
  return (
    <span class="quote">
      <bdi class="quote-author">{nameOf(message.author)}</bdi>{" "}
      <bdi>{message.text.replace(/\s+/g, " ").slice(0, LENGTH)}</bdi>
    </span>
  );
}
