//! Who is in which room.
//!
//! A socket's document repeats the rooms of its user, so that a broadcast finds its recipients by one index. To keep the two in step, each
//! change of a person's memberships raises a version in the person's document, and a socket takes a list of rooms only together with the
//! version that was read before the list, and only if that is newer than its own. So whichever of two changes writes last, the sockets end up
//! with what holds.

use std::collections::HashSet;

use mongodb::IndexModel;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, doc};
use mongodb::options::{IndexOptions, ReturnDocument};
use serde::{Deserialize, Serialize};

use super::limits::{self, Granted, SpentDoc};
use super::{Inserted, Store, date, object_id, unconfirmed};
use crate::error::Conflict;
use crate::ids::{RoomId, UserId};
use crate::limits::Allowance;
use crate::room::{Member, Membership, Position, Role, Standing};
use crate::session::Session;
use crate::time::Timestamp;
use crate::user::User;
use crate::{Error, Result};

const MEMBERS: &str = "members";

/// The most rooms one person can be in: as many as one `sync` may name.
pub const MAX_ROOMS: usize = 200;

#[derive(Serialize, Deserialize)]
struct MemberDoc {
    room: ObjectId,
    user: ObjectId,
    name: String,
    role: RoleDoc,
    read: i64,
    joined_at: DateTime,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RoleDoc {
    Owner,
    Moderator,
    Member,
}

impl From<Role> for RoleDoc {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Moderator => Self::Moderator,
            Role::Member => Self::Member,
        }
    }
}

impl From<RoleDoc> for Role {
    fn from(role: RoleDoc) -> Self {
        match role {
            RoleDoc::Owner => Self::Owner,
            RoleDoc::Moderator => Self::Moderator,
            RoleDoc::Member => Self::Member,
        }
    }
}

impl MemberDoc {
    fn user(&self) -> User {
        User { id: UserId::from_bytes(self.user.bytes()), name: self.name.clone() }
    }

    fn membership(self) -> Membership {
        Membership::proven(RoomId::from_bytes(self.room.bytes()), self.user(), self.role.into(), self.read)
    }
}

pub(super) fn indexes() -> Vec<IndexModel> {
    let unique = IndexOptions::builder().unique(true).build();
    vec![
        IndexModel::builder().keys(doc! { "room": 1, "user": 1 }).options(unique).build(),
        IndexModel::builder().keys(doc! { "user": 1, "_id": 1 }).build(),
    ]
}

impl Store {
    /// The session's membership of a room. A room that is missing and one that is not theirs are the same to them.
    pub async fn membership(&self, session: &Session, room: RoomId) -> Result<Membership> {
        let filter = doc! { "room": object_id(room.bytes()), "user": object_id(session.user().id.bytes()) };
        let found = self.within(self.collection::<MemberDoc>(MEMBERS).find_one(filter)).await?;
        found.map(MemberDoc::membership).ok_or(Error::NotFound)
    }

    /// The session's membership of a room in which they are about to say something, and whether they may do that now.
    pub async fn membership_to_say(
        &self,
        session: &Session,
        room: RoomId,
        allowance: Allowance,
    ) -> Result<(Membership, Granted)> {
        #[derive(Deserialize)]
        struct SpendingDoc {
            #[serde(flatten)]
            member: MemberDoc,
            spent: SpentDoc,
        }
        let filter = doc! { "room": object_id(room.bytes()), "user": object_id(session.user().id.bytes()) };
        let members = self.collection::<SpendingDoc>(MEMBERS);
        let spent = members
            .find_one_and_update(filter, limits::spending(allowance))
            .return_document(ReturnDocument::After)
            .write_concern(unconfirmed());
        let found = self.within(spent).await?.ok_or(Error::NotFound)?;
        Ok((found.member.membership(), found.spent.granted(allowance)))
    }

    /// All memberships of the session's user, the oldest first.
    pub async fn memberships(&self, session: &Session) -> Result<Vec<Membership>> {
        self.memberships_of(session.user().id).await
    }

    pub(super) async fn memberships_of(&self, user: UserId) -> Result<Vec<Membership>> {
        let filter = doc! { "user": object_id(user.bytes()) };
        let found = self.all(self.collection::<MemberDoc>(MEMBERS).find(filter).sort(doc! { "_id": 1 })).await?;
        Ok(found.into_iter().map(MemberDoc::membership).collect())
    }

    /// Makes the session's user a member of a room, as one who has read all that was said. Says whether they were none before.
    pub(super) async fn enter(
        &self,
        session: &Session,
        room: RoomId,
        role: Role,
        read: i64,
        now: Timestamp,
    ) -> Result<bool> {
        let user = session.user();
        let members = self.collection::<MemberDoc>(MEMBERS);
        if self.is_in_too_many_rooms(session).await? && self.membership(session, room).await.is_err() {
            return Err(Error::Conflict(Conflict::TooManyRooms));
        }
        let member = MemberDoc {
            room: object_id(room.bytes()),
            user: object_id(user.id.bytes()),
            name: user.name.clone(),
            role: role.into(),
            read,
            joined_at: date(now),
        };
        let inserted = self.insert_once(&members, &member).await?;
        self.reconcile(session.user().id).await?;
        Ok(matches!(inserted, Inserted::New))
    }

    /// Whether somebody is in as many rooms as one can be.
    pub(super) async fn is_in_too_many_rooms(&self, session: &Session) -> Result<bool> {
        let theirs = doc! { "user": object_id(session.user().id.bytes()) };
        let count = self.within(self.collection::<MemberDoc>(MEMBERS).count_documents(theirs)).await?;
        Ok(usize::try_from(count).is_ok_and(|count| count >= MAX_ROOMS))
    }

    /// Joins a room. Says whether the session's user was no member before.
    pub async fn join(&self, session: &Session, room: RoomId, standing: Standing, now: Timestamp) -> Result<bool> {
        self.enter(session, room, Role::Member, standing.said, now).await
    }

    /// Leaves a room. Says whether the session's user was a member before.
    pub async fn leave(&self, session: &Session, room: RoomId) -> Result<bool> {
        self.take_out(session.user().id, room).await
    }

    /// Takes somebody out of a room. Says whether they were a member before.
    pub(super) async fn take_out(&self, user: UserId, room: RoomId) -> Result<bool> {
        let filter = doc! { "room": object_id(room.bytes()), "user": object_id(user.bytes()) };
        // The sockets first: whatever fails after that, nothing of the room reaches them.
        self.leave_sockets(user, room).await?;
        let left = self.within(self.collection::<MemberDoc>(MEMBERS).delete_one(filter)).await?;
        self.reconcile(user).await?;
        Ok(left.deleted_count > 0)
    }

    /// Gives the sockets of somebody the rooms that are theirs now.
    pub(super) async fn reconcile(&self, user: UserId) -> Result<()> {
        let version = self.memberships_changed(user).await?;
        let rooms = self.memberships_of(user).await?;
        self.enter_sockets(user, rooms.iter().map(Membership::room).collect(), version).await
    }

    /// Members of a room in order of their ids, after one of them, each with whether a socket of theirs is open.
    pub async fn members(
        &self,
        membership: &Membership,
        after: Option<UserId>,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<(Member, bool)>> {
        let room = membership.room();
        let mut filter = doc! { "room": object_id(room.bytes()) };
        if let Some(after) = after {
            filter.insert("user", doc! { "$gt": object_id(after.bytes()) });
        }
        let members = self.collection::<MemberDoc>(MEMBERS);
        let found = self.all(members.find(filter).sort(doc! { "user": 1 }).limit(limit)).await?;
        let here: HashSet<UserId> = self.present(room, now).await?;
        let member = |doc: &MemberDoc| Member { user: doc.user(), role: doc.role.into() };
        Ok(found.iter().map(|doc| (member(doc), here.contains(&UserId::from_bytes(doc.user.bytes())))).collect())
    }

    /// Moves the read position of a member forward to the message `seq`, and says what it is then. Whoever has seen every change there is
    /// has read every number that was given out, also those that came to nothing.
    pub async fn mark_read(
        &self,
        membership: &Membership,
        seq: i64,
        position: Position,
        standing: Standing,
    ) -> Result<i64> {
        let all_seen = position >= standing.head && standing.settled == standing.head;
        let read = if all_seen { standing.said } else { seq.min(standing.said) };
        let filter = doc! {
            "room": object_id(membership.room().bytes()),
            "user": object_id(membership.user().id.bytes()),
            "read": { "$lt": read },
        };
        self.within(self.collection::<MemberDoc>(MEMBERS).update_one(filter, doc! { "$max": { "read": read } }))
            .await?;
        Ok(read.max(membership.read()))
    }
}
