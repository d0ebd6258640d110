//! What comes over the socket.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{About, Catchup, Departure, Failure, Invitation, Member, Message, User, to_json};

wire! {
    /// What comes over the socket.
    #[serde(tag = "type", rename_all = "snake_case")]
    pub enum Frame {
        /// The reply to `send`: it is stored.
        Sent {
            /// The request's.
            id: String,
            /// Where.
            room: String,
            /// As it was stored, by this request or by the first of its kind.
            message: Message,
        },
        /// The reply to `edit`, `delete`, `react` and `pin`: it is stored.
        Changed {
            /// The request's.
            id: String,
            /// Where.
            room: String,
            /// The number of the message.
            #[cfg_attr(test, ts(type = "number"))]
            seq: i64,
            /// The position of the change: the frame with it says what the message is now.
            #[cfg_attr(test, ts(type = "number"))]
            rev: i64,
        },
        /// The reply to `sync`.
        Synced {
            /// The request's.
            id: String,
            /// What was missed.
            rooms: Vec<Catchup>,
            /// The rooms that are not, or no longer, mine.
            gone: Vec<String>,
            /// Whether to ask again.
            more: bool,
        },
        /// The reply to `ping`.
        Pong {
            /// The request's.
            id: String,
            /// The rooms that are settled beyond my position.
            behind: Vec<String>,
        },
        /// The reply to `read`.
        Read {
            /// The request's.
            id: String,
            /// Where.
            room: String,
            /// How many messages remain.
            #[cfg_attr(test, ts(type = "number"))]
            unread: i64,
            /// How many of them mention me.
            #[cfg_attr(test, ts(type = "number"))]
            mentions: i64,
            /// Milliseconds, if the others have not been shown it yet: repeat it then with `again`, unless a `signals` frame comes first that has it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[cfg_attr(test, ts(optional, type = "number"))]
            retry_after: Option<u64>,
        },
        /// The reply to `look` and to `typing`.
        Noted {
            /// The request's.
            id: String,
        },
        /// What can be seen in the room that is looked at: all of it, each time.
        Signals {
            /// Where.
            room: String,
            /// Who types; nobody in a large room.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            #[cfg_attr(test, ts(as = "Option<Vec<User>>", optional))]
            typing: Vec<User>,
            /// How many type, in a large room.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[cfg_attr(test, ts(optional, type = "number"))]
            count: Option<u64>,
            /// The number of the last message that each has read who shows it, by their ids; of nobody in a large room.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
            #[cfg_attr(test, ts(optional, type = "Record<string, number>"))]
            seen: BTreeMap<String, i64>,
        },
        /// I have read up to a message, on another socket.
        Seen {
            /// Where.
            room: String,
            /// The number of the message.
            #[cfg_attr(test, ts(type = "number"))]
            seq: i64,
            /// How many messages I have not read after it.
            #[cfg_attr(test, ts(type = "number"))]
            unread: i64,
            /// How many of these mention me.
            #[cfg_attr(test, ts(type = "number"))]
            mentions: i64,
        },
        /// Something changed in a room.
        Changes {
            /// Where.
            room: String,
            /// The first position in it.
            #[cfg_attr(test, ts(type = "number"))]
            from: i64,
            /// The last position in it.
            #[cfg_attr(test, ts(type = "number"))]
            to: i64,
            /// How many messages were ever said, up to at least `to`.
            #[cfg_attr(test, ts(type = "number"))]
            said: i64,
            /// In order of `rev`.
            changes: Vec<Message>,
        },
        /// Somebody in one of my rooms came (their first socket) or went (their last).
        Presence {
            /// Who.
            user: User,
            /// Whether they are here.
            online: bool,
        },
        /// Somebody became a member.
        Joined {
            /// Where.
            room: String,
            /// Who.
            member: Member,
        },
        /// Somebody is no longer a member.
        Left {
            /// Where.
            room: String,
            /// Who.
            user: User,
            /// Why, if they did not leave: for themselves.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[cfg_attr(test, ts(optional))]
            reason: Option<Departure>,
        },
        /// A member is something else now, or may speak or not.
        Member {
            /// Where.
            room: String,
            /// Who, as they are now.
            member: Member,
        },
        /// A room of mine is called otherwise, is about something else, or is archived or no longer.
        About {
            /// Where.
            room: String,
            /// As it is now.
            about: About,
        },
        /// I am invited.
        Invited {
            /// Whereto, and by whom.
            invitation: Invitation,
        },
        /// I have begun to write something, on another socket.
        Draft {
            /// Where.
            room: String,
            /// What; empty, if it was sent or dropped.
            text: String,
        },
        /// A request failed.
        Error(Failure),
    }
}

impl Frame {
    /// As it is sent.
    pub fn to_json(&self) -> String {
        to_json(self)
    }
}
