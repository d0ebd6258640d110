//! What people have done of what they may, by the server's clock: one document for each of them and each limit, which one update reads, decides
//! and records. Only a server that answers lets anything through.

use mongodb::IndexModel;
use mongodb::bson::{DateTime, doc};
use mongodb::options::{Acknowledgment, IndexOptions, ReturnDocument, WriteConcern};
use serde::Deserialize;

use super::{Store, within};
use crate::connection::Connection;
use crate::ids::UserId;
use crate::limits::Allowance;
use crate::{Error, Result};

const LIMITS: &str = "limits";

/// How long a document is kept that limits nobody any more.
const KEPT: std::time::Duration = std::time::Duration::from_secs(3600);

/// Whose doing counts.
#[derive(Debug, Clone, Copy)]
pub enum Spender<'a> {
    /// What a person says, whichever of their sockets it comes by.
    Sends(UserId),
    /// What is asked over a socket.
    Asks(&'a Connection),
    /// The sockets that a person opens.
    Connects(UserId),
}

impl Spender<'_> {
    fn key(self) -> String {
        match self {
            Self::Sends(user) => format!("send:{user}"),
            Self::Asks(connection) => format!("ask:{}", connection.id.as_str()),
            Self::Connects(user) => format!("connect:{user}"),
        }
    }
}

#[derive(Deserialize)]
struct LimitDoc {
    /// When everything would be allowed again.
    full_at: DateTime,
    granted: bool,
    at: DateTime,
}

pub(super) fn indexes() -> Vec<IndexModel> {
    let ttl = IndexOptions::builder().expire_after(KEPT).build();
    vec![IndexModel::builder().keys(doc! { "full_at": 1 }).options(ttl).build()]
}

impl Store {
    /// Records that somebody does something, or refuses it and says how long to wait.
    pub async fn spend(&self, spender: Spender<'_>, allowance: Allowance) -> Result<()> {
        let millis = |time: std::time::Duration| i64::try_from(time.as_micros().div_ceil(1000)).unwrap_or(i64::MAX);
        let (every, depth) = (millis(allowance.every), millis(allowance.depth()));
        let next = doc! { "$add": [{ "$max": ["$full_at", "$$NOW"] }, every] };
        let granted = doc! { "$lte": ["$next", { "$add": ["$$NOW", depth] }] };
        let update = vec![
            doc! { "$set": { "at": "$$NOW", "next": next } },
            doc! { "$set": { "granted": granted } },
            doc! { "$set": { "full_at": { "$cond": ["$granted", "$next", "$full_at"] } } },
            doc! { "$unset": "next" },
        ];
        // What is lost with a primary that dies is a little of somebody's patience.
        let limits = self.collection::<LimitDoc>(LIMITS);
        let spent = limits
            .find_one_and_update(doc! { "_id": spender.key() }, update)
            .upsert(true)
            .return_document(ReturnDocument::After)
            .write_concern(WriteConcern::builder().w(Acknowledgment::Nodes(1)).build());
        let spent = within(spent).await?.ok_or_else(|| Error::internal("an upsert returned nothing"))?;
        if spent.granted {
            return Ok(());
        }
        let owed = spent.full_at.timestamp_millis() - spent.at.timestamp_millis();
        let wait = std::time::Duration::from_millis((owed + every - depth).max(1).unsigned_abs());
        Err(Error::Limited { wait })
    }
}
