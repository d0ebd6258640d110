//! People and their password hashes. No two have names that fold to the same.

use mongodb::IndexModel;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, doc};
use mongodb::options::IndexOptions;
use serde::{Deserialize, Serialize};

use super::{Inserted, Store, date, object_id};
use crate::Result;
use crate::ids::{ClientId, UserId};
use crate::time::Timestamp;
use crate::user::{User, Username};

const USERS: &str = "users";

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
}

pub(super) fn indexes() -> Vec<IndexModel> {
    let unique = IndexOptions::builder().unique(true).build();
    vec![IndexModel::builder().keys(doc! { "name_key": 1 }).options(unique).build()]
}

impl Store {
    /// Makes an account; none if the name, or one that looks like it, is taken.
    pub async fn register(
        &self,
        name: &Username,
        password: String,
        client_id: Option<&ClientId>,
        now: Timestamp,
    ) -> Result<Option<User>> {
        let account = UserDoc {
            _id: ObjectId::new(),
            name: name.as_str().to_owned(),
            name_key: name.key(),
            password,
            client_id: client_id.map(|id| id.as_str().to_owned()),
            created_at: date(now),
            memberships: 0,
        };
        let users = self.collection::<UserDoc>(USERS);
        Ok(match self.insert_once(&users, &account).await? {
            Inserted::New => Some(User { id: UserId::from_bytes(account._id.bytes()), name: account.name }),
            Inserted::Duplicate => None,
        })
    }

    /// The account with that name, if there is one.
    pub async fn account(&self, name: &Username) -> Result<Option<Account>> {
        let found = self.within(self.collection::<UserDoc>(USERS).find_one(doc! { "name_key": name.key() })).await?;
        Ok(found.map(|account| Account {
            user: User { id: UserId::from_bytes(account._id.bytes()), name: account.name },
            password: account.password,
            client_id: account.client_id,
        }))
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
