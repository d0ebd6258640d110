//! What is asked of MongoDB: its profiler counts the operations, and a detour that delays its answers tells how many are waited for one after
//! another.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};
use mongodb::{Client, Database};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant as TokioInstant, sleep_until};

/// A way to a server, on which answers can be made to take longer, and on which they can be seen.
pub(crate) struct Detour {
    pub(crate) port: u16,
    road: Arc<Road>,
}

/// What all connections of a detour share.
#[derive(Default)]
struct Road {
    delay_ms: AtomicU64,
    recorded: AtomicBool,
    trips: Mutex<Vec<Trip>>,
}

/// A question of a function and its answer.
#[derive(Clone)]
pub(crate) struct Trip {
    /// Command and collection.
    pub(crate) what: String,
    pub(crate) asked: Instant,
    pub(crate) answered: Instant,
}

impl Detour {
    pub(crate) async fn to(server: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let road = Arc::<Road>::default();
        let taken = Arc::clone(&road);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, Arc::clone(&taken)));
            }
        });
        Ok(Self { port, road })
    }

    /// From now on every answer takes so much longer.
    pub(crate) fn delay(&self, ms: u64) {
        self.road.delay_ms.store(ms, Ordering::Relaxed);
    }

    /// Whether trips are kept from now on.
    pub(crate) fn record(&self, whether: bool) {
        self.road.recorded.store(whether, Ordering::Relaxed);
    }

    /// Those that were kept, in the order in which they were answered.
    pub(crate) fn trips(&self) -> Vec<Trip> {
        self.road.trips.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn carry(client: TcpStream, server: u16, road: Arc<Road>) -> Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (late, mut due) = unbounded_channel::<(TokioInstant, Vec<u8>)>();
    // A connection carries one question at a time.
    let asking = Arc::<Mutex<Option<(String, Instant)>>>::default();
    let asked = Arc::clone(&asking);
    tokio::spawn(async move {
        let mut chunk = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from_client.read(&mut chunk).await {
            if let Some(what) = command(&chunk[..read]) {
                *asked.lock().unwrap_or_else(PoisonError::into_inner) = Some((what, Instant::now()));
            }
            if to_server.write_all(&chunk[..read]).await.is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some((at, bytes)) = due.recv().await {
            if at > TokioInstant::now() {
                sleep_until(at).await;
            }
            if to_client.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let read = from_server.read(&mut chunk).await?;
        let at = TokioInstant::now() + Duration::from_millis(road.delay_ms.load(Ordering::Relaxed));
        let asked = asking.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (true, Some((what, asked))) = (road.recorded.load(Ordering::Relaxed), asked) {
            let trip = Trip { what, asked, answered: Instant::now() };
            road.trips.lock().unwrap_or_else(PoisonError::into_inner).push(trip);
        }
        if read == 0 || late.send((at, chunk[..read].to_vec())).is_err() {
            return Ok(());
        }
    }
}

/// Command and collection of an `OP_MSG`, if these bytes begin one and it is no business of the driver alone: a header of 16 bytes, of which the last
/// four are 2013, four of flags, a zero, and a document whose first element is the command.
fn command(message: &[u8]) -> Option<String> {
    if message.get(12..16)? != 2013_u32.to_le_bytes() || *message.get(20)? != 0 {
        return None;
    }
    let element = message.get(26..)?;
    let name_length = element.iter().position(|byte| *byte == 0)?;
    let name = std::str::from_utf8(&element[..name_length]).ok()?;
    let value = element.get(name_length + 5..)?;
    let is_text = message[25] == 2;
    let collection = value.split(|byte| *byte == 0).next().and_then(|text| std::str::from_utf8(text).ok());
    is_text.then(|| format!("{name} {}", collection.unwrap_or_default()))
}

/// The profiler of a database.
pub(crate) struct Profiler(Database);

impl Profiler {
    /// Begins to note every operation of the functions.
    pub(crate) async fn start(uri: &str, database: &str) -> Result<Self> {
        let database = Client::with_uri_str(uri).await?.database(database);
        database.create_collection("system.profile").capped(true).size(64 * 1024 * 1024).await?;
        database.run_command(doc! { "profile": 2 }).await?;
        Ok(Self(database))
    }

    /// How many operations there were, by command and collection.
    pub(crate) async fn stop(self) -> Result<BTreeMap<String, usize>> {
        self.0.run_command(doc! { "profile": 0 }).await?;
        let noted: Vec<Document> =
            self.0.collection("system.profile").find(doc! { "appName": "parlour" }).await?.try_collect().await?;
        let mut counted = BTreeMap::new();
        for operation in noted {
            let command = operation.get_document("command").ok().and_then(|command| command.keys().next().cloned());
            let collection =
                operation.get_str("ns").ok().and_then(|name| name.split_once('.')).map_or("", |(_, name)| name);
            *counted
                .entry(format!("{} {collection}", command.context("an operation without a command")?))
                .or_default() += 1;
        }
        Ok(counted)
    }
}

/// The process of a server.
pub(crate) async fn process(uri: &str) -> Result<u32> {
    let status = Client::with_uri_str(uri).await?.database("admin").run_command(doc! { "serverStatus": 1 }).await?;
    let pid = status.get_i64("pid").or_else(|_| status.get_i32("pid").map(i64::from))?;
    Ok(u32::try_from(pid)?)
}
