import "./about.css";
import "./found.css";
import { useEffect, useState } from "preact/hooks";
import { explain } from "../explain";
import type { Version } from "../wire";
import { words } from "../words";
import { Dialog } from "./dialog";
import { useChat } from "./hooks";
import { Notice } from "./notice";
import { fullTime } from "./when";

/** What a message has said, the oldest first. */
export function VersionsDialog({ room, seq, onClose }: { room: string; seq: number; onClose: () => void }) {
  const { archive } = useChat();
  const [list, setList] = useState<readonly Version[] | null>(null);
  const [failure, setFailure] = useState<unknown>(null);

  useEffect(() => {
    archive.versions(room, seq).then(setList, setFailure);
  }, []);

  return (
    <Dialog title={words.versions} onClose={onClose}>
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      {list === null && failure === null && <p class="quiet">{words.versionsLoading}</p>}
      {/* Of a message that was deleted meanwhile nothing is left. */}
      {list?.length === 0 && <p class="quiet">{words.deleted}</p>}
      <ol class="stack">
        {list?.map(({ text, at }, index) => (
          <li key={index}>
            <p class="quiet found-head">
              <time dateTime={new Date(at).toISOString()}>{words.saidFrom(fullTime(at))}</time>
            </p>
            <p class="about-text" dir="auto">
              {text}
            </p>
          </li>
        ))}
      </ol>
    </Dialog>
  );
}
