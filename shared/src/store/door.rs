//! The door of a room: who comes in, and who goes.
//!
//! Coming in inserts the one document there can be of a person and a room, or takes over the one that is left of them, unless it says that they are
//! banned: so of a ban and a join at the same moment either comes first, and nobody is in a room they are banned from.

use mongodb::bson::{Bson, Document, doc};

use super::members::{MEMBERS, MemberDoc, RoleDoc, of, present};
use super::{Inserted, Store, date, object_id};
use crate::error::Conflict;
use crate::ids::{RoomId, UserId};
use crate::permission::Refusal;
use crate::room::{Kind, Membership, Role, Standing};
use crate::session::Session;
use crate::time::Timestamp;
use crate::user::User;
use crate::{Error, Result};

/// The most rooms one person can be in: as many as one `sync` may name.
pub const MAX_ROOMS: usize = 200;

/// How often something is tried anew that others change at the same moment.
const ATTEMPTS: usize = 10;

/// Whether something is laid on somebody that a return must not lift.
pub(super) fn is_held() -> Document {
    doc! { "$or": [{ "role": "guest" }, { "back_as": { "$exists": true } }, { "muted": { "$exists": true } }] }
}

/// What a guest comes back as, in an update of one who is in the room or was.
pub(super) fn back_as() -> Document {
    doc! { "$cond": [{ "$eq": ["$role", "guest"] }, "guest", { "$ifNull": ["$back_as", "$$REMOVE"] }] }
}

impl Store {
    /// Makes the session's user a member of a room, as one who has read all that was said. Says whether they were none before.
    pub(super) async fn enter(
        &self,
        session: &Session,
        room: RoomId,
        role: Role,
        read: i64,
        now: Timestamp,
    ) -> Result<bool> {
        self.bring_in(session.user(), room, role, read, now).await
    }

    /// Makes somebody a member of a room.
    pub(super) async fn bring_in(
        &self,
        user: &User,
        room: RoomId,
        role: Role,
        read: i64,
        now: Timestamp,
    ) -> Result<bool> {
        if self.is_in_too_many_rooms(user.id).await? && !self.is_in(user.id, room).await? {
            return Err(Error::Conflict(Conflict::TooManyRooms));
        }
        let entered = self.take_in(user, room, role, read, now).await?;
        self.reconcile(user.id).await?;
        Ok(entered)
    }

    async fn take_in(&self, user: &User, room: RoomId, role: Role, read: i64, now: Timestamp) -> Result<bool> {
        let members = self.collection::<MemberDoc>(MEMBERS);
        let mut member = MemberDoc::new(user, room, role, read, now);
        for _ in 0..ATTEMPTS {
            if matches!(self.insert_once(&members, &member).await?, Inserted::New)
                || self.come_back(&member, now).await?
            {
                return Ok(true);
            }
            match self.find_member(user.id, room).await? {
                Some(found) if found.role.role().is_some() => return Ok(false),
                Some(found) => {
                    if let Some(ban) = found.ban(now)? {
                        return Err(Refusal::Banned { wait: ban.until.map(|until| until.since(now)) }.into());
                    }
                }
                // The room has an owner by now; or whoever was in the way is gone.
                None => member.role = RoleDoc::Member,
            }
        }
        Err(Error::Unavailable("somebody came and went all the time".into()))
    }

    /// Takes in somebody of whom there is a document: who has left, or whose ban has run out.
    async fn come_back(&self, member: &MemberDoc, now: Timestamp) -> Result<bool> {
        let ran_out = doc! { "role": "banned", "ban.until": { "$lte": date(now) } };
        let filter = doc! { "room": member.room, "user": member.user, "$or": [{ "role": "left" }, ran_out] };
        let role = doc! { "$ifNull": ["$back_as", "member"] };
        let back = vec![
            doc! { "$set": { "role": role, "read": member.read, "joined_at": member.joined_at } },
            doc! { "$unset": ["ban", "back_as"] },
        ];
        let back = self.within(self.collection::<MemberDoc>(MEMBERS).update_one(filter, back)).await?;
        Ok(back.matched_count > 0)
    }

    pub(super) async fn is_in(&self, user: UserId, room: RoomId) -> Result<bool> {
        Ok(self.find_member(user, room).await?.is_some_and(|member| member.role.role().is_some()))
    }

    /// Whether somebody is in as many rooms as one can be.
    pub(super) async fn is_in_too_many_rooms(&self, user: UserId) -> Result<bool> {
        self.is_in_as_many_rooms(user, MAX_ROOMS).await
    }

    pub(super) async fn is_in_as_many_rooms(&self, user: UserId, most: usize) -> Result<bool> {
        let theirs = doc! { "user": object_id(user.bytes()), "role": present() };
        let count = self.within(self.collection::<MemberDoc>(MEMBERS).count_documents(theirs)).await?;
        Ok(usize::try_from(count).is_ok_and(|count| count >= most))
    }

    /// Joins a room. Says whether the session's user was no member before.
    pub async fn join(&self, session: &Session, room: RoomId, standing: Standing, now: Timestamp) -> Result<bool> {
        self.enter(session, room, Role::Member, standing.said, now).await
    }

    /// Leaves a room. Says whether the session's user was a member before; of a room that they are not in they learn nothing. A conversation of two
    /// stays one of two.
    pub async fn leave(&self, session: &Session, room: RoomId) -> Result<bool> {
        if !self.is_in(session.user().id, room).await? {
            return Ok(false);
        }
        if self.find_room(room).await?.room().kind == Kind::Direct {
            return Err(Refusal::Direct.into());
        }
        self.take_out(session.user().id, room, present()).await
    }

    /// Takes somebody out of a room who is something of these in it. Says whether they were.
    pub(super) async fn take_out(&self, user: UserId, room: RoomId, role: Bson) -> Result<bool> {
        // The sockets first: whatever fails after that, nothing of the room reaches them.
        self.leave_sockets(user, room).await?;
        self.forget_use(user, room).await?;
        let left = self.depart(user, room, role).await?;
        self.reconcile(user).await?;
        Ok(left)
    }

    /// Ends a membership, or a ban. What is laid on somebody is kept; of anybody else nothing is.
    pub(super) async fn depart(&self, user: UserId, room: RoomId, role: Bson) -> Result<bool> {
        let members = self.collection::<MemberDoc>(MEMBERS);
        let mut held = of(user, room);
        held.insert("role", role);
        let mut free = held.clone();
        held.extend(is_held());
        free.insert("$nor", vec![is_held()]);
        let left = vec![doc! { "$set": { "role": "left", "back_as": back_as() } }, doc! { "$unset": ["ban", "draft"] }];
        // Between the two something may be laid on them, or lifted.
        for _ in 0..ATTEMPTS {
            if self.within(members.delete_one(free.clone())).await?.deleted_count > 0
                || self.within(members.update_one(held.clone(), left.clone())).await?.matched_count > 0
            {
                return Ok(true);
            }
            let mut any = of(user, room);
            any.insert("role", free.get("role"));
            if !self.finds(MEMBERS, any).await? {
                return Ok(false);
            }
        }
        Err(Error::Unavailable("somebody was muted and unmuted all the time".into()))
    }

    /// Gives the sockets of somebody the rooms that are theirs now.
    pub(super) async fn reconcile(&self, user: UserId) -> Result<()> {
        let version = self.memberships_changed(user).await?;
        let rooms = self.memberships_of(user).await?;
        self.enter_sockets(user, rooms.iter().map(Membership::room).collect(), version).await
    }
}
