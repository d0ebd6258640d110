import type { Mute, Role } from "../wire";

const RANK: Record<Role, number> = { guest: 0, member: 1, moderator: 2, owner: 3 };

/** Whether one keeps order in a room, as what one is there. */
export function keepsOrder(mine: Role | null): boolean {
  return mine !== null && RANK[mine] >= RANK.moderator;
}

/** Whether one may act on somebody who is `other` there; without it, on somebody who is not there. */
export function above(mine: Role | null, other: Role = "guest"): boolean {
  return mine !== null && keepsOrder(mine) && RANK[mine] > RANK[other];
}

/** What one may make of somebody who is `other`. */
export function offices(mine: Role | null, other: Role): readonly Role[] {
  if (!above(mine, other)) return [];
  const all: Role[] = mine === "owner" ? ["moderator", "member", "guest"] : ["member", "guest"];
  return all.filter((role) => role !== other);
}

/** The mute, if it holds at that moment. */
export function holds(mute: Mute | undefined, now: number): Mute | null {
  return mute && (mute.until === null || mute.until > now) ? mute : null;
}
