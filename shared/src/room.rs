//! A room, its members, and where it stands.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::ids::RoomId;
use crate::text::{self, Invalid, Rule};
use crate::time::Timestamp;
use crate::user::User;

/// The number of a change among its room's changes: 1, 2, 3 … A room without changes is at 0.
pub type Position = i64;

/// Who may come into a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anybody.
    Public,
    /// Whoever was invited.
    Private,
    /// The two people it is of. They never leave it.
    Direct,
    /// The people it was made of. They may leave it, and come back by making it again.
    Group,
}

impl Kind {
    /// Whether it is a conversation of certain people. Such a room has no name, no owner and no invitations.
    pub fn is_direct(self) -> bool {
        matches!(self, Self::Direct | Self::Group)
    }
}

/// What a room is called, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// What it is called; empty in a direct conversation.
    pub name: String,
    /// What is talked about at present.
    pub topic: String,
    /// What the room is for.
    pub description: String,
    /// Whether it can only be read.
    pub archived: bool,
}

/// A room as whoever may see it may know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Which room.
    pub id: RoomId,
    /// Who may come in.
    pub kind: Kind,
    /// What it is called, and what it is about.
    pub about: About,
}

/// What is to be otherwise about a room. What is none stays.
#[derive(Debug, Clone, Default)]
pub struct Describing {
    /// Its name.
    pub name: Option<RoomName>,
    /// What is talked about at present.
    pub topic: Option<Topic>,
    /// What the room is for.
    pub description: Option<Description>,
    /// Whether it can only be read.
    pub archived: Option<bool>,
}

impl Describing {
    /// Whether a room that is like that would be otherwise.
    pub fn changes(&self, about: &About) -> bool {
        let differs = |new: Option<&str>, old: &str| new.is_some_and(|new| new != old);
        differs(self.name.as_ref().map(RoomName::as_str), &about.name)
            || differs(self.topic.as_ref().map(Topic::as_str), &about.topic)
            || differs(self.description.as_ref().map(Description::as_str), &about.description)
            || self.archived.is_some_and(|archived| archived != about.archived)
    }
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

impl Standing {
    /// Whether something waits to be broadcast.
    pub fn is_busy(&self) -> bool {
        self.head > self.settled
    }

    /// About how many messages there are: as many of those that were said as positions are kept.
    pub fn kept(&self) -> i64 {
        let (said, head) = (i128::from(self.said), i128::from(self.head.max(1)));
        i64::try_from(said * i128::from(self.head - self.floor) / head).unwrap_or(self.said)
    }
}

/// The most people of a room who are named in its signals; more are counted, and nobody sees how far each of them has read.
pub const NAMED: usize = 100;

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

/// What somebody is in a room; `permission` says what each may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads and is told of what happens, and says nothing.
    Guest,
    /// Talks in it.
    Member,
    /// Keeps order in it.
    Moderator,
    /// Decides about it. A room has one.
    Owner,
}

/// That somebody is to be silent, until a moment or until it is lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mute {
    /// Until then; none, until it is lifted.
    pub until: Option<Timestamp>,
}

impl Mute {
    /// Whether it has not run out.
    pub fn holds(self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// That somebody is kept out of a room, until a moment or until it is lifted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    /// Who.
    pub user: User,
    /// Since when.
    pub at: Timestamp,
    /// Until then; none, until it is lifted.
    pub until: Option<Timestamp>,
    /// Why; for those who keep order.
    pub reason: Option<BanReason>,
}

/// How somebody stands in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// As what they are in it; none, if they are not.
    pub role: Option<Role>,
    /// Whether they are to be silent.
    pub muted: Option<Mute>,
    /// Whether they keep order everywhere. It is looked up only where it may matter.
    pub is_admin: bool,
}

/// Somebody's place in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: User,
    /// As what.
    pub role: Role,
    /// Whether they are to be silent.
    pub muted: Option<Mute>,
    /// The number of the last message they have read, if others may know.
    pub read: Option<i64>,
    /// When their last socket ended, if that is known and others may know.
    pub seen_at: Option<Timestamp>,
}

/// The proof that a session's user may look into a room, as a member of it or as an admin, and so the only key to what is in it. Only the store makes
/// one. What else they may do there, `permission` says.
#[derive(Debug, Clone)]
pub struct Membership {
    room: RoomId,
    user: User,
    seat: Seat,
    read: i64,
}

impl Membership {
    pub(crate) fn proven(room: RoomId, user: User, seat: Seat, read: i64) -> Self {
        Self { room, user, seat, read }
    }

    /// The room.
    pub fn room(&self) -> RoomId {
        self.room
    }

    /// The member.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// How they stand there.
    pub fn seat(&self) -> &Seat {
        &self.seat
    }

    /// The number of the last message they have read.
    pub fn read(&self) -> i64 {
        self.read
    }

    /// The same, of somebody who has read as far as that by now.
    pub fn with_read(&self, read: i64) -> Self {
        Self { read, ..self.clone() }
    }

    /// How many messages they have not read.
    pub fn unread(&self, said: i64) -> i64 {
        (said - self.read).max(0)
    }
}

/// What is talked about at present: up to 250 visible characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic(String);

impl Topic {
    const LENGTH: RangeInclusive<usize> = 0..=250;

    /// Normalizes and checks it; runs of spaces become one.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        line("topic", raw, Self::LENGTH).map(Self)
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a room is for: up to 2,000 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    const LENGTH: RangeInclusive<usize> = 0..=2000;

    /// Normalizes and checks it.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        text::lines("description", raw, Self::LENGTH).map(Self)
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why somebody is kept out of a room: 1 to 200 visible characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BanReason(String);

impl BanReason {
    const LENGTH: RangeInclusive<usize> = 1..=200;

    /// Normalizes and checks it.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        line("reason", raw, Self::LENGTH).map(Self)
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name that a room may have: 1 to 64 visible characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomName(String);

impl RoomName {
    const LENGTH: RangeInclusive<usize> = 1..=64;

    /// Normalizes and checks it; runs of spaces become one.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let name = line("name", raw, Self::LENGTH)?;
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

    /// As it can be taken for another: no two public rooms share one of these, unless they had their names before this was looked at.
    pub fn looks(&self) -> BTreeSet<String> {
        text::looks(&self.0)
    }
}

/// A text on one line, of characters that can be seen; runs of spaces become one.
fn line(field: &'static str, raw: &str, length: RangeInclusive<usize>) -> Result<String, Invalid> {
    let text = text::normal(raw);
    if text.chars().any(|c| c.is_control() || (text::is_invisible(c) && !joins_emoji(c)))
        || text::has_piled_marks(&text)
    {
        return Err(Invalid::new(field, Rule::Characters));
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text::bounded(field, &text, length)?;
    Ok(text)
}

fn joins_emoji(c: char) -> bool {
    matches!(c, '\u{200d}' | '\u{fe0f}')
}

#[cfg(test)]
mod tests;
