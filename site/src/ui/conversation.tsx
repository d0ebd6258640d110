import "./conversation.css";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { explain } from "../explain";
import type { Room } from "../wire";
import { words } from "../words";
import { Announcer } from "./announcer";
import { Composer } from "./composer";
import { useChat, useCut, useObserved } from "./hooks";
import { Hushed, useHush } from "./hushed";
import { Back, PeopleIcon } from "./icons";
import { Log } from "./log";
import { Notice } from "./notice";
import { RoomMark } from "./roomlist";
import { go, Link } from "./route";
import { TypingLine } from "./typing";

type Props = {
  room: Room;
  target: number | null;
  visit: number;
  inert: boolean;
  peopleShown: boolean;
  onPeople: () => void;
};

/** One room: its name, what is said in it, and where to say something. */
export function Conversation({ room, target, visit, inert, peopleShown, onPeople }: Props) {
  const chat = useChat();
  const timeline = useObserved(chat.history.timeline(room.id));
  const people = useObserved(chat.people(room.id));
  const here = useCut() ? null : people.here;
  const who = people.loaded ? words.showPeople(people.total, here) : words.people;
  const [failure, setFailure] = useState<unknown>(null);
  /** The message of mine that is being changed, by its `seq`. */
  const [editing, setEditing] = useState<number | null>(null);
  /** The message that is being replied to. */
  const [replying, setReplying] = useState(() => chat.unsaid.replyOf(room.id));
  const hush = useHush(room);
  const heading = useRef<HTMLHeadingElement>(null);
  const toggle = useRef<HTMLButtonElement>(null);

  function load() {
    setFailure(null);
    chat.history.load(room.id).catch(setFailure);
  }

  // The composer takes the focus where there is a keyboard; else the name of the room says where one has come to.
  useLayoutEffect(() => {
    if (!document.activeElement || document.activeElement === document.body)
      heading.current?.focus({ preventScroll: true });
  }, []);

  useEffect(() => {
    chat.look(room.id);
    const turn = () => chat.looking.at(document.hidden ? null : room.id);
    turn();
    document.addEventListener("visibilitychange", turn);
    return () => {
      document.removeEventListener("visibilitychange", turn);
      chat.looking.away(room.id);
      chat.lookAway(room.id);
    };
  }, []);

  // Also when a room that was loaded has to begin anew.
  useEffect(() => {
    if (!timeline.loaded) load();
  }, [timeline.loaded]);

  // The pane that lay over the page is closed: back to the button that opened it.
  const wasInert = useRef(inert);
  useLayoutEffect(() => {
    if (wasInert.current && !inert) toggle.current?.focus();
    wasInert.current = inert;
  }, [inert]);

  // What could not be loaded without a connection is loaded when there is one.
  const open = useObserved(chat.connection).state.name === "open";
  useEffect(() => {
    if (open && failure) load();
  }, [open]);

  function reply(seq: number | null) {
    chat.unsaid.putReply(room.id, seq);
    setReplying(seq);
    document.getElementById("composer")?.focus({ preventScroll: true });
  }

  function editLast() {
    const mine = timeline.messages.findLast(({ author, deleted_at }) => author.id === chat.me.id && !deleted_at);
    if (mine) setEditing(mine.seq);
  }

  return (
    <main class="conversation" inert={inert}>
      <header class="conversation-head">
        <Link href="/" class="icon-button phone-only" aria-label={words.toRooms}>
          <Back />
        </Link>
        <div class="conversation-name">
          <h1 ref={heading} tabIndex={-1} dir="auto" title={room.name}>
            {room.name}
          </h1>
          {room.topic && (
            <p class="conversation-topic" dir="auto" title={room.topic}>
              {room.topic}
            </p>
          )}
        </div>
        <RoomMark room={room} />
        <button
          ref={toggle}
          type="button"
          class="people-toggle"
          aria-expanded={peopleShown}
          aria-label={who}
          title={who}
          onClick={onPeople}
        >
          <PeopleIcon />
          {people.loaded && (
            <span class="people-count" aria-hidden="true">
              {people.total}
              {here !== null && (
                <>
                  <span class="dot here" />
                  {here}
                </>
              )}
            </span>
          )}
        </button>
      </header>
      {failure !== null && !timeline.loaded ? (
        <div class="screen-note">
          <Notice>{explain(failure)}</Notice>
          <button type="button" class="button" onClick={load}>
            {words.retry}
          </button>
        </div>
      ) : (
        <Log
          room={room}
          target={target}
          visit={visit}
          editing={editing}
          onEdit={setEditing}
          onReply={reply}
          talk={hush === null}
        />
      )}
      <Announcer room={room.id} />
      <TypingLine room={room.id} />
      {hush ? (
        <Hushed hush={hush} />
      ) : (
        <Composer room={room} onEditLast={editLast} replying={replying} onReply={reply} />
      )}
    </main>
  );
}

/** An address of a room that is not, or no longer, mine. */
export function Stranger({ id }: { id: string }) {
  const chat = useChat();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  async function join() {
    if (busy) return;
    setBusy(true);
    setFailure(null);
    try {
      await chat.join(id);
    } catch (reason) {
      setFailure(reason);
      setBusy(false);
    }
  }

  return (
    <main class="screen-note">
      <h1>{words.notMember}</h1>
      <p class="quiet">{words.notMemberHint}</p>
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      <div class="screen-actions">
        <button type="button" class="button" onClick={() => go("/")}>
          {words.toRooms}
        </button>
        <button type="button" class="button primary" aria-disabled={busy} onClick={() => void join()}>
          {busy ? words.joining : words.joinRoom}
        </button>
      </div>
    </main>
  );
}
