import type { Member, Message, User } from "../wire";

/** The newest message that somebody other than its author and me has read, and who they are. */
export function seenBy(
  messages: readonly Message[],
  members: readonly Member[],
  me: string,
): { seq: number; users: readonly User[] } | null {
  const others = members.filter(({ user, read }) => user.id !== me && read !== undefined);
  const furthest = Math.max(0, ...others.map(({ read }) => read ?? 0));
  for (let at = messages.length - 1; at >= 0 && furthest > 0; at -= 1) {
    const message = messages[at] as Message;
    if (message.seq > furthest) continue;
    const users = others.filter(({ user, read = 0 }) => read >= message.seq && user.id !== message.author.id);
    if (users.length > 0) return { seq: message.seq, users: users.map(({ user }) => user) };
  }
  return null;
}
