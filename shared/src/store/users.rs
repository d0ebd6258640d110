//! People and their password hashes. No two have names that fold to the same, nobody gets one that can be taken for another's (see `looks`), and a name whose account was deleted stays taken: nobody can pass
//! for somebody who was here.

use mongodb::IndexModel;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, DateTime, Document, doc};
use mongodb::options::IndexOptions;
use serde::{Deserialize, Serialize};

use super::{Inserted, Store, date, object_id};
use crate::error::Unauthenticated;
use crate::ids::{ClientId, SessionId, UserId};
use crate::session::Session;
use crate::time::Timestamp;
use crate::user::{User, Username};
use crate::{Error, Result};

pub(super) const USERS: &str = "users";

#[derive(Serialize, Deserialize)]
struct UserDoc {
    _id: ObjectId,
    name: String,
    name_key: String,
    password: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    created_at: DateTime,
    /// Goes up whenever a membership of theirs begins or ends; see `members`.
    memberships: i64,
    /// Goes up whenever what signs them in stops doing so: a new password, or the end of the account.
    #[serde(default)]
    credentials: i64,
    /// The session that changed the password last, so that it may say so again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changed_by: Option<ObjectId>,
    /// Since when nobody may sign in to it; see `suspension`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suspended_at: Option<DateTime>,
}

impl UserDoc {
    fn account(self) -> Account {
        Account {
            user: User { id: UserId::from_bytes(self._id.bytes()), name: self.name },
            password: self.password,
            client_id: self.client_id,
            changed_by: self.changed_by.map(|session| SessionId::from_bytes(session.bytes())),
            credentials: self.credentials,
            is_suspended: self.suspended_at.is_some(),
        }
    }
}

#[derive(Deserialize)]
struct VersionDoc {
    memberships: i64,
}

/// A person with what it takes to recognize them.
pub struct Account {
    /// Who.
    pub user: User,
    /// The hash of their password.
    pub password: String,
    /// What their client called the registration.
    pub client_id: Option<String>,
    /// The session that changed the password last.
    pub changed_by: Option<SessionId>,
    /// Whether nobody may sign in to it now.
    pub is_suspended: bool,
    /// Which of their passwords this is; see [`Store::sign_in`].
    credentials: i64,
}

pub(super) fn indexes() -> Vec<IndexModel> {
    let unique = IndexOptions::builder().unique(true).build();
    let sparse = IndexOptions::builder().sparse(true).build();
    vec![
        IndexModel::builder().keys(doc! { "name_key": 1 }).options(unique).build(),
        // The accounts of which something may be left to erase.
        IndexModel::builder().keys(doc! { "erase_at": 1 }).options(sparse).build(),
    ]
}

impl Store {
    /// Makes an account; none if the name, or one that looks like it, is taken.
    pub async fn register(
        &self,
        name: &Username,
        password: String,
        client_id: Option<&ClientId>,
        now: Timestamp,
    ) -> Result<Option<Account>> {
        if !self.take_looks(name).await? {
            return Ok(None);
        }
        let account = UserDoc {
            _id: ObjectId::new(),
            name: name.as_str().to_owned(),
            name_key: name.key(),
            password,
            client_id: client_id.map(|id| id.as_str().to_owned()),
            created_at: date(now),
            memberships: 0,
            credentials: 0,
            changed_by: None,
            suspended_at: None,
        };
        let users = self.collection::<UserDoc>(USERS);
        Ok(match self.insert_once(&users, &account).await? {
            Inserted::New => Some(account.account()),
            Inserted::Duplicate => None,
        })
    }

    /// The account with that name, if there is one.
    pub async fn account(&self, name: &Username) -> Result<Option<Account>> {
        let filter = doc! { "name_key": name.key(), "deleted_at": { "$exists": false } };
        let found = self.within(self.collection::<UserDoc>(USERS).find_one(filter)).await?;
        Ok(found.map(UserDoc::account))
    }

    /// The account of a session's user.
    pub async fn account_of(&self, session: &Session) -> Result<Account> {
        let filter = doc! { "_id": object_id(session.user().id.bytes()), "deleted_at": { "$exists": false } };
        let found = self.within(self.collection::<UserDoc>(USERS).find_one(filter)).await?;
        found.map(UserDoc::account).ok_or(Error::Unauthenticated(Unauthenticated::Session))
    }

    /// Whether what an account was recognized by still holds.
    pub(super) async fn is_current(&self, account: &Account) -> Result<bool> {
        self.finds(USERS, current(account)).await
    }

    /// Gives an account, recognized by its old password, the hash of a new one. Says whether it did: not if another change came first.
    pub async fn change_password(&self, account: &Account, hash: String, by: &Session) -> Result<bool> {
        let update = doc! {
            "$set": { "password": hash, "changed_by": object_id(by.id().bytes()) },
            "$inc": { "credentials": 1_i64 },
        };
        let changed = self.within(self.collection::<UserDoc>(USERS).update_one(current(account), update)).await?;
        Ok(changed.matched_count > 0)
    }

    /// Replaces the hash of a password by another hash of the same, unless the password has changed.
    pub async fn rehash(&self, account: &Account, hash: String) -> Result<()> {
        let update = doc! { "$set": { "password": hash } };
        self.within(self.collection::<UserDoc>(USERS).update_one(current(account), update)).await.map(drop)
    }

    /// How often the memberships of somebody have changed.
    pub(super) async fn memberships_version(&self, user: UserId) -> Result<i64> {
        let users = self.collection::<VersionDoc>(USERS);
        let found = users.find_one(doc! { "_id": object_id(user.bytes()) }).projection(doc! { "memberships": 1 });
        Ok(self.within(found).await?.map_or(0, |found| found.memberships))
    }

    /// Notes that the memberships of somebody have changed, and says how often they have.
    pub(super) async fn memberships_changed(&self, user: UserId) -> Result<i64> {
        let users = self.collection::<VersionDoc>(USERS);
        let changed = users
            .find_one_and_update(doc! { "_id": object_id(user.bytes()) }, doc! { "$inc": { "memberships": 1_i64 } })
            .return_document(mongodb::options::ReturnDocument::After)
            .projection(doc! { "memberships": 1 });
        Ok(self.within(changed).await?.map_or(0, |found| found.memberships))
    }
}

/// An account as it was recognized: with those credentials, and open to be signed in to. An account from before they were counted has none.
pub(super) fn current(account: &Account) -> Document {
    let counted = match account.credentials {
        0 => doc! { "$in": [0_i64, Bson::Null] },
        credentials => doc! { "$eq": credentials },
    };
    doc! {
        "_id": object_id(account.user.id.bytes()),
        "credentials": counted,
        "deleted_at": { "$exists": false },
        "suspended_at": { "$exists": false },
    }
}
