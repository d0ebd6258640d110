//! A MongoDB of our own: found or installed, started, ended.
//!
//! The functions want a real one (write concern majority, unique indexes, write conflicts), so nothing stands in for it: `local`
//! starts `mongod` as a replica set of one, on data that lasts ([`Mongod::start`]), and tests start throw-away ones
//! ([`Mongod::throwaway`], [`ReplicaSet::throwaway`]) that they can stop, kill and start again in mid-conversation. It never outlives us,
//! however we end.

mod given;
mod install;
mod replica_set;
mod three;
mod watchdog;

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::progress::Progress;
pub use given::check;
pub use install::{Program, find_or_install};
pub use three::ReplicaSet;
use watchdog::Watchdog;

/// Where a lasting database listens unless told otherwise: not 27017, where one of somebody else's may be.
pub const PORT: u16 = 27_117;

/// A journal that has to be replayed takes seconds; a machine under load is given more.
const DEADLINE: Duration = Duration::from_secs(180);

/// How long a server whose `local` was killed may keep its port.
const RELUCTANT: Duration = Duration::from_secs(5);

/// Where throw-away servers listen: below the ports that systems hand out, so that a server that is down keeps its port.
const THROWAWAY_PORTS: std::ops::Range<u16> = 20_000..30_000;

/// How many ports a throw-away server tries: another one may be on its way to the same.
const ATTEMPTS: u32 = 5;

/// `mongod`'s exit code when its port is taken.
const PORT_TAKEN: i32 = 48;

/// A `mongod` that we started.
#[derive(Debug)]
pub struct Mongod {
    program: Program,
    home: Home,
    role: Role,
    port: u16,
    uri: String,
    server: Option<Watchdog>,
}

/// What a server is in its replica set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// All of it: its primary.
    Alone,
    /// One of several; who leads is decided when they come together.
    Member,
}

/// Whether a start succeeded.
#[derive(Debug, PartialEq, Eq)]
enum Started {
    Up,
    PortTaken,
}

/// Where the data is, and what becomes of it.
#[derive(Debug)]
enum Home {
    /// It lasts; the lock says that it is ours while we run.
    Kept { data: PathBuf, _lock: File },
    /// It goes when we do.
    Throwaway { folder: Option<TempDir> },
}

impl Mongod {
    /// Starts a server on data that lasts. Port 0 is any free one.
    ///
    /// # Errors
    /// One sentence: the data is in use, the port is taken, or the last lines of the server's log.
    pub async fn start(program: Program, data: &Path, port: u16) -> anyhow::Result<Self> {
        fs::create_dir_all(data).with_context(|| format!("cannot write to {}", data.display()))?;
        let lock =
            File::create(data.join("local.lock")).with_context(|| format!("cannot write to {}", data.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "another `local` uses the data in {}: stop it, or choose another folder with --data",
                data.display()
            ),
            Err(TryLockError::Error(error)) => bail!("{} cannot be locked: {error}", data.display()),
        }
        // A lock file that is not empty: the last server was killed, or is still ending because its `local` was.
        let unclean = fs::metadata(data.join("mongod.lock")).is_ok_and(|lock| lock.len() > 0);
        let patience = Instant::now() + if unclean { RELUCTANT } else { Duration::ZERO };
        while port > 0 && is_taken(port) {
            if Instant::now() >= patience {
                bail!(
                    "port {port}, meant for MongoDB, is taken: stop what uses it, or choose another with --mongodb-port"
                );
            }
            tokio::time::sleep(replica_set::PAUSE).await;
        }
        let port = if port == 0 { free_port()? } else { port };
        let mut mongod = Self::new(program, Home::Kept { data: data.to_owned(), _lock: lock }, Role::Alone, port);
        mongod.start_again().await?;
        Ok(mongod)
    }

    /// Starts a server for a test, on a free port and a folder of its own that goes with it. It keeps all promises about majority
    /// and journal.
    ///
    /// # Errors
    /// No server can be found, installed or started.
    pub async fn throwaway() -> anyhow::Result<Self> {
        Self::throwaway_as(Role::Alone).await
    }

    async fn throwaway_as(role: Role) -> anyhow::Result<Self> {
        Self::throwaway_on(role, free_port).await
    }

    async fn throwaway_on(role: Role, mut port: impl FnMut() -> anyhow::Result<u16>) -> anyhow::Result<Self> {
        let program = find_or_install(&target_folder(Path::new(".")), None, &Progress::silent()).await?;
        for _ in 0..ATTEMPTS {
            let folder =
                tempfile::Builder::new().prefix("mongod-").tempdir().context("no temporary folder can be made")?;
            let mut mongod = Self::new(program.clone(), Home::Throwaway { folder: Some(folder) }, role, port()?);
            if mongod.try_start().await? == Started::Up {
                return Ok(mongod);
            }
        }
        bail!("others took each of {ATTEMPTS} ports that were free a moment before MongoDB was started on them")
    }

    fn new(program: Program, home: Home, role: Role, port: u16) -> Self {
        let uri = format!("mongodb://127.0.0.1:{port}/?replicaSet={}", replica_set::NAME);
        Self { program, home, role, port, uri, server: None }
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn is_running(&self) -> bool {
        self.server.is_some()
    }

    /// The connection string. It stays the same when the server is started again.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The program that runs.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Where the server writes its log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.data().join("mongod.log")
    }

    /// Starts the server again on its port and its data, and waits until it takes writes.
    ///
    /// # Errors
    /// One sentence with the last lines of the server's log.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        match self.try_start().await? {
            Started::Up => Ok(()),
            Started::PortTaken => bail!(
                "port {}, meant for MongoDB, is taken: stop what uses it, or choose another with --mongodb-port",
                self.port
            ),
        }
    }

    async fn try_start(&mut self) -> anyhow::Result<Started> {
        self.kill().await?;
        let begun = Instant::now();
        loop {
            let server = self.spawn()?;
            let ended = self.wait_until_up(server, begun + DEADLINE).await?;
            match ended {
                None => return Ok(Started::Up),
                // The one before us, whose end nobody waited for, still lets its data go.
                Some(_) if self.log_says("DBPathInUse") && begun.elapsed() < DEADLINE => {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                Some(status) if status.code() == Some(PORT_TAKEN) => return Ok(Started::PortTaken),
                Some(_) => bail!("MongoDB did not start. {}", self.last_words()),
            }
        }
    }

    /// Ends the server cleanly. Its data stays.
    ///
    /// # Errors
    /// The system's.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        self.signal("TERM").await
    }

    /// Ends the server like a crash. Its data stays.
    ///
    /// # Errors
    /// The system's.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.signal("KILL").await
    }

    /// Waits until the server ends by itself, which it should not, and gives the last lines of its log.
    pub async fn crashed(&mut self) -> String {
        match &mut self.server {
            Some(server) => {
                let _status = server.end().await;
                self.last_words()
            }
            None => std::future::pending().await,
        }
    }

    async fn signal(&mut self, signal: &str) -> anyhow::Result<()> {
        if let Some(server) = self.server.take() {
            server.signal(signal).await?;
        }
        Ok(())
    }

    fn spawn(&self) -> anyhow::Result<Watchdog> {
        let data = self.data();
        let mut arguments: Vec<OsString> =
            ["--replSet", replica_set::NAME, "--bind_ip", "127.0.0.1", "--port"].map(Into::into).into();
        arguments.push(self.port.to_string().into());
        arguments.extend(["--dbpath".into(), data.as_os_str().to_owned()]);
        // A quarter of a gigabyte is the smallest cache; an operation log of its default size, a part of the disk, would be all that
        // the folder ever holds.
        arguments.extend(
            ["--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "128", "--quiet", "--nounixsocket"].map(Into::into),
        );
        arguments.extend(["--setParameter", "diagnosticDataCollectionEnabled=false"].map(Into::into));
        if self.role == Role::Member {
            // A member that is told to end would otherwise wait for 15 seconds, so that clients turn to the others.
            arguments.extend(["--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"].map(Into::into));
        }
        let log = File::create(self.log()).with_context(|| format!("cannot write to {}", data.display()))?;
        let remove = matches!(self.home, Home::Throwaway { .. }).then_some(data);
        Watchdog::start(&self.program.path, &arguments, &log, remove)
    }

    /// Waits for a server to take writes; gives how it ended if it does that instead.
    async fn wait_until_up(&mut self, mut server: Watchdog, deadline: Instant) -> anyhow::Result<Option<ExitStatus>> {
        let up = async {
            // What answers may be another's server, on whose port ours is just failing.
            while !replica_set::serves(self.port, self.data()).await {
                tokio::time::sleep(replica_set::PAUSE).await;
            }
            match self.role {
                Role::Alone => replica_set::lead(self.port).await,
                Role::Member => Ok(()),
            }
        };
        let result = tokio::select! {
            ended = server.end() => return Ok(Some(ended?)),
            result = tokio::time::timeout_at(deadline.into(), up) => result,
        };
        match result {
            Ok(Ok(())) => {
                self.server = Some(server);
                Ok(None)
            }
            Ok(Err(error)) => match server.ended() {
                Some(ended) => Ok(Some(ended)),
                None => bail!("MongoDB started but cannot be made a replica set ({error}). {}", self.last_words()),
            },
            Err(_) => bail!("MongoDB was not ready within {} s. {}", DEADLINE.as_secs(), self.last_words()),
        }
    }

    fn data(&self) -> &Path {
        match &self.home {
            Home::Kept { data, .. } => data,
            Home::Throwaway { folder } => folder.as_ref().map_or(Path::new(""), TempDir::path),
        }
    }

    fn log_says(&self, what: &str) -> bool {
        fs::read_to_string(self.log()).is_ok_and(|log| log.contains(what))
    }

    /// The end of the log, as sentences: the server writes a JSON document a line.
    fn last_words(&self) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let words: Vec<String> = log
            .lines()
            .filter_map(|line| match serde_json::from_str::<serde_json::Value>(line) {
                Ok(entry) if ["E", "F"].contains(&entry["s"].as_str().unwrap_or_default()) => {
                    let detail = entry["attr"]["error"].as_str().or_else(|| entry["attr"]["msg"].as_str());
                    Some(format!(
                        "{}{}",
                        entry["msg"].as_str()?,
                        detail.map(|text| format!(": {text}")).unwrap_or_default()
                    ))
                }
                Ok(_) => None,
                Err(_) => Some(line.trim().to_owned()).filter(|line| !line.is_empty()),
            })
            .collect();
        let last = words[words.len().saturating_sub(3)..].join("; ");
        format!(
            "Its log, {}, ends with: {}",
            self.log().display(),
            if last.is_empty() { "nothing unusual" } else { &last }
        )
    }
}

impl Drop for Mongod {
    /// The watchdog ends the server now that nobody holds its pipe; a throw-away folder is its to remove while the server runs.
    fn drop(&mut self) {
        if let (Home::Throwaway { folder }, Some(_)) = (&mut self.home, &self.server) {
            let _left_to_the_watchdog = folder.take().map(TempDir::keep);
        }
    }
}

/// Cargo's target folder: `CARGO_TARGET_DIR`, the one that this program was built into, or the project's own.
#[must_use]
pub fn target_folder(project: &Path) -> PathBuf {
    let named = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let program = std::env::current_exe().ok();
    let built =
        program.as_deref().and_then(|path| path.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file()));
    named.or_else(|| built.map(Path::to_owned)).unwrap_or_else(|| project.join("target"))
}

fn is_taken(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err()
}

fn free_port() -> anyhow::Result<u16> {
    for _ in 0..100 {
        let port = THROWAWAY_PORTS.start + (getrandom::u32()? % THROWAWAY_PORTS.len() as u32) as u16;
        if !is_taken(port) {
            return Ok(port);
        }
    }
    bail!("no port from {} to {} is free for MongoDB", THROWAWAY_PORTS.start, THROWAWAY_PORTS.end)
}

#[cfg(test)]
mod tests;
