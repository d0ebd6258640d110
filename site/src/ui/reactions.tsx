import "./reactions.css";
import type { Reaction } from "../wire";
import { nameOf, together, words } from "../words";
import { useChat, useObserved } from "./hooks";

/** So many are named, the others are counted. */
const NAMED = 8;

type Props = {
  room: string;
  reactions: readonly Reaction[];
  /** None for whoever only reads. */
  onToggle: ((emoji: string, on: boolean) => void) | null;
};

/** What people have put to a message. Pressing one puts mine there, or takes it away. */
export function Chips({ room, reactions, onToggle }: Props) {
  const chat = useChat();
  useObserved(chat.people(room));

  function who(users: readonly string[]): string {
    const mine = users.includes(chat.me.id);
    const others = users.filter((id) => id !== chat.me.id).flatMap((id) => chat.who(room, id) ?? []);
    const names = [...(mine ? [words.you] : []), ...others.map(nameOf)].slice(0, NAMED);
    return together(names, users.length - names.length);
  }

  return (
    <ul class="chips" aria-label={words.reactions}>
      {reactions.map(({ emoji, users }) => {
        const mine = users.includes(chat.me.id);
        const title = words.reactedBy(emoji, who(users));
        return (
          <li key={emoji}>
            {onToggle ? (
              <button
                type="button"
                class="chip"
                aria-pressed={mine}
                aria-label={title}
                title={title}
                onClick={() => onToggle(emoji, !mine)}
              >
                <span class="chip-emoji">{emoji}</span> {users.length}
              </button>
            ) : (
              <span class={mine ? "chip plain mine" : "chip plain"} title={title}>
                <span class="hidden">{title}</span>
                <span class="chip-emoji" aria-hidden="true">
                  {emoji}
                </span>
                <span aria-hidden="true">{users.length}</span>
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
