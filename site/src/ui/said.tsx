import "./said.css";
import type { Chat } from "../chat";
import { Refusal } from "../model/failure";
import type { Line } from "../model/lines";
import { explain, nameOf, words } from "../words";
import { Avatar } from "./avatar";
import { Alert } from "./icons";
import { memo } from "./memo";
import { fullTime, timeOf } from "./when";

type Props = Omit<Extract<Line, { kind: "said" }>, "kind" | "key"> & {
  chat: Chat;
  /** There is no connection to send it by. */
  cut: boolean;
};

/** One message. The first of a group says whose it is and when it was. */
export const Said = memo(({ author, text, at, edited, deleted, first, draft, chat, cut }: Props) => {
  const state = draft ? draft.state : "sent";
  const time = (
    <time class="said-time" dateTime={new Date(at).toISOString()} title={fullTime(at)}>
      {timeOf(at)}
    </time>
  );
  return (
    <li class={`said ${first ? "first" : "more"} ${state}`}>
      {first ? (
        <>
          <Avatar user={author} />
          <p class="said-head">
            <bdi class="said-author">{nameOf(author)}</bdi> {time}
          </p>
        </>
      ) : (
        <p class="said-head">
          <span class="hidden">
            <bdi>{nameOf(author)}</bdi>{" "}
          </span>
          {time}
        </p>
      )}
      {deleted ? (
        <p class="said-gone">{words.deleted}</p>
      ) : (
        <p class="said-text" dir="auto">
          {text}
          {edited !== null && (
            <>
              {" "}
              <bdi class="said-edited" title={words.editedAt(fullTime(edited))}>
                {words.edited}
              </bdi>
            </>
          )}
        </p>
      )}
      {draft?.state === "sending" && (
        <p class="said-state waiting">{!cut ? words.sending : draft.unkept ? words.waitingUnkept : words.waiting}</p>
      )}
      {draft?.state === "failed" && (
        <div class="said-state failed" role="alert">
          <Alert />
          <span>
            {words.notSent} {draft.refusal && explain(new Refusal(draft.refusal))}
          </span>
          <button type="button" class="link" onClick={() => chat.outbox.retry(draft.clientId)}>
            {words.retry}
          </button>
          <button type="button" class="link" onClick={() => chat.outbox.discard(draft.clientId)}>
            {words.discard}
          </button>
        </div>
      )}
    </li>
  );
});
