//! What happened, as plain data: what was asked and answered, what each client applied, what the history and the database say in the end.
//! Times are milliseconds since the run began, by one clock, so that before and after mean something across clients.

use std::collections::{BTreeMap, BTreeSet};

/// Milliseconds since the run began.
pub(crate) type Ms = u64;

/// A whole run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub(crate) rooms: Vec<Room>,
    pub(crate) asks: Vec<Ask>,
    pub(crate) logs: Vec<Log>,
    pub(crate) reads: Vec<Read>,
    pub(crate) troubles: Vec<Trouble>,
    /// What nothing that was done to the chat excuses.
    pub(crate) inexcusable: Vec<TroubleKind>,
}

/// A room in the end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Room {
    pub(crate) id: String,
    pub(crate) head: i64,
    pub(crate) settled: i64,
    /// What the database has, a document each, in order of position.
    pub(crate) places: Vec<Place>,
    /// What the history says, in its order.
    pub(crate) history: Vec<Message>,
}

/// A document at a position; without a message it is a void.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) rev: i64,
    pub(crate) message: Option<Message>,
}

/// A message as it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) seq: i64,
    pub(crate) rev: i64,
    pub(crate) author: String,
    pub(crate) client_id: String,
    pub(crate) text: String,
    pub(crate) deleted: bool,
    pub(crate) reactions: Reactions,
}

/// Who has put which emoji to a message.
pub(crate) type Reactions = BTreeSet<(String, String)>;

/// Something that a client wants done once, however often it has to say so.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) client: usize,
    pub(crate) author: String,
    pub(crate) room: usize,
    pub(crate) client_id: String,
    pub(crate) what: What,
    pub(crate) tries: Vec<Try>,
    pub(crate) answers: Vec<Answer>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    Send { text: String },
    Edit { seq: i64, text: String },
    Delete { seq: i64 },
    React { seq: i64, emoji: &'static str, on: bool },
}

/// A request that left, over one of a client's sockets.
#[derive(Debug, Clone)]
pub(crate) struct Try {
    pub(crate) at: Ms,
    pub(crate) client: usize,
    pub(crate) socket: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) at: Ms,
    pub(crate) client: usize,
    pub(crate) said: Said,
}

/// An answer that is final; "try again" is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    Sent { seq: i64, rev: i64 },
    Changed { seq: i64, rev: i64 },
    Refused { code: String },
}

/// What one client had of one room, from when it read the history on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    pub(crate) client: usize,
    pub(crate) room: usize,
    /// When, and at which position, it began.
    pub(crate) began_at: Ms,
    pub(crate) began: i64,
    /// Up to where it says that it has everything.
    pub(crate) position: i64,
    pub(crate) messages: BTreeMap<i64, Message>,
    pub(crate) applied: Vec<Applied>,
    pub(crate) heard: Vec<Heard>,
    /// Whether it went on to the end of the run: it is then to be level with the room.
    pub(crate) last: bool,
}

/// A change that was new to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) rev: i64,
    pub(crate) seq: i64,
    pub(crate) text: String,
    pub(crate) deleted: bool,
    pub(crate) reactions: Reactions,
    /// It came although the client had been told that it had everything up to there.
    pub(crate) late: bool,
}

/// A frame or a part of a `sync` that reached a client.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) at: Ms,
    pub(crate) socket: u32,
    pub(crate) via: Via,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) changes: usize,
    /// The client's position after it.
    pub(crate) position: i64,
    /// A change in it that is not between `from` and `to`, or not in order.
    pub(crate) misplaced: Option<i64>,
    pub(crate) step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    Frame,
    Sync,
    /// A frame that was kept until it followed.
    Kept,
}

/// What a client did with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Applied,
    Old,
    Gap,
}

/// A page of the history that was read in the middle.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    pub(crate) client: usize,
    pub(crate) room: usize,
    pub(crate) began: Ms,
    pub(crate) position: i64,
    /// Number and position of each message.
    pub(crate) messages: Vec<(i64, i64)>,
    /// Whether there are older ones.
    pub(crate) before: bool,
}

/// Something that a client puts up with, but that must have a cause.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    pub(crate) at: Ms,
    pub(crate) client: usize,
    pub(crate) kind: TroubleKind,
    /// Where, and from which position on.
    pub(crate) room: Option<(usize, i64)>,
    pub(crate) story: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TroubleKind {
    /// A frame did not follow what this socket had brought.
    Gap,
    /// What was stored did not come by itself.
    Overdue,
    /// A socket ended that the client had not ended.
    Dropped,
    /// An open socket was said to be none.
    TakenOut,
    /// A request was not answered in time.
    Unanswered,
}

impl Ask {
    /// The first answer that says that it was done, as number, position and time.
    pub(crate) fn done(&self) -> Option<(i64, i64, Ms)> {
        self.answers.iter().find_map(|answer| match answer.said {
            Said::Sent { seq, rev } | Said::Changed { seq, rev } => Some((seq, rev, answer.at)),
            Said::Refused { .. } => None,
        })
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.answers.iter().any(|answer| matches!(answer.said, Said::Refused { .. }))
    }

    /// The message that it is about, as far as it is known.
    pub(crate) fn seq(&self) -> Option<i64> {
        match self.what {
            What::Send { .. } => self.done().map(|(seq, ..)| seq),
            What::Edit { seq, .. } | What::Delete { seq } | What::React { seq, .. } => Some(seq),
        }
    }
}
