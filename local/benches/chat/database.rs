//! What is asked of MongoDB: its profiler counts the operations, and a detour that delays its answers tells how many are waited for one after
//! another.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};
use mongodb::{Client, Database};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, sleep_until};

/// A way to a server, on which answers take longer.
pub(crate) struct Detour {
    pub(crate) port: u16,
    delay_ms: Arc<AtomicU64>,
}

impl Detour {
    pub(crate) async fn to(server: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let delay_ms = Arc::new(AtomicU64::new(0));
        let delay = Arc::clone(&delay_ms);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, Arc::clone(&delay)));
            }
        });
        Ok(Self { port, delay_ms })
    }

    /// From now on every answer takes so much longer.
    pub(crate) fn delay(&self, ms: u64) {
        self.delay_ms.store(ms, Ordering::Relaxed);
    }
}

async fn carry(client: TcpStream, server: u16, delay_ms: Arc<AtomicU64>) -> Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (late, mut due) = unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
    });
    tokio::spawn(async move {
        while let Some((at, bytes)) = due.recv().await {
            if at > Instant::now() {
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
        let at = Instant::now() + Duration::from_millis(delay_ms.load(Ordering::Relaxed));
        if read == 0 || late.send((at, chunk[..read].to_vec())).is_err() {
            return Ok(());
        }
    }
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
