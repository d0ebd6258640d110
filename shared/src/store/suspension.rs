//! Admins, and the accounts that they suspend. Who is an admin says `roles` in the person's document, which nothing here writes.
//!
//! A suspension is written before the sessions are ended, and a session is begun before the second look at the account: so of a sign-in and a
//! suspension at the same moment, whichever comes first, no session is left.

use mongodb::bson::{Document, doc};

use super::users::USERS;
use super::{Store, date, object_id};
use crate::ids::UserId;
use crate::session::Session;
use crate::time::Timestamp;
use crate::{Error, Result, permission};

/// The proof that an account may be suspended, or let in again. Only the store makes one.
#[derive(Debug, Clone, Copy)]
pub struct Suspending {
    user: UserId,
    by: UserId,
}

impl Suspending {
    /// Whose account.
    pub fn user(self) -> UserId {
        self.user
    }
}

impl Store {
    /// Whether somebody keeps order everywhere.
    pub async fn is_admin(&self, user: UserId) -> Result<bool> {
        let gone = doc! { "$exists": false };
        let admin =
            doc! { "_id": object_id(user.bytes()), "roles": "admin", "deleted_at": &gone, "suspended_at": &gone };
        self.finds(USERS, admin).await
    }

    /// Whether the session's user may suspend an account. Who may not learns nothing of it.
    pub async fn may_suspend(&self, session: &Session, user: UserId) -> Result<Suspending> {
        let by = session.user().id;
        let (is_admin, person) = futures_util::join!(self.is_admin(by), self.person(user));
        permission::may_suspend(is_admin?, false)?;
        let (_, whose_is_admin) = person?;
        permission::may_suspend(true, whose_is_admin)?;
        Ok(Suspending { user, by })
    }

    /// Suspends an account. Its sessions have to be ended after that.
    pub async fn suspend(&self, whose: Suspending, now: Timestamp) -> Result<()> {
        let at = doc! { "$ifNull": ["$suspended_at", date(now)] };
        let by = doc! { "$ifNull": ["$suspended_by", object_id(whose.by.bytes())] };
        let suspended = vec![doc! { "$set": { "suspended_at": at, "suspended_by": by } }];
        let account = doc! { "_id": object_id(whose.user.bytes()), "roles": { "$ne": "admin" } };
        let done = self.within(self.collection::<Document>(USERS).update_one(account, suspended)).await?;
        // They have become an admin at this moment: one has to look again.
        if done.matched_count == 0 { Err(Error::NotFound) } else { Ok(()) }
    }

    /// Lets somebody sign in again.
    pub async fn let_in_again(&self, whose: Suspending) -> Result<()> {
        let account = doc! { "_id": object_id(whose.user.bytes()) };
        let restored = doc! { "$unset": { "suspended_at": "", "suspended_by": "" } };
        self.within(self.collection::<Document>(USERS).update_one(account, restored)).await.map(drop)
    }
}
