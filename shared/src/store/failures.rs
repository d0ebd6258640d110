//! Who was wrong about a password, how often, and how long they have to wait for the next try; by the server's clock, and in the same documents
//! as other limits.
//!
//! A try counts as a failure until it has been right: it is recorded before the password is looked at, in the same update that decides whether it
//! may be made, and taken back afterwards. So a hundred tries at once are no better than a hundred in a row, and a function that dies, or
//! a database that does not answer, lets nobody guess for nothing.

use std::time::Duration;

use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::ReturnDocument;
use serde::Deserialize;

use super::limits::{LIMITS, millis};
use super::{Store, unconfirmed};
use crate::limits::{Patience, SIEGE};
use crate::{Error, Result};

/// Whose failures count together.
#[derive(Debug, Clone, Copy)]
pub enum Guesser<'a> {
    /// A network, with one name.
    Of {
        /// The name, as it is compared.
        name: &'a str,
        /// The network.
        network: &'a str,
    },
    /// A network, with whatever names.
    At(&'a str),
}

impl Guesser<'_> {
    fn key(self) -> String {
        match self {
            // A network has no white space in it.
            Self::Of { name, network } => format!("guess:{network} {name}"),
            Self::At(network) => format!("spray:{network}"),
        }
    }
}

fn siege(name: &str) -> String {
    format!("siege:{name}")
}

#[derive(Deserialize)]
struct FailuresDoc {
    failed: FailedDoc,
}

/// What is told of failures; how many there are, the updates alone know.
#[derive(Deserialize)]
struct FailedDoc {
    at: DateTime,
    /// When the next try may be made.
    until: DateTime,
    granted: bool,
}

/// How many failures are not forgiven by now.
fn remembered(every: Duration) -> Document {
    let passed = doc! { "$subtract": ["$$NOW", { "$ifNull": ["$failed.at", "$$NOW"] }] };
    let forgiven = doc! { "$divide": [passed, millis(every)] };
    doc! { "$max": [0, { "$subtract": [{ "$ifNull": ["$failed.count", 0] }, forgiven] }] }
}

/// The update that makes a try, or does not, and notes which, in `failed`.
fn trying(patience: Patience) -> Vec<Document> {
    let Patience { allowance, first, most } = patience;
    let granted = doc! { "$lte": [{ "$ifNull": ["$failed.until", "$$NOW"] }, "$$NOW"] };
    let count = doc! { "$add": [remembered(allowance.every), { "$cond": ["$$granted", 1, 0] }] };
    let beyond = doc! { "$subtract": ["$$count", allowance.burst] };
    // Two to the thirtieth seconds are more than anybody waits, and a number still.
    let doubled = doc! { "$pow": [2, { "$min": [{ "$subtract": [beyond.clone(), 1] }, 30] }] };
    let grown = doc! { "$toLong": { "$min": [millis(most), { "$multiply": [millis(first), doubled] }] } };
    let wait = doc! { "$cond": [{ "$lte": [beyond, 0] }, 0_i64, grown] };
    let until = doc! { "$cond": ["$$granted", { "$add": ["$$NOW", wait] }, "$failed.until"] };
    let memory = doc! { "$toLong": { "$multiply": ["$$count", millis(allowance.every)] } };
    let failed = doc! {
        "count": "$$count",
        "at": "$$NOW",
        "until": until,
        "granted": "$$granted",
        "forgotten_at": { "$add": ["$$NOW", memory, millis(most)] },
    };
    let counted = doc! { "$let": { "vars": { "count": count }, "in": failed } };
    vec![doc! { "$set": { "failed": { "$let": { "vars": { "granted": granted }, "in": counted } } } }]
}

impl Store {
    /// Records a try to sign in as a failure until it is taken back, or refuses it and says how long to wait.
    pub async fn try_guess(&self, guesser: Guesser<'_>, patience: Patience) -> Result<()> {
        let failed = self.record(guesser.key(), patience).await?;
        let wait = failed.until.timestamp_millis() - failed.at.timestamp_millis();
        match failed.granted {
            true => Ok(()),
            false => Err(Error::Limited { wait: Duration::from_millis(wait.max(1).unsigned_abs()) }),
        }
    }

    /// Takes back a try that was right, or that was not made after all.
    pub async fn take_back(&self, guesser: Guesser<'_>) -> Result<()> {
        self.uncount(guesser.key()).await
    }

    /// Forgets the failures of a network with a name, once it was right.
    pub async fn forgive(&self, name: &str, network: &str) -> Result<()> {
        let limits = self.collection::<Document>(LIMITS);
        let pair = doc! { "_id": Guesser::Of { name, network }.key() };
        self.within(limits.delete_one(pair).write_concern(unconfirmed())).await.map(drop)
    }

    /// Whether many have been wrong about the password of a name lately, from networks that are new to it.
    pub async fn is_besieged(&self, name: &str) -> Result<bool> {
        let count = doc! { "$expr": { "$gte": [remembered(SIEGE.every), SIEGE.burst] }, "_id": siege(name) };
        self.finds(LIMITS, count).await
    }

    /// Records a try with a name from a network that is new to it.
    pub async fn count_towards_siege(&self, name: &str) -> Result<()> {
        // It is counted and refuses nobody: the wait after it is none.
        let patience = Patience { allowance: SIEGE, first: Duration::ZERO, most: Duration::ZERO };
        self.record(siege(name), patience).await.map(drop)
    }

    /// Takes a try back that was right.
    pub async fn uncount_from_siege(&self, name: &str) -> Result<()> {
        self.uncount(siege(name)).await
    }

    async fn record(&self, key: String, patience: Patience) -> Result<FailedDoc> {
        let limits = self.collection::<FailuresDoc>(LIMITS);
        let tried = limits
            .find_one_and_update(doc! { "_id": key }, trying(patience))
            .upsert(true)
            .return_document(ReturnDocument::After)
            .write_concern(unconfirmed());
        let found = self.within(tried).await?.ok_or_else(|| Error::internal("an upsert returned nothing"))?;
        Ok(found.failed)
    }

    /// One less, and whoever waits because of it need not.
    async fn uncount(&self, key: String) -> Result<()> {
        let limits = self.collection::<Document>(LIMITS);
        let less = doc! { "$inc": { "failed.count": -1 }, "$currentDate": { "failed.until": true } };
        let taken = limits.update_one(doc! { "_id": key }, less).write_concern(unconfirmed());
        self.within(taken).await.map(drop)
    }
}
