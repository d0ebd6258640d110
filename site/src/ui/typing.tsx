import "./typing.css";
import { useEffect, useState } from "preact/hooks";
import { nameOf, typingNow } from "../words";
import { useChat, useObserved } from "./hooks";

/** So long it stays the same for those who hear it: beginnings and ends of a lively room would be read out without end. */
const QUIET_MS = 10_000;

/** Who types, on a line of its own that is always there. */
export function TypingLine({ room }: { room: string }) {
  const chat = useChat();
  const typing = useObserved(chat.typing);
  const text = typingNow(typing.of(room).map(nameOf), typing.count(room));
  const [spoken, setSpoken] = useState("");
  const [quiet, setQuiet] = useState(false);

  useEffect(() => {
    if (quiet || text === spoken) return;
    setSpoken(text);
    // That somebody has stopped is no news.
    if (text !== "") setQuiet(true);
  }, [text, quiet]);
  useEffect(() => {
    if (!quiet) return;
    const timer = setTimeout(() => setQuiet(false), QUIET_MS);
    return () => clearTimeout(timer);
  }, [quiet]);

  return (
    <>
      <p class="typing" aria-hidden="true" dir="auto">
        {text}
      </p>
      <p class="hidden" aria-live="polite">
        {spoken}
      </p>
    </>
  );
}
