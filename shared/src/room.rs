//! A room, its members, and where it stands.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::ids::RoomId;
use crate::text::{self, Invalid, Rule};
use crate::time::Timestamp;
use crate::user::User;

/// The number of a change among its room's changes: 1, 2, 3 … A room without changes is at 0.
pub type Position = i64;

/// A room as anybody may know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Which room.
    pub id: RoomId,
    /// What it is called.
    pub name: String,
}

/// How far a room has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Standing {
    /// The last position that was given out.
    pub head: Position,
    /// Everything up to here has been sent to everybody, or voided.
    pub settled: Position,
    /// How many messages were ever said: the number of the last one.
    pub said: i64,
    /// What happened up to here may be kept no longer.
    pub floor: Position,
}

/// How long a room keeps a message after its last change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention(Duration);

impl Retention {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// So many days; none, if everything is kept for ever.
    pub fn days(days: u32) -> Option<Self> {
        (days > 0).then(|| Self(Self::DAY * days))
    }

    /// What was last changed before this moment is kept no longer.
    pub fn ends(self, now: Timestamp) -> Timestamp {
        now.minus(self.0)
    }
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Made the room.
    Owner,
    /// Keeps order in it.
    Moderator,
    /// Talks in it.
    Member,
}

/// Somebody's place in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: User,
    /// As what.
    pub role: Role,
}

/// The proof that a session's user is a member of a room, and so the only key to what is in it. Only the store makes one.
#[derive(Debug, Clone)]
pub struct Membership {
    room: RoomId,
    user: User,
    role: Role,
    read: i64,
}

impl Membership {
    pub(crate) fn proven(room: RoomId, user: User, role: Role, read: i64) -> Self {
        Self { room, user, role, read }
    }

    /// The room.
    pub fn room(&self) -> RoomId {
        self.room
    }

    /// The member.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// What they may do.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The number of the last message they have read.
    pub fn read(&self) -> i64 {
        self.read
    }

    /// How many messages they have not read.
    pub fn unread(&self, said: i64) -> i64 {
        (said - self.read).max(0)
    }
}

/// A name that a room may have: 1 to 64 visible characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomName(String);

impl RoomName {
    const LENGTH: RangeInclusive<usize> = 1..=64;

    /// Normalizes and checks it; runs of spaces become one.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let name = text::normal(raw);
        if name.chars().any(|c| c.is_control() || (text::is_invisible(c) && !joins_emoji(c)))
            || text::has_piled_marks(&name)
        {
            return Err(Invalid::new("name", Rule::Characters));
        }
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        text::bounded("name", &name, Self::LENGTH)?;
        if text::fold(&name).is_empty() {
            return Err(Invalid::new("name", Rule::Characters));
        }
        Ok(Self(name))
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is compared: no two public rooms have the same.
    pub fn key(&self) -> String {
        text::fold(&self.0)
    }
}

fn joins_emoji(c: char) -> bool {
    matches!(c, '\u{200d}' | '\u{fe0f}')
}

#[cfg(test)]
mod tests;
