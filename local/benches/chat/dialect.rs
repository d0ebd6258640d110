//! How a chat is spoken to: Parlour's protocol, or that of a server with Socket.IO.
//!
//! Everything else (who writes when, what is counted) is the same code for both. What a Socket.IO server has to offer is written down in `peer`.

use serde::Deserialize;

use super::writer::{TEXT, client_id};

/// A protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Parlour,
    SocketIo,
}

/// What a frame says.
pub(crate) enum Heard {
    /// That messages were said.
    Changes,
    /// That this message of mine is stored, or else that it was refused.
    Answer { message: Option<usize>, stored: bool },
    /// That I am to give a sign of life: this text.
    Ping(&'static str),
    /// Nothing that is counted.
    Else,
}

/// What was said in a room.
pub(crate) struct Said {
    pub(crate) room: String,
    /// The first and the last position that the frame covers, if the protocol has positions.
    pub(crate) range: Option<(i64, i64)>,
    /// Each message's place in the stored order, if it is known, and what its author calls it.
    pub(crate) messages: Vec<(Option<u128>, String)>,
}

#[derive(Deserialize)]
struct Frame {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
}

#[derive(Deserialize)]
struct Changes {
    room: String,
    from: i64,
    to: i64,
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    rev: i64,
    client_id: String,
}

/// The second element of a Socket.IO event `message`.
#[derive(Deserialize)]
struct Message {
    id: String,
    room: String,
    body: String,
}

impl Dialect {
    /// The request that says a message.
    pub(crate) fn request(self, room: &str, run: usize, message: usize) -> String {
        let name = client_id(run, message);
        match self {
            Self::Parlour => {
                format!(r#"{{"action":"send","id":"{message}","room":"{room}","client_id":"{name}","text":"{TEXT}"}}"#)
            }
            // The protocol has no name for a message: it goes with the text, so that both say as much.
            Self::SocketIo => format!(r#"42{message}["message",{{"room":"{room}","body":"{name} {TEXT}"}}]"#),
        }
    }

    /// What kind of frame it is; looks no further than it must.
    pub(crate) fn heard(self, text: &[u8]) -> Heard {
        match self {
            Self::Parlour if text.starts_with(br#"{"type":"changes""#) => Heard::Changes,
            Self::Parlour => match serde_json::from_slice::<Frame>(text) {
                Ok(frame) if frame.kind == "sent" => Heard::Answer { message: number(frame.id), stored: true },
                Ok(frame) if frame.kind == "error" => Heard::Answer { message: number(frame.id), stored: false },
                Ok(_) => Heard::Else,
                Err(_) => Heard::Answer { message: None, stored: false },
            },
            Self::SocketIo => match text {
                b"2" => Heard::Ping("3"),
                _ if text.starts_with(br#"42["message","#) => Heard::Changes,
                _ if text.starts_with(b"43") => {
                    let digits = text[2..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                    let message = std::str::from_utf8(&text[2..2 + digits]).unwrap_or_default().parse().ok();
                    let ack: Option<[serde_json::Value; 1]> = serde_json::from_slice(&text[2 + digits..]).ok();
                    Heard::Answer { message, stored: ack.is_some_and(|[ack]| ack["ok"] == true) }
                }
                _ if text.starts_with(b"44") => Heard::Answer { message: None, stored: false },
                _ => Heard::Else,
            },
        }
    }

    /// The messages of a frame; nothing, if it is not what the protocol says.
    pub(crate) fn said(self, text: &[u8]) -> Option<Said> {
        match self {
            Self::Parlour => {
                let Changes { room, from, to, changes } = serde_json::from_slice(text).ok()?;
                let messages = changes
                    .into_iter()
                    .map(|change| Some((Some(u128::try_from(change.rev).ok()?), change.client_id)))
                    .collect::<Option<_>>()?;
                Some(Said { room, range: Some((from, to)), messages })
            }
            Self::SocketIo => {
                let (_, Message { id, room, body }): (String, Message) = serde_json::from_slice(text.get(2..)?).ok()?;
                // An ObjectId: twelve bytes that grow.
                let place = (id.len() == 24).then(|| u128::from_str_radix(&id, 16).ok()).flatten();
                let name = body.split(' ').next().unwrap_or_default().to_owned();
                Some(Said { room, range: None, messages: vec![(place, name)] })
            }
        }
    }
}

fn number(id: Option<String>) -> Option<usize> {
    id?.parse().ok()
}
