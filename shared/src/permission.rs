//! Who may do what in a room: pure, and the one place that decides.
//!
//! It decides by what somebody is. What depends on what the room or a message is at the moment of the change (that somebody is banned who joins, that a
//! room is archived, that a message is another's) is asked once more by the very update that makes the change, and is refused there.
//!
//! Everybody has a rank in a room: their role, nothing if they are not in it, and above all roles the admins, whom an operator makes. Whoever keeps order
//! acts on those below them only, and gives no rank as high as their own. Who may, gets a [`Permit`], and what the store does to a room
//! or to somebody in it, it does for a permit only, and only what the permit names.

use std::time::Duration;

use crate::room::{Describing, Membership, Role, Seat};
use crate::time::Timestamp;

/// How high somebody stands in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Not in it: never was, has left, or is banned.
    Stranger,
    /// Reads.
    Guest,
    /// Talks.
    Member,
    /// Keeps order.
    Moderator,
    /// Decides.
    Owner,
    /// Keeps order everywhere.
    Admin,
}

impl From<Role> for Rank {
    fn from(role: Role) -> Self {
        match role {
            Role::Guest => Self::Guest,
            Role::Member => Self::Member,
            Role::Moderator => Self::Moderator,
            Role::Owner => Self::Owner,
        }
    }
}

impl Seat {
    /// Of somebody who is not in the room, and no admin.
    pub const NONE: Self = Self { role: None, muted: None, is_admin: false };

    /// How high that is.
    pub fn rank(&self) -> Rank {
        match self.role {
            _ if self.is_admin => Rank::Admin,
            Some(role) => role.into(),
            None => Rank::Stranger,
        }
    }
}

/// What somebody does in a room. A rank in it is that of the person it is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Read what was said, and who is there.
    Read,
    /// Say something.
    Say,
    /// Put a sign to what was said.
    React,
    /// Say something otherwise that one has said.
    Edit,
    /// Take back what one has said.
    Retract,
    /// Go.
    Leave,
    /// Ask somebody in.
    Invite,
    /// Keep a message in sight.
    Pin,
    /// The same in a conversation of a few, where nobody keeps order.
    PinTogether,
    /// Say what the room is about.
    Describe,
    /// See who is muted and who is banned, and why.
    Oversee,
    /// Take away what somebody said.
    Remove(Rank),
    /// Have somebody be silent, or speak again.
    Mute(Rank),
    /// Send somebody out.
    Kick(Rank),
    /// Keep somebody out.
    Ban(Rank),
    /// Let somebody in again who was kept out.
    Unban,
    /// Make somebody something else.
    Appoint(Rank, Role),
    /// Give the room another name.
    Rename,
    /// Close the room for everything but reading.
    Archive,
    /// Make somebody else the owner.
    Transfer(Rank),
}

impl Describing {
    /// What one has to be allowed to do for it.
    pub fn acts(&self) -> Vec<Act> {
        let described = self.topic.is_some() || self.description.is_some();
        let acts =
            [(described, Act::Describe), (self.name.is_some(), Act::Rename), (self.archived.is_some(), Act::Archive)];
        acts.into_iter().filter_map(|(is_asked, act)| is_asked.then_some(act)).collect()
    }
}

/// Why somebody may not do what they want to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// They only read there: as a guest, or as an admin who is no member.
    #[error("You are a guest here: you can read, and not take part.")]
    Guest,
    /// They are to be silent.
    #[error("You are muted here.")]
    Muted {
        /// For so long; none, until it is lifted.
        wait: Option<Duration>,
    },
    /// They are kept out.
    #[error("You are banned from this room.")]
    Banned {
        /// For so long; none, until it is lifted.
        wait: Option<Duration>,
    },
    /// It takes a higher rank than theirs, or a lower one of whoever it is done to.
    #[error("Your role does not allow that.")]
    Rank,
    /// Somebody else has said it.
    #[error("Only its author can change a message.")]
    Author,
    /// The room is closed for everything but reading.
    #[error("This room is archived: it can only be read.")]
    Archived,
    /// The room is a conversation of the people it was made for.
    #[error("That is not done in a direct conversation.")]
    Direct,
    /// Their account is suspended.
    #[error("This account is suspended.")]
    Suspended,
    /// A page of another origin than the web client's asks.
    #[error("Only pages of the web client can do that.")]
    Origin,
}

/// Whether somebody who stands like that may do that now.
pub fn may(seat: &Seat, act: Act, now: Timestamp) -> Result<(), Refusal> {
    let rank = seat.rank();
    let allowed = match act {
        Act::Read | Act::Retract | Act::Leave => rank >= Rank::Guest,
        Act::Say | Act::React | Act::Edit | Act::PinTogether => return may_speak(seat, now),
        // What they invite to, those invited see under their name as one who is there.
        Act::Invite => seat.role.is_some_and(|role| role > Role::Guest),
        Act::Pin | Act::Describe | Act::Oversee | Act::Unban => rank >= Rank::Moderator,
        Act::Remove(whose) => rank >= Rank::Moderator && rank > whose,
        Act::Mute(whom) | Act::Kick(whom) | Act::Ban(whom) => rank >= Rank::Moderator && rank > whom,
        // An owner is made by transfer, and stops being one by that, so that there is always one.
        Act::Appoint(whom, to) => {
            let both = (whom.max(to.into()), whom.min(to.into()));
            rank >= Rank::Moderator && rank > both.0 && both.0 < Rank::Owner && both.1 >= Rank::Guest
        }
        Act::Rename | Act::Archive => rank >= Rank::Owner,
        Act::Transfer(to) => rank >= Rank::Owner && to >= Rank::Member && to != Rank::Owner,
    };
    if allowed { Ok(()) } else { Err(Refusal::Rank) }
}

fn may_speak(seat: &Seat, now: Timestamp) -> Result<(), Refusal> {
    match (seat.role, seat.muted.filter(|mute| mute.holds(now))) {
        (None, _) if !seat.is_admin => Err(Refusal::Rank),
        (None | Some(Role::Guest), _) => Err(Refusal::Guest),
        (Some(_), Some(mute)) => Err(Refusal::Muted { wait: mute.until.map(|until| until.since(now)) }),
        (Some(_), None) => Ok(()),
    }
}

/// Whether somebody may suspend, or let in again, the account of somebody else. Admins are made and unmade by an operator only.
pub fn may_suspend(is_admin: bool, whose_is_admin: bool) -> Result<(), Refusal> {
    if is_admin && !whose_is_admin { Ok(()) } else { Err(Refusal::Rank) }
}

/// That somebody may do something in a room. Only [`Membership::may`] gives one.
#[derive(Debug, Clone)]
pub struct Permit {
    by: Membership,
    act: Act,
}

impl Membership {
    /// The permit to do something in the room now.
    pub fn may(&self, act: Act, now: Timestamp) -> Result<Permit, Refusal> {
        may(self.seat(), act, now).map(|()| Permit { by: self.clone(), act })
    }
}

impl Permit {
    /// Who may, and where.
    pub fn by(&self) -> &Membership {
        &self.by
    }

    /// What they may do.
    pub fn act(&self) -> Act {
        self.act
    }
}

#[cfg(test)]
mod tests;
