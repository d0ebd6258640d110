import "./hushed.css";
import { useEffect, useState } from "preact/hooks";
import { holds } from "../model/ranks";
import type { Mute, Room } from "../wire";
import { words } from "../words";
import { dayOf, timeOf } from "./when";

/** A timer cannot wait longer. */
const LONGEST_MS = 2_147_483_647;

/** Why one may say nothing in a room, for as long as that is so. */
export function useHush({ role, muted, archived }: Room): "guest" | "archived" | Mute | null {
  const [, redraw] = useState({});
  const mute = holds(muted, Date.now());
  useEffect(() => {
    if (!mute?.until) return;
    const timer = setTimeout(() => redraw({}), Math.min(mute.until - Date.now() + 100, LONGEST_MS));
    return () => clearTimeout(timer);
  }, [mute?.until]);
  return archived ? "archived" : role === "guest" ? "guest" : mute;
}

/** In place of the composer. What was half written comes back with it. */
export function Hushed({ hush }: { hush: "guest" | "archived" | Mute }) {
  const until = typeof hush === "string" ? null : hush.until;
  return (
    <div class="composer">
      <p id="composer" class="hushed" role="status" tabIndex={-1}>
        {hush === "guest"
          ? words.guestHere
          : hush === "archived"
            ? words.archivedHere
            : until === null
              ? words.mutedHere
              : words.mutedUntil(dayOf(until), timeOf(until))}
      </p>
    </div>
  );
}
