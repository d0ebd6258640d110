import "./said.css";
import type { ComponentChildren } from "preact";
import type { Chat } from "../chat";
import { explain } from "../explain";
import { Refusal } from "../model/failure";
import type { Line } from "../model/lines";
import type { User } from "../wire";
import { nameOf, words } from "../words";
import { Actions, type Deeds, type Leave } from "./actions";
import { Avatar } from "./avatar";
import { Editor } from "./editor";
import { useObserved } from "./hooks";
import { Alert, PinIcon } from "./icons";
import { Markdown } from "./markdown";
import { memo } from "./memo";
import { Quote } from "./quote";
import { Chips } from "./reactions";
import { Seen } from "./receipts";
import { fullTime, timeOf } from "./when";

export type SaidLine = Extract<Line, { kind: "said" }>;

type Props = {
  line: SaidLine;
  chat: Chat;
  /** There is no connection to send it by. */
  cut: boolean;
  /** One points at it, or has come to it by keyboard. */
  active: boolean;
  editing: boolean;
  /** An address led to it. */
  target: boolean;
  deeds: Deeds;
  /** One may say something here. */
  talk: boolean;
  /** One may delete it though it is not one's own. */
  keeps: boolean;
  /** One keeps order here, and sees what messages said before. */
  orders: boolean;
  /** One may keep messages in sight here. */
  pinner: boolean;
  /** Nothing here can be changed. */
  frozen: boolean;
  room: string;
  /** Those who have read up to here, where that is said. */
  seen: readonly User[] | null;
};

/** One message. The first of a group says whose it is and when it was. Under its text come its states. */
export const Said = memo((props: Props) => {
  const { line, chat, cut, active, editing, target, deeds, orders, room, seen } = props;
  const { seq, author, text, at, edited, deleted, first, draft, amendment, reactions, refused, remover } = line;
  const { unpinned } = line;
  const mine = author.id === chat.me.id;
  const leave = leaveOf(mine, props);
  const state = draft?.state ?? (amendment?.state === "sending" ? "sending" : "sent");
  const time = (
    <time class="said-time" dateTime={new Date(at).toISOString()} title={fullTime(at)}>
      {timeOf(at)}
    </time>
  );
  return (
    <li
      class={`said ${first ? "first" : "more"} ${state}${target ? " target" : ""}${active ? " active" : ""}${line.calls ? " calls" : ""}`}
      tabIndex={-1}
      data-key={line.key}
      data-seq={seq ?? undefined}
    >
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
      {line.pinned && (
        <p class="said-pinned">
          <PinIcon />
          {words.pinned}
        </p>
      )}
      {line.replyTo !== null && !deleted && (
        <button
          type="button"
          class="said-quote"
          title={words.toQuote}
          onClick={() => line.replyTo !== null && deeds.show(line.replyTo)}
        >
          <span class="hidden">{words.inReply} </span>
          <Quote room={room} seq={line.replyTo} />
        </button>
      )}
      {deleted ? (
        <p class="said-gone">{remover === "moderator" ? words.deletedByModerator : words.deleted}</p>
      ) : editing && seq !== null ? (
        <Editor room={room} text={text} onSave={(next) => deeds.change(seq, text, next)} onCancel={deeds.stop} />
      ) : (
        <div class="said-text">
          <Text
            line={line}
            chat={chat}
            room={room}
            end={
              edited !== null && (
                <>
                  {" "}
                  {(mine || orders) && seq !== null ? (
                    <button
                      type="button"
                      class="said-edited"
                      title={words.editedAt(fullTime(edited))}
                      aria-label={words.seeVersions}
                      onClick={() => deeds.versions(seq)}
                    >
                      {words.edited}
                    </button>
                  ) : (
                    <bdi class="said-edited" title={words.editedAt(fullTime(edited))}>
                      {words.edited}
                    </bdi>
                  )}
                </>
              )
            }
          />
        </div>
      )}
      {reactions && seq !== null && (
        <Chips
          room={room}
          reactions={reactions}
          onToggle={leave.talk ? (emoji, on) => deeds.toggle(seq, emoji, on) : null}
        />
      )}
      {draft?.state === "sending" && (
        <p class="said-state waiting">{!cut ? words.sending : draft.unkept ? words.waitingUnkept : words.waiting}</p>
      )}
      {amendment?.state === "sending" && <p class="said-state waiting">{cut ? words.waiting : words.saving}</p>}
      {draft?.state === "failed" && (
        <Failed
          what={words.notSent}
          refusal={draft.refusal}
          onRetry={() => chat.outbox.retry(draft.clientId)}
          onDiscard={() => chat.outbox.discard(draft.clientId)}
        />
      )}
      {amendment?.state === "failed" && (
        <Failed
          what={amendment.text === null ? words.notDeleted : words.notChanged}
          refusal={amendment.refusal}
          onRetry={() => chat.amendments.retry(amendment.clientId)}
          onDiscard={() => chat.amendments.discard(amendment.clientId)}
        />
      )}
      {unpinned && (
        <Failed
          what={unpinned.on ? words.notPinned : words.notUnpinned}
          refusal={unpinned.refusal}
          onRetry={() => chat.pins.retry(unpinned.clientId)}
          onDiscard={() => chat.pins.discard(unpinned.clientId)}
        />
      )}
      {seen && <Seen users={seen} />}
      {refused?.map((one) => (
        <Failed
          key={one.clientId}
          what={words.notReacted(one.emoji)}
          refusal={one.refusal}
          onRetry={() => chat.reactions.retry(one.clientId)}
          onDiscard={() => chat.reactions.discard(one.clientId)}
        />
      ))}
      {active && !editing && seq !== null && !deleted && <Actions line={line} seq={seq} leave={leave} deeds={deeds} />}
    </li>
  );
});

/** What of a message one may do, as what one is there. */
export function leaveOf(
  mine: boolean,
  { talk, keeps, pinner, frozen }: Pick<Props, "talk" | "keeps" | "pinner" | "frozen">,
): Leave {
  return { talk, edit: mine && talk, remove: !frozen && (mine || keeps), pin: pinner && !frozen };
}

type TextProps = { line: SaidLine; chat: Chat; room: string; end: ComponentChildren };

/** What it says. Whoever mentions somebody waits for their name. */
function Text({ line, ...rest }: TextProps) {
  const { text, mentions, everybody } = line;
  return mentions || everybody ? <Calling line={line} {...rest} /> : <Markdown text={text} end={rest.end} />;
}

function Calling({ line: { text, mentions, everybody }, chat, room, end }: TextProps) {
  useObserved(chat.people(room));
  const names = (mentions ?? []).flatMap((id) => chat.who(room, id)?.name ?? []);
  return <Markdown text={text} mentioned={{ names, room: everybody, me: chat.me.name }} end={end} />;
}

type Failure = {
  what: string;
  refusal: ConstructorParameters<typeof Refusal>[0] | null;
  onRetry: () => void;
  onDiscard: () => void;
};

function Failed({ what, refusal, onRetry, onDiscard }: Failure) {
  return (
    <div class="said-state failed" role="alert">
      <Alert />
      <span>
        {what} {refusal && explain(new Refusal(refusal))}
      </span>
      <button type="button" class="link" onClick={onRetry}>
        {words.retry}
      </button>
      <button type="button" class="link" onClick={onDiscard}>
        {words.discard}
      </button>
    </div>
  );
}
