import "./people.css";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { explain } from "../explain";
import { above, keepsOrder } from "../model/ranks";
import { isDirect } from "../model/rooms";
import type { Member, Room, User } from "../wire";
import { ago, nameOf, words } from "../words";
import { Avatar } from "./avatar";
import { BansDialog } from "./bans";
import { useCopying } from "./copying";
import { Dialog } from "./dialog";
import { useChat, useCut, useNow, useObserved } from "./hooks";
import { Alert, Close, Dots, Info, LinkIcon, Minus, PersonPlus, PinIcon, Speech } from "./icons";
import { Keeping } from "./keeping";
import { Notice } from "./notice";
import { AboutDialog, InviteDialog, PinnedDialog } from "./rare";
import { go, pathOf } from "./route";
import { fullTime } from "./when";

const MINUTE_MS = 60_000;

type Props = { room: Room; over: boolean; onClose: () => void };

/** Who belongs to the room and who of them is here. On a narrow screen it lies over the conversation. */
export function PeoplePane({ room, over, onClose }: Props) {
  const chat = useChat();
  useEffect(() => chat.lookAtPeople(room.id), [chat, room.id]);
  const people = useObserved(chat.people(room.id));
  const [opened, setOpened] = useState<"about" | "pins" | "invite" | "bans" | "leave" | null>(null);
  const close = () => setOpened(null);
  const direct = isDirect(room);
  /** Whom one is about to do something about. */
  const [kept, setKept] = useState<string | null>(null);
  const member = kept === null ? undefined : people.get(kept);
  const closer = useRef<HTMLButtonElement>(null);
  const cut = useCut();
  const here = people.list.filter((member) => member.online);
  const away = people.list.filter((member) => !member.online);

  useLayoutEffect(() => {
    if (over) closer.current?.focus();
  }, [over]);

  return (
    <>
      {over && <div class="people-shade" onClick={onClose} aria-hidden="true" />}
      <aside
        class={over ? "people over" : "people"}
        aria-label={words.people}
        // A dialog that stands in it closes first.
        onKeyDown={(event) => event.key === "Escape" && !(event.target as Element).closest("dialog") && onClose()}
      >
        <header class="people-head">
          <h2>{words.people}</h2>
          <button ref={closer} type="button" class="icon-button" aria-label={words.close} onClick={onClose}>
            <Close />
          </button>
        </header>
        <div class="people-body">
          {people.loaded ? (
            <>
              {cut ? (
                <Group title={words.inRoomNow(people.total)} members={people.list} room={room} cut onKeep={setKept} />
              ) : (
                <>
                  <Group title={words.here(people.here)} members={here} room={room} onKeep={setKept} />
                  {away.length > 0 && (
                    <Group title={words.away(people.total - people.here)} members={away} room={room} onKeep={setKept} />
                  )}
                </>
              )}
              {people.more && <MorePeople room={room.id} />}
              {people.list.length < 2 && !direct && (
                <p class="quiet people-alone">{room.kind === "public" ? words.aloneHint : words.aloneHintPrivate}</p>
              )}
            </>
          ) : (
            <div class="skeleton">
              <span class="bone w60" />
              <span class="bone w50" />
            </div>
          )}
        </div>
        <footer class="people-foot">
          {!direct && (
            <button type="button" class="row-button" onClick={() => setOpened("about")}>
              <Info />
              {words.about}
            </button>
          )}
          <button type="button" class="row-button" onClick={() => setOpened("pins")}>
            <PinIcon />
            {words.pins}
          </button>
          {!direct && !room.archived && room.role !== "guest" && (
            <button type="button" class="row-button" onClick={() => setOpened("invite")}>
              <PersonPlus />
              {words.invite}
            </button>
          )}
          {room.kind === "public" && <CopyLink />}
          {keepsOrder(room.role) && (
            <button type="button" class="row-button" onClick={() => setOpened("bans")}>
              <Alert />
              {words.bans}
            </button>
          )}
          {room.kind !== "direct" && (
            <button type="button" class="row-button danger" onClick={() => setOpened("leave")}>
              <Minus />
              {direct ? words.leaveGroup : words.leave}
            </button>
          )}
        </footer>
      </aside>
      {opened === "about" && <AboutDialog room={room} onClose={close} />}
      {opened === "pins" && <PinnedDialog room={room} onClose={close} />}
      {opened === "invite" && <InviteDialog room={room} onClose={close} />}
      {opened === "bans" && <BansDialog room={room} onClose={close} />}
      {member && <Keeping room={room} member={member} onClose={() => setKept(null)} />}
      {opened === "leave" && <LeaveQuestion room={room} onClose={close} />}
    </>
  );
}

function MorePeople({ room }: { room: string }) {
  const chat = useChat();
  const [state, setState] = useState<"idle" | "busy" | "failed">("idle");

  async function load() {
    if (state === "busy") return;
    setState("busy");
    await chat.loadMorePeople(room).then(
      () => setState("idle"),
      () => setState("failed"),
    );
  }

  return (
    <>
      <button type="button" class="button wide" aria-disabled={state === "busy"} onClick={() => void load()}>
        {state === "busy" ? words.loadingPeople : state === "failed" ? words.morePeopleFailed : words.morePeople}
      </button>
      <span class="hidden" role="status">
        {state === "failed" && words.morePeopleFailed}
      </span>
    </>
  );
}

type GroupProps = {
  title: string;
  members: readonly Member[];
  room: Room;
  /** Who of them is here is not known. */
  cut?: boolean;
  onKeep: (user: string) => void;
};

function Group({ title, members, room, cut = false, onKeep }: GroupProps) {
  const { me } = useChat();
  const now = useNow(MINUTE_MS);
  return (
    <section aria-label={title}>
      <h3 class="people-title">{title}</h3>
      <ul class="people-list">
        {members.map(({ user, role, online, muted, seen_at }) => (
          <li key={user.id} class={online || cut ? "person" : "person gone"}>
            <Avatar user={user} {...(cut ? {} : { online })} />
            <span class="person-name">
              <bdi>{user.name}</bdi>
              {user.id === me.id && <span class="person-note"> {words.you}</span>}
              {!online && !cut && seen_at !== undefined && (
                <time
                  class="person-note person-seen"
                  dateTime={new Date(seen_at).toISOString()}
                  title={fullTime(seen_at)}
                >
                  {words.seenAgo(ago(now - seen_at))}
                </time>
              )}
            </span>
            {muted && <span class="person-note">{words.muted}</span>}
            {role !== "member" && <span class="person-note">{words.roles[role]}</span>}
            {!cut && <span class="hidden">, {online ? words.online : words.offline}</span>}
            {user.id !== me.id && user.name !== "" && room.kind !== "direct" && <WriteTo user={user} />}
            {user.id !== me.id && above(room.role, role) && (
              <button
                type="button"
                class="icon-button"
                aria-label={words.keepingOf(nameOf(user))}
                title={words.keepingOf(nameOf(user))}
                onClick={() => onKeep(user.id)}
              >
                <Dots />
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** To the conversation with somebody. */
function WriteTo({ user }: { user: User }) {
  const { ways } = useChat();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  async function write() {
    if (busy) return;
    setBusy(true);
    try {
      go(pathOf((await ways.converse([user.id])).id));
    } catch (reason) {
      setFailure(reason);
    }
    setBusy(false);
  }

  return (
    <>
      <button
        type="button"
        class="icon-button"
        aria-label={words.writeTo(user.name)}
        title={words.writeTo(user.name)}
        aria-disabled={busy}
        onClick={() => void write()}
      >
        <Speech />
      </button>
      {failure !== null && (
        <Dialog title={words.writeTo(user.name)} onClose={() => setFailure(null)}>
          <Notice>{explain(failure)}</Notice>
        </Dialog>
      )}
    </>
  );
}

function CopyLink() {
  const { told, copy } = useCopying();
  // The clipboard is there on secure addresses only; without it the address bar serves.
  if (!navigator.clipboard) return null;
  return (
    <>
      <button type="button" class="row-button" onClick={() => copy(location.href)}>
        <LinkIcon />
        {told || words.copyLink}
      </button>
      {/* Beside the button: a live region within it would leave it without a name. */}
      <span class="hidden" role="status">
        {told}
      </span>
    </>
  );
}

function LeaveQuestion({ room, onClose }: { room: Room; onClose: () => void }) {
  const chat = useChat();
  const people = useObserved(chat.people(room.id));
  const alone = people.loaded && people.total === 1;
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  async function leave() {
    if (busy) return;
    setBusy(true);
    try {
      await chat.leave(room.id);
      go("/");
    } catch (reason) {
      setFailure(reason);
      setBusy(false);
    }
  }

  return (
    <Dialog title={words.leaveQuestion(room.name)} onClose={onClose}>
      <p>
        {room.kind === "private" && alone
          ? words.leaveLast
          : words.leaveHints[room.kind === "direct" ? "group" : room.kind]}
      </p>
      {room.role === "owner" && !alone && <p>{words.leaveOwned}</p>}
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          {words.stay}
        </button>
        <button type="button" class="button bad" aria-disabled={busy} onClick={() => void leave()}>
          {busy ? words.leaving : isDirect(room) ? words.leaveGroup : words.leave}
        </button>
      </div>
    </Dialog>
  );
}
