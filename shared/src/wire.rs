//! What goes over the wire, to the letter of docs/API.md. No other module's types reach a client. The TypeScript types of the site and
//! the JSON schemas of the documents are generated from these, by a test that fails when they are stale.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::ids::SessionId;
use crate::text::{self, Invalid};
use crate::time::Timestamp;
use crate::token::{Claims, Keys, RefreshToken};
use crate::{Error, session, user};

/// Declares wire types: each with its serialization and, under test, its TypeScript and JSON schema.
macro_rules! wire {
    ($($(#[$meta:meta])* pub $kind:ident $name:ident $body:tt)*) => {
        $(
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            #[cfg_attr(test, derive(ts_rs::TS, schemars::JsonSchema))]
            $(#[$meta])*
            pub $kind $name $body
        )*
    };
}

mod failure;
mod frame;
mod invitation;
mod message;
mod moderation;
mod request;
mod room;
mod search;

pub use failure::{Code, Failure, Reason, Rule, millis};
pub use frame::Frame;
pub use invitation::{Invitation, Invitations, InvitedTo, NewInvitation, Users};
pub use message::{Catchup, Message, Page, Reaction, Remover, Verdict};
pub use moderation::{Ban, Bans, Departure, Mute, NewBan, NewMute, NewOwner, NewRole};
pub use request::{Delete, Edit, Look, Pin, Positions, React, Read, Request, Send, Typing};
pub use room::{About, Kind, Member, Members, NewAbout, NewDirect, NewDraft, NewRoom, PublicRooms, Role, Room, Rooms};
pub use search::{Found, Pins, Search, Version, Versions};

wire! {
    /// Somebody.
    pub struct User {
        /// Who they are.
        pub id: String,
        /// What they are called; empty once their account is deleted.
        pub name: String,
    }

    /// What signing in gives.
    pub struct Session {
        /// Who signed in.
        pub user: User,
        /// Goes with every request, as `Authorization: Bearer …`.
        pub access_token: String,
        /// How many seconds the access token is good for.
        #[cfg_attr(test, ts(type = "number"))]
        pub expires_in: u64,
        /// Exchanged for the next session answer at `POST /refresh`.
        pub refresh_token: String,
    }

    /// The body of `POST /register` and, without `client_id`, of `POST /login`.
    pub struct Credentials {
        /// The person's name.
        pub name: String,
        /// The person's password.
        pub password: String,
        /// Makes a repeated registration the same one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        pub client_id: Option<String>,
    }

    /// The body of `POST /refresh` and of `POST /logout`.
    pub struct Refresh {
        /// The last one that was given out.
        pub refresh_token: String,
    }

    /// A session of mine: one sign-in on one device.
    pub struct Device {
        /// The session's.
        pub id: String,
        /// What it is in a word or two, by what its client said of itself; empty if it said nothing.
        pub name: String,
        /// The address it was last continued from.
        pub address: String,
        /// When it signed in, in milliseconds since 1970-01-01 UTC.
        #[cfg_attr(test, ts(type = "number"))]
        pub created_at: i64,
        /// When it signed in or refreshed last.
        #[cfg_attr(test, ts(type = "number"))]
        pub seen_at: i64,
        /// Whether it is the one that asks.
        pub current: bool,
    }

    /// The answer of `GET /sessions`.
    pub struct Sessions {
        /// The one seen last first.
        pub sessions: Vec<Device>,
    }

    /// The body of `POST /password`.
    pub struct NewPassword {
        /// The one that holds.
        pub old: String,
        /// The one that is to hold.
        pub new: String,
    }

    /// What somebody is to others; the answer of `GET /account`.
    pub struct Profile {
        /// Who.
        pub user: User,
        /// Whether others are shown how far they have read.
        pub receipts: bool,
    }

    /// The body of `PUT /account/receipts`.
    pub struct Receipts {
        /// Whether others are shown how far I have read.
        pub receipts: bool,
    }

    /// The body of `DELETE /account`.
    pub struct Farewell {
        /// The person's password.
        pub password: String,
    }
}

/// As it is sent.
#[expect(clippy::expect_used, reason = "wire types have string keys and no failing serializer")]
pub fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("a wire type serializes")
}

/// Reads a value and says what is wrong with it in the words of the wire.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Invalid> {
    parse_value(parse_json(body)?)
}

/// Reads JSON, nested at most 128 deep.
pub fn parse_json(body: &[u8]) -> Result<serde_json::Value, Invalid> {
    serde_json::from_slice(body).map_err(|_| Invalid::new("body", text::Rule::Json))
}

/// Reads an object from JSON and says what is wrong with it in the words of the wire. To serde a list may be one as well, of fields without names.
pub fn parse_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Invalid> {
    if !value.is_object() {
        return Err(Invalid::new("body", text::Rule::Type));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let text = error.inner().to_string();
        match text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            Some(field) if path == "." => Invalid::new(field.to_owned(), text::Rule::Required),
            Some(field) => Invalid::new(format!("{path}.{field}"), text::Rule::Required),
            None if path == "." => Invalid::new("body", text::Rule::Type),
            None => Invalid::new(path, text::Rule::Type),
        }
    })
}

impl Session {
    /// What signing in, or refreshing, gives at `now`.
    pub fn new(keys: &Keys, session: &session::Session, refresh: &RefreshToken, now: Timestamp) -> Result<Self, Error> {
        let claims = Claims { user: session.user().id, session: session.id() };
        Ok(Self {
            user: session.user().into(),
            access_token: keys.access(claims, now)?,
            expires_in: session::ACCESS_TTL.as_secs(),
            refresh_token: keys.reveal(refresh),
        })
    }
}

impl Device {
    /// A session, as its owner sees it who asks with the session `mine`.
    pub fn new(signed_in: &session::SignedIn, mine: SessionId) -> Self {
        Self {
            id: signed_in.id.to_string(),
            name: signed_in.device.name.clone(),
            address: signed_in.device.address.clone(),
            created_at: signed_in.created_at.millis(),
            seen_at: signed_in.seen_at.millis(),
            current: signed_in.id == mine,
        }
    }
}

impl From<&user::User> for User {
    fn from(user: &user::User) -> Self {
        Self { id: user.id.to_string(), name: user.name.clone() }
    }
}

#[cfg(test)]
mod tests;
