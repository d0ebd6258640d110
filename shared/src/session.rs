//! A sign-in, and the proof of it.

use std::time::Duration;

use crate::ids::SessionId;
use crate::user::User;

/// How long an access token is good for.
pub const ACCESS_TTL: Duration = Duration::from_secs(15 * 60);

/// How long a session lasts that nobody uses.
pub const IDLE_TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long a refresh token that was just exchanged may be exchanged again, for the same answer: one lost answer and its repetition.
pub const ROTATION_GRACE: Duration = Duration::from_secs(30);

/// The proof of who somebody is: there is a session of theirs that has not ended. Only the store makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    id: SessionId,
    user: User,
}

impl Session {
    pub(crate) fn proven(id: SessionId, user: User) -> Self {
        Self { id, user }
    }

    /// Which session.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Whose.
    pub fn user(&self) -> &User {
        &self.user
    }
}

/// Where somebody signed in, for the list of their devices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// The address the request came from.
    pub address: String,
    /// What the client calls itself, at most 256 characters.
    pub agent: String,
}
