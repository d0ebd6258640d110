//! Sign-ins: one document for each, which holds the hash of its current refresh token and of the one before it.
//!
//! A session is begun before the second look at the account's credentials, and credentials are changed before the sessions that they opened
//! are ended. So of a sign-in and a change of password at the same moment, whichever comes first, no session is left of the old password.

use std::time::Duration;

use mongodb::IndexModel;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, DateTime, Document, doc};
use mongodb::options::IndexOptions;
use serde::{Deserialize, Serialize};

use super::{Account, IdDoc, Store, date, object_id, time};
use crate::error::Unauthenticated;
use crate::ids::{SessionId, UserId};
use crate::limits::network;
use crate::session::{Device, IDLE_TTL, ROTATION_GRACE, Session, SignedIn};
use crate::time::Timestamp;
use crate::token::{Claims, RefreshToken};
use crate::user::User;
use crate::{Error, Result};

const SESSIONS: &str = "sessions";

/// How long a session is remembered that has ended.
const ENDED_TTL: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Serialize, Deserialize)]
struct SessionDoc {
    _id: ObjectId,
    user: ObjectId,
    name: String,
    hash: Binary,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Binary>,
    /// Where it was last continued.
    address: String,
    /// The network of that; see `limits::network`.
    #[serde(default)]
    network: String,
    #[serde(default)]
    device: String,
    created_at: DateTime,
    rotated_at: DateTime,
    expires_at: DateTime,
    /// It was signed out, or a token of it was stolen. It is kept for a day, so that whoever repeats that closes its sockets again.
    #[serde(default)]
    ended: bool,
}

/// How many devices are listed: those seen last.
const LISTED: i64 = 100;

impl SessionDoc {
    fn signed_in(self) -> SignedIn {
        SignedIn {
            id: SessionId::from_bytes(self._id.bytes()),
            device: Device { address: self.address, name: self.device },
            created_at: time(self.created_at),
            seen_at: time(self.rotated_at),
        }
    }

    fn session(self) -> Session {
        let user = User { id: UserId::from_bytes(self.user.bytes()), name: self.name };
        Session::proven(SessionId::from_bytes(self._id.bytes()), user)
    }
}

/// What came of presenting a refresh token.
pub enum Rotation {
    /// It is exchanged for this one.
    Done(Session, RefreshToken),
    /// It was exchanged long ago: somebody has a copy. The session has ended, now or before.
    Ended(SessionId),
}

pub(super) fn indexes() -> Vec<IndexModel> {
    let ttl = IndexOptions::builder().expire_after(Duration::ZERO).build();
    vec![
        IndexModel::builder().keys(doc! { "user": 1, "rotated_at": -1 }).build(),
        IndexModel::builder().keys(doc! { "user": 1, "network": 1 }).build(),
        IndexModel::builder().keys(doc! { "expires_at": 1 }).options(ttl).build(),
    ]
}

impl Store {
    /// Begins a session of the account whose credentials were shown, unless they have changed meanwhile.
    pub async fn sign_in(&self, account: &Account, device: Device, now: Timestamp) -> Result<(Session, RefreshToken)> {
        let user = &account.user;
        let id = ObjectId::new();
        let token = RefreshToken::first(SessionId::from_bytes(id.bytes()))?;
        let session = SessionDoc {
            _id: id,
            user: object_id(user.id.bytes()),
            name: user.name.clone(),
            hash: hash(&token),
            previous: None,
            network: network(&device.address),
            address: device.address,
            device: device.name,
            created_at: date(now),
            rotated_at: date(now),
            expires_at: date(now.plus(IDLE_TTL)),
            ended: false,
        };
        let sessions = self.collection::<SessionDoc>(SESSIONS);
        self.within(sessions.insert_one(&session)).await?;
        if !self.is_current(account).await? {
            self.within(sessions.delete_one(doc! { "_id": id })).await?;
            return Err(Error::Unauthenticated(Unauthenticated::Credentials));
        }
        Ok((session.session(), token))
    }

    /// The session that an access token names, unless it has ended.
    pub async fn session(&self, claims: Claims, now: Timestamp) -> Result<Session> {
        let filter = doc! {
            "_id": object_id(claims.session.bytes()),
            "user": object_id(claims.user.bytes()),
            "expires_at": { "$gt": date(now) },
            "ended": { "$ne": true },
        };
        let found = self.within(self.collection::<SessionDoc>(SESSIONS).find_one(filter)).await?;
        found.map(SessionDoc::session).ok_or(Error::Unauthenticated(Unauthenticated::Session))
    }

    /// Whether a session has not ended.
    pub(super) async fn is_live(&self, session: SessionId) -> Result<bool> {
        let sessions = self.collection::<SessionDoc>(SESSIONS);
        Ok(self
            .within(sessions.find_one(doc! { "_id": object_id(session.bytes()), "ended": { "$ne": true } }))
            .await?
            .is_some())
    }

    /// Exchanges `token` for the first of `next`, asked from an address. The same exchange within 30 seconds is the same one, and then one of
    /// them all is the answer.
    pub async fn rotate(
        &self,
        token: &RefreshToken,
        next: &[RefreshToken],
        address: &str,
        now: Timestamp,
    ) -> Result<Rotation> {
        let sessions = self.collection::<SessionDoc>(SESSIONS);
        let id = object_id(token.session().bytes());
        let first = next.first().ok_or_else(|| Error::internal("a token has no next one"))?;
        let exchange = sessions.find_one_and_update(
            doc! { "_id": id, "hash": hash(token), "expires_at": { "$gt": date(now) }, "ended": { "$ne": true } },
            doc! { "$set": {
                "hash": hash(first),
                "previous": hash(token),
                "address": address,
                "network": network(address),
                "rotated_at": date(now),
                "expires_at": date(now.plus(IDLE_TTL)),
            } },
        );
        if let Some(session) = self.within(exchange).await? {
            return Ok(Rotation::Done(session.session(), first.clone()));
        }
        let ended = Error::Unauthenticated(Unauthenticated::Session);
        let found = self
            .within(sessions.find_one(doc! { "_id": id, "expires_at": { "$gt": date(now) } }))
            .await?
            .ok_or(Error::Unauthenticated(Unauthenticated::Session))?;
        if !found.ended && found.previous == Some(hash(token)) && time(found.rotated_at).plus(ROTATION_GRACE) > now {
            // Given out by a deployment whose secret is not among ours: its own answer has arrived, or it has to be asked again.
            let given = next.iter().find(|next| hash(next) == found.hash).cloned().ok_or(ended)?;
            return Ok(Rotation::Done(found.session(), given));
        }
        self.within(sessions.update_one(doc! { "_id": id }, end(now))).await?;
        Ok(Rotation::Ended(token.session()))
    }

    /// Ends the session that a refresh token keeps going; says which, also when it had ended already.
    pub async fn sign_out(&self, token: &RefreshToken, now: Timestamp) -> Result<Option<SessionId>> {
        let filter = doc! {
            "_id": object_id(token.session().bytes()),
            "$or": [{ "hash": hash(token) }, { "previous": hash(token) }],
        };
        let found = self.within(self.collection::<SessionDoc>(SESSIONS).find_one_and_update(filter, end(now))).await?;
        Ok(found.map(|session| SessionId::from_bytes(session._id.bytes())))
    }

    /// The sessions that have ended lately.
    pub(super) async fn lately_ended(&self, now: Timestamp, limit: i64) -> Result<Vec<ObjectId>> {
        const LATELY: Duration = Duration::from_secs(10 * 60);
        let until = now.plus(ENDED_TTL);
        let lately = doc! { "$gt": date(until.minus(LATELY)), "$lte": date(until) };
        let sessions = self.collection::<IdDoc>(SESSIONS);
        let found = sessions.find(doc! { "expires_at": lately, "ended": true });
        let found = self.all(found.sort(doc! { "expires_at": -1 }).limit(limit).projection(doc! { "_id": 1 })).await?;
        Ok(found.iter().map(|session| session._id).collect())
    }

    /// The sessions of the same person that have not ended, the one seen last first.
    pub async fn sessions_of_mine(&self, session: &Session, now: Timestamp) -> Result<Vec<SignedIn>> {
        let filter = doc! {
            "user": object_id(session.user().id.bytes()),
            "expires_at": { "$gt": date(now) },
            "ended": { "$ne": true },
        };
        let sessions = self.collection::<SessionDoc>(SESSIONS);
        let found = self.all(sessions.find(filter).sort(doc! { "rotated_at": -1 }).limit(LISTED)).await?;
        Ok(found.into_iter().map(SessionDoc::signed_in).collect())
    }

    /// Ends a session of the same person, also when it had ended already. One that is missing and one of somebody else are the same.
    pub async fn end_session(&self, session: &Session, which: SessionId, now: Timestamp) -> Result<()> {
        let filter = doc! { "_id": object_id(which.bytes()), "user": object_id(session.user().id.bytes()) };
        let ended = self.within(self.collection::<SessionDoc>(SESSIONS).update_one(filter, end(now))).await?;
        if ended.matched_count == 0 { Err(Error::NotFound) } else { Ok(()) }
    }

    /// Ends all sessions of somebody, but for one of them.
    pub async fn end_sessions(&self, user: UserId, except: Option<SessionId>, now: Timestamp) -> Result<()> {
        let mut filter = doc! { "user": object_id(user.bytes()), "ended": { "$ne": true } };
        if let Some(session) = except {
            filter.insert("_id", doc! { "$ne": object_id(session.bytes()) });
        }
        self.within(self.collection::<SessionDoc>(SESSIONS).update_many(filter, end(now))).await.map(drop)
    }

    /// Whether somebody is signed in on a network, or was until a day ago.
    pub async fn is_known_at(&self, user: UserId, network: &str) -> Result<bool> {
        self.finds(SESSIONS, doc! { "user": object_id(user.bytes()), "network": network }).await
    }

    /// Forgets the sessions of somebody, also those that have ended.
    pub(super) async fn forget_sessions(&self, user: UserId) -> Result<()> {
        let theirs = doc! { "user": object_id(user.bytes()) };
        self.within(self.collection::<SessionDoc>(SESSIONS).delete_many(theirs)).await.map(drop)
    }
}

fn end(now: Timestamp) -> Document {
    doc! { "$set": { "ended": true, "expires_at": date(now.plus(ENDED_TTL)) } }
}

fn hash(token: &RefreshToken) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: token.hash() }
}
