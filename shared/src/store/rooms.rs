//! Rooms: their names, and how far each has come. The lease on a room's fan-out lives in the same document; see `lease`.

use mongodb::IndexModel;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, doc};
use mongodb::options::IndexOptions;
use serde::{Deserialize, Serialize};

use super::{IdDoc, Inserted, Store, date, lease, object_id, page};
use crate::error::Conflict;
use crate::ids::{ClientId, RoomId};
use crate::room::{Membership, Role, Room, RoomName, Standing};
use crate::session::Session;
use crate::text;
use crate::time::Timestamp;
use crate::{Error, Result};

pub(super) const ROOMS: &str = "rooms";

#[derive(Serialize, Deserialize)]
struct RoomDoc {
    _id: ObjectId,
    name: String,
    name_key: String,
    kind: String,
    creator: ObjectId,
    client_id: String,
    created_at: DateTime,
    head: i64,
    settled: i64,
    said: i64,
    /// See `retention`.
    #[serde(default)]
    floor: i64,
}

impl RoomDoc {
    fn room(&self) -> Room {
        Room { id: RoomId::from_bytes(self._id.bytes()), name: self.name.clone() }
    }

    fn standing(&self) -> Standing {
        Standing { head: self.head, settled: self.settled, said: self.said, floor: self.floor }
    }
}

pub(super) fn indexes() -> Vec<IndexModel> {
    let unique = || IndexOptions::builder().unique(true).build();
    vec![
        IndexModel::builder().keys(doc! { "kind": 1, "name_key": 1 }).options(unique()).build(),
        IndexModel::builder().keys(doc! { "creator": 1, "client_id": 1 }).options(unique()).build(),
        // The rooms in which something waits, or is being broadcast.
        IndexModel::builder()
            .keys(doc! { "lease.until": 1 })
            .options(IndexOptions::builder().sparse(true).build())
            .build(),
        // Whose turn it is to be rid of what is old.
        IndexModel::builder().keys(doc! { "kept_at": 1 }).build(),
    ]
}

impl Store {
    /// Makes a public room, of which its maker is the owner. The same request again finds the same room. Says which,
    /// and whether its maker was not in it before.
    pub async fn make_room(
        &self,
        session: &Session,
        name: &RoomName,
        client_id: &ClientId,
        now: Timestamp,
    ) -> Result<(RoomId, bool)> {
        let creator = object_id(session.user().id.bytes());
        let rooms = self.collection::<RoomDoc>(ROOMS);
        let the_same = doc! { "creator": creator, "client_id": client_id.as_str() };
        if self.is_in_too_many_rooms(session).await? && self.within(rooms.find_one(the_same.clone())).await?.is_none() {
            return Err(Error::Conflict(Conflict::TooManyRooms));
        }
        let room = RoomDoc {
            _id: ObjectId::new(),
            name: name.as_str().to_owned(),
            name_key: name.key(),
            kind: "public".to_owned(),
            creator,
            client_id: client_id.as_str().to_owned(),
            created_at: date(now),
            head: 0,
            settled: 0,
            said: 0,
            floor: 0,
        };
        let id = match self.insert_once(&rooms, &room).await? {
            Inserted::New => room._id,
            Inserted::Duplicate => {
                self.within(rooms.find_one(the_same)).await?.ok_or(Error::Conflict(Conflict::NameTaken))?._id
            }
        };
        let id = RoomId::from_bytes(id.bytes());
        // Of a room that its maker has left since, somebody else is the owner.
        let entered = self.enter(session, id, Role::Owner, 0, now).await?;
        Ok((id, entered))
    }

    /// Whether there is such a room.
    pub(super) async fn is_room(&self, id: RoomId) -> Result<bool> {
        self.finds(ROOMS, doc! { "_id": object_id(id.bytes()) }).await
    }

    /// The public room with that id and how far it has come.
    pub async fn public_room(&self, id: RoomId) -> Result<(Room, Standing)> {
        let filter = doc! { "_id": object_id(id.bytes()), "kind": "public" };
        let found = self.within(self.collection::<RoomDoc>(ROOMS).find_one(filter)).await?.ok_or(Error::NotFound)?;
        Ok((found.room(), found.standing()))
    }

    /// Public rooms in order of name: those whose name begins with `prefix`, after the one called `after`; and whether there are
    /// more.
    pub async fn public_rooms(&self, prefix: &str, after: Option<&str>, limit: i64) -> Result<(Vec<Room>, bool)> {
        let prefix = text::fold(prefix);
        let mut name = doc! { "$gte": &prefix, "$lt": format!("{prefix}\u{10ffff}") };
        if let Some(after) = after {
            name.insert("$gt", text::fold(after));
        }
        let filter = doc! { "kind": "public", "name_key": name };
        let rooms = self.collection::<RoomDoc>(ROOMS);
        let found = self.all(rooms.find(filter).sort(doc! { "name_key": 1 }).limit(limit + 1)).await?;
        let (found, more) = page(found, limit)?;
        Ok((found.iter().map(RoomDoc::room).collect(), more))
    }

    /// Those of these rooms in which something waits and nobody broadcasts.
    pub async fn stalled(&self, rooms: &[RoomId]) -> Result<Vec<RoomId>> {
        let ids: Vec<ObjectId> = rooms.iter().map(|room| object_id(room.bytes())).collect();
        let filter = doc! { "_id": { "$in": ids }, "$expr": lease::is_stalled() };
        let found = self.all(self.collection::<IdDoc>(ROOMS).find(filter).projection(doc! { "_id": 1 })).await?;
        Ok(found.iter().map(|room| RoomId::from_bytes(room._id.bytes())).collect())
    }

    /// The rooms of these memberships, each with how far it has come.
    pub async fn rooms_of<'m>(&self, memberships: &'m [Membership]) -> Result<Vec<(Room, Standing, &'m Membership)>> {
        let ids: Vec<ObjectId> = memberships.iter().map(|mine| object_id(mine.room().bytes())).collect();
        let found = self.all(self.collection::<RoomDoc>(ROOMS).find(doc! { "_id": { "$in": ids } })).await?;
        Ok(memberships
            .iter()
            .filter_map(|mine| {
                let room = found.iter().find(|room| room._id.bytes() == mine.room().bytes())?;
                Some((room.room(), room.standing(), mine))
            })
            .collect())
    }

    /// How far a room of mine has come.
    pub async fn standing(&self, membership: &Membership) -> Result<Standing> {
        let filter = doc! { "_id": object_id(membership.room().bytes()) };
        let found = self.within(self.collection::<RoomDoc>(ROOMS).find_one(filter)).await?.ok_or(Error::NotFound)?;
        Ok(found.standing())
    }
}
