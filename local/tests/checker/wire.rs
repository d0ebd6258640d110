//! What the checker reads of the wire. It is written from docs/API.md and shares nothing with what it checks.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::record::{self, What};

#[derive(Debug, Deserialize)]
pub(crate) struct User {
    pub(crate) id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Session {
    pub(crate) user: User,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Room {
    pub(crate) id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    seq: i64,
    rev: i64,
    author: User,
    client_id: String,
    text: String,
    deleted_at: Option<i64>,
    #[serde(default)]
    reactions: Vec<Reaction>,
}

#[derive(Debug, Deserialize)]
struct Reaction {
    emoji: String,
    users: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    pub(crate) messages: Vec<Message>,
    pub(crate) position: i64,
    pub(crate) before: bool,
    pub(crate) after: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Catchup {
    pub(crate) room: String,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) head: i64,
    pub(crate) changes: Vec<Message>,
    pub(crate) verdict: String,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Frame {
    Sent {
        id: String,
        message: Message,
    },
    Changed {
        id: String,
        seq: i64,
        rev: i64,
    },
    Synced {
        id: String,
        rooms: Vec<Catchup>,
        gone: Vec<String>,
        more: bool,
    },
    Pong {
        id: String,
        behind: Vec<String>,
    },
    Changes {
        room: String,
        from: i64,
        to: i64,
        changes: Vec<Message>,
    },
    Error {
        id: Option<String>,
        code: String,
        reason: Option<String>,
        retry_after: Option<u64>,
    },
    #[serde(other)]
    Signal,
}

impl From<Message> for record::Message {
    fn from(message: Message) -> Self {
        let each = |Reaction { emoji, users }| users.into_iter().map(move |user| (String::clone(&emoji), user));
        Self {
            seq: message.seq,
            rev: message.rev,
            reactions: message.reactions.into_iter().flat_map(each).collect(),
            author: message.author.id,
            client_id: message.client_id,
            text: message.text,
            deleted: message.deleted_at.is_some(),
        }
    }
}

/// A request as it is sent.
pub(crate) fn request(id: &str, room: &str, client_id: &str, what: &What) -> String {
    let request: Value = match what {
        What::Send { text } => {
            json!({ "action": "send", "id": id, "room": room, "client_id": client_id, "text": text })
        }
        What::Edit { seq, text } => {
            json!({ "action": "edit", "id": id, "room": room, "seq": seq, "client_id": client_id, "text": text })
        }
        What::Delete { seq } => {
            json!({ "action": "delete", "id": id, "room": room, "seq": seq, "client_id": client_id })
        }
        What::React { seq, emoji, on } => {
            json!({ "action": "react", "id": id, "room": room, "seq": seq, "client_id": client_id, "emoji": emoji, "on": on })
        }
    };
    request.to_string()
}

/// `sync` and `ping`.
pub(crate) fn positions(action: &str, id: &str, rooms: &BTreeMap<&str, i64>) -> String {
    json!({ "action": action, "id": id, "rooms": rooms }).to_string()
}
