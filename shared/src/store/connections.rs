//! Live sockets. `$disconnect` is best effort, so each has an end of its own, every query asks for those that have not reached it, and
//! the TTL index only tidies up.

use std::collections::HashSet;
use std::time::Duration;

use mongodb::IndexModel;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::error::ErrorKind;
use mongodb::options::{IndexOptions, ReturnDocument};
use serde::{Deserialize, Serialize};

use super::{Store, date, object_id};
use crate::connection::{Connection, Departed, LEASE, LIFETIME};
use crate::error::Unauthenticated;
use crate::ids::{ConnectionId, RoomId, SessionId, UserId};
use crate::room::Membership;
use crate::session::Session;
use crate::time::Timestamp;
use crate::user::User;
use crate::{Error, Result};

pub(super) const CONNECTIONS: &str = "connections";

/// How long a socket that nobody took out is kept for `sweep`, which tells the others.
const MOURNED: Duration = Duration::from_secs(10 * 60);

#[derive(Serialize, Deserialize)]
struct ConnectionDoc {
    _id: String,
    user: ObjectId,
    name: String,
    session: ObjectId,
    rooms: Vec<ObjectId>,
    /// The version of the user's memberships that `rooms` stands for; see `members`.
    memberships: i64,
    /// When the others were told, or were to be: with the first frame.
    #[serde(default)]
    announced_at: Option<DateTime>,
    connected_at: DateTime,
    expires_at: DateTime,
}

impl ConnectionDoc {
    fn session(&self) -> Session {
        let user = User { id: UserId::from_bytes(self.user.bytes()), name: self.name.clone() };
        Session::proven(SessionId::from_bytes(self.session.bytes()), user)
    }

    fn rooms(&self) -> Vec<RoomId> {
        self.rooms.iter().map(|room| RoomId::from_bytes(room.bytes())).collect()
    }
}

/// A socket that was taken out: its client has to connect again, with a token that is still good.
const CLOSED: Error = Error::Unauthenticated(Unauthenticated::Token);

/// What hearing from a socket has told.
pub struct Arrival {
    /// It is the first time, and no other socket of theirs had been heard of: the others are to be told.
    pub came: bool,
}

pub(super) fn indexes() -> Vec<IndexModel> {
    let ttl = IndexOptions::builder().expire_after(MOURNED).build();
    vec![
        // Covers the recipients of a broadcast: no document is read for them.
        IndexModel::builder()
            .keys(doc! { "rooms": 1, "expires_at": 1, "user": 1, "announced_at": 1, "_id": 1 })
            .build(),
        IndexModel::builder().keys(doc! { "user": 1 }).build(),
        IndexModel::builder().keys(doc! { "session": 1 }).build(),
        IndexModel::builder().keys(doc! { "expires_at": 1 }).options(ttl).build(),
    ]
}

fn open_of(user: UserId, now: Timestamp) -> Document {
    let announced = doc! { "$type": "date" };
    doc! { "user": object_id(user.bytes()), "expires_at": { "$gt": date(now) }, "announced_at": announced }
}

impl Store {
    /// Lets a socket in. Whoever signs out or leaves a room in the same moment either finds the socket here or is found by the second look.
    pub async fn connect_socket(&self, session: &Session, id: &ConnectionId, now: Timestamp) -> Result<()> {
        let user = session.user();
        let version = self.memberships_version(user.id).await?;
        let rooms = self.memberships(session).await?;
        let socket = ConnectionDoc {
            _id: id.as_str().to_owned(),
            user: object_id(user.id.bytes()),
            name: user.name.clone(),
            session: object_id(session.id().bytes()),
            rooms: rooms.iter().map(|mine| object_id(mine.room().bytes())).collect(),
            memberships: version,
            announced_at: None,
            connected_at: date(now),
            expires_at: date(now.plus(LEASE)),
        };
        let sockets = self.collection::<ConnectionDoc>(CONNECTIONS);
        // A repeated `$connect` of the same socket replaces its own first trace.
        self.within(sockets.replace_one(doc! { "_id": id.as_str() }, &socket).upsert(true)).await?;
        let (live, newer) = futures_util::try_join!(self.is_live(session.id()), self.memberships_version(user.id))?;
        if !live {
            self.within(sockets.delete_one(doc! { "_id": id.as_str() })).await?;
            return Err(Error::Unauthenticated(Unauthenticated::Session));
        }
        if newer != version {
            let rooms = self.memberships(session).await?;
            self.enter_sockets(user.id, rooms.iter().map(Membership::room).collect(), newer).await?;
        }
        Ok(())
    }

    /// Whose socket it is. That cannot change while it lives.
    pub async fn connection(&self, id: &ConnectionId, now: Timestamp) -> Result<Connection> {
        let filter = doc! { "_id": id.as_str(), "expires_at": { "$gt": date(now) } };
        let found = self.within(self.collection::<ConnectionDoc>(CONNECTIONS).find_one(filter)).await?;
        let found = found.ok_or(CLOSED)?;
        Ok(Connection { id: id.clone(), session: found.session() })
    }

    /// Notes that a socket was heard of, and gives it the rooms of its user if it has others.
    pub async fn heard(&self, connection: &Connection, rooms: &[Membership], now: Timestamp) -> Result<Arrival> {
        let sockets = self.collection::<ConnectionDoc>(CONNECTIONS);
        let at = doc! { "$ifNull": ["$announced_at", date(now)] };
        let expires_at = doc! { "$max": ["$expires_at", date(now.plus(LEASE))] };
        let renewed = vec![doc! { "$set": { "announced_at": at, "expires_at": expires_at } }];
        let filter = doc! { "_id": connection.id.as_str() };
        let found =
            self.within(sockets.find_one_and_update(filter, renewed).return_document(ReturnDocument::Before)).await?;
        let before = found.ok_or(CLOSED)?;
        let has: HashSet<RoomId> = before.rooms().into_iter().collect();
        if has != rooms.iter().map(Membership::room).collect() {
            self.reconcile(connection.session.user().id).await?;
        }
        let came = before.announced_at.is_none() && !self.came_before(connection, now).await?;
        Ok(Arrival { came })
    }

    /// Whether another socket of the same person was announced before: of several that come at once exactly one finds none.
    async fn came_before(&self, connection: &Connection, now: Timestamp) -> Result<bool> {
        let (user, id) = (object_id(connection.session.user().id.bytes()), connection.id.as_str());
        let earlier = doc! { "announced_at": { "$lt": date(now) } };
        let tied = doc! { "announced_at": date(now), "_id": { "$lt": id } };
        let filter = doc! { "user": user, "expires_at": { "$gt": date(now) }, "$or": [earlier, tied] };
        self.finds(CONNECTIONS, filter).await
    }

    /// Refuses a socket that is not open any more, whatever an environment remembers of it.
    pub async fn is_open(&self, connection: &Connection) -> Result<()> {
        let sockets = self.collection::<ConnectionDoc>(CONNECTIONS);
        self.within(sockets.find_one(doc! { "_id": connection.id.as_str() })).await?.map(drop).ok_or(CLOSED)
    }

    /// Notes that a socket is still there. API Gateway ends it after two hours whatever it does.
    pub async fn still_there(&self, connection: &Connection, now: Timestamp) -> Result<()> {
        let alive = doc! { "_id": connection.id.as_str(), "connected_at": { "$gt": date(now.minus(LIFETIME)) } };
        let renewed = doc! { "$max": { "expires_at": date(now.plus(LEASE)) } };
        let noted = self.within(self.collection::<ConnectionDoc>(CONNECTIONS).update_one(alive, renewed)).await?;
        if noted.matched_count == 0 { Err(CLOSED) } else { Ok(()) }
    }

    /// The sockets of a room: the recipients of its broadcasts. One that has not sent its first frame is not among them: API Gateway opens it
    /// only after `$connect` has answered, says that it is gone until then, and its first `sync` brings what it missed.
    pub async fn sockets_in(&self, room: RoomId, now: Timestamp) -> Result<Vec<ConnectionId>> {
        self.socket_ids(doc! {
            "rooms": object_id(room.bytes()),
            "expires_at": { "$gt": date(now) },
            "announced_at": { "$type": "date" },
        })
        .await
    }

    /// The sockets of these people in a room.
    pub async fn sockets_of_these(&self, room: RoomId, people: &[UserId], now: Timestamp) -> Result<Vec<ConnectionId>> {
        let people: Vec<ObjectId> = people.iter().map(|user| object_id(user.bytes())).collect();
        self.socket_ids(doc! {
            "rooms": object_id(room.bytes()),
            "expires_at": { "$gt": date(now) },
            "announced_at": { "$type": "date" },
            "user": { "$in": people },
        })
        .await
    }

    /// The sockets of everybody who shares a room of these with somebody else that is no crowd.
    pub async fn sockets_around(&self, rooms: &[RoomId], except: UserId, now: Timestamp) -> Result<Vec<ConnectionId>> {
        let rooms = self.without_crowds(rooms).await?;
        let rooms: Vec<ObjectId> = rooms.iter().map(|room| object_id(room.bytes())).collect();
        self.socket_ids(doc! {
            "rooms": { "$in": rooms },
            "expires_at": { "$gt": date(now) },
            "announced_at": { "$type": "date" },
            "user": { "$ne": object_id(except.bytes()) },
        })
        .await
    }

    /// The sockets of a session.
    pub async fn sockets_of(&self, session: SessionId) -> Result<Vec<ConnectionId>> {
        self.socket_ids(doc! { "session": object_id(session.bytes()) }).await
    }

    /// Sockets of sessions that have ended lately, which are still there because whoever ended those has died.
    pub async fn sockets_of_ended(&self, now: Timestamp, limit: i64) -> Result<Vec<ConnectionId>> {
        let ended = self.lately_ended(now, limit).await?;
        if ended.is_empty() {
            return Ok(Vec::new());
        }
        self.some_socket_ids(doc! { "session": { "$in": ended } }, limit).await
    }

    /// The sockets of somebody, but for those of one session.
    pub async fn sockets_of_person(&self, user: UserId, except: Option<SessionId>) -> Result<Vec<ConnectionId>> {
        let mut filter = doc! { "user": object_id(user.bytes()) };
        if let Some(session) = except {
            filter.insert("session", doc! { "$ne": object_id(session.bytes()) });
        }
        self.socket_ids(filter).await
    }

    /// The sockets of somebody that are open for certain: something was heard from each.
    pub async fn open_sockets_of(&self, user: UserId, now: Timestamp) -> Result<Vec<ConnectionId>> {
        self.socket_ids(open_of(user, now)).await
    }

    /// The same, but for those of the session itself.
    pub async fn other_open_sockets(&self, session: &Session, now: Timestamp) -> Result<Vec<ConnectionId>> {
        let mut others = open_of(session.user().id, now);
        others.insert("session", doc! { "$ne": object_id(session.id().bytes()) });
        self.socket_ids(others).await
    }

    async fn socket_ids(&self, filter: Document) -> Result<Vec<ConnectionId>> {
        const ALL: i64 = 0;
        self.some_socket_ids(filter, ALL).await
    }

    async fn some_socket_ids(&self, filter: Document, limit: i64) -> Result<Vec<ConnectionId>> {
        #[derive(Deserialize)]
        struct Id {
            _id: String,
        }
        let sockets = self.collection::<Id>(CONNECTIONS);
        let found = self.all(sockets.find(filter).projection(doc! { "_id": 1 }).limit(limit)).await?;
        Ok(found.into_iter().map(|socket| ConnectionId::new(socket._id)).collect())
    }

    /// Sockets whose lease has run out without anybody taking them out.
    pub async fn expired_sockets(&self, now: Timestamp, limit: i64) -> Result<Vec<ConnectionId>> {
        self.some_socket_ids(doc! { "expires_at": { "$lte": date(now) } }, limit).await
    }

    /// Before 0.2, a socket was deleted as soon as its lease had run out. An index with another time cannot be made beside that one.
    pub(super) async fn keep_expired_sockets(&self) -> Result<()> {
        const NO_SUCH_COLLECTION: i32 = 26;
        const NO_SUCH_INDEX: i32 = 27;
        let seconds = i64::try_from(MOURNED.as_secs()).map_err(Error::internal)?;
        let index = doc! { "keyPattern": { "expires_at": 1 }, "expireAfterSeconds": seconds };
        let changed = self.database.run_command(doc! { "collMod": CONNECTIONS, "index": index });
        match tokio::time::timeout(super::DEADLINE, changed).await.map_err(|late| Error::Unavailable(late.into()))? {
            Ok(_) => Ok(()),
            Err(error) => match error.kind.as_ref() {
                ErrorKind::Command(refused) if [NO_SUCH_COLLECTION, NO_SUCH_INDEX].contains(&refused.code) => Ok(()),
                _ => Err(error.into()),
            },
        }
    }

    /// Takes a socket out that has ended; none if it was out already.
    pub async fn remove_socket(&self, id: &ConnectionId) -> Result<Option<Departed>> {
        let sockets = self.collection::<ConnectionDoc>(CONNECTIONS);
        let ended = self.within(sockets.find_one_and_delete(doc! { "_id": id.as_str() })).await?;
        Ok(ended.map(|socket| Departed {
            session: socket.session(),
            rooms: socket.rooms(),
            announced: socket.announced_at.is_some(),
        }))
    }

    /// Whether somebody has a live socket that was announced.
    pub async fn is_here(&self, user: UserId, now: Timestamp) -> Result<bool> {
        let announced = doc! { "$type": "date" };
        let filter =
            doc! { "user": object_id(user.bytes()), "announced_at": announced, "expires_at": { "$gt": date(now) } };
        self.finds(CONNECTIONS, filter).await
    }

    /// Who of a room is here.
    pub(super) async fn present(&self, room: RoomId, now: Timestamp) -> Result<HashSet<UserId>> {
        #[derive(Deserialize)]
        struct Owner {
            user: ObjectId,
        }
        let announced = doc! { "$type": "date" };
        let filter =
            doc! { "rooms": object_id(room.bytes()), "expires_at": { "$gt": date(now) }, "announced_at": announced };
        let sockets = self.collection::<Owner>(CONNECTIONS);
        let found = self.all(sockets.find(filter).projection(doc! { "_id": 0, "user": 1 })).await?;
        Ok(found.into_iter().map(|socket| UserId::from_bytes(socket.user.bytes())).collect())
    }

    /// Takes the sockets of somebody out of a room at once.
    pub(super) async fn leave_sockets(&self, user: UserId, room: RoomId) -> Result<()> {
        let theirs = doc! { "user": object_id(user.bytes()) };
        let without = doc! { "$pull": { "rooms": object_id(room.bytes()) } };
        self.within(self.collection::<ConnectionDoc>(CONNECTIONS).update_many(theirs, without)).await.map(drop)
    }

    /// Gives the sockets of somebody the rooms of a version, unless they have those of a newer one.
    pub(super) async fn enter_sockets(&self, user: UserId, rooms: Vec<RoomId>, version: i64) -> Result<()> {
        let rooms: Vec<ObjectId> = rooms.into_iter().map(|room| object_id(room.bytes())).collect();
        let older = doc! { "user": object_id(user.bytes()), "memberships": { "$lt": version } };
        let newer = doc! { "$set": { "rooms": rooms, "memberships": version } };
        self.within(self.collection::<ConnectionDoc>(CONNECTIONS).update_many(older, newer)).await.map(drop)
    }
}
