//! A replica set of three servers for a test that wants to see a primary die.
//!
//! One server that is killed and started again forgets nothing and elects nobody. Here, what was not confirmed by a majority can be
//! rolled back, and clients have to find the next primary.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::net::TcpStream;

use super::replica_set::{self, PAUSE, State};
use super::{DEADLINE, Mongod, Role};

/// Without a word from the primary for so long, the others elect a new one. MongoDB's default is ten seconds.
const ELECTION: Duration = Duration::from_millis(1000);

/// Between two looks at all of them.
const LOOK: Duration = Duration::from_millis(100);

/// Three servers on 127.0.0.1, with data that goes when this is dropped.
#[derive(Debug)]
pub struct ReplicaSet {
    servers: Vec<Mongod>,
    uri: String,
}

impl ReplicaSet {
    /// Starts the servers, and waits until one is the primary and the others follow it.
    ///
    /// # Errors
    /// No server can be found, installed or started, or they do not come together within a minute.
    pub async fn throwaway() -> anyhow::Result<Self> {
        // One after the other finds or installs the program; then two at once.
        let first = Mongod::throwaway_as(Role::Member).await?;
        let (second, third) = tokio::try_join!(Mongod::throwaway_as(Role::Member), Mongod::throwaway_as(Role::Member))?;
        let servers = vec![first, second, third];
        let hosts: Vec<String> = servers.iter().map(Mongod::host).collect();
        replica_set::gather(&hosts, ELECTION).await.context("three servers cannot be made a replica set")?;
        let uri = format!("mongodb://{}/?replicaSet={}", hosts.join(","), replica_set::NAME);
        let set = Self { servers, uri };
        set.complete().await?;
        Ok(set)
    }

    /// The connection string, of all three servers. It stays the same whichever of them run.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The address of the primary (`127.0.0.1:port`); waits for an election.
    ///
    /// # Errors
    /// There is none within a minute; two servers are needed to elect one.
    pub async fn primary(&self) -> anyhow::Result<String> {
        Ok(self.servers[self.leader().await?].host())
    }

    /// Kills the primary like a crash, and waits until nothing answers there. Gives its address.
    ///
    /// # Errors
    /// There is no primary, or the system's.
    pub async fn kill_primary(&mut self) -> anyhow::Result<String> {
        let leader = self.leader().await?;
        let server = &mut self.servers[leader];
        server.kill().await?;
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).await.is_ok() {
            if begun.elapsed() > DEADLINE {
                bail!("something still answers at {}, where the primary was killed", server.host());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(server.host())
    }

    /// Starts whatever was killed again, on its port and its data, and waits until the set is complete.
    ///
    /// # Errors
    /// One sentence with the last lines of a server's log.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        for server in self.servers.iter_mut().filter(|server| !server.is_running()) {
            server.start_again().await?;
        }
        self.complete().await
    }

    async fn leader(&self) -> anyhow::Result<usize> {
        let begun = Instant::now();
        while begun.elapsed() < DEADLINE {
            for (index, server) in self.servers.iter().enumerate() {
                if server.is_running() && replica_set::state(server.port).await == State::Primary {
                    return Ok(index);
                }
            }
            tokio::time::sleep(LOOK).await;
        }
        bail!("the replica set has no primary after {} s", DEADLINE.as_secs())
    }

    /// Waits until one leads and all others follow.
    async fn complete(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        let mut states = Vec::new();
        while begun.elapsed() < DEADLINE {
            states.clear();
            for server in &self.servers {
                states.push(replica_set::state(server.port).await);
            }
            let count = |state| states.iter().filter(|other| **other == state).count();
            if count(State::Primary) == 1 && count(State::Secondary) == states.len() - 1 {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        bail!("the replica set is not complete after {} s: {states:?}", DEADLINE.as_secs())
    }
}
