import "./about.css";
import { useState } from "preact/hooks";
import { explain, fieldOf } from "../explain";
import { keepsOrder } from "../model/ranks";
import type { Otherwise } from "../net/ways";
import type { Room } from "../wire";
import { words } from "../words";
import { Area } from "./area";
import { Dialog } from "./dialog";
import { Field } from "./field";
import { useChat } from "./hooks";
import { Notice } from "./notice";

/** What a room is called and is about; for those who may, to be changed. */
export function AboutDialog({ room, onClose }: { room: Room; onClose: () => void }) {
  return (
    <Dialog title={words.about} onClose={onClose}>
      {keepsOrder(room.role) && !room.archived ? <Change room={room} /> : <Read room={room} />}
      {room.role === "owner" && <Archiving room={room} />}
    </Dialog>
  );
}

function Read({ room: { name, topic, description } }: { room: Room }) {
  return (
    <div class="stack">
      <h3 dir="auto">{name}</h3>
      {topic && <p dir="auto">{topic}</p>}
      {description && (
        <p class="about-text" dir="auto">
          {description}
        </p>
      )}
      {!topic && !description && <p class="quiet">{words.aboutNothing}</p>}
    </div>
  );
}

function Change({ room }: { room: Room }) {
  const { ways } = useChat();
  const [name, setName] = useState(room.name);
  const [topic, setTopic] = useState(room.topic ?? "");
  const [description, setDescription] = useState(room.description ?? "");
  const [busy, setBusy] = useState(false);
  const [saved, setSaved] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const field = fieldOf(failure);
  const known = field === "name" || field === "topic" || field === "description";
  const error = (of: string) => (field === of ? explain(failure) : null);

  async function save(event: Event) {
    event.preventDefault();
    if (busy) return;
    // Only what is otherwise: a moderator who leaves the name as it is does not rename.
    const about: Otherwise = {
      ...(name.trim() === room.name ? {} : { name }),
      ...(topic.trim() === (room.topic ?? "") ? {} : { topic }),
      ...(description.trim() === (room.description ?? "") ? {} : { description }),
    };
    setBusy(true);
    setSaved(false);
    setFailure(null);
    try {
      if (Object.keys(about).length > 0) await ways.describe(room.id, about);
      setSaved(true);
    } catch (reason) {
      setFailure(reason);
    }
    setBusy(false);
  }

  const written = (set: (text: string) => void) => (text: string) => {
    setSaved(false);
    set(text);
  };
  return (
    <form class="stack" noValidate onSubmit={save}>
      {failure !== null && !known && <Notice>{explain(failure)}</Notice>}
      {room.role === "owner" && (
        <Field
          label={words.roomName}
          autoComplete="off"
          dir="auto"
          maxLength={64}
          error={error("name")}
          value={name}
          onValue={written(setName)}
        />
      )}
      <Field
        label={words.topic}
        hint={words.topicHint}
        autoComplete="off"
        dir="auto"
        error={error("topic")}
        value={topic}
        onValue={written(setTopic)}
      />
      <Area
        label={words.description}
        error={error("description")}
        value={description}
        onValue={written(setDescription)}
      />
      <div class="dialog-actions">
        <p class="quiet" role="status">
          {saved ? words.savedAbout : ""}
        </p>
        <button type="submit" class="button primary" aria-disabled={busy}>
          {busy ? words.saving : words.saveAbout}
        </button>
      </div>
    </form>
  );
}

function Archiving({ room }: { room: Room }) {
  const { ways } = useChat();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  async function turn() {
    if (busy) return;
    setBusy(true);
    setFailure(null);
    await ways.describe(room.id, { archived: !room.archived }).catch(setFailure);
    setBusy(false);
  }

  return (
    <section class="stack about-part" aria-label={room.archived ? words.unarchive : words.archive}>
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      <p class="quiet" role="status">
        {room.archived ? words.unarchiveHint : words.archiveHint}
      </p>
      <div class="dialog-actions">
        <button
          type="button"
          class={room.archived ? "button" : "button bad"}
          aria-disabled={busy}
          onClick={() => void turn()}
        >
          {room.archived ? words.unarchive : words.archive}
        </button>
      </div>
    </section>
  );
}
