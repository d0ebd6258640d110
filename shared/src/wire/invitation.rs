//! How people come into rooms that not everybody may enter, and how they are found.

use serde::{Deserialize, Serialize};

use super::{Kind, User};
use crate::invitation;

wire! {
    /// The body of `POST /rooms/{room}/invitations`.
    pub struct NewInvitation {
        /// Makes a repeated request the same one.
        pub client_id: String,
        /// The id of the only one who may accept it; without it, whoever has its id may.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub user: Option<String>,
        /// For how many seconds it holds: seven days, if that is not said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        pub expires_in: Option<i64>,
        /// How many people may accept it: 1,000, if that is not said, and one, if it is for somebody.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        pub uses: Option<i64>,
    }

    /// A room, to whoever is invited to it.
    pub struct InvitedTo {
        /// Which room.
        pub id: String,
        /// What it is called.
        pub name: String,
        /// Who may come in.
        pub kind: Kind,
    }

    /// That somebody may come in.
    pub struct Invitation {
        /// Whoever knows it may accept it, unless it is for somebody.
        pub id: String,
        /// Into which room.
        pub room: InvitedTo,
        /// Who invites.
        pub by: User,
        /// Whom, if not anybody who knows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub user: Option<User>,
        /// Until when, in milliseconds since 1970-01-01 UTC.
        #[cfg_attr(test, ts(type = "number"))]
        pub expires_at: i64,
        /// How many may accept it.
        #[cfg_attr(test, ts(type = "number"))]
        pub uses: i64,
        /// How many have.
        #[cfg_attr(test, ts(type = "number"))]
        pub used: i64,
    }

    /// The answer of `GET /invitations` and of `GET /rooms/{room}/invitations`.
    pub struct Invitations {
        /// The newest first.
        pub invitations: Vec<Invitation>,
    }

    /// The answer of `GET /users`.
    pub struct Users {
        /// In order of name.
        pub users: Vec<User>,
        /// Whether there are more whose name begins like that.
        pub more: bool,
    }
}

impl From<&invitation::Invitation> for Invitation {
    fn from(invitation: &invitation::Invitation) -> Self {
        let room = &invitation.room;
        Self {
            id: invitation.id.as_str().to_owned(),
            room: InvitedTo { id: room.id.to_string(), name: room.about.name.clone(), kind: room.kind.into() },
            by: (&invitation.by).into(),
            user: invitation.user.as_ref().map(User::from),
            expires_at: invitation.expires_at.millis(),
            uses: invitation.uses,
            used: invitation.used,
        }
    }
}
