//! What a client may ask over its socket.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

wire! {
    /// What a client may ask over its socket.
    #[serde(tag = "action", rename_all = "snake_case")]
    pub enum Request {
        /// Say something.
        Send(Send),
        /// Say it otherwise.
        Edit(Edit),
        /// Take it back.
        Delete(Delete),
        /// Put an emoji to it, or take it away.
        React(React),
        /// Keep it in sight of everybody, or no longer.
        Pin(Pin),
        /// Catch up.
        Sync(Positions),
        /// Keep the socket alive, and learn whether something was missed.
        Ping(Positions),
        /// Move my read position.
        Read(Read),
        /// Say which room is on the screen.
        Look(Look),
        /// Show that I am typing.
        Typing(Typing),
    }

    /// Say something.
    pub struct Send {
        /// Repeated in the reply.
        pub id: String,
        /// Where.
        pub room: String,
        /// Makes a repeated request the same one.
        pub client_id: String,
        /// What.
        pub text: String,
        /// The number of the message that it replies to, if it is a reply.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        pub reply_to: Option<i64>,
    }

    /// Change the text of a message of mine.
    pub struct Edit {
        /// Repeated in the reply.
        pub id: String,
        /// Where.
        pub room: String,
        /// The number of the message.
        #[cfg_attr(test, ts(type = "number"))]
        pub seq: i64,
        /// Makes a repeated request the same one.
        pub client_id: String,
        /// What it is to say.
        pub text: String,
    }

    /// Delete a message of mine.
    pub struct Delete {
        /// Repeated in the reply.
        pub id: String,
        /// Where.
        pub room: String,
        /// The number of the message.
        #[cfg_attr(test, ts(type = "number"))]
        pub seq: i64,
        /// Makes a repeated request the same one.
        pub client_id: String,
    }

    /// Put an emoji to a message, or take mine away.
    pub struct React {
        /// Repeated in the reply.
        pub id: String,
        /// Where.
        pub room: String,
        /// The number of the message.
        #[cfg_attr(test, ts(type = "number"))]
        pub seq: i64,
        /// Makes a repeated request the same one.
        pub client_id: String,
        /// Which of Unicode's emoji.
        pub emoji: String,
        /// Whether it is to be there.
        pub on: bool,
    }

    /// Pin a message, or take the pin away.
    pub struct Pin {
        /// Repeated in the reply.
        pub id: String,
        /// Where.
        pub room: String,
        /// The number of the message.
        #[cfg_attr(test, ts(type = "number"))]
        pub seq: i64,
        /// Makes a repeated request the same one.
        pub client_id: String,
        /// Whether it is to be pinned.
        pub on: bool,
    }

    /// How far I am in my rooms.
    pub struct Positions {
        /// Repeated in the reply.
        pub id: String,
        /// By room.
        #[cfg_attr(test, ts(type = "Record<string, number>"))]
        pub rooms: BTreeMap<String, i64>,
    }

    /// I have read that far.
    pub struct Read {
        /// Repeated in the reply.
        pub id: String,
        /// Where.
        pub room: String,
        /// My position then.
        #[cfg_attr(test, ts(type = "number"))]
        pub position: i64,
        /// The number of the last message that I have seen.
        #[cfg_attr(test, ts(type = "number"))]
        pub seq: i64,
        /// Whether it was read before, and is to be shown to others who have not been shown it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
        pub again: bool,
    }

    /// This room is on the screen, or none is: signals of it come over this socket.
    pub struct Look {
        /// Repeated in the reply.
        pub id: String,
        /// Which.
        #[serde(default)]
        pub room: Option<String>,
    }

    /// I am typing.
    pub struct Typing {
        /// Repeated in the reply.
        pub id: String,
        /// Where.
        pub room: String,
    }
}
