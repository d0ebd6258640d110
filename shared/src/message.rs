//! What is said in a room.

use std::ops::RangeInclusive;

use crate::ids::{ClientId, UserId};
use crate::room::Position;
use crate::text::{self, Invalid, Rule};
use crate::time::Timestamp;
use crate::user::User;

pub use self::mentions::{Called, Mentions};

mod mentions;

/// A message as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number among the room's messages.
    pub seq: i64,
    /// The position of its latest change.
    pub rev: Position,
    /// Who said it.
    pub author: User,
    /// What its author's client calls it.
    pub client_id: String,
    /// What it says now; nothing once it is deleted.
    pub text: String,
    /// The number of the message that it replies to.
    pub reply_to: Option<i64>,
    /// Those in the room whom it mentions.
    pub mentions: Vec<UserId>,
    /// Whether it mentions everybody in the room.
    pub mentions_room: bool,
    /// What people have put to it; nothing once it is deleted.
    pub reactions: Vec<Reaction>,
    /// When it was said.
    pub at: Timestamp,
    /// When it was pinned, if it is.
    pub pinned_at: Option<Timestamp>,
    /// When its text was last changed.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// By whom, if it was.
    pub deleted_by: Option<Remover>,
}

/// Who deleted a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remover {
    /// Who had said it.
    Author,
    /// Somebody who keeps order.
    Moderator,
}

/// What came to pass at a position: a message, or nothing, if the position was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub rev: Position,
    /// What, if anything.
    pub message: Option<Message>,
}

/// Something that somebody wants to say.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What the author's client calls it.
    pub client_id: ClientId,
    /// What is to be said.
    pub text: Text,
    /// The number of the message that it replies to. What that says is looked up by whoever reads it, so that nothing of a deleted one stays here.
    pub reply_to: Option<i64>,
}

impl Draft {
    /// A number of a message to reply to.
    pub fn parse_reply(seq: Option<i64>) -> Result<Option<i64>, Invalid> {
        match seq {
            Some(seq) if seq < 1 => Err(Invalid::bounded("reply_to", Rule::TooSmall, 1)),
            seq => Ok(seq),
        }
    }
}

/// An emoji, and who has put it to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// Which.
    pub emoji: String,
    /// Who, the first one first.
    pub users: Vec<UserId>,
}

/// Something that somebody wants to put to a message, or to take away from it.
#[derive(Debug, Clone)]
pub struct Reacting {
    /// What their client calls it.
    pub client_id: ClientId,
    /// The number of the message.
    pub seq: i64,
    /// Which emoji.
    pub emoji: Emoji,
    /// Whether it is to be there.
    pub on: bool,
}

/// One of Unicode's emoji, in the form that Unicode recommends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Emoji(&'static str);

impl Emoji {
    /// Only what is an emoji, and one: a reaction is no second text.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        emojis::get(raw.trim()).map(|emoji| Self(emoji.as_str())).ok_or_else(|| Invalid::new("emoji", Rule::Unknown))
    }

    /// The emoji.
    pub fn as_str(&self) -> &'static str {
        self.0
    }
}

/// Something that somebody wants to change about a message.
#[derive(Debug, Clone)]
pub struct Amendment {
    /// What their client calls it.
    pub client_id: ClientId,
    /// The number of the message.
    pub seq: i64,
    /// What is to become of it.
    pub deed: Deed,
}

/// What is to become of a message.
#[derive(Debug, Clone)]
pub enum Deed {
    /// It is to say something else.
    Edit(Text),
    /// It is to say nothing, and be seen to have been deleted.
    Delete,
    /// It is to be kept in sight, or no longer.
    Pin(bool),
}

/// What a message has said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// What.
    pub text: String,
    /// From when on.
    pub at: Timestamp,
}

/// The text of a message: 1 to 4,000 characters, no control characters but line breaks and tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// 4,000 characters are at most 16 KB, so that a message fits into one 32 KB frame of API Gateway with all that surrounds it.
    const LENGTH: RangeInclusive<usize> = 1..=4000;

    /// Normalizes and checks it; every line break becomes `\n`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let text = text::lines("text", raw, Self::LENGTH)?;
        if text.chars().all(|c| c.is_whitespace() || text::is_invisible(c)) {
            return Err(Invalid::bounded("text", Rule::TooShort, 1));
        }
        Ok(Self(text))
    }

    /// A text that somebody has begun to write, kept as it is: it may be empty, and end in a space.
    pub fn parse_draft(raw: &str) -> Result<String, Invalid> {
        text::bounded("text", raw, 0..=*Self::LENGTH.end())?;
        Ok(raw.to_owned())
    }

    /// The normalized text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests;
