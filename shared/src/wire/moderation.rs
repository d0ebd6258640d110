//! What is done to somebody in a room.

use serde::{Deserialize, Serialize};

use super::{Role, User};
use crate::room;
use crate::time::Timestamp;

wire! {
    /// That somebody may say nothing.
    pub struct Mute {
        /// Until then; null, until it is lifted.
        #[cfg_attr(test, ts(type = "number | null"))]
        pub until: Option<i64>,
    }

    /// That somebody is kept out of a room.
    pub struct Ban {
        /// Who.
        pub user: User,
        /// Since when.
        #[cfg_attr(test, ts(type = "number"))]
        pub at: i64,
        /// Until then; null, until it is lifted.
        #[cfg_attr(test, ts(type = "number | null"))]
        pub until: Option<i64>,
        /// Why, if that was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub reason: Option<String>,
    }

    /// The answer of `GET /rooms/{room}/bans`.
    pub struct Bans {
        /// In order of the ids of those who are banned.
        pub bans: Vec<Ban>,
        /// Whether there are more after the last of these.
        pub more: bool,
    }

    /// The body of `PUT /rooms/{room}/members/{user}/role`.
    pub struct NewRole {
        /// What they are to be: not the owner, which is handed over.
        pub role: Role,
    }

    /// The body of `PUT /rooms/{room}/members/{user}/mute`.
    pub struct NewMute {
        /// Until then; null or nothing, until it is lifted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        pub until: Option<i64>,
    }

    /// The body of `PUT /rooms/{room}/bans/{user}`.
    pub struct NewBan {
        /// Until then; null or nothing, until it is lifted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        pub until: Option<i64>,
        /// Why, for those who keep order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub reason: Option<String>,
    }

    /// The body of `PUT /rooms/{room}/owner`.
    pub struct NewOwner {
        /// Who is to be the owner.
        pub user: String,
    }

    /// Why somebody is no longer a member who did not leave.
    #[serde(rename_all = "snake_case")]
    pub enum Departure {
        /// Was sent out, and may come back.
        Kicked,
        /// May not come back.
        Banned,
    }
}

impl From<room::Mute> for Mute {
    fn from(mute: room::Mute) -> Self {
        Self { until: mute.until.map(Timestamp::millis) }
    }
}

impl From<&room::Ban> for Ban {
    fn from(ban: &room::Ban) -> Self {
        Self {
            user: (&ban.user).into(),
            at: ban.at.millis(),
            until: ban.until.map(Timestamp::millis),
            reason: ban.reason.as_ref().map(|reason| reason.as_str().to_owned()),
        }
    }
}
