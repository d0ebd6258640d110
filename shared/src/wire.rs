//! What goes over the wire, to the letter of docs/API.md. No other module's types reach a client. The TypeScript types of the site and
//! the JSON schemas of the documents are generated from these, by a test that fails when they are stale.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::ids::SessionId;
use crate::text::{self, Invalid};
use crate::time::Timestamp;
use crate::token::{Claims, Keys, RefreshToken};
use crate::{Error, message, session, user};

/// Declares wire types: each with its serialization and, under test, its TypeScript and JSON schema.
macro_rules! wire {
    ($($(#[$meta:meta])* pub $kind:ident $name:ident $body:tt)*) => {
        $(
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            #[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
            $(#[$meta])*
            pub $kind $name $body
        )*
    };
}

mod failure;
mod moderation;
mod request;
mod room;

pub use failure::{Code, Failure, Reason, Rule};
pub use moderation::{Ban, Bans, Departure, Mute, NewBan, NewMute, NewOwner, NewRole};
pub use request::{Delete, Edit, Look, Positions, React, Read, Request, Send, Typing};
pub use room::{Kind, Member, Members, NewRoom, PublicRooms, Role, Room, Rooms};

wire! {
    /// Somebody.
    pub struct User {
        /// Who they are.
        pub id: String,
        /// What they are called; empty once their account is deleted.
        pub name: String,
    }

    /// What signing in gives.
    pub struct Session {
        /// Who signed in.
        pub user: User,
        /// Goes with every request, as `Authorization: Bearer …`.
        pub access_token: String,
        /// How many seconds the access token is good for.
        #[cfg_attr(test, ts(type = "number"))]
        pub expires_in: u64,
        /// Exchanged for the next session answer at `POST /refresh`.
        pub refresh_token: String,
    }

    /// The body of `POST /register` and, without `client_id`, of `POST /login`.
    pub struct Credentials {
        /// The person's name.
        pub name: String,
        /// The person's password.
        pub password: String,
        /// Makes a repeated registration the same one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub client_id: Option<String>,
    }

    /// The body of `POST /refresh` and of `POST /logout`.
    pub struct Refresh {
        /// The last one that was given out.
        pub refresh_token: String,
    }

    /// A session of mine: one sign-in on one device.
    pub struct Device {
        /// The session's.
        pub id: String,
        /// What it is in a word or two, by what its client said of itself; empty if it said nothing.
        pub name: String,
        /// The address it was last continued from.
        pub address: String,
        /// When it signed in, in milliseconds since 1970-01-01 UTC.
        #[cfg_attr(test, ts(type = "number"))]
        pub created_at: i64,
        /// When it signed in or refreshed last.
        #[cfg_attr(test, ts(type = "number"))]
        pub seen_at: i64,
        /// Whether it is the one that asks.
        pub current: bool,
    }

    /// The answer of `GET /sessions`.
    pub struct Sessions {
        /// The one seen last first.
        pub sessions: Vec<Device>,
    }

    /// The body of `POST /password`.
    pub struct NewPassword {
        /// The one that holds.
        pub old: String,
        /// The one that is to hold.
        pub new: String,
    }

    /// What somebody is to others; the answer of `GET /account`.
    pub struct Profile {
        /// Who.
        pub user: User,
        /// Whether others are shown how far they have read.
        pub receipts: bool,
    }

    /// The body of `PUT /account/receipts`.
    pub struct Receipts {
        /// Whether others are shown how far I have read.
        pub receipts: bool,
    }

    /// The body of `DELETE /account`.
    pub struct Farewell {
        /// The person's password.
        pub password: String,
    }

    /// Who deleted a message.
    #[serde(rename_all = "snake_case")]
    pub enum Remover {
        /// Who had said it.
        Author,
        /// Somebody who keeps order.
        Moderator,
    }

    /// An emoji at a message.
    pub struct Reaction {
        /// Which.
        pub emoji: String,
        /// The ids of those who put it there, the first one first.
        pub users: Vec<String>,
    }

    /// A message as it stands now.
    pub struct Message {
        /// Its number among the room's messages.
        #[cfg_attr(test, ts(type = "number"))]
        pub seq: i64,
        /// The position of its latest change.
        #[cfg_attr(test, ts(type = "number"))]
        pub rev: i64,
        /// Who said it.
        pub author: User,
        /// What its author's client calls it.
        pub client_id: String,
        /// What it says now: plain text, to be rendered as text. Empty once it is deleted.
        pub text: String,
        /// The number of the message that it replies to, if it is a reply. That one may be deleted, or never have been.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        pub reply_to: Option<i64>,
        /// What people have put to it; missing if nobody has.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(test, ts(as = "Option<Vec<Reaction>>", optional))]
        pub reactions: Vec<Reaction>,
        /// When it was said, in milliseconds since 1970-01-01 UTC.
        #[cfg_attr(test, ts(type = "number"))]
        pub at: i64,
        /// When its text was last changed, if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        pub edited_at: Option<i64>,
        /// When it was deleted, if it was. Nothing of its text is left then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        pub deleted_at: Option<i64>,
        /// By whom, if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub deleted_by: Option<Remover>,
    }

    /// The answer of `GET /rooms/{room}/messages`.
    pub struct Page {
        /// Oldest first.
        pub messages: Vec<Message>,
        /// How far the room was settled before the messages were read.
        #[cfg_attr(test, ts(type = "number"))]
        pub position: i64,
        /// Whether there are older ones.
        pub before: bool,
        /// Whether there are newer ones.
        pub after: bool,
    }

    /// Whether a catch-up is complete.
    #[serde(rename_all = "snake_case")]
    pub enum Verdict {
        /// With this, everything up to where the room is settled has been had.
        Complete,
        /// Ask again from `to`.
        More,
        /// What came before `from` is no longer kept: drop what you have of the room and read its history.
        Cut,
    }

    /// What a room has after a position.
    pub struct Catchup {
        /// Which room.
        pub room: String,
        /// The first position in it: the one after yours, unless the room keeps nothing that old.
        #[cfg_attr(test, ts(type = "number"))]
        pub from: i64,
        /// The last position in it: `from` − 1 if nothing is missing.
        #[cfg_attr(test, ts(type = "number"))]
        pub to: i64,
        /// The last position that was given out: beyond `to`, something is being stored now.
        #[cfg_attr(test, ts(type = "number"))]
        pub head: i64,
        /// How many messages were ever said.
        #[cfg_attr(test, ts(type = "number"))]
        pub said: i64,
        /// In order of `rev`.
        pub changes: Vec<Message>,
        /// Whether that is all.
        pub verdict: Verdict,
    }

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
        /// The reply to `edit`, `delete` and `react`: it is stored.
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
        },
        /// The reply to `look` and to `typing`.
        Noted {
            /// The request's.
            id: String,
        },
        /// Somebody types in the room that is looked at.
        Typing {
            /// Where.
            room: String,
            /// Who; missing in a large room.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[cfg_attr(test, ts(optional))]
            user: Option<User>,
            /// How many, in a large room.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[cfg_attr(test, ts(optional, type = "number"))]
            count: Option<u64>,
        },
        /// Somebody has read up to a message: somebody else in the room that is looked at, or I on another socket.
        Seen {
            /// Where.
            room: String,
            /// The id of who.
            user: String,
            /// The number of the message.
            #[cfg_attr(test, ts(type = "number"))]
            seq: i64,
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

/// As it is sent.
#[expect(clippy::expect_used, reason = "wire types have string keys and no failing serializer")]
pub fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("a wire type serializes")
}

/// Reads a value and says what is wrong with it in the words of the wire.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Invalid> {
    parse_value(parse_json(body)?)
}

/// Reads JSON, nested at most 128 deep.
pub fn parse_json(body: &[u8]) -> Result<serde_json::Value, Invalid> {
    serde_json::from_slice(body).map_err(|_| Invalid::new("body", text::Rule::Json))
}

/// Reads a value from JSON and says what is wrong with it in the words of the wire.
pub fn parse_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Invalid> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let text = error.inner().to_string();
        match text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            Some(field) if path == "." => Invalid::new(field.to_owned(), text::Rule::Required),
            Some(field) => Invalid::new(format!("{path}.{field}"), text::Rule::Required),
            None if path == "." => Invalid::new("body", text::Rule::Type),
            None => Invalid::new(path, text::Rule::Type),
        }
    })
}

impl Session {
    /// What signing in, or refreshing, gives at `now`.
    pub fn new(keys: &Keys, session: &session::Session, refresh: &RefreshToken, now: Timestamp) -> Result<Self, Error> {
        let claims = Claims { user: session.user().id, session: session.id() };
        Ok(Self {
            user: session.user().into(),
            access_token: keys.access(claims, now)?,
            expires_in: session::ACCESS_TTL.as_secs(),
            refresh_token: keys.reveal(refresh),
        })
    }
}

impl Device {
    /// A session, as its owner sees it who asks with the session `mine`.
    pub fn new(signed_in: &session::SignedIn, mine: SessionId) -> Self {
        Self {
            id: signed_in.id.to_string(),
            name: signed_in.device.name.clone(),
            address: signed_in.device.address.clone(),
            created_at: signed_in.created_at.millis(),
            seen_at: signed_in.seen_at.millis(),
            current: signed_in.id == mine,
        }
    }
}

impl From<&user::User> for User {
    fn from(user: &user::User) -> Self {
        Self { id: user.id.to_string(), name: user.name.clone() }
    }
}

impl From<message::Remover> for Remover {
    fn from(remover: message::Remover) -> Self {
        match remover {
            message::Remover::Author => Self::Author,
            message::Remover::Moderator => Self::Moderator,
        }
    }
}

impl From<&message::Reaction> for Reaction {
    fn from(reaction: &message::Reaction) -> Self {
        Self { emoji: reaction.emoji.clone(), users: reaction.users.iter().map(ToString::to_string).collect() }
    }
}

impl From<&message::Message> for Message {
    fn from(message: &message::Message) -> Self {
        Self {
            seq: message.seq,
            rev: message.rev,
            author: (&message.author).into(),
            client_id: message.client_id.clone(),
            text: message.text.clone(),
            reply_to: message.reply_to,
            reactions: message.reactions.iter().map(Reaction::from).collect(),
            at: message.at.millis(),
            edited_at: message.edited_at.map(Timestamp::millis),
            deleted_at: message.deleted_at.map(Timestamp::millis),
            deleted_by: message.deleted_by.map(Remover::from),
        }
    }
}

#[cfg(test)]
mod tests;
