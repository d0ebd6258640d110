//! What is found again of what was said.

use serde::{Deserialize, Serialize};

use super::Message;
use crate::message;
use crate::time::Timestamp;

wire! {
    /// A message, and where it is.
    pub struct Found {
        /// Where.
        pub room: String,
        /// What.
        pub message: Message,
    }

    /// The answer of `GET /search`.
    pub struct Search {
        /// The newest first.
        pub found: Vec<Found>,
        /// Whether there are more, older ones.
        pub more: bool,
    }

    /// The answer of `GET /rooms/{room}/pins`.
    pub struct Pins {
        /// The one that was pinned last first.
        pub messages: Vec<Message>,
    }

    /// What a message has said.
    pub struct Version {
        /// What.
        pub text: String,
        /// From when on, in milliseconds since 1970-01-01 UTC.
        #[cfg_attr(test, ts(type = "number"))]
        pub at: i64,
    }

    /// The answer of `GET /rooms/{room}/messages/{seq}/versions`.
    pub struct Versions {
        /// The oldest first; the last is what it says now.
        pub versions: Vec<Version>,
    }
}

impl From<message::Version> for Version {
    fn from(version: message::Version) -> Self {
        Self { text: version.text, at: Timestamp::millis(version.at) }
    }
}
