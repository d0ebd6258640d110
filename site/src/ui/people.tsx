import "./people.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { above, keepsOrder } from "../model/ranks";
import type { Member, Room } from "../wire";
import { explain, nameOf, words } from "../words";
import { Avatar } from "./avatar";
import { BansDialog } from "./bans";
import { Dialog } from "./dialog";
import { useChat, useObserved } from "./hooks";
import { Alert, Close, Dots, LinkIcon, Minus } from "./icons";
import { Keeping } from "./keeping";
import { go } from "./route";

type Props = { room: Room; over: boolean; onClose: () => void };

/** Who belongs to the room and who of them is here. On a narrow screen it lies over the conversation. */
export function PeoplePane({ room, over, onClose }: Props) {
  const chat = useChat();
  const people = useObserved(chat.people(room.id));
  const [asking, setAsking] = useState(false);
  const [bans, setBans] = useState(false);
  /** Whom one is about to do something about. */
  const [kept, setKept] = useState<string | null>(null);
  const member = kept === null ? undefined : people.get(kept);
  const closer = useRef<HTMLButtonElement>(null);
  const here = people.list.filter((member) => member.online);
  const away = people.list.filter((member) => !member.online);

  useEffect(() => {
    if (over) closer.current?.focus();
  }, [over]);

  return (
    <>
      {over && <div class="people-shade" onClick={onClose} aria-hidden="true" />}
      <aside
        class={over ? "people over" : "people"}
        aria-label={words.people}
        onKeyDown={(event) => event.key === "Escape" && onClose()}
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
              <Group title={words.here(here.length)} members={here} room={room} onKeep={setKept} />
              {away.length > 0 && <Group title={words.away(away.length)} members={away} room={room} onKeep={setKept} />}
              {people.more && (
                <button
                  type="button"
                  class="button wide"
                  onClick={() => void chat.loadMorePeople(room.id).catch(() => {})}
                >
                  {words.morePeople}
                </button>
              )}
              {people.list.length < 2 && <p class="quiet people-alone">{words.aloneHint}</p>}
            </>
          ) : (
            <div class="skeleton">
              <span class="bone w60" />
              <span class="bone w50" />
            </div>
          )}
        </div>
        <footer class="people-foot">
          <CopyLink />
          {keepsOrder(room.role) && (
            <button type="button" class="row-button" onClick={() => setBans(true)}>
              <Alert />
              {words.bans}
            </button>
          )}
          <button type="button" class="row-button danger" onClick={() => setAsking(true)}>
            <Minus />
            {words.leave}
          </button>
        </footer>
      </aside>
      {bans && <BansDialog room={room} onClose={() => setBans(false)} />}
      {member && <Keeping room={room} member={member} onClose={() => setKept(null)} />}
      {asking && <LeaveQuestion room={room} onClose={() => setAsking(false)} />}
    </>
  );
}

type GroupProps = { title: string; members: readonly Member[]; room: Room; onKeep: (user: string) => void };

function Group({ title, members, room, onKeep }: GroupProps) {
  const { me } = useChat();
  return (
    <section aria-label={title}>
      <h3 class="people-title">{title}</h3>
      <ul class="people-list">
        {members.map(({ user, role, online, muted }) => (
          <li key={user.id} class={online ? "person" : "person gone"}>
            <Avatar user={user} online={online} />
            <span class="person-name">
              <bdi>{user.name}</bdi>
              {user.id === me.id && <span class="person-note"> {words.you}</span>}
            </span>
            {muted && <span class="person-note">{words.muted}</span>}
            {role !== "member" && <span class="person-note">{words.roles[role]}</span>}
            <span class="hidden">, {online ? words.online : words.offline}</span>
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

function CopyLink() {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  // The clipboard is there on secure addresses only; without it the address bar serves.
  if (!navigator.clipboard) return null;
  return (
    <button
      type="button"
      class="row-button"
      onClick={() =>
        void navigator.clipboard.writeText(location.href).then(
          () => setCopied(true),
          () => {},
        )
      }
    >
      <LinkIcon />
      <span role="status">{copied ? words.copied : words.copyLink}</span>
    </button>
  );
}

function LeaveQuestion({ room, onClose }: { room: Room; onClose: () => void }) {
  const chat = useChat();
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
      <p>{words.leaveHint}</p>
      {failure !== null && (
        <p class="notice bad" role="alert">
          {explain(failure)}
        </p>
      )}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          {words.stay}
        </button>
        <button type="button" class="button bad" aria-disabled={busy} onClick={() => void leave()}>
          {busy ? words.leaving : words.leave}
        </button>
      </div>
    </Dialog>
  );
}
