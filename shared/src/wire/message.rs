//! What was said.

use serde::{Deserialize, Serialize};

use super::User;
use crate::message;
use crate::time::Timestamp;

wire! {
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
        /// The ids of those in the room whom its text mentions by `@name`; missing if it mentions nobody.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(test, ts(as = "Option<Vec<String>>", optional))]
        pub mentions: Vec<String>,
        /// Whether it mentions everybody in the room by `@room`; missing if not.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(test, ts(as = "Option<bool>", optional))]
        pub mentions_room: bool,
        /// What people have put to it; missing if nobody has.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(test, ts(as = "Option<Vec<Reaction>>", optional))]
        pub reactions: Vec<Reaction>,
        /// When it was said, in milliseconds since 1970-01-01 UTC.
        #[cfg_attr(test, ts(type = "number"))]
        pub at: i64,
        /// When it was pinned, if it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        pub pinned_at: Option<i64>,
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
            mentions: message.mentions.iter().map(ToString::to_string).collect(),
            mentions_room: message.mentions_room,
            reactions: message.reactions.iter().map(Reaction::from).collect(),
            at: message.at.millis(),
            pinned_at: message.pinned_at.map(Timestamp::millis),
            edited_at: message.edited_at.map(Timestamp::millis),
            deleted_at: message.deleted_at.map(Timestamp::millis),
            deleted_by: message.deleted_by.map(Remover::from),
        }
    }
}
