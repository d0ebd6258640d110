import "./seek.css";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { explain } from "../explain";
import type { User, Users } from "../wire";
import { nameOf, words } from "../words";
import { Avatar } from "./avatar";
import { Field } from "./field";
import { useChat } from "./hooks";
import { Notice } from "./notice";

/** Typing pauses this long before people are asked for. */
const PAUSE_MS = 200;

/** People by the beginning of their name, and what can be done about each. */
export function Seek({ act }: { act: (user: User) => ComponentChildren }) {
  const { ways, me } = useChat();
  const [prefix, setPrefix] = useState("");
  const [found, setFound] = useState<(Users & { prefix: string }) | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const wanted = prefix.trim();

  useEffect(() => {
    let stale = false;
    setFailure(null);
    if (!wanted) return setFound(null);
    const timer = setTimeout(async () => {
      try {
        const { users, more } = await ways.findPeople(wanted);
        if (!stale) setFound({ users: users.filter(({ id }) => id !== me.id), more, prefix: wanted });
      } catch (reason) {
        if (!stale) setFailure(reason);
      }
    }, PAUSE_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [wanted]);

  return (
    <>
      <Field
        label={words.findPeople}
        role="searchbox"
        autoComplete="off"
        autoCapitalize="none"
        autoFocus
        dir="auto"
        maxLength={32}
        value={prefix}
        onValue={setPrefix}
      />
      {failure !== null && <Notice>{explain(failure)}</Notice>}
      <p class={found?.users.length === 0 ? "quiet" : "hidden"} role="status" dir="auto">
        {found &&
          (found.users.length === 0
            ? words.nobodyNamed(found.prefix)
            : words.peopleFound(found.users.length, found.more))}
      </p>
      {found && found.users.length > 0 && (
        <ul class="seek-list">
          {found.users.map((user) => (
            <li key={user.id} class="person">
              <Avatar user={user} />
              <span class="person-name">
                <bdi>{nameOf(user)}</bdi>
              </span>
              {act(user)}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
