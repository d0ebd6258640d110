//! Who looks at which room, who types there, and who shows how far they have read: what signals need to know. None of it is kept for long.

use std::collections::HashMap;
use std::time::Duration;

use mongodb::IndexModel;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::{Hint, IndexOptions};
use serde::Deserialize;

use super::connections::CONNECTIONS;
use super::limits::{LIMITS, SpentDoc, types_in, typist};
use super::members::{MEMBERS, by_user, present};
use super::messages::MESSAGES;
use super::users::USERS;
use super::{Store, date, object_id, time, unconfirmed};
use crate::connection::Connection;
use crate::ids::{ConnectionId, RoomId, UserId};
use crate::room::NAMED;
use crate::session::Session;
use crate::time::Timestamp;
use crate::user::User;
use crate::{Error, Result};

/// The most sockets that are told of a signal.
const WATCHERS: i64 = 1_000;

/// How much longer than they may not say it again somebody counts as typing who has said so.
const LATE: Duration = Duration::from_secs(1);

/// So many messages tell who has said what they typed: more are seldom said in the time that typing is shown.
const LATEST: i64 = 50;

/// What there is to see of the people of a room.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// Who types, and has said nothing since.
    pub typing: Vec<User>,
    /// The number of the last message that each has read who shows it.
    pub seen: Vec<(UserId, i64)>,
}

/// A socket on which a room is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watcher {
    /// Which.
    pub socket: ConnectionId,
    /// Whose.
    pub user: UserId,
}

pub(super) fn indexes_of_sockets() -> Vec<IndexModel> {
    let looking = IndexOptions::builder().partial_filter_expression(doc! { "looking": { "$exists": true } }).build();
    vec![IndexModel::builder().keys(doc! { "looking": 1, "rooms": 1, "expires_at": 1 }).options(looking).build()]
}

impl Store {
    /// Notes which room is looked at on a socket, if one is.
    pub async fn look(&self, connection: &Connection, room: Option<RoomId>) -> Result<()> {
        let update = match room {
            Some(room) => doc! { "$set": { "looking": object_id(room.bytes()) } },
            None => doc! { "$unset": { "looking": "" } },
        };
        let sockets = self.collection::<Document>(CONNECTIONS);
        self.within(sockets.update_one(doc! { "_id": connection.id.as_str() }, update)).await.map(drop)
    }

    /// The sockets on which a room is looked at, of those that are in it.
    pub async fn watchers(&self, room: RoomId, now: Timestamp) -> Result<Vec<Watcher>> {
        #[derive(Deserialize)]
        struct WatcherDoc {
            _id: String,
            user: ObjectId,
        }
        let room = object_id(room.bytes());
        let filter = doc! { "looking": room, "rooms": room, "expires_at": { "$gt": date(now) } };
        let sockets = self.collection::<WatcherDoc>(CONNECTIONS);
        let found = self.all(sockets.find(filter).projection(doc! { "user": 1 }).limit(WATCHERS)).await?;
        let watcher = |doc: WatcherDoc| Watcher {
            socket: ConnectionId::new(doc._id),
            user: UserId::from_bytes(doc.user.bytes()),
        };
        Ok(found.into_iter().map(watcher).collect())
    }

    /// How many people have said lately that they type in a room.
    pub async fn typists(&self, room: RoomId, now: Timestamp) -> Result<u64> {
        #[derive(Deserialize)]
        struct Any {}
        self.within(self.collection::<Any>(LIMITS).count_documents(typing_in(room, now))).await
    }

    /// What there is to see in a room that is no crowd.
    pub async fn sight(&self, room: RoomId, now: Timestamp) -> Result<Sight> {
        #[derive(Deserialize)]
        struct TypingDoc {
            _id: String,
            spent: SpentDoc,
        }
        #[derive(Deserialize)]
        struct PersonDoc {
            user: ObjectId,
            name: String,
            read: i64,
        }
        #[derive(Deserialize)]
        struct SaidDoc {
            author: ObjectId,
            at: DateTime,
        }
        let members = self.collection::<PersonDoc>(MEMBERS);
        let members = members
            .find(doc! { "room": object_id(room.bytes()), "role": present() })
            .hint(Hint::Keys(by_user()))
            .limit(NAMED as i64 + 1)
            .projection(doc! { "user": 1, "name": 1, "read": 1 });
        let typing = self.collection::<TypingDoc>(LIMITS);
        let said = self.collection::<SaidDoc>(MESSAGES);
        let said = said
            .find(doc! { "room": object_id(room.bytes()), "seq": { "$gt": 0 } })
            .sort(doc! { "seq": -1 })
            .limit(LATEST)
            .projection(doc! { "author": 1, "at": 1 });
        let typing = typing.find(typing_in(room, now));
        let (typing, members, said) = futures_util::try_join!(self.all(typing), self.all(members), self.all(said))?;
        let people: Vec<ObjectId> = members.iter().map(|member| member.user).collect();
        let shown = self.shown_of(&people).await?;
        let types: HashMap<UserId, DateTime> =
            typing.into_iter().filter_map(|typing| Some((typist(&typing._id)?, typing.spent.at()))).collect();
        let mut sight = Sight::default();
        for PersonDoc { user, name, read } in members {
            let id = UserId::from_bytes(user.bytes());
            if read > 0 && shown.contains_key(&user) {
                sight.seen.push((id, read));
            }
            let is_done = |typed: &DateTime| said.iter().any(|said| said.author == user && said.at >= *typed);
            if types.get(&id).is_some_and(|typed| !is_done(typed)) {
                sight.typing.push(User { id, name });
            }
        }
        Ok(sight)
    }

    /// Whether somebody shows others how far they have read.
    pub async fn shows_receipts(&self, user: UserId) -> Result<bool> {
        let hides = doc! { "_id": object_id(user.bytes()), "receipts": false };
        Ok(!self.finds(USERS, hides).await?)
    }

    /// Those of these people who do, each with when they were last here, if that is known.
    pub(super) async fn shown_of(&self, people: &[ObjectId]) -> Result<HashMap<ObjectId, Option<Timestamp>>> {
        #[derive(Deserialize)]
        struct SeenDoc {
            _id: ObjectId,
            #[serde(default)]
            seen_at: Option<DateTime>,
        }
        let filter = doc! { "_id": { "$in": people }, "receipts": { "$ne": false } };
        let users = self.collection::<SeenDoc>(USERS);
        let found = self.all(users.find(filter).projection(doc! { "seen_at": 1 })).await?;
        Ok(found.into_iter().map(|user| (user._id, user.seen_at.map(time))).collect())
    }

    /// Notes that the last socket of somebody has ended.
    pub async fn was_here(&self, user: UserId, now: Timestamp) -> Result<()> {
        let noted = doc! { "$max": { "seen_at": date(now) } };
        let users = self.collection::<Document>(USERS);
        let noted =
            users.update_one(doc! { "_id": object_id(user.bytes()), "deleted_at": { "$exists": false } }, noted);
        self.within(noted.write_concern(unconfirmed())).await.map(drop)
    }

    /// Has somebody show others how far they have read, or not.
    pub async fn show_receipts(&self, session: &Session, shows: bool) -> Result<()> {
        let update = match shows {
            true => doc! { "$unset": { "receipts": "" } },
            false => doc! { "$set": { "receipts": false } },
        };
        let users = self.collection::<Document>(USERS);
        let noted = self.within(users.update_one(doc! { "_id": object_id(session.user().id.bytes()) }, update)).await?;
        if noted.matched_count == 0 { Err(Error::NotFound) } else { Ok(()) }
    }
}

fn typing_in(room: RoomId, now: Timestamp) -> Document {
    doc! { "_id": types_in(room), "spent.full_at": { "$gt": date(now.minus(LATE)) } }
}
