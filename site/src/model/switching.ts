import type { Room } from "../wire";

/** So many rooms of mine are offered at once. */
const OFFERED = 20;

/** My rooms for a few letters: whose name begins so before those with a word that does, before those that contain it. */
export function matching(rooms: readonly Room[], wanted: string): readonly Room[] {
  const stem = fold(wanted.trim());
  const ranked = rooms
    .map((room) => ({ room, rank: rank(fold(room.name), stem) }))
    .filter(({ rank }) => rank < MISS)
    .sort((a, b) => a.rank - b.rank || Number(b.room.unread > 0) - Number(a.room.unread > 0));
  return ranked.slice(0, OFFERED).map(({ room }) => room);
}

const MISS = 3;

function rank(name: string, stem: string): number {
  if (name.startsWith(stem)) return 0;
  if (name.split(/[\s_.-]+/).some((word) => word.startsWith(stem))) return 1;
  return name.includes(stem) ? 2 : MISS;
}

/** Without case and accents. */
function fold(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLocaleLowerCase();
}

/** The room to step to; null when there is none. At an end it goes on at the other. */
export function neighbour(rooms: readonly Room[], current: string | null, by: 1 | -1, unread: boolean): Room | null {
  const at = rooms.findIndex(({ id }) => id === current);
  for (let steps = 1; steps <= rooms.length; steps += 1) {
    const from = at < 0 && by < 0 ? 0 : at;
    const room = rooms[(((from + by * steps) % rooms.length) + rooms.length) % rooms.length];
    if (room && room.id !== current && (!unread || room.unread > 0)) return room;
  }
  return null;
}
