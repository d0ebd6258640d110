import { useState } from "preact/hooks";
import { explain } from "../explain";
import type { Invitation } from "../wire";
import { nameOf, words } from "../words";
import { useChat, useObserved } from "./hooks";
import { Notice } from "./notice";
import { go, pathOf } from "./route";

/** Invitations that are for me, to be accepted or declined. */
export function Invited() {
  const { ways } = useChat();
  const { list } = useObserved(ways.invitations);
  return (
    <>
      {/* What comes while one looks on is said aloud. */}
      <p class="hidden" role="status">
        {list[0] && words.invitedTo(nameOf(list[0].by), list[0].room.name)}
      </p>
      {list.length > 0 && (
        <section class="sidebar-section" aria-label={words.invitedTitle}>
          <h2 class="sidebar-title">{words.invitedTitle}</h2>
          <ul>
            {list.map((invitation) => (
              <One key={invitation.id} invitation={invitation} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function One({ invitation: { id, by, room } }: { invitation: Invitation }) {
  const { ways, departures } = useChat();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  async function answer(work: () => Promise<void>) {
    if (busy) return;
    setBusy(true);
    setFailure(null);
    try {
      await work();
    } catch (reason) {
      setFailure(reason);
      setBusy(false);
      // It may hold no more.
      ways.ask();
    }
  }

  async function accept() {
    await ways.accept(id);
    departures.note(room.id);
    go(pathOf(room.id));
  }

  return (
    <li class="invited">
      <p dir="auto">{words.invitedTo(nameOf(by), room.name)}</p>
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      <div class="invited-answer">
        <button
          type="button"
          class="button small primary"
          aria-label={words.acceptNamed(room.name)}
          aria-disabled={busy}
          onClick={() => void answer(accept)}
        >
          {words.accept}
        </button>
        <button
          type="button"
          class="button small"
          aria-label={words.declineNamed(room.name)}
          aria-disabled={busy}
          onClick={() => void answer(() => ways.takeBack(id))}
        >
          {words.decline}
        </button>
      </div>
    </li>
  );
}
