export type User = { id: string, name: string };

export type Session = { user: User, access_token: string, expires_in: number, refresh_token: string };

export type Role = "owner" | "moderator" | "member";

export type Kind = "public";

export type Room = { id: string, name: string, kind: Kind, role: Role | null, position: number, said: number, unread: number };

export type Rooms = { rooms: Array<Room> };

export type PublicRooms = { rooms: Array<Room>, more: boolean };

export type Member = { user: User, role: Role, online: boolean };

export type Members = { members: Array<Member>, more: boolean };

export type Message = { seq: number, rev: number, author: User, client_id: string, text: string, at: number };

export type Page = { messages: Array<Message>, position: number, before: boolean, after: boolean };

export type Request =
  | { "action": "send", id: string, room: string, client_id: string, text: string }
  | { "action": "sync", id: string, rooms: { [key in string]: number } }
  | { "action": "ping", id: string, rooms: { [key in string]: number } }
  | { "action": "read", id: string, room: string, position: number, seq: number };

export type Catchup = { room: string, from: number, to: number, head: number, said: number, changes: Array<Message>, verdict: "complete" | "more" };

export type ErrorFrame = { "type": "error", id?: string | null, code: string, message: string, field?: string | null, rule?: string | null, limit?: number | null, reason?: string | null, retry_after?: number | null };

export type Frame =
  | { "type": "sent", id: string, room: string, message: Message }
  | { "type": "synced", id: string, rooms: Array<Catchup>, gone: Array<string>, more: boolean }
  | { "type": "pong", id: string, behind: Array<string> }
  | { "type": "read", id: string, room: string, unread: number }
  | { "type": "changes", room: string, from: number, to: number, said: number, changes: Array<Message> }
  | { "type": "presence", room: string, user: User, online: boolean }
  | { "type": "joined", room: string, member: Member }
  | { "type": "left", room: string, user: User }
  | ErrorFrame;
