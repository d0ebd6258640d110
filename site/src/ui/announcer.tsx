import { useEffect, useState } from "preact/hooks";
import type { Message } from "../wire";
import { nameOf, words } from "../words";
import { useChat } from "./hooks";

/** What comes within this time is announced together. */
const GATHER_MS = 1_000;
const MOST = 3;
const LENGTH = 200;

/** Reads out what others say in the room on screen; when much comes at once, only how much. */
export function Announcer({ room }: { room: string }) {
  const chat = useChat();
  const [spoken, setSpoken] = useState(["", ""]);
  useEffect(() => {
    let gathered: Message[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hear: typeof chat.onsaid = (where, messages) => {
      if (where !== room) return;
      gathered.push(...messages);
      timer ??= setTimeout(() => {
        const said = phrase(gathered);
        setSpoken(([, second]) => (second ? [said, ""] : ["", said]));
        gathered = [];
        timer = undefined;
      }, GATHER_MS);
    };
    chat.onsaid = hear;
    return () => {
      // The announcer of the next room may be there already.
      if (chat.onsaid === hear) chat.onsaid = () => {};
      clearTimeout(timer);
    };
  }, [chat, room]);
  // In turns: the same words in the same place would be no change, and only changes are read out.
  return spoken.map((said, turn) => (
    <p key={turn} class="hidden" aria-live="polite">
      {said}
    </p>
  ));
}

function phrase(messages: readonly Message[]): string {
  if (messages.length > MOST) return words.newIn(messages.length);
  return messages.map(({ author, text }) => `${nameOf(author)}: ${text.slice(0, LENGTH)}`).join(". ");
}
