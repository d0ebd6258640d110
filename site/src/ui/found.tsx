import "./found.css";
import { found as marked } from "../model/marking";
import type { Found } from "../wire";
import { nameOf, words } from "../words";
import { useChat } from "./hooks";
import { go, pathOf } from "./route";
import { dayOf, fullTime, timeOf } from "./when";

type Props = {
  found: readonly Found[];
  /** What they were found by. */
  question?: string;
  /** Whether it is worth saying in which room each is. */
  rooms?: boolean;
  onGo: () => void;
};

/** Messages from anywhere, each a way to where it was said. */
export function FoundList({ found, question = "", rooms = false, onGo }: Props) {
  const chat = useChat();
  return (
    <ol class="found-list">
      {found.map(({ room, message: { seq, author, text, at } }) => (
        <li key={`${room}:${seq}`}>
          <button
            type="button"
            class="found"
            onClick={() => {
              onGo();
              go(pathOf(room, seq));
            }}
          >
            <span class="found-head">
              <bdi class="said-author">{nameOf(author)}</bdi>{" "}
              {rooms && <bdi>{words.inRoom(chat.rooms.get(room)?.name ?? "")}</bdi>}{" "}
              <time dateTime={new Date(at).toISOString()} title={fullTime(at)}>
                {dayOf(at)}, {timeOf(at)}
              </time>
            </span>
            <span class="found-text" dir="auto">
              {marked(text, question).map((piece, index) =>
                piece.hit ? <mark key={index}>{piece.text}</mark> : piece.text,
              )}
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}
