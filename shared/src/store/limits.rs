//! What people have done of what they may, by the server's clock. One update reads, decides and records, so that only a server that answers lets
//! anything through. What a person says in a room is counted in their membership, which has to be looked at anyway; the rest in documents of its own.

use std::time::Duration;

use mongodb::IndexModel;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::IndexOptions;
use serde::Deserialize;

use super::Store;
use crate::ids::{ConnectionId, RoomId, UserId};
use crate::limits::Allowance;
use crate::{Error, Result};

pub(super) const LIMITS: &str = "limits";

/// How long a document is kept that limits nobody any more.
const KEPT: Duration = Duration::from_secs(3600);

/// Whose doing counts.
#[derive(Debug, Clone, Copy)]
pub enum Spender<'a> {
    /// What a person asks over their sockets.
    Asks(UserId),
    /// What is posted over a socket ahead of an answer.
    Ahead(&'a ConnectionId),
    /// The sockets that a person opens.
    Connects(UserId),
    /// The accounts that are made from a network.
    Registers(&'a str),
    /// The rooms that a person makes.
    MakesRooms(UserId),
    /// The rooms that a person joins.
    Joins(UserId),
    /// The invitations that a person makes.
    Invites(UserId),
    /// What a person looks for.
    Finds(UserId),
    /// What a person begins to write.
    Drafts(UserId),
    /// That a person types in a room.
    Types(RoomId, UserId),
    /// What those who look at a room are shown: who types, and how far each has read.
    Shows(RoomId),
    /// What a person does to keep order.
    Moderates(UserId),
}

impl Spender<'_> {
    fn key(self) -> String {
        match self {
            Self::Asks(user) => format!("ask:{user}"),
            Self::Ahead(socket) => format!("ahead:{}", socket.as_str()),
            Self::Connects(user) => format!("connect:{user}"),
            Self::Registers(network) => format!("register:{network}"),
            Self::MakesRooms(user) => format!("room:{user}"),
            Self::Joins(user) => format!("join:{user}"),
            Self::Invites(user) => format!("invite:{user}"),
            Self::Finds(user) => format!("find:{user}"),
            Self::Drafts(user) => format!("draft:{user}"),
            Self::Types(room, user) => format!("type:{room}:{user}"),
            Self::Shows(room) => format!("show:{room}"),
            Self::Moderates(user) => format!("moderate:{user}"),
        }
    }
}

/// The one who types, from their key.
pub(super) fn typist(key: &str) -> Option<UserId> {
    key.rsplit(':').next().and_then(|user| UserId::parse(user).ok())
}

/// The keys of all who type in a room.
pub(super) fn types_in(room: RoomId) -> Document {
    let first = UserId::from_bytes([0; 12]);
    let last = UserId::from_bytes([0xff; 12]);
    doc! { "$gte": Spender::Types(room, first).key(), "$lte": Spender::Types(room, last).key() }
}

#[derive(Deserialize)]
struct LimitDoc {
    spent: SpentDoc,
}

/// How much of an allowance is used up.
#[derive(Deserialize)]
pub(super) struct SpentDoc {
    /// When everything would be allowed again.
    full_at: DateTime,
    /// Whether the last one was let through, and when that was decided.
    granted: bool,
    at: DateTime,
}

/// Whether somebody was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granted {
    /// They were.
    Yes {
        /// And would be once more, right now.
        more: bool,
    },
    /// They have to wait.
    No {
        /// For so long.
        wait: Duration,
    },
}

impl Granted {
    /// Refuses whoever has to wait.
    pub fn or_wait(self) -> Result<()> {
        match self {
            Self::Yes { .. } => Ok(()),
            Self::No { wait } => Err(Error::Limited { wait }),
        }
    }
}

impl SpentDoc {
    pub(super) fn at(&self) -> DateTime {
        self.at
    }

    pub(super) fn granted(&self, allowance: Allowance) -> Granted {
        let owed = self.full_at.timestamp_millis() - self.at.timestamp_millis();
        let wait = owed + millis(allowance.every) - millis(allowance.depth());
        match self.granted {
            true => Granted::Yes { more: wait <= 0 },
            false => Granted::No { wait: Duration::from_millis(wait.max(1).unsigned_abs()) },
        }
    }
}

/// The update that spends one, or does not, and notes which, in `spent`.
pub(super) fn spending(allowance: Allowance) -> Vec<Document> {
    let (every, depth) = (millis(allowance.every), millis(allowance.depth()));
    // Nobody owes more than all of it: what was spent when more was asked for it does not outlive that.
    let most = doc! { "$add": ["$$NOW", depth] };
    let owed = doc! { "$min": [{ "$max": ["$spent.full_at", "$$NOW"] }, &most] };
    let next = doc! { "$add": ["$$owed", every] };
    let granted = doc! { "$lte": [&next, most] };
    let full_at = doc! { "$cond": [&granted, next, "$$owed"] };
    let spent = doc! { "at": "$$NOW", "granted": granted, "full_at": full_at };
    vec![doc! { "$set": { "spent": { "$let": { "vars": { "owed": owed }, "in": spent } } } }]
}

pub(super) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_micros().div_ceil(1000)).unwrap_or(i64::MAX)
}

pub(super) fn indexes() -> Vec<IndexModel> {
    let ttl = IndexOptions::builder().expire_after(KEPT).build();
    vec![
        IndexModel::builder().keys(doc! { "spent.full_at": 1 }).options(ttl.clone()).build(),
        IndexModel::builder().keys(doc! { "failed.forgotten_at": 1 }).options(ttl).build(),
    ]
}

impl Store {
    /// Records that somebody does something, or refuses it and says how long to wait.
    pub async fn spend(&self, spender: Spender<'_>, allowance: Allowance) -> Result<()> {
        let found = self.turn::<LimitDoc>(doc! {
            "findAndModify": LIMITS,
            "query": { "_id": spender.key() },
            "update": spending(allowance),
            "new": true,
            "upsert": true,
            "writeConcern": { "w": 1 },
        });
        let found = found.await?.ok_or_else(|| Error::internal("an upsert returned nothing"))?;
        found.spent.granted(allowance).or_wait()
    }
}
