import { useEffect, useState } from "preact/hooks";
import { explain } from "../explain";
import { Refusal } from "../model/failure";
import type { Invitation } from "../wire";
import { nameOf, words } from "../words";
import { Avatar } from "./avatar";
import { Dialog } from "./dialog";
import { useChat } from "./hooks";
import { Notice } from "./notice";
import { go, pathOf } from "./route";

/** Somebody passed on an invitation: who invites, and whereto. */
export function InvitationCard({ id, onClose }: { id: string; onClose: () => void }) {
  const { ways, rooms, departures } = useChat();
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const gone = failure instanceof Refusal && failure.code === "not_found";

  useEffect(() => {
    ways.invitation(id).then((found) => {
      // Whoever is there already needs no invitation.
      if (rooms.get(found.room.id)) go(pathOf(found.room.id), { replace: true });
      else setInvitation(found);
    }, setFailure);
  }, []);

  async function join() {
    if (busy) return;
    setBusy(true);
    setFailure(null);
    try {
      const room = await ways.accept(id);
      departures.note(room.id);
      go(pathOf(room.id), { replace: true });
    } catch (reason) {
      setFailure(reason);
      setBusy(false);
    }
  }

  return (
    <Dialog title={gone ? words.invitationOver : words.invitation} onClose={onClose}>
      {failure !== null && <Notice>{gone ? words.invitationGone : explain(failure)}</Notice>}
      {!invitation && failure === null && (
        <p class="quiet" role="status">
          {words.invitationLoading}
        </p>
      )}
      {invitation && (
        <div class="person">
          <Avatar user={invitation.by} />
          <p class="person-name" dir="auto">
            {words.invitedTo(nameOf(invitation.by), invitation.room.name)}
          </p>
        </div>
      )}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          {invitation && !gone ? words.notNow : words.close}
        </button>
        {invitation && !gone && (
          <button type="button" class="button primary" aria-disabled={busy} onClick={() => void join()}>
            {busy ? words.joining : words.join}
          </button>
        )}
      </div>
    </Dialog>
  );
}
