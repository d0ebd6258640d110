import "./keeping.css";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { explain, fieldOf } from "../explain";
import { offices } from "../model/ranks";
import type { Member, Room } from "../wire";
import { nameOf, words } from "../words";
import { Choices } from "./choices";
import { Dialog } from "./dialog";
import { Field } from "./field";
import { useChat } from "./hooks";
import { Notice } from "./notice";
import { dayOf, timeOf } from "./when";

const MINUTE_MS = 60_000;
const MUTES = [10, 60, 24 * 60, null] as const;
const BANS = [60, 24 * 60, 7 * 24 * 60, null] as const;

type Props = { room: Room; member: Member; onClose: () => void };

const untilOf = (minutes: number | null) => (minutes === null ? null : Date.now() + minutes * MINUTE_MS);

/** What one who keeps order may do about somebody. What hurts is asked once more. */
export function Keeping({ room, member, onClose }: Props) {
  const { order } = useChat();
  const { user, role, muted } = member;
  const [asking, setAsking] = useState<"kick" | "ban" | "owner" | null>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const name = nameOf(user);

  async function act(work: () => Promise<void>) {
    if (busy) return;
    setBusy(true);
    setFailure(null);
    try {
      await work();
      onClose();
    } catch (reason) {
      setFailure(reason);
      setBusy(false);
    }
  }

  const back = () => {
    setFailure(null);
    setAsking(null);
  };
  if (asking === "ban") {
    const ban = (until: number | null, reason: string) => void act(() => order.ban(room.id, user.id, until, reason));
    return <BanForm name={name} busy={busy} failure={failure} onBan={ban} onBack={back} onClose={onClose} />;
  }
  if (asking === "kick") {
    return (
      <Question title={words.kickQuestion(name)} failure={failure} onClose={onClose}>
        <p>{room.kind === "public" ? words.kickHint : words.kickHintPrivate}</p>
        <Sure busy={busy} what={words.kick} onSure={() => void act(() => order.kick(room.id, user.id))} onBack={back} />
      </Question>
    );
  }
  if (asking === "owner") {
    const give = () => void act(() => order.handOver(room.id, user.id));
    return (
      <Question title={words.ownerQuestion(room.name, name)} failure={failure} onClose={onClose}>
        <p>{words.ownerHint}</p>
        <Sure busy={busy} what={words.handOver} onSure={give} onBack={back} />
      </Question>
    );
  }
  return (
    <Dialog title={words.keepingOf(name)} onClose={onClose}>
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      <div class="keeping">
        {muted ? (
          <>
            <p class="quiet">
              {muted.until === null ? words.isMuted : words.isMutedUntil(dayOf(muted.until), timeOf(muted.until))}
            </p>
            <Deed name={words.unmute} onAct={() => void act(() => order.unmute(room.id, user.id))} />
          </>
        ) : (
          MUTES.map((minutes) => (
            <Deed
              key={minutes}
              name={words.muteFor(minutes)}
              onAct={() => void act(() => order.mute(room.id, user.id, untilOf(minutes)))}
            />
          ))
        )}
        <hr />
        {offices(room.role, role).map((office) => (
          <Deed
            key={office}
            name={words.makeThem[office]}
            onAct={() => void act(() => order.appoint(room.id, user.id, office))}
          />
        ))}
        {room.role === "owner" && <Deed name={words.handOver} onAct={() => setAsking("owner")} />}
        <hr />
        <Deed name={words.kick} danger onAct={() => setAsking("kick")} />
        <Deed name={words.ban} danger onAct={() => setAsking("ban")} />
      </div>
    </Dialog>
  );
}

function Deed({ name, danger, onAct }: { name: string; danger?: boolean; onAct: () => void }) {
  return (
    <button type="button" class={danger ? "row-button danger" : "row-button"} onClick={onAct}>
      {name}
    </button>
  );
}

function Question({
  title,
  failure,
  onClose,
  children,
}: {
  title: string;
  failure: unknown;
  onClose: () => void;
  children: ComponentChildren;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      {children}
    </Dialog>
  );
}

function Sure({
  busy,
  what,
  onSure,
  onBack,
}: {
  busy: boolean;
  what: string;
  onSure?: () => void;
  onBack: () => void;
}) {
  return (
    <div class="dialog-actions">
      <button type="button" class="button" onClick={onBack}>
        {words.cancel}
      </button>
      <button type={onSure ? "button" : "submit"} class="button bad" aria-disabled={busy} onClick={onSure}>
        {what}
      </button>
    </div>
  );
}

type BanProps = {
  name: string;
  busy: boolean;
  failure: unknown;
  onBan: (until: number | null, reason: string) => void;
  onBack: () => void;
  onClose: () => void;
};

function BanForm({ name, busy, failure, onBan, onBack, onClose }: BanProps) {
  const [minutes, setMinutes] = useState<number | null>(null);
  const [reason, setReason] = useState("");
  const inField = fieldOf(failure) === "reason";
  return (
    <Question title={words.banQuestion(name)} failure={inField ? null : failure} onClose={onClose}>
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          onBan(untilOf(minutes), reason.trim());
        }}
      >
        <p>{words.banHint}</p>
        <Choices
          legend={words.howLong}
          value={minutes}
          onValue={setMinutes}
          choices={BANS.map((one) => [one, words.lasting(one)] as const)}
        />
        <Field
          label={words.banReason}
          hint={words.banReasonHint}
          error={inField ? explain(failure) : null}
          autoComplete="off"
          dir="auto"
          maxLength={200}
          value={reason}
          onValue={setReason}
        />
        <Sure busy={busy} what={words.ban} onBack={onBack} />
      </form>
    </Question>
  );
}
