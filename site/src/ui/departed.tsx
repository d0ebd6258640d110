import "./strip.css";
import { words } from "../words";
import { useChat, useObserved } from "./hooks";

/** Says of which rooms one is not a member any more without having left. */
export function Departed() {
  const { departures } = useChat();
  const { list } = useObserved(departures);
  return (
    <div class="departed-place" role="status">
      {list.map(({ room, name, kind, reason }) => (
        <div key={room} class="strip bad">
          <span dir="auto">
            {reason === "banned"
              ? words.bannedFrom(name)
              : kind === "public"
                ? words.kickedFrom(name)
                : words.kickedFromPrivate(name)}
          </span>
          <button type="button" class="link" onClick={() => departures.note(room)}>
            {words.close}
          </button>
        </div>
      ))}
    </div>
  );
}
