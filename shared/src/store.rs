//! MongoDB, and nothing else knows that it is.
//!
//! Methods say what is meant; document types are private to their file; a document that does not decode is an error with its id, never
//! skipped. Every write has write concern majority, but for those of positions, leases and limits. Every call has a deadline of its own below the functions' time-out, so that a
//! database that does not answer is told apart from a function that hangs. A failed connection, a time-out or an election is
//! [`Error::Unavailable`], and may be tried again.

use std::collections::HashMap;
use std::future::IntoFuture;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::error::{ErrorKind, WriteFailure};
use mongodb::options::{
    Acknowledgment, ClientOptions, CollectionOptions, ReadConcern, SelectionCriteria, ServerMonitoringMode,
    WriteConcern,
};
use mongodb::{Client, Collection, Database, IndexModel};
use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::ids::RoomId;
use crate::time::Timestamp;
use crate::{Error, Result};

mod amendments;
mod connections;
mod directs;
mod door;
mod erasure;
mod failures;
mod invitations;
mod lease;
mod limits;
mod looks;
mod members;
mod mentions;
mod messages;
mod moderation;
mod ownership;
mod pins;
mod reactions;
mod retention;
mod rooms;
mod search;
mod sessions;
mod signals;
mod suspension;
mod users;

pub use amendments::Amending;
pub use connections::Arrival;
pub use directs::{Direct, MAX_PEOPLE};
pub use door::MAX_ROOMS;
pub use erasure::Erasing;
pub use failures::Guesser;
pub use lease::{LEASE, Lease, Place, Purpose, Round};
pub use limits::{Granted, Spender};
pub use members::People;
pub use mentions::Mentionable;
pub use messages::{Stored, Window};
pub use moderation::Target;
pub use ownership::Transferred;
pub use search::{Engine, Search};
pub use sessions::Rotation;
pub use signals::{Sight, Watcher};
pub use suspension::Suspending;
pub use users::Account;

/// How long one operation may take before it counts as failed.
const DEADLINE: Duration = Duration::from_secs(5);

/// An environment serves one request at a time, which does at most four things at once; each holds a connection of Atlas's budget.
const POOL: u32 = 4;

/// The database of the chat.
pub struct Store {
    database: Database,
    prepared: OnceCell<()>,
    looked_at_people: OnceCell<()>,
    looked_at_rooms: OnceCell<()>,
    operations: AtomicU64,
}

impl Store {
    /// Connects to the database that the URI names (`parlour` if it names none). It succeeds without one that answers: a function that starts
    /// while the database is away has to say so to its callers, and go on when it is back.
    pub async fn connect(uri: &str) -> Result<Self> {
        let mut options = ClientOptions::parse(uri).await.map_err(Error::from)?;
        options.app_name = Some("parlour".to_owned());
        options.max_pool_size = Some(POOL);
        options.connect_timeout = Some(Duration::from_secs(2));
        options.server_selection_timeout = Some(Duration::from_secs(3));
        options.server_monitoring_mode = Some(ServerMonitoringMode::Poll);
        options.write_concern = Some(WriteConcern::majority());
        // What decides whether somebody may do something is read as the primary has it: a sign-out or a ban counts as soon as it is written. What
        // is told to others is read as the majority has it; see `messages`.
        options.read_concern = Some(ReadConcern::local());
        options.selection_criteria = Some(SelectionCriteria::ReadPreference(mongodb::options::ReadPreference::Primary));
        let name = options.default_database.clone().unwrap_or_else(|| "parlour".to_owned());
        let store = Self::on(Client::with_options(options).map_err(Error::from)?.database(&name));
        if let Err(error) = store.within(store.database.run_command(doc! { "ping": 1 })).await {
            error.log();
        }
        Ok(store)
    }

    /// On a database of a client that exists.
    pub fn on(database: Database) -> Self {
        Self {
            database,
            prepared: OnceCell::new(),
            looked_at_people: OnceCell::new(),
            looked_at_rooms: OnceCell::new(),
            operations: AtomicU64::new(0),
        }
    }

    /// How many operations the database was asked for since this was last asked.
    pub fn round_trips(&self) -> u64 {
        self.operations.swap(0, Ordering::Relaxed)
    }

    /// Makes the indexes if they are missing. Whoever lets people in calls it: nothing is in the database before the first registration.
    pub async fn prepare(&self) -> Result<()> {
        self.prepared
            .get_or_try_init(|| async {
                self.index("users", users::indexes()).await?;
                self.index("sessions", sessions::indexes()).await?;
                self.index("rooms", rooms::indexes()).await?;
                self.index("members", members::indexes()).await?;
                self.index("invitations", invitations::indexes()).await?;
                self.keep_expired_sockets().await?;
                self.index("connections", connections::indexes()).await?;
                self.index("connections", signals::indexes_of_sockets()).await?;
                self.index("messages", messages::indexes()).await?;
                self.index("messages", erasure::indexes_of_messages()).await?;
                self.index("limits", limits::indexes()).await
            })
            .await
            .copied()
    }

    async fn index(&self, collection: &str, indexes: Vec<IndexModel>) -> Result<()> {
        self.within(self.collection::<()>(collection).create_indexes(indexes)).await.map(drop)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the store")]
    fn collection<T: Send + Sync>(&self, name: &str) -> Collection<T> {
        self.database.collection(name)
    }

    fn collection_with<T: Send + Sync>(&self, name: &str, options: CollectionOptions) -> Collection<T> {
        self.database.collection_with_options(name, options)
    }
}

impl Store {
    /// Waits for an operation no longer than its deadline.
    async fn within<T>(&self, operation: impl IntoFuture<Output = mongodb::error::Result<T>>) -> Result<T> {
        self.operations.fetch_add(1, Ordering::Relaxed);
        match tokio::time::timeout(DEADLINE, operation.into_future()).await {
            Ok(done) => done.map_err(Error::from),
            Err(late) => Err(Error::Unavailable(late.into())),
        }
    }

    /// Changes a document, and returns it as it is then. It may be done twice, and forgotten by a primary that dies: for what is done with every message
    /// and suffers both. Without the bookkeeping by which a server tells a repetition, and with the primary's word alone, it takes a quarter less time.
    async fn turn<T: serde::de::DeserializeOwned>(&self, change: Document) -> Result<Option<T>> {
        #[derive(Deserialize)]
        struct Changed<T> {
            value: Option<T>,
        }
        let answer = self
            .within(async {
                match self.database.run_command(change.clone()).await {
                    Err(error) if is_passing(&error) => self.database.run_command(change).await,
                    done => done,
                }
            })
            .await?;
        let Changed { value } = mongodb::bson::deserialize_from_document(answer).map_err(Error::internal)?;
        Ok(value)
    }

    /// All documents that a query finds.
    async fn all<T, F>(&self, query: F) -> Result<Vec<T>>
    where
        T: serde::de::DeserializeOwned + Unpin + Send + Sync,
        F: IntoFuture<Output = mongodb::error::Result<mongodb::Cursor<T>>>,
    {
        use futures_util::TryStreamExt;
        self.within(async { query.await?.try_collect().await }).await
    }

    /// How many documents each of these filters finds, of which each is about a room of its own, by room; `most` of each are counted. Each by itself, so
    /// that none hides another, and all in one request.
    async fn counted_by_room(
        &self,
        collection: &str,
        filters: impl Iterator<Item = Document>,
        most: i64,
    ) -> Result<HashMap<RoomId, i64>> {
        #[derive(Deserialize)]
        struct Counted {
            _id: ObjectId,
            found: i64,
        }
        let room = doc! { "$project": { "_id": 0, "room": 1 } };
        let mut pipelines = filters.map(|filter| [doc! { "$match": filter }, doc! { "$limit": most }, room.clone()]);
        let Some(first) = pipelines.next() else { return Ok(HashMap::new()) };
        let others = pipelines.map(|one| doc! { "$unionWith": { "coll": collection, "pipeline": one.to_vec() } });
        let counted = doc! { "$group": { "_id": "$room", "found": { "$sum": 1_i64 } } };
        let stages: Vec<Document> = first.into_iter().chain(others).chain([counted]).collect();
        let documents = self.collection::<Counted>(collection);
        let found = self.all(documents.aggregate(stages).with_type::<Counted>()).await?;
        Ok(found.into_iter().map(|room| (RoomId::from_bytes(room._id.bytes()), room.found)).collect())
    }

    /// Whether a query finds anything.
    async fn finds(&self, collection: &str, filter: Document) -> Result<bool> {
        #[derive(Deserialize)]
        struct Any {}
        let documents = self.collection::<Any>(collection);
        Ok(self.within(documents.find_one(filter).projection(doc! { "_id": 1 })).await?.is_some())
    }

    /// Inserts into a unique index, and tells a duplicate key from a failure.
    async fn insert_once<T>(&self, collection: &Collection<T>, document: &T) -> Result<Inserted>
    where
        T: serde::Serialize + Send + Sync,
    {
        match self.within(collection.insert_one(document)).await {
            Ok(_) => Ok(Inserted::New),
            Err(error) if is_duplicate(&error) => Ok(Inserted::Duplicate),
            Err(error) => Err(error),
        }
    }
}

/// What an insert into a unique index came to.
enum Inserted {
    New,
    Duplicate,
}

/// Whether a unique index has the key already.
fn is_duplicate(error: &Error) -> bool {
    let Error::Internal(source) = error else { return false };
    let Some(error) = source.downcast_ref::<mongodb::error::Error>() else { return false };
    match error.kind.as_ref() {
        ErrorKind::Write(WriteFailure::WriteError(write)) => write.code == DUPLICATE_KEY,
        ErrorKind::Command(command) => command.code == DUPLICATE_KEY,
        _ => false,
    }
}

/// Whether a transaction met another write of the same document.
fn is_write_conflict(error: &Error) -> bool {
    const WRITE_CONFLICT: i32 = 112;
    let Error::Unavailable(source) = error else { return false };
    let Some(error) = source.downcast_ref::<mongodb::error::Error>() else { return false };
    matches!(error.kind.as_ref(), ErrorKind::Command(command) if command.code == WRITE_CONFLICT)
}

const DUPLICATE_KEY: i32 = 11000;

impl From<mongodb::error::Error> for Error {
    fn from(error: mongodb::error::Error) -> Self {
        if is_passing(&error) { Self::Unavailable(error.into()) } else { Self::Internal(error.into()) }
    }
}

/// Whether it may be otherwise in a moment.
fn is_passing(error: &mongodb::error::Error) -> bool {
    let passing = matches!(
        error.kind.as_ref(),
        ErrorKind::Io(_)
            | ErrorKind::ServerSelection { .. }
            | ErrorKind::ConnectionPoolCleared { .. }
            | ErrorKind::DnsResolve { .. }
            | ErrorKind::Shutdown
    );
    let labelled = error.contains_label("RetryableWriteError")
        || error.contains_label("TransientTransactionError")
        || error.contains_label("NetworkError");
    passing || labelled || is_election(error)
}

/// The server's own words for "not now": it is no primary, is shutting down, or could not reach a majority in time.
fn is_election(error: &mongodb::error::Error) -> bool {
    const NOT_NOW: [i32; 18] =
        [6, 7, 50, 64, 89, 91, 100, 133, 134, 189, 202, 262, 9001, 10107, 11600, 11602, 13435, 13436];
    match error.kind.as_ref() {
        ErrorKind::Command(command) => NOT_NOW.contains(&command.code),
        ErrorKind::Write(WriteFailure::WriteError(write)) => NOT_NOW.contains(&write.code),
        ErrorKind::Write(WriteFailure::WriteConcernError(_)) => true,
        _ => false,
    }
}

/// For writes of which nothing matters that a primary which dies may take with it.
fn unconfirmed() -> WriteConcern {
    WriteConcern::builder().w(Acknowledgment::Nodes(1)).build()
}

/// What was found when one more than `limit` was asked for: so many, and whether there are more.
fn page<T>(mut found: Vec<T>, limit: i64) -> Result<(Vec<T>, bool)> {
    let limit = usize::try_from(limit).map_err(Error::internal)?;
    let more = found.len() > limit;
    found.truncate(limit);
    Ok((found, more))
}

/// Refuses a permit that was given for something else than what is done with it.
fn insist(is_for_this: bool) -> Result<()> {
    if is_for_this { Ok(()) } else { Err(Error::internal("a permit was used for something else")) }
}

/// All that is asked of a document is which one it is.
#[derive(Deserialize)]
struct IdDoc {
    _id: ObjectId,
}

fn object_id(bytes: [u8; 12]) -> ObjectId {
    ObjectId::from_bytes(bytes)
}

fn date(time: Timestamp) -> DateTime {
    DateTime::from_millis(time.millis())
}

fn time(date: DateTime) -> Timestamp {
    Timestamp::from_millis(date.timestamp_millis())
}
