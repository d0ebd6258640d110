//! Conversations of certain people: made once, and found again by whoever asks for the same people. A unique index on the people's ids keeps two of them
//! who ask at the same moment from making two.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};
use serde::Deserialize;

use super::door::MAX_ROOMS;
use super::members::{MEMBERS, MemberDoc, present};
use super::rooms::{KindDoc, ROOMS, RoomDoc};
use super::users::USERS;
use super::{Inserted, Store, object_id};
use crate::error::Conflict;
use crate::ids::{RoomId, UserId};
use crate::room::{Role, Room};
use crate::session::Session;
use crate::time::Timestamp;
use crate::user::User;
use crate::{Error, Result};

/// The most people of such a conversation, whoever makes it included.
pub const MAX_PEOPLE: usize = 10;

/// In how many rooms somebody is at most after others have brought them into one: a conversation of two cannot be left, and the rest is for those
/// that one comes into oneself.
const MAX_BROUGHT: usize = MAX_ROOMS / 2;

/// A conversation, and who has come into it just now.
pub struct Direct {
    /// Which.
    pub room: RoomId,
    /// Who was not in it.
    pub entered: Vec<User>,
}

#[derive(Deserialize)]
struct NameDoc {
    _id: ObjectId,
    name: String,
}

impl Store {
    /// The conversation of the session's user with these people, made if there is none. Whoever has left it comes back by asking for it; the others
    /// are brought in when it is made only.
    pub async fn direct(&self, session: &Session, with: &[UserId], now: Timestamp) -> Result<Direct> {
        let me = session.user();
        let mut people = self.people(with).await?;
        people.retain(|user| user.id != me.id);
        people.push(me.clone());
        let (kind, key) = kind_and_key(people.iter().map(|user| user.id));
        let same = doc! { "kind": kind.name(), "name_key": &key };
        self.can_be_brought_together(&people, me, same.clone()).await?;
        let rooms = self.collection::<RoomDoc>(ROOMS);
        let new = RoomDoc::new(kind, String::new(), key.clone(), object_id(me.id.bytes()), format!("with:{key}"), now);
        let room = match self.insert_once(&rooms, &new).await? {
            Inserted::New => new,
            Inserted::Duplicate => {
                let found = self.within(rooms.find_one(same)).await?;
                found.ok_or_else(|| Error::internal("a conversation that is there is not found"))?
            }
        };
        let id = room.id();
        let is_filled = self.is_filled(id).await?;
        if is_filled {
            people.retain(|user| user.id == me.id);
        }
        let mut entered = Vec::new();
        for user in people {
            let came = self.bring_in(&user, id, Role::Member, room.standing().said, now).await;
            if came.map_err(|error| whose(error, user.id == me.id))? {
                entered.push(user);
            }
        }
        if !is_filled {
            self.fill(id).await?;
        }
        Ok(Direct { room: id, entered })
    }

    /// Whether there is a conversation of the session's user with these people.
    pub async fn has_direct(&self, session: &Session, with: &[UserId]) -> Result<bool> {
        let (kind, key) = kind_and_key(with.iter().copied().chain([session.user().id]));
        self.finds(ROOMS, doc! { "kind": kind.name(), "name_key": key, "filled": true }).await
    }

    /// Refuses to make a conversation for somebody who is in too many rooms: before it is there.
    async fn can_be_brought_together(&self, people: &[User], me: &User, mut same: Document) -> Result<()> {
        same.insert("filled", true);
        if self.finds(ROOMS, same).await? {
            return Ok(());
        }
        let counted = people.iter().map(|user| async {
            let most = if user.id == me.id { MAX_ROOMS } else { MAX_BROUGHT };
            match self.is_in_as_many_rooms(user.id, most).await? {
                true => Err(whose(Error::Conflict(Conflict::TooManyRooms), user.id == me.id)),
                false => Ok(()),
            }
        });
        try_join_all(counted).await.map(drop)
    }

    /// Those of these people who have an account, in any order. Somebody who has none is not found.
    async fn people(&self, ids: &[UserId]) -> Result<Vec<User>> {
        let mut ids: Vec<ObjectId> = ids.iter().map(|id| object_id(id.bytes())).collect();
        ids.sort_unstable();
        ids.dedup();
        let filter = doc! { "_id": { "$in": &ids }, "deleted_at": { "$exists": false } };
        let found = self.all(self.collection::<NameDoc>(USERS).find(filter)).await?;
        match found.len() == ids.len() {
            true => Ok(found.into_iter().map(user).collect()),
            false => Err(Error::NotFound),
        }
    }

    /// Somebody who has an account, by their id.
    pub async fn user(&self, id: UserId) -> Result<User> {
        Ok(self.person(id).await?.0)
    }

    /// Who is in each of these conversations, by name.
    pub async fn people_of(&self, directs: &[&Room]) -> Result<Vec<(RoomId, User)>> {
        let directs: Vec<ObjectId> = directs.iter().map(|room| object_id(room.id.bytes())).collect();
        if directs.is_empty() {
            return Ok(Vec::new());
        }
        let filter = doc! { "room": { "$in": directs }, "role": present() };
        let found = self.all(self.collection::<MemberDoc>(MEMBERS).find(filter)).await?;
        let mut people: Vec<_> =
            found.iter().map(|member| (RoomId::from_bytes(member.room.bytes()), member.user())).collect();
        people.sort_by_cached_key(|(_, user)| user.name.to_lowercase());
        Ok(people)
    }

    /// People whose name begins like that, in order of name, and whether there are more.
    pub async fn people_called(&self, prefix: &str, limit: i64) -> Result<(Vec<User>, bool)> {
        let prefix = crate::text::fold(prefix);
        if prefix.is_empty() {
            return Ok((Vec::new(), false));
        }
        let name = doc! { "$gte": &prefix, "$lt": format!("{prefix}\u{10ffff}") };
        let filter = doc! { "name_key": name, "deleted_at": { "$exists": false } };
        let users = self.collection::<NameDoc>(USERS);
        let found = self.all(users.find(filter).sort(doc! { "name_key": 1 }).limit(limit + 1)).await?;
        let (found, more) = super::page(found, limit)?;
        Ok((found.into_iter().map(user).collect(), more))
    }
}

fn user(found: NameDoc) -> User {
    User { id: UserId::from_bytes(found._id.bytes()), name: found.name }
}

/// That there is no room for somebody is another's news than one's own.
fn whose(error: Error, is_mine: bool) -> Error {
    match error {
        Error::Conflict(Conflict::TooManyRooms) if !is_mine => Error::Conflict(Conflict::TheirTooManyRooms),
        error => error,
    }
}

/// What a conversation of these people is told from others by.
fn kind_and_key(people: impl Iterator<Item = UserId>) -> (KindDoc, String) {
    let people: BTreeSet<UserId> = people.collect();
    let ids: Vec<String> = people.iter().map(UserId::to_string).collect();
    (if people.len() > 2 { KindDoc::Group } else { KindDoc::Direct }, ids.join(":"))
}
