//! That somebody may come into a room which not everybody may enter.

use std::time::Duration;

use crate::ids::{ClientId, InvitationId, UserId};
use crate::room::Room;
use crate::text::{Invalid, Rule};
use crate::time::Timestamp;
use crate::user::User;

/// An invitation as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// What it is known by.
    pub id: InvitationId,
    /// Into which room.
    pub room: Room,
    /// Who invites.
    pub by: User,
    /// Who alone may accept it, if not anybody who knows it.
    pub user: Option<User>,
    /// Until when.
    pub expires_at: Timestamp,
    /// How many may accept it.
    pub uses: i64,
    /// How many have.
    pub used: i64,
}

/// An invitation that somebody wants to make.
#[derive(Debug, Clone)]
pub struct Inviting {
    /// What their client calls it.
    pub client_id: ClientId,
    /// Who alone may accept it.
    pub user: Option<UserId>,
    /// For how long.
    pub length: Duration,
    /// How many may accept it.
    pub uses: i64,
}

impl Inviting {
    const SHORTEST: i64 = 60;
    const USUAL: i64 = 7 * 24 * 60 * 60;
    const LONGEST: i64 = 30 * 24 * 60 * 60;
    const MOST: i64 = 1_000;

    /// Checks the numbers: 60 seconds to 30 days, seven days if it is not said; 1 to 1,000 people, 1,000 if it is not said, and one if it is for
    /// somebody.
    pub fn parse(
        client_id: ClientId,
        user: Option<UserId>,
        expires_in: Option<i64>,
        uses: Option<i64>,
    ) -> Result<Self, Invalid> {
        let seconds = bounded("expires_in", expires_in.unwrap_or(Self::USUAL), Self::SHORTEST, Self::LONGEST)?;
        let uses = bounded("uses", uses.unwrap_or(Self::MOST), 1, Self::MOST)?;
        let uses = if user.is_some() { 1 } else { uses };
        Ok(Self { client_id, user, length: Duration::from_secs(seconds.unsigned_abs()), uses })
    }
}

fn bounded(field: &'static str, value: i64, least: i64, most: i64) -> Result<i64, Invalid> {
    let limit = |bound: i64| usize::try_from(bound).unwrap_or(usize::MAX);
    match value {
        value if value < least => Err(Invalid::bounded(field, Rule::TooSmall, limit(least))),
        value if value > most => Err(Invalid::bounded(field, Rule::TooLarge, limit(most))),
        value => Ok(value),
    }
}
