//! Being rid of what is old. A room keeps everything unless a retention is set; then `sweep` visits each room once an hour.
//!
//! A visit does two things. It deletes what the visit before found to be too old, and raises the room's `floor` to the last position of what
//! is too old now: everything up to there was last changed before the retention began. Whoever reads of a floor has a whole hour to read
//! what it is beyond: a catch-up that began before the floor was raised finds everything that it looks for.

use std::time::Duration;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, doc};
use mongodb::options::ReturnDocument;
use serde::Deserialize;

use super::messages::MESSAGES;
use super::rooms::ROOMS;
use super::{Store, date, object_id};
use crate::Result;
use crate::ids::RoomId;
use crate::room::{Position, Retention};
use crate::time::Timestamp;

/// How often a room is visited.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// How many changes are looked at at once, and how often in one visit: a room has more in an hour only if it was said in it day and night.
const LOOKED_AT: i64 = 1_000;
const LOOKS: usize = 20;

/// A change, and when it was made.
#[derive(Deserialize)]
struct AgeDoc {
    rev: i64,
    at: Option<DateTime>,
    edited_at: Option<DateTime>,
    deleted_at: Option<DateTime>,
    pinned_at: Option<DateTime>,
}

impl AgeDoc {
    /// A position that came to nothing has no age of its own.
    fn is_over(&self, ends: DateTime) -> bool {
        [self.at, self.edited_at, self.deleted_at, self.pinned_at].into_iter().flatten().all(|changed| changed < ends)
    }
}

impl Store {
    /// Visits the room whose turn it is. Says how many messages are gone now; nothing, if it is no room's turn.
    pub async fn forget(&self, retention: Retention, now: Timestamp) -> Result<Option<u64>> {
        #[derive(Deserialize)]
        struct Visited {
            _id: ObjectId,
            settled: i64,
            #[serde(default)]
            floor: i64,
        }
        let due = doc! { "$or": [{ "kept_at": null }, { "kept_at": { "$lte": date(now.minus(EVERY)) } }] };
        let rooms = self.collection::<Visited>(ROOMS);
        let visited = rooms
            .find_one_and_update(due, doc! { "$set": { "kept_at": date(now) } })
            .sort(doc! { "kept_at": 1 })
            .return_document(ReturnDocument::Before)
            .projection(doc! { "settled": 1, "floor": 1 });
        let Some(Visited { _id, settled, floor }) = self.within(visited).await? else { return Ok(None) };
        let room = RoomId::from_bytes(_id.bytes());
        let gone = self.forget_up_to(room, floor).await?;
        self.raise_floor(room, floor, settled, retention.ends(now)).await?;
        Ok(Some(gone))
    }

    async fn forget_up_to(&self, room: RoomId, floor: Position) -> Result<u64> {
        if floor == 0 {
            return Ok(0);
        }
        let old = doc! { "room": object_id(room.bytes()), "rev": { "$lte": floor } };
        let messages = self.collection::<()>(MESSAGES);
        let gone = self.within(messages.delete_many(old)).await?;
        Ok(gone.deleted_count)
    }

    /// The floor is never raised beyond a change that is young, nor beyond what everybody was told.
    async fn raise_floor(&self, room: RoomId, floor: Position, settled: Position, ends: Timestamp) -> Result<()> {
        let messages = self.confirmed::<AgeDoc>();
        let mut raised = floor;
        for _ in 0..LOOKS {
            let beyond = doc! { "room": object_id(room.bytes()), "rev": { "$gt": raised, "$lte": settled } };
            let looked_at = messages.find(beyond).sort(doc! { "rev": 1 }).limit(LOOKED_AT);
            let ages = doc! { "_id": 0, "rev": 1, "at": 1, "edited_at": 1, "deleted_at": 1, "pinned_at": 1 };
            let changes = self.all(looked_at.projection(ages)).await?;
            let over = changes.iter().take_while(|change| change.is_over(date(ends)));
            let Some(last) = over.last() else { break };
            raised = last.rev;
        }
        if raised == floor {
            return Ok(());
        }
        let rooms = self.collection::<()>(ROOMS);
        let update = doc! { "$max": { "floor": raised } };
        self.within(rooms.update_one(doc! { "_id": object_id(room.bytes()) }, update)).await.map(drop)
    }
}
