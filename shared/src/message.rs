//! What is said in a room.

use std::ops::RangeInclusive;

use crate::ids::ClientId;
use crate::room::Position;
use crate::text::{self, Invalid, Rule};
use crate::time::Timestamp;
use crate::user::User;

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
    /// When it was said.
    pub at: Timestamp,
    /// When its text was last changed.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
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
}

/// Something that an author wants to change about a message.
#[derive(Debug, Clone)]
pub struct Amendment {
    /// What the author's client calls it.
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
}

/// The text of a message: 1 to 4,000 characters, no control characters but line breaks and tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// 4,000 characters are at most 16 KB, so that a message fits into one 32 KB frame of API Gateway with all that surrounds it.
    const LENGTH: RangeInclusive<usize> = 1..=4000;

    /// Normalizes and checks it; every line break becomes `\n`.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let text = text::normal(&raw.replace("\r\n", "\n").replace('\r', "\n"));
        text::bounded("text", &text, Self::LENGTH)?;
        if text.chars().all(|c| c.is_whitespace() || text::is_invisible(c)) {
            return Err(Invalid::bounded("text", Rule::TooShort, 1));
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err(Invalid::new("text", Rule::Characters));
        }
        Ok(Self(text))
    }

    /// The normalized text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests;
