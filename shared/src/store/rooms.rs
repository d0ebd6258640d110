//! Rooms: their names, and how far each has come. The lease on a room's fan-out lives in the same document; see `lease`.

use mongodb::IndexModel;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, doc};
use mongodb::options::{IndexOptions, ReturnDocument};
use serde::{Deserialize, Serialize};

use super::{IdDoc, Inserted, Store, date, insist, is_duplicate, lease, object_id, page};
use crate::error::Conflict;
use crate::ids::{ClientId, RoomId};
use crate::permission::{Permit, Refusal};
use crate::room::{About, Describing, Description, Kind, Membership, Role, Room, RoomName, Standing, Topic};
use crate::session::Session;
use crate::text;
use crate::time::Timestamp;
use crate::{Error, Result};

pub(super) const ROOMS: &str = "rooms";

#[derive(Serialize, Deserialize)]
pub(super) struct RoomDoc {
    pub(super) _id: ObjectId,
    name: String,
    /// What no two rooms of a kind share: of a public one its folded name, of a direct one its people (see `directs`), of a private one its id.
    name_key: String,
    /// What the name of a public one can be taken for: no two share one of these, unless they had their names before that was looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    looks: Vec<String>,
    kind: KindDoc,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    topic: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    /// Since when it can only be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    archived_at: Option<DateTime>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KindDoc {
    Public,
    Private,
    Direct,
    Group,
}

impl KindDoc {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Direct => "direct",
            Self::Group => "group",
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Public => Kind::Public,
            Self::Private => Kind::Private,
            Self::Direct => Kind::Direct,
            Self::Group => Kind::Group,
        }
    }
}

impl RoomDoc {
    pub(super) fn new(
        kind: KindDoc,
        name: String,
        key: String,
        creator: ObjectId,
        client_id: String,
        now: Timestamp,
    ) -> Self {
        Self {
            _id: ObjectId::new(),
            name,
            name_key: key,
            looks: Vec::new(),
            kind,
            topic: String::new(),
            description: String::new(),
            archived_at: None,
            creator,
            client_id,
            created_at: date(now),
            head: 0,
            settled: 0,
            said: 0,
            floor: 0,
        }
    }

    pub(super) fn id(&self) -> RoomId {
        RoomId::from_bytes(self._id.bytes())
    }

    pub(super) fn room(&self) -> Room {
        let about = About {
            name: self.name.clone(),
            topic: self.topic.clone(),
            description: self.description.clone(),
            archived: self.archived_at.is_some(),
        };
        Room { id: self.id(), kind: self.kind.kind(), about }
    }

    pub(super) fn standing(&self) -> Standing {
        Standing { head: self.head, settled: self.settled, said: self.said, floor: self.floor }
    }
}

pub(super) fn indexes() -> Vec<IndexModel> {
    let unique = || IndexOptions::builder().unique(true).build();
    vec![
        IndexModel::builder().keys(doc! { "kind": 1, "name_key": 1 }).options(unique()).build(),
        IndexModel::builder().keys(doc! { "creator": 1, "client_id": 1 }).options(unique()).build(),
        IndexModel::builder()
            .keys(doc! { "looks": 1 })
            .options(IndexOptions::builder().unique(true).sparse(true).build())
            .build(),
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
    /// Makes a public or a private room, of which its maker is the owner. The same request again finds the same room, unless it is a private one that
    /// its maker is in no more. Says which, and whether its maker was not in it before.
    pub async fn make_room(
        &self,
        session: &Session,
        name: &RoomName,
        is_public: bool,
        client_id: &ClientId,
        now: Timestamp,
    ) -> Result<(RoomId, bool)> {
        let creator = object_id(session.user().id.bytes());
        let rooms = self.collection::<RoomDoc>(ROOMS);
        let the_same = doc! { "creator": creator, "client_id": client_id.as_str() };
        if self.is_in_too_many_rooms(session.user().id).await?
            && self.within(rooms.find_one(the_same.clone())).await?.is_none()
        {
            return Err(Error::Conflict(Conflict::TooManyRooms));
        }
        let kind = if is_public { KindDoc::Public } else { KindDoc::Private };
        let mut room =
            RoomDoc::new(kind, name.as_str().to_owned(), name.key(), creator, client_id.as_str().to_owned(), now);
        if is_public {
            self.look_at_rooms().await?;
            room.looks = name.looks().into_iter().collect();
        } else {
            room.name_key = room._id.to_hex();
        }
        let made = match self.insert_once(&rooms, &room).await? {
            Inserted::New => room,
            Inserted::Duplicate => {
                self.within(rooms.find_one(the_same)).await?.ok_or(Error::Conflict(Conflict::NameTaken))?
            }
        };
        let id = made.id();
        // To make a room is to come into it once. A public one can be joined again; into another only those inside let one in.
        if made.kind != KindDoc::Public && self.is_filled(id).await? {
            return if self.is_in(session.user().id, id).await? { Ok((id, false)) } else { Err(Error::NotFound) };
        }
        // Of a room that its maker has left since, somebody else is the owner.
        let entered = self.enter(session, id, Role::Owner, 0, now).await?;
        if made.kind != KindDoc::Public {
            self.fill(id).await?;
        }
        Ok((id, entered))
    }

    /// Whether those have come into a room for whom it was made.
    pub(super) async fn is_filled(&self, id: RoomId) -> Result<bool> {
        self.finds(ROOMS, doc! { "_id": object_id(id.bytes()), "filled": true }).await
    }

    /// Notes that they have. A request that died before that lets them in when it is repeated.
    pub(super) async fn fill(&self, id: RoomId) -> Result<()> {
        let filled = doc! { "$set": { "filled": true } };
        self.within(self.collection::<RoomDoc>(ROOMS).update_one(doc! { "_id": object_id(id.bytes()) }, filled))
            .await?;
        Ok(())
    }

    /// Whether there is such a room.
    pub(super) async fn is_room(&self, id: RoomId) -> Result<bool> {
        self.finds(ROOMS, doc! { "_id": object_id(id.bytes()) }).await
    }

    /// Whether there is such a room, and it is a conversation of certain people.
    pub(crate) async fn is_direct(&self, id: RoomId) -> Result<bool> {
        let kinds = [KindDoc::Direct, KindDoc::Group].map(KindDoc::name);
        self.finds(ROOMS, doc! { "_id": object_id(id.bytes()), "kind": { "$in": kinds.to_vec() } }).await
    }

    /// A room that is there.
    pub(super) async fn find_room(&self, id: RoomId) -> Result<RoomDoc> {
        let filter = doc! { "_id": object_id(id.bytes()) };
        self.within(self.collection::<RoomDoc>(ROOMS).find_one(filter)).await?.ok_or(Error::NotFound)
    }

    /// The public room with that id and how far it has come.
    pub async fn public_room(&self, id: RoomId) -> Result<(Room, Standing)> {
        let found = self.find_room(id).await?;
        match found.kind {
            KindDoc::Public => Ok((found.room(), found.standing())),
            _ => Err(Error::NotFound),
        }
    }

    /// A room of mine.
    pub async fn room(&self, membership: &Membership) -> Result<Room> {
        Ok(self.find_room(membership.room()).await?.room())
    }

    /// Describes a room, calls it otherwise, closes or opens it, as far as the permits go. Says what it is then, and whether anything has changed.
    pub async fn describe(
        &self,
        permits: &[Permit],
        room: &Room,
        to: &Describing,
        now: Timestamp,
    ) -> Result<(Room, bool)> {
        let is_for = |permit: &Permit, act| permit.by().room() == room.id && permit.act() == act;
        insist(to.acts().into_iter().all(|act| permits.iter().any(|permit| is_for(permit, act))))?;
        if !to.changes(&room.about) {
            return Ok((room.clone(), false));
        }
        let mut set = doc! {};
        // A name that it has already may be like another's.
        let renamed = to.name.as_ref().filter(|name| name.as_str() != room.about.name);
        if let Some(name) = renamed {
            set.insert("name", doc! { "$literal": name.as_str() });
        }
        if let Some(name) = renamed.filter(|_| room.kind == Kind::Public) {
            self.look_at_rooms().await?;
            set.insert("name_key", doc! { "$literal": name.key() });
            set.insert("looks", doc! { "$literal": Vec::from_iter(name.looks()) });
        }
        let texts = [
            ("topic", to.topic.as_ref().map(Topic::as_str)),
            ("description", to.description.as_ref().map(Description::as_str)),
        ];
        for (field, text) in texts {
            match text {
                Some("") => drop(set.insert(field, "$$REMOVE")),
                Some(text) => drop(set.insert(field, doc! { "$literal": text })),
                None => {}
            }
        }
        match to.archived {
            Some(true) => drop(set.insert("archived_at", doc! { "$ifNull": ["$archived_at", date(now)] })),
            Some(false) => drop(set.insert("archived_at", "$$REMOVE")),
            None => {}
        }
        let mut filter = doc! { "_id": object_id(room.id.bytes()) };
        if to.archived != Some(false) {
            filter.insert("archived_at", doc! { "$exists": false });
        }
        let rooms = self.collection::<RoomDoc>(ROOMS);
        let changed = rooms.find_one_and_update(filter, vec![doc! { "$set": set }]);
        match self.within(changed.return_document(ReturnDocument::After)).await {
            Ok(Some(after)) => Ok((after.room(), true)),
            Ok(None) => Err(if self.is_room(room.id).await? { Refusal::Archived.into() } else { Error::NotFound }),
            Err(error) if is_duplicate(&error) => Err(Error::Conflict(Conflict::NameTaken)),
            Err(error) => Err(error),
        }
    }

    /// Public rooms in order of name: those whose name begins with `prefix`, after the one called `after`; and whether there are
    /// more.
    pub async fn public_rooms(&self, prefix: &str, after: Option<&str>, limit: i64) -> Result<(Vec<Room>, bool)> {
        let prefix = text::fold(prefix);
        let mut name = doc! { "$gte": &prefix, "$lt": format!("{prefix}\u{10ffff}") };
        if let Some(after) = after {
            name.insert("$gt", text::fold(after));
        }
        let filter = doc! { "kind": "public", "name_key": name, "archived_at": { "$exists": false } };
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
