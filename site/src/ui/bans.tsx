import { useEffect, useState } from "preact/hooks";
import { explain } from "../explain";
import type { Ban, Room } from "../wire";
import { nameOf, words } from "../words";
import { Avatar } from "./avatar";
import { Dialog } from "./dialog";
import { useChat } from "./hooks";
import { Notice } from "./notice";
import { dayOf, timeOf } from "./when";

/** Who is kept out of a room. */
export function BansDialog({ room, onClose }: { room: Room; onClose: () => void }) {
  const { order } = useChat();
  const [bans, setBans] = useState<readonly Ban[] | null>(null);
  const [more, setMore] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [said, setSaid] = useState("");

  async function load(known: readonly Ban[]) {
    setFailure(null);
    try {
      const page = await order.bans(room.id, known.at(-1)?.user.id);
      setBans([...known, ...page.bans]);
      setMore(page.more);
    } catch (reason) {
      setFailure(reason);
    }
  }

  useEffect(() => void load([]), []);

  async function lift({ user }: Ban) {
    setFailure(null);
    try {
      await order.unban(room.id, user.id);
      setBans((now) => now?.filter((one) => one.user.id !== user.id) ?? null);
      setSaid(words.unbanned(nameOf(user)));
    } catch (reason) {
      setFailure(reason);
    }
  }

  return (
    <Dialog title={words.bans} onClose={onClose}>
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      {bans === null && failure === null && <p class="quiet">{words.bansLoading}</p>}
      {bans?.length === 0 && <p class="quiet">{words.noBans}</p>}
      <ul>
        {bans?.map((ban) => (
          <li key={ban.user.id} class="person">
            <Avatar user={ban.user} />
            <span class="person-name">
              <bdi>{nameOf(ban.user)}</bdi>
              <span class="person-note ban-note" dir="auto">
                {ban.until === null ? words.untilLifted : words.until(dayOf(ban.until), timeOf(ban.until))}
                {ban.reason && ` · ${ban.reason}`}
              </span>
            </span>
            <button
              type="button"
              class="button small"
              aria-label={words.unbanNamed(nameOf(ban.user))}
              onClick={() => void lift(ban)}
            >
              {words.unban}
            </button>
          </li>
        ))}
      </ul>
      {more && bans && (
        <button type="button" class="button wide" onClick={() => void load(bans)}>
          {words.moreBans}
        </button>
      )}
      <p class="hidden" role="status">
        {said}
      </p>
    </Dialog>
  );
}
