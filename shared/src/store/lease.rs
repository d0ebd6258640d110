//! Positions, and the fan-out lease: who of those who act in a room broadcasts for all of them.
//!
//! A position and, if nobody holds it, the lease are taken in one update of the room's document, by the server's clock. The lease is
//! no lock on correctness: two holders at once can only repeat frames.
//!
//! These updates are acknowledged by the primary alone. What is inserted at a position is acknowledged by the majority, and a majority that has
//! the insert has everything that the primary did before it, the taking of the position included. A primary that dies before takes with it
//! positions whose messages nobody was told of, and `settled` moves that are made again: frames that clients have already.

use std::time::Duration;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, DateTime, Document, doc};
use serde::Deserialize;

use super::rooms::ROOMS;
use super::{Store, date, object_id, time};
use crate::ids::RoomId;
use crate::permission::Refusal;
use crate::room::{Position, Standing};
use crate::time::Timestamp;
use crate::{Error, Result};

/// How long a lease outlives its holder, and so how long a room is still when one dies. Each round renews it, and takes well under a second; one in which
/// posts run into their deadlines takes longer, and then two may broadcast at once: frames are repeated, which costs posts and nothing else.
const LEASE_MS: i64 = 4_000;

/// How long a room can wait for a holder that has died.
pub const LEASE: Duration = Duration::from_millis(LEASE_MS as u64);

/// The right to broadcast what happens in a room. Only the store gives one.
#[derive(Debug)]
pub struct Lease {
    room: RoomId,
    owner: ObjectId,
}

impl Lease {
    /// The room.
    pub fn room(&self) -> RoomId {
        self.room
    }
}

/// What a position is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A new message, which gets a number.
    Message,
    /// A change of a message that has one.
    Amendment,
}

/// A position that was taken.
#[derive(Debug)]
pub struct Place {
    /// The position.
    pub rev: Position,
    /// The number of the message, if it is a new one.
    pub seq: i64,
    /// How far the room has come, this position included.
    pub standing: Standing,
    /// The lease, if it fell to whoever took the position.
    pub lease: Option<Lease>,
}

/// What a round of broadcasting has left.
#[derive(Debug)]
pub struct Round {
    /// How far the room has come.
    pub standing: Standing,
    /// Whether the lease goes on, because more is to be broadcast. Otherwise it was let go, or somebody else took it.
    pub goes_on: bool,
}

#[derive(Deserialize)]
struct LeasedDoc {
    head: i64,
    settled: i64,
    said: i64,
    #[serde(default)]
    floor: i64,
    lease: Option<LeaseDoc>,
}

#[derive(Deserialize)]
struct LeaseDoc {
    owner: ObjectId,
}

impl LeasedDoc {
    fn standing(&self) -> Standing {
        Standing { head: self.head, settled: self.settled, said: self.said, floor: self.floor }
    }

    fn is_held_by(&self, owner: ObjectId) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.owner == owner)
    }
}

impl Store {
    /// Takes the room's next position, and the lease if it is free. An archived room gives none.
    pub async fn place(&self, room: RoomId, purpose: Purpose) -> Result<Place> {
        let owner = ObjectId::new();
        let filter = doc! { "_id": object_id(room.bytes()), "archived_at": { "$exists": false } };
        let taken = vec![doc! { "$set": {
            "head": { "$add": ["$head", 1_i64] },
            "said": { "$add": ["$said", i64::from(purpose == Purpose::Message)] },
            "lease": { "$cond": [is_free(), held(owner), "$lease"] },
        } }];
        let Some(found) = self.leased(filter, taken).await? else {
            return Err(if self.is_room(room).await? { Refusal::Archived.into() } else { Error::NotFound });
        };
        let lease = found.is_held_by(owner).then_some(Lease { room, owner });
        Ok(Place { rev: found.head, seq: found.said, standing: found.standing(), lease })
    }

    /// The rooms that have a lease which ends by then, the earliest first, each with when: a lease that has ended stands for something that
    /// waits.
    pub async fn leased_rooms(&self, by: Timestamp, limit: i64) -> Result<Vec<(RoomId, Timestamp)>> {
        #[derive(Deserialize)]
        struct Leased {
            _id: ObjectId,
            lease: Until,
        }
        #[derive(Deserialize)]
        struct Until {
            until: DateTime,
        }
        let filter = doc! { "lease.until": { "$lte": date(by) } };
        let rooms = self.collection::<Leased>(ROOMS);
        let found = rooms.find(filter).sort(doc! { "lease.until": 1 }).limit(limit);
        let found = self.all(found.projection(doc! { "lease.until": 1 })).await?;
        Ok(found.iter().map(|room| (RoomId::from_bytes(room._id.bytes()), time(room.lease.until))).collect())
    }

    /// Takes the lease of a room in which something waits to be broadcast and nobody does it. Whoever knows of something stored at `known` says
    /// so: a primary that died may have taken the memory of that position with it.
    pub async fn take_over(&self, room: RoomId, known: Position) -> Result<Option<(Lease, Standing)>> {
        let owner = ObjectId::new();
        let head = Bson::from(doc! { "$max": ["$head", known] });
        let waiting = waits(&head);
        let filter = doc! { "_id": object_id(room.bytes()), "$expr": waiting };
        let found = self.leased(filter, vec![doc! { "$set": { "head": head, "lease": held(owner) } }]).await?;
        Ok(found.map(|found| (Lease { room, owner }, found.standing())))
    }

    /// Notes that everything up to `to` has been broadcast. The lease is let go, unless more has been said meanwhile.
    pub async fn advance(&self, lease: &Lease, to: Position) -> Result<Round> {
        let mine = doc! { "$eq": ["$lease.owner", lease.owner] };
        let done = doc! { "$lte": ["$head", to] };
        self.end_round(
            lease,
            to,
            doc! { "$cond": [mine, { "$cond": [done, "$$REMOVE", held(lease.owner)] }, "$lease"] },
        )
        .await
    }

    /// Notes that everything up to `to` has been broadcast and lets the lease go although more waits: for the next one who acts.
    pub async fn hand_over(&self, lease: Lease, to: Position) -> Result<Round> {
        let mine = doc! { "$eq": ["$lease.owner", lease.owner] };
        let done = doc! { "$lte": ["$head", to] };
        let ended = doc! { "owner": lease.owner, "until": "$$NOW" };
        self.end_round(&lease, to, doc! { "$cond": [mine, { "$cond": [done, "$$REMOVE", ended] }, "$lease"] }).await
    }

    async fn end_round(&self, lease: &Lease, to: Position, remains: Document) -> Result<Round> {
        let filter = doc! { "_id": object_id(lease.room.bytes()) };
        let update = vec![doc! { "$set": {
            "head": { "$max": ["$head", to] },
            "settled": { "$max": ["$settled", to] },
            "lease": remains,
        } }];
        let found = self.leased(filter, update).await?.ok_or(Error::NotFound)?;
        Ok(Round { standing: found.standing(), goes_on: found.is_held_by(lease.owner) })
    }

    async fn leased(&self, filter: Document, update: Vec<Document>) -> Result<Option<LeasedDoc>> {
        self.turn(doc! {
            "findAndModify": ROOMS,
            "query": filter,
            "update": update,
            "new": true,
            "fields": { "head": 1, "settled": 1, "said": 1, "floor": 1, "lease": 1 },
            "writeConcern": { "w": 1 },
        })
        .await
    }
}

/// Something waits to be broadcast and nobody does it.
pub(super) fn is_stalled() -> Document {
    waits(&Bson::from("$head"))
}

fn waits(head: &Bson) -> Document {
    doc! { "$and": [{ "$gt": [head, "$settled"] }, is_free()] }
}

fn is_free() -> Document {
    let until = doc! { "$ifNull": ["$lease.until", "$$NOW"] };
    doc! { "$lte": [until, "$$NOW"] }
}

fn held(owner: ObjectId) -> Document {
    doc! { "owner": owner, "until": { "$add": ["$$NOW", LEASE_MS] } }
}
