//! The database: one server or three, what is done to it, and what it has, read past the chat.

use anyhow::{Context, Result};
use futures_util::TryStreamExt as _;
use local::mongod::{Mongod, ReplicaSet};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, doc};
use mongodb::{Client, Database};

use super::record::{Message, Place, Reactions};

/// The servers.
pub(crate) enum Servers {
    One(Box<Mongod>),
    Three(ReplicaSet),
}

impl Servers {
    pub(crate) async fn start(nodes: usize) -> Result<Self> {
        match nodes {
            1 => Ok(Self::One(Box::new(Mongod::throwaway().await?))),
            3 => Ok(Self::Three(ReplicaSet::throwaway().await?)),
            _ => anyhow::bail!("a database has one node or three"),
        }
    }

    pub(crate) fn uri(&self) -> &str {
        match self {
            Self::One(server) => server.uri(),
            Self::Three(servers) => servers.uri(),
        }
    }

    /// Kills the only server, or the primary.
    pub(crate) async fn crash(&mut self) -> Result<()> {
        match self {
            Self::One(server) => server.kill().await,
            Self::Three(servers) => servers.kill_primary().await.map(drop),
        }
    }

    /// Stops the only server in order; of three the primary is killed.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        match self {
            Self::One(server) => server.stop().await,
            Self::Three(_) => self.crash().await,
        }
    }

    pub(crate) async fn start_again(&mut self) -> Result<()> {
        match self {
            Self::One(server) => server.start_again().await,
            Self::Three(servers) => servers.start_again().await,
        }
    }
}

/// A way to the chat's database.
pub(crate) struct Data(Database);

/// How far a room is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) head: i64,
    pub(crate) settled: i64,
}

impl Data {
    pub(crate) async fn of(uri: &str, database: &str) -> Result<Self> {
        Ok(Self(Client::with_uri_str(uri).await?.database(database)))
    }

    pub(crate) async fn standing(&self, room: &str) -> Result<Standing> {
        let filter = doc! { "_id": ObjectId::parse_str(room)? };
        let found = self.0.collection::<Document>("rooms").find_one(filter).await?.context("the room")?;
        Ok(Standing { head: number(&found, "head")?, settled: number(&found, "settled")? })
    }

    /// Every document of a room, in order of position.
    pub(crate) async fn places(&self, room: &str) -> Result<Vec<Place>> {
        let filter = doc! { "room": ObjectId::parse_str(room)? };
        let messages = self.0.collection::<Document>("messages");
        let found: Vec<Document> = messages.find(filter).sort(doc! { "rev": 1 }).await?.try_collect().await?;
        found.iter().map(place).collect()
    }
}

fn place(found: &Document) -> Result<Place> {
    let rev = number(found, "rev")?;
    let Ok(seq) = number(found, "seq") else { return Ok(Place { rev, message: None }) };
    let text = |key| found.get_str(key).map(str::to_owned).with_context(|| format!("{key} in {found}"));
    let author = found.get_object_id("author")?.to_hex();
    let deleted = !matches!(found.get("deleted_at"), None | Some(Bson::Null));
    let mut reactions = Reactions::new();
    for mark in found.get_array("marks").into_iter().flatten().filter_map(Bson::as_document) {
        if mark.get_bool("on")? && !deleted {
            reactions.insert((mark.get_str("emoji")?.to_owned(), mark.get_object_id("user")?.to_hex()));
        }
    }
    let message = Message { seq, rev, author, client_id: text("client_id")?, text: text("text")?, deleted, reactions };
    Ok(Place { rev, message: Some(message) })
}

fn number(found: &Document, key: &str) -> Result<i64> {
    match found.get(key) {
        Some(Bson::Int64(number)) => Ok(*number),
        Some(Bson::Int32(number)) => Ok(i64::from(*number)),
        other => anyhow::bail!("{key} is {other:?} in {found}"),
    }
}
