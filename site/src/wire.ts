// Generated from shared/src/wire.rs by `cargo test`. Do not edit.

/**
 * Somebody.
 */
export type User = { 
/**
 * Who they are.
 */
id: string, 
/**
 * What they are called; empty once their account is deleted.
 */
name: string, };

/**
 * What signing in gives.
 */
export type Session = { 
/**
 * Who signed in.
 */
user: User, 
/**
 * Goes with every request, as `Authorization: Bearer …`.
 */
access_token: string, 
/**
 * How many seconds the access token is good for.
 */
expires_in: number, 
/**
 * Exchanged for the next session answer at `POST /refresh`.
 */
refresh_token: string, };

/**
 * The body of `POST /register` and, without `client_id`, of `POST /login`.
 */
export type Credentials = { 
/**
 * The person's name.
 */
name: string, 
/**
 * The person's password.
 */
password: string, 
/**
 * Makes a repeated registration the same one.
 */
client_id?: string, };

/**
 * The body of `POST /refresh` and of `POST /logout`.
 */
export type Refresh = { 
/**
 * The last one that was given out.
 */
refresh_token: string, };

/**
 * A session of mine: one sign-in on one device.
 */
export type Device = { 
/**
 * The session's.
 */
id: string, 
/**
 * What it is in a word or two, by what its client said of itself; empty if it said nothing.
 */
name: string, 
/**
 * The address it was last continued from.
 */
address: string, 
/**
 * When it signed in, in milliseconds since 1970-01-01 UTC.
 */
created_at: number, 
/**
 * When it signed in or refreshed last.
 */
seen_at: number, 
/**
 * Whether it is the one that asks.
 */
current: boolean, };

/**
 * The answer of `GET /sessions`.
 */
export type Sessions = { 
/**
 * The one seen last first.
 */
sessions: Array<Device>, };

/**
 * The body of `POST /password`.
 */
export type NewPassword = { 
/**
 * The one that holds.
 */
old: string, 
/**
 * The one that is to hold.
 */
new: string, };

/**
 * The body of `DELETE /account`.
 */
export type Farewell = { 
/**
 * The person's password.
 */
password: string, };

/**
 * What somebody is to others; the answer of `GET /account`.
 */
export type Profile = { 
/**
 * Who.
 */
user: User, 
/**
 * Whether others are shown how far they have read.
 */
receipts: boolean, };

/**
 * The body of `PUT /account/receipts`.
 */
export type Receipts = { 
/**
 * Whether others are shown how far I have read.
 */
receipts: boolean, };

/**
 * The body of `POST /rooms`.
 */
export type NewRoom = { 
/**
 * What the room is to be called.
 */
name: string, 
/**
 * Makes a repeated request the same one.
 */
client_id: string, 
/**
 * Who may come in: anybody, if it is not said, or whoever is invited.
 */
kind?: Kind, };

/**
 * The body of `POST /direct`.
 */
export type NewDirect = { 
/**
 * The ids of the others.
 */
users: Array<string>, };

/**
 * The body of `PATCH /rooms/{room}`: what is to be otherwise. What is missing stays.
 */
export type NewAbout = { 
/**
 * What the room is to be called.
 */
name?: string, 
/**
 * What is talked about at present; empty for nothing.
 */
topic?: string, 
/**
 * What the room is for; empty for nothing.
 */
description?: string, 
/**
 * Whether it is only to be read from now on.
 */
archived?: boolean, };

/**
 * The body of `PUT /rooms/{room}/draft`.
 */
export type NewDraft = { 
/**
 * What I have begun to write; empty, if I have not.
 */
text: string, };

/**
 * What a room is called, and what it is about.
 */
export type About = { 
/**
 * What it is called; empty in a direct conversation, which is called by its people.
 */
name: string, 
/**
 * What is talked about at present; missing if that was not said.
 */
topic?: string, 
/**
 * What the room is for; missing if that was not said.
 */
description?: string, 
/**
 * Whether it can only be read; missing if not.
 */
archived?: boolean, };

/**
 * What a member is; the table in API.md says what each may do.
 */
export type Role = "owner" | "moderator" | "member" | "guest";

/**
 * Who may find a room and come in.
 */
export type Kind = "public" | "private" | "direct" | "group";

/**
 * A room, as the person who asks sees it.
 */
export type Room = { 
/**
 * Which room.
 */
id: string, 
/**
 * Who may come in.
 */
kind: Kind, 
/**
 * Who it is of, by name, if it is a direct conversation; missing otherwise.
 */
people?: Array<User>, 
/**
 * What I may do there; null if it is not mine. The next four are then 0.
 */
role: Role | null, 
/**
 * Everything up to this position has been sent to everybody.
 */
position: number, 
/**
 * How many messages were ever said.
 */
said: number, 
/**
 * How many of them I have not read.
 */
unread: number, 
/**
 * How many of those mention me.
 */
mentions: number, 
/**
 * What I have begun to write there, on any device; missing if nothing.
 */
draft?: string, 
/**
 * That I am muted there, if I am.
 */
muted?: Mute, 
/**
 * What it is called; empty in a direct conversation, which is called by its people.
 */
name: string, 
/**
 * What is talked about at present; missing if that was not said.
 */
topic?: string, 
/**
 * What the room is for; missing if that was not said.
 */
description?: string, 
/**
 * Whether it can only be read; missing if not.
 */
archived?: boolean, };

/**
 * The answer of `GET /rooms`.
 */
export type Rooms = { 
/**
 * The rooms that are mine.
 */
rooms: Array<Room>, };

/**
 * The answer of `GET /rooms/public`.
 */
export type PublicRooms = { 
/**
 * In order of name.
 */
rooms: Array<Room>, 
/**
 * Whether there are more after the last of these.
 */
more: boolean, };

/**
 * Somebody in a room.
 */
export type Member = { 
/**
 * Who.
 */
user: User, 
/**
 * As what.
 */
role: Role, 
/**
 * Whether a socket of theirs is open.
 */
online: boolean, 
/**
 * When one was last, if none is and that is known, in milliseconds since 1970-01-01 UTC.
 */
seen_at?: number, 
/**
 * That they are muted, if they are: for themselves and for those who keep order.
 */
muted?: Mute, 
/**
 * The number of the last message they have read, if they show that and the room is not too large for it.
 */
read?: number, };

/**
 * The answer of `GET /rooms/{room}/members`.
 */
export type Members = { 
/**
 * In order of their ids.
 */
members: Array<Member>, 
/**
 * Whether there are more after the last of these.
 */
more: boolean, 
/**
 * How many are in the room.
 */
total: number, 
/**
 * How many of all of them are here.
 */
here: number, };

/**
 * The body of `POST /rooms/{room}/invitations`.
 */
export type NewInvitation = { 
/**
 * Makes a repeated request the same one.
 */
client_id: string, 
/**
 * The id of the only one who may accept it; without it, whoever has its id may.
 */
user?: string, 
/**
 * For how many seconds it holds: seven days, if that is not said.
 */
expires_in?: number, 
/**
 * How many people may accept it: 1,000, if that is not said, and one, if it is for somebody.
 */
uses?: number, };

/**
 * A room, to whoever is invited to it.
 */
export type InvitedTo = { 
/**
 * Which room.
 */
id: string, 
/**
 * What it is called.
 */
name: string, 
/**
 * Who may come in.
 */
kind: Kind, };

/**
 * That somebody may come in.
 */
export type Invitation = { 
/**
 * Whoever knows it may accept it, unless it is for somebody.
 */
id: string, 
/**
 * Into which room.
 */
room: InvitedTo, 
/**
 * Who invites.
 */
by: User, 
/**
 * Whom, if not anybody who knows it.
 */
user?: User, 
/**
 * Until when, in milliseconds since 1970-01-01 UTC.
 */
expires_at: number, 
/**
 * How many may accept it.
 */
uses: number, 
/**
 * How many have.
 */
used: number, };

/**
 * The answer of `GET /invitations` and of `GET /rooms/{room}/invitations`.
 */
export type Invitations = { 
/**
 * The newest first.
 */
invitations: Array<Invitation>, };

/**
 * The answer of `GET /users`.
 */
export type Users = { 
/**
 * In order of name.
 */
users: Array<User>, 
/**
 * Whether there are more whose name begins like that.
 */
more: boolean, };

/**
 * A message, and where it is.
 */
export type Found = { 
/**
 * Where.
 */
room: string, 
/**
 * What.
 */
message: Message, };

/**
 * The answer of `GET /search`.
 */
export type Search = { 
/**
 * The newest first.
 */
found: Array<Found>, 
/**
 * Whether there are more, older ones.
 */
more: boolean, };

/**
 * The answer of `GET /rooms/{room}/pins`.
 */
export type Pins = { 
/**
 * The one that was pinned last first.
 */
messages: Array<Message>, };

/**
 * What a message has said.
 */
export type Version = { 
/**
 * What.
 */
text: string, 
/**
 * From when on, in milliseconds since 1970-01-01 UTC.
 */
at: number, };

/**
 * The answer of `GET /rooms/{room}/messages/{seq}/versions`.
 */
export type Versions = { 
/**
 * The oldest first; the last is what it says now.
 */
versions: Array<Version>, };

/**
 * An emoji at a message.
 */
export type Reaction = { 
/**
 * Which.
 */
emoji: string, 
/**
 * The ids of those who put it there, the first one first.
 */
users: Array<string>, };

/**
 * That somebody may say nothing.
 */
export type Mute = { 
/**
 * Until then; null, until it is lifted.
 */
until: number | null, };

/**
 * That somebody is kept out of a room.
 */
export type Ban = { 
/**
 * Who.
 */
user: User, 
/**
 * Since when.
 */
at: number, 
/**
 * Until then; null, until it is lifted.
 */
until: number | null, 
/**
 * Why, if that was said.
 */
reason?: string, };

/**
 * The answer of `GET /rooms/{room}/bans`.
 */
export type Bans = { 
/**
 * In order of the ids of those who are banned.
 */
bans: Array<Ban>, 
/**
 * Whether there are more after the last of these.
 */
more: boolean, };

/**
 * The body of `PUT /rooms/{room}/members/{user}/role`.
 */
export type NewRole = { 
/**
 * What they are to be: not the owner, which is handed over.
 */
role: Role, };

/**
 * The body of `PUT /rooms/{room}/members/{user}/mute`.
 */
export type NewMute = { 
/**
 * Until then; null or nothing, until it is lifted.
 */
until?: number, };

/**
 * The body of `PUT /rooms/{room}/bans/{user}`.
 */
export type NewBan = { 
/**
 * Until then; null or nothing, until it is lifted.
 */
until?: number, 
/**
 * Why, for those who keep order.
 */
reason?: string, };

/**
 * The body of `PUT /rooms/{room}/owner`.
 */
export type NewOwner = { 
/**
 * Who is to be the owner.
 */
user: string, };

/**
 * Who deleted a message.
 */
export type Remover = "author" | "moderator";

/**
 * Why somebody is no longer a member who did not leave.
 */
export type Departure = "kicked" | "banned";

/**
 * A message as it stands now.
 */
export type Message = { 
/**
 * Its number among the room's messages.
 */
seq: number, 
/**
 * The position of its latest change.
 */
rev: number, 
/**
 * Who said it.
 */
author: User, 
/**
 * What its author's client calls it.
 */
client_id: string, 
/**
 * What it says now: plain text, to be rendered as text. Empty once it is deleted.
 */
text: string, 
/**
 * The number of the message that it replies to, if it is a reply. That one may be deleted, or never have been.
 */
reply_to?: number, 
/**
 * The ids of those in the room whom its text mentions by `@name`; missing if it mentions nobody.
 */
mentions?: Array<string>, 
/**
 * Whether it mentions everybody in the room by `@room`; missing if not.
 */
mentions_room?: boolean, 
/**
 * What people have put to it; missing if nobody has.
 */
reactions?: Array<Reaction>, 
/**
 * When it was said, in milliseconds since 1970-01-01 UTC.
 */
at: number, 
/**
 * When it was pinned, if it is.
 */
pinned_at?: number, 
/**
 * When its text was last changed, if it was.
 */
edited_at?: number, 
/**
 * When it was deleted, if it was. Nothing of its text is left then.
 */
deleted_at?: number, 
/**
 * By whom, if it was.
 */
deleted_by?: Remover, };

/**
 * The answer of `GET /rooms/{room}/messages`.
 */
export type Page = { 
/**
 * Oldest first.
 */
messages: Array<Message>, 
/**
 * How far the room was settled before the messages were read.
 */
position: number, 
/**
 * Whether there are older ones.
 */
before: boolean, 
/**
 * Whether there are newer ones.
 */
after: boolean, };

/**
 * Say something.
 */
export type Send = { 
/**
 * Repeated in the reply.
 */
id: string, 
/**
 * Where.
 */
room: string, 
/**
 * Makes a repeated request the same one.
 */
client_id: string, 
/**
 * What.
 */
text: string, 
/**
 * The number of the message that it replies to, if it is a reply.
 */
reply_to?: number, };

/**
 * Change the text of a message of mine.
 */
export type Edit = { 
/**
 * Repeated in the reply.
 */
id: string, 
/**
 * Where.
 */
room: string, 
/**
 * The number of the message.
 */
seq: number, 
/**
 * Makes a repeated request the same one.
 */
client_id: string, 
/**
 * What it is to say.
 */
text: string, };

/**
 * Delete a message of mine.
 */
export type Delete = { 
/**
 * Repeated in the reply.
 */
id: string, 
/**
 * Where.
 */
room: string, 
/**
 * The number of the message.
 */
seq: number, 
/**
 * Makes a repeated request the same one.
 */
client_id: string, };

/**
 * Put an emoji to a message, or take mine away.
 */
export type React = { 
/**
 * Repeated in the reply.
 */
id: string, 
/**
 * Where.
 */
room: string, 
/**
 * The number of the message.
 */
seq: number, 
/**
 * Makes a repeated request the same one.
 */
client_id: string, 
/**
 * Which of Unicode's emoji.
 */
emoji: string, 
/**
 * Whether it is to be there.
 */
on: boolean, };

/**
 * Pin a message, or take the pin away.
 */
export type Pin = { 
/**
 * Repeated in the reply.
 */
id: string, 
/**
 * Where.
 */
room: string, 
/**
 * The number of the message.
 */
seq: number, 
/**
 * Makes a repeated request the same one.
 */
client_id: string, 
/**
 * Whether it is to be pinned.
 */
on: boolean, };

/**
 * How far I am in my rooms.
 */
export type Positions = { 
/**
 * Repeated in the reply.
 */
id: string, 
/**
 * By room.
 */
rooms: Record<string, number>, };

/**
 * I have read that far.
 */
export type Read = { 
/**
 * Repeated in the reply.
 */
id: string, 
/**
 * Where.
 */
room: string, 
/**
 * My position then.
 */
position: number, 
/**
 * The number of the last message that I have seen.
 */
seq: number, 
/**
 * Whether it was read before, and is to be shown to others who have not been shown it.
 */
again?: boolean, };

/**
 * This room is on the screen, or none is: signals of it come over this socket.
 */
export type Look = { 
/**
 * Repeated in the reply.
 */
id: string, 
/**
 * Which.
 */
room: string | null, };

/**
 * I am typing.
 */
export type Typing = { 
/**
 * Repeated in the reply.
 */
id: string, 
/**
 * Where.
 */
room: string, };

/**
 * What a client may ask over its socket.
 */
export type Request = { "action": "send" } & Send | { "action": "edit" } & Edit | { "action": "delete" } & Delete | { "action": "react" } & React | { "action": "pin" } & Pin | { "action": "sync" } & Positions | { "action": "ping" } & Positions | { "action": "read" } & Read | { "action": "look" } & Look | { "action": "typing" } & Typing;

/**
 * Whether a catch-up is complete.
 */
export type Verdict = "complete" | "more" | "cut";

/**
 * What a room has after a position.
 */
export type Catchup = { 
/**
 * Which room.
 */
room: string, 
/**
 * The first position in it: the one after yours, unless the room keeps nothing that old.
 */
from: number, 
/**
 * The last position in it: `from` − 1 if nothing is missing.
 */
to: number, 
/**
 * The last position that was given out: beyond `to`, something is being stored now.
 */
head: number, 
/**
 * How many messages were ever said.
 */
said: number, 
/**
 * In order of `rev`.
 */
changes: Array<Message>, 
/**
 * Whether that is all.
 */
verdict: Verdict, };

/**
 * What the caller can do about it.
 */
export type Code = "invalid" | "unauthenticated" | "forbidden" | "not_found" | "conflict" | "too_large" | "limited" | "unavailable" | "internal";

/**
 * What a value can break.
 */
export type Rule = "required" | "type" | "too_short" | "too_long" | "too_many_bytes" | "too_small" | "too_large" | "too_few" | "too_many" | "characters" | "format" | "unknown" | "common" | "json";

/**
 * The finer reason of a refusal.
 */
export type Reason = "credentials" | "token" | "session" | "name_taken" | "too_many_rooms" | "deleted" | "too_many_edits" | "too_many_reactions" | "too_many_pins" | "too_many_invitations" | "guest" | "muted" | "banned" | "rank" | "author" | "archived" | "direct" | "suspended" | "origin";

/**
 * What was refused, and why.
 */
export type Failure = { 
/**
 * The request's, if it had one.
 */
id?: string, 
/**
 * Decide by this.
 */
code: Code, 
/**
 * For people.
 */
message: string, 
/**
 * Which field is wrong, if one is.
 */
field?: string, 
/**
 * Which rule it breaks.
 */
rule?: Rule, 
/**
 * The bound of the rule, or the most bytes that may be sent.
 */
limit?: number, 
/**
 * The finer reason, if there is one.
 */
reason?: Reason, 
/**
 * After how many milliseconds it will be let through.
 */
retry_after?: number, };

/**
 * What comes over the socket.
 */
export type Frame = { "type": "sent", 
/**
 * The request's.
 */
id: string, 
/**
 * Where.
 */
room: string, 
/**
 * As it was stored, by this request or by the first of its kind.
 */
message: Message, } | { "type": "changed", 
/**
 * The request's.
 */
id: string, 
/**
 * Where.
 */
room: string, 
/**
 * The number of the message.
 */
seq: number, 
/**
 * The position of the change: the frame with it says what the message is now.
 */
rev: number, } | { "type": "synced", 
/**
 * The request's.
 */
id: string, 
/**
 * What was missed.
 */
rooms: Array<Catchup>, 
/**
 * The rooms that are not, or no longer, mine.
 */
gone: Array<string>, 
/**
 * Whether to ask again.
 */
more: boolean, } | { "type": "pong", 
/**
 * The request's.
 */
id: string, 
/**
 * The rooms that are settled beyond my position.
 */
behind: Array<string>, } | { "type": "read", 
/**
 * The request's.
 */
id: string, 
/**
 * Where.
 */
room: string, 
/**
 * How many messages remain.
 */
unread: number, 
/**
 * How many of them mention me.
 */
mentions: number, 
/**
 * Milliseconds, if the others have not been shown it yet: repeat it then with `again`, unless a `signals` frame comes first that has it.
 */
retry_after?: number, } | { "type": "noted", 
/**
 * The request's.
 */
id: string, } | { "type": "signals", 
/**
 * Where.
 */
room: string, 
/**
 * Who types; nobody in a large room.
 */
typing?: Array<User>, 
/**
 * How many type, in a large room.
 */
count?: number, 
/**
 * The number of the last message that each has read who shows it, by their ids; of nobody in a large room.
 */
seen?: Record<string, number>, } | { "type": "seen", 
/**
 * Where.
 */
room: string, 
/**
 * The number of the message.
 */
seq: number, 
/**
 * How many messages I have not read after it.
 */
unread: number, 
/**
 * How many of these mention me.
 */
mentions: number, } | { "type": "changes", 
/**
 * Where.
 */
room: string, 
/**
 * The first position in it.
 */
from: number, 
/**
 * The last position in it.
 */
to: number, 
/**
 * How many messages were ever said, up to at least `to`.
 */
said: number, 
/**
 * In order of `rev`.
 */
changes: Array<Message>, } | { "type": "presence", 
/**
 * Who.
 */
user: User, 
/**
 * Whether they are here.
 */
online: boolean, } | { "type": "joined", 
/**
 * Where.
 */
room: string, 
/**
 * Who.
 */
member: Member, } | { "type": "left", 
/**
 * Where.
 */
room: string, 
/**
 * Who.
 */
user: User, 
/**
 * Why, if they did not leave: for themselves.
 */
reason?: Departure, } | { "type": "member", 
/**
 * Where.
 */
room: string, 
/**
 * Who, as they are now.
 */
member: Member, } | { "type": "about", 
/**
 * Where.
 */
room: string, 
/**
 * As it is now.
 */
about: About, } | { "type": "invited", 
/**
 * Whereto, and by whom.
 */
invitation: Invitation, } | { "type": "draft", 
/**
 * Where.
 */
room: string, 
/**
 * What; empty, if it was sent or dropped.
 */
text: string, } | { "type": "error" } & Failure;
