import "./found.css";
import { useEffect, useState } from "preact/hooks";
import { explain } from "../explain";
import type { Message, Room } from "../wire";
import { words } from "../words";
import { Dialog } from "./dialog";
import { FoundList } from "./found";
import { useChat, useObserved } from "./hooks";
import { Notice } from "./notice";

/** What is kept in sight of everybody in a room. */
export function PinnedDialog({ room, onClose }: { room: Room; onClose: () => void }) {
  const chat = useChat();
  const { position } = useObserved(chat.history.timeline(room.id));
  const [pins, setPins] = useState<readonly Message[] | null>(null);
  const [failure, setFailure] = useState<unknown>(null);

  // What is pinned may change while one looks on.
  useEffect(() => {
    let stale = false;
    chat.archive.pins(room.id).then(
      (messages) => {
        if (stale) return;
        setPins(messages);
        setFailure(null);
      },
      (reason) => stale || setFailure(reason),
    );
    return () => {
      stale = true;
    };
  }, [position]);

  return (
    <Dialog title={words.pins} onClose={onClose}>
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      {pins === null && failure === null && <p class="quiet">{words.pinsLoading}</p>}
      {pins?.length === 0 && <p class="quiet">{words.noPins}</p>}
      {pins && <FoundList found={pins.map((message) => ({ room: room.id, message }))} onGo={onClose} />}
    </Dialog>
  );
}
