//! Identifiers. They parse rather than validate: whoever holds one knows that it has the right form, and that a `RoomId` is no
//! `UserId`. Clients must take none of them apart.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::text::{Invalid, Rule};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 12]);

        impl $name {
            /// From its 24 lower-case hexadecimal digits.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                parse_hex(text).map(Self).ok_or(Invalid::new($field, Rule::Format))
            }

            /// From its bytes, as the store keeps them.
            pub fn from_bytes(bytes: [u8; 12]) -> Self {
                Self(bytes)
            }

            /// Its bytes, as the store keeps them.
            pub fn bytes(self) -> [u8; 12] {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

id!(
    /// A person's account.
    UserId,
    "user"
);
id!(
    /// A room.
    RoomId,
    "room"
);
id!(
    /// One sign-in on one device.
    SessionId,
    "session"
);

fn parse_hex(text: &str) -> Option<[u8; 12]> {
    let digits = text.as_bytes();
    if digits.len() != 24 || !digits.iter().all(|d| matches!(d, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let mut bytes = [0; 12];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// API Gateway's name of one socket.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ConnectionId(String);

impl ConnectionId {
    /// As API Gateway gave it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// As API Gateway gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A client's own name for one thing it does, so that doing it twice has one effect.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// A UUID has 36 characters; eight leave a careless client some room before its ids collide.
    const LENGTH: std::ops::RangeInclusive<usize> = 8..=64;

    /// 8 to 64 characters of `A–Z a–z 0–9 _ -`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let known = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'-';
        if text.len() < *Self::LENGTH.start() {
            Err(Invalid::bounded("client_id", Rule::TooShort, *Self::LENGTH.start()))
        } else if text.len() > *Self::LENGTH.end() {
            Err(Invalid::bounded("client_id", Rule::TooLong, *Self::LENGTH.end()))
        } else if !text.bytes().all(known) {
            Err(Invalid::new("client_id", Rule::Characters))
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// The text that was parsed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an invitation is known by. Whoever knows it may accept it, so that it is made of 128 random bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InvitationId(String);

impl InvitationId {
    const LENGTH: usize = 22;

    /// A new one.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// 22 characters of `A–Z a–z 0–9 _ -`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let known = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'-';
        match text.len() == Self::LENGTH && text.bytes().all(known) {
            true => Ok(Self(text.to_owned())),
            false => Err(Invalid::new("invitation", Rule::Format)),
        }
    }

    /// The text that was parsed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests;
