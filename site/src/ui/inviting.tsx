import "./about.css";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { explain } from "../explain";
import { newClientId } from "../net/ids";
import type { Invitation, Room, User } from "../wire";
import { nameOf, words } from "../words";
import { Choices } from "./choices";
import { useCopying } from "./copying";
import { Dialog } from "./dialog";
import { Field } from "./field";
import { useChat, useObserved } from "./hooks";
import { Notice } from "./notice";
import { invitationLink } from "./route";
import { Seek } from "./seek";
import { dayOf, timeOf } from "./when";

/** Somebody by name, or whoever has a link; and the invitations that hold. */
export function InviteDialog({ room, onClose }: { room: Room; onClose: () => void }) {
  const { ways } = useChat();
  const [list, setList] = useState<readonly Invitation[] | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [said, setSaid] = useState("");
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    ways.invitationsTo(room.id).then(setList, setFailure);
  }, []);
  const made = (one: Invitation) => setList((now) => [one, ...(now ?? []).filter(({ id }) => id !== one.id)]);

  async function takeBack({ id }: Invitation) {
    setFailure(null);
    try {
      await ways.takeBack(id);
      setList((now) => now?.filter((one) => one.id !== id) ?? null);
      setSaid(words.takenBack);
      // The button that was pressed is gone.
      heading.current?.focus();
    } catch (reason) {
      setFailure(reason);
    }
  }

  return (
    <Dialog title={words.invite} onClose={onClose}>
      <ByName room={room} onMade={made} onSaid={setSaid} />
      <ByLink room={room} onMade={made} />
      <section class="stack about-part" aria-label={words.invitations}>
        <h3 ref={heading} tabIndex={-1}>
          {words.invitations}
        </h3>
        {failure !== null && <Notice>{explain(failure)}</Notice>}
        {list === null && failure === null && (
          <p class="quiet" role="status">
            {words.invitationsLoading}
          </p>
        )}
        {list?.length === 0 && <p class="quiet">{words.noInvitations}</p>}
        <ul>
          {list?.map((one) => (
            <Row key={one.id} invitation={one} onTakeBack={() => void takeBack(one)} />
          ))}
        </ul>
        <p class="hidden" role="status">
          {said}
        </p>
      </section>
    </Dialog>
  );
}

type NameProps = { room: Room; onMade: (one: Invitation) => void; onSaid: (what: string) => void };

function ByName({ room, onMade, onSaid }: NameProps) {
  const chat = useChat();
  const people = useObserved(chat.people(room.id));
  const [done, setDone] = useState<ReadonlySet<string>>(new Set());
  const [failure, setFailure] = useState<unknown>(null);
  const place = useRef<HTMLElement>(null);
  // The same person invited twice, after a lost answer, is invited once.
  const names = useRef(new Map<string, string>());

  async function invite(user: User) {
    const client_id = names.current.get(user.id) ?? newClientId();
    names.current.set(user.id, client_id);
    setFailure(null);
    try {
      onMade(await chat.ways.invite(room.id, { client_id, user: user.id }));
      setDone((now) => new Set(now).add(user.id));
      onSaid(words.invitedNamed(nameOf(user)));
      // The button that was pressed is gone; most often another name follows.
      place.current?.querySelector("input")?.focus();
    } catch (reason) {
      setFailure(reason);
    }
  }

  return (
    <section ref={place} class="stack" aria-label={words.invitePerson}>
      <h3>{words.invitePerson}</h3>
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      <Seek
        act={(user) =>
          people.get(user.id) ? (
            <span class="person-note">{words.roles[people.get(user.id)?.role ?? "member"]}</span>
          ) : done.has(user.id) ? (
            <span class="person-note">{words.invitedShort}</span>
          ) : (
            <button
              type="button"
              class="button small"
              aria-label={words.inviteNamed(nameOf(user))}
              onClick={() => void invite(user)}
            >
              {words.inviteShort}
            </button>
          )
        }
      />
    </section>
  );
}

function ByLink({ room, onMade }: { room: Room; onMade: (one: Invitation) => void }) {
  const { ways } = useChat();
  const [expires, setExpires] = useState<number>(604_800);
  const [uses, setUses] = useState<number | null>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [link, setLink] = useState<string | null>(null);
  const clientId = useRef(newClientId());
  const place = useRef<HTMLDivElement>(null);
  // Ready to be copied by hand.
  useLayoutEffect(() => place.current?.querySelector("input")?.select(), [link]);

  async function make() {
    if (busy) return;
    setBusy(true);
    setFailure(null);
    try {
      const one = await ways.invite(room.id, {
        client_id: clientId.current,
        expires_in: expires,
        ...(uses === null ? {} : { uses }),
      });
      clientId.current = newClientId();
      setLink(invitationLink(one.id));
      onMade(one);
    } catch (reason) {
      setFailure(reason);
    }
    setBusy(false);
  }

  return (
    <section class="stack about-part" aria-label={words.inviteLink}>
      <h3>{words.inviteLink}</h3>
      <p class="quiet">{words.inviteLinkHint}</p>
      <div class="about-pair">
        <Choices legend={words.expires} value={expires} onValue={setExpires} choices={words.expiries} />
        <Choices legend={words.lets} value={uses} onValue={setUses} choices={words.uses} />
      </div>
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      <button type="button" class="button" aria-disabled={busy} onClick={() => void make()}>
        {words.makeLink}
      </button>
      <div ref={place}>
        {link && (
          <Field label={words.theLink} readOnly dir="ltr" value={link} onValue={() => {}}>
            <Copy text={link} name={words.copyTheLink} />
          </Field>
        )}
      </div>
    </section>
  );
}

/** The clipboard is there on secure addresses only; without it the link can be selected. */
function Copy({ text, name, small = false }: { text: string; name: string; small?: boolean }) {
  const { told, copy } = useCopying();
  if (!navigator.clipboard) return null;
  return (
    <>
      <button type="button" class={small ? "button small" : "button copy-link"} onClick={() => copy(text)}>
        {told || name}
      </button>
      <span class="hidden" role="status">
        {told}
      </span>
    </>
  );
}

function Row({ invitation, onTakeBack }: { invitation: Invitation; onTakeBack: () => void }) {
  const { by, user, expires_at, uses, used } = invitation;
  const what = user ? words.invitationFor(nameOf(user), nameOf(by)) : words.linkOf(nameOf(by));
  return (
    <li class="person">
      <span class="person-name">
        <bdi>{what}</bdi>
        <span class="person-note ban-note">
          {words.until(dayOf(expires_at), timeOf(expires_at))}
          {!user && ` · ${words.usedOf(used, uses)}`}
        </span>
      </span>
      {!user && <Copy text={invitationLink(invitation.id)} name={words.copyTheLink} small />}
      <button type="button" class="button small" aria-label={words.takeBackNamed(what)} onClick={onTakeBack}>
        {words.takeBack}
      </button>
    </li>
  );
}
