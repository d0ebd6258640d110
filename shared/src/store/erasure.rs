//! The end of an account.
//!
//! It begins with one update of the person's document: from then on nobody signs in, the name is kept from others and what it was is gone from
//! there. What is left of them elsewhere takes many writes, so the document also says when to look after it: whatever died in between, `sweep`
//! does it all once more and then notes that it is done. Doing it twice does no harm.

use std::time::Duration;

use mongodb::IndexModel;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;

use super::invitations::INVITATIONS;
use super::members::{MEMBERS, present};
use super::messages::MESSAGES;
use super::users::{USERS, current};
use super::{Account, IdDoc, Store, date, object_id};
use crate::Result;
use crate::ids::UserId;
use crate::room::Membership;
use crate::session::Session;
use crate::time::Timestamp;

/// When what was begun is looked after: later than anything that was under way when the account ended can still come to pass.
const LOOKED_AFTER: Duration = Duration::from_secs(60);

/// How many messages are made anonymous at once: a small part of what an operation has time for.
const MESSAGES_AT_ONCE: i64 = 500;

/// The proof that an account was deleted, and so the permission to erase what is left of it. Only the store makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasing {
    user: UserId,
}

impl Erasing {
    /// Whose account it was.
    pub fn user(self) -> UserId {
        self.user
    }
}

/// The messages of an author that still name them. No other query asks for a name, so that none takes this index by mistake.
pub(super) fn indexes_of_messages() -> Vec<IndexModel> {
    let named = IndexOptions::builder().partial_filter_expression(doc! { "author_name": { "$gt": "" } }).build();
    vec![IndexModel::builder().keys(doc! { "author": 1 }).options(named).build()]
}

impl Store {
    /// Deletes an account that was recognized by its password; none if the password was changed at the same moment. What is left of it has to be
    /// erased.
    pub async fn delete_account(&self, account: &Account, now: Timestamp) -> Result<Option<Erasing>> {
        let update = doc! {
            "$set": { "name": "", "password": "", "deleted_at": date(now), "erase_at": date(now.plus(LOOKED_AFTER)) },
            "$unset": { "client_id": "", "changed_by": "", "seen_at": "" },
            "$inc": { "credentials": 1_i64 },
        };
        let deleted = self.within(self.collection::<Document>(USERS).update_one(current(account), update)).await?;
        Ok((deleted.matched_count > 0).then_some(Erasing { user: account.user.id }))
    }

    /// Whether the account of a session that has not ended yet is deleted: its client repeats a request that died in the middle.
    pub async fn is_erasing(&self, session: &Session) -> Result<Option<Erasing>> {
        let user = session.user().id;
        let filter = doc! { "_id": object_id(user.bytes()), "erase_at": { "$exists": true } };
        Ok(self.finds(USERS, filter).await?.then_some(Erasing { user }))
    }

    /// Deleted accounts of which something may be left.
    pub async fn unfinished_erasures(&self, now: Timestamp, limit: i64) -> Result<Vec<Erasing>> {
        let due = doc! { "erase_at": { "$lte": date(now) } };
        let users = self.collection::<IdDoc>(USERS);
        let found = self.all(users.find(due).projection(doc! { "_id": 1 }).limit(limit)).await?;
        Ok(found.into_iter().map(|user| Erasing { user: UserId::from_bytes(user._id.bytes()) }).collect())
    }

    /// The rooms that somebody is still a member of.
    pub async fn memberships_left(&self, erasing: Erasing) -> Result<Vec<Membership>> {
        self.memberships_of(erasing.user).await
    }

    /// Takes somebody out of a room whose account is deleted. Says whether they were in it.
    pub async fn erase_membership(&self, erasing: Erasing, membership: &Membership) -> Result<bool> {
        self.take_out(erasing.user, membership.room(), present()).await
    }

    /// Forgets whom somebody has invited and whereto they are invited, and what is remembered of them in rooms that they are not in: they will not
    /// come back.
    pub async fn erase_absences(&self, erasing: Erasing) -> Result<()> {
        let user = object_id(erasing.user.bytes());
        let theirs = doc! { "$or": [{ "by.id": user }, { "user.id": user }] };
        self.within(self.collection::<Document>(INVITATIONS).delete_many(theirs)).await?;
        let absent = doc! { "user": user, "role": { "$in": ["left", "banned"] } };
        self.within(self.collection::<Document>(MEMBERS).delete_many(absent)).await.map(drop)
    }

    /// Takes the name off some of the messages of a deleted account. Says whether there may be more.
    pub async fn erase_authorship(&self, erasing: Erasing) -> Result<bool> {
        let named = doc! { "author": object_id(erasing.user.bytes()), "author_name": { "$gt": "" } };
        let messages = self.collection::<IdDoc>(MESSAGES);
        let found = messages.find(named).projection(doc! { "_id": 1 }).limit(MESSAGES_AT_ONCE);
        let ids: Vec<ObjectId> = self.all(found).await?.into_iter().map(|message| message._id).collect();
        if ids.is_empty() {
            return Ok(false);
        }
        let more = i64::try_from(ids.len()).is_ok_and(|found| found == MESSAGES_AT_ONCE);
        let nameless = doc! { "$set": { "author_name": "" } };
        self.within(messages.update_many(doc! { "_id": { "$in": ids } }, nameless)).await?;
        Ok(more)
    }

    /// Forgets the sessions of a deleted account, and that anything of it is left.
    pub async fn erased(&self, erasing: Erasing) -> Result<()> {
        self.forget_sessions(erasing.user).await?;
        let done = doc! { "$unset": { "erase_at": "" } };
        let user = doc! { "_id": object_id(erasing.user.bytes()) };
        self.within(self.collection::<Document>(USERS).update_one(user, done)).await.map(drop)
    }
}
