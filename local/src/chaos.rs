//! Faults on purpose: what networks, gateways, functions and databases do now and then, often enough to be met.
//!
//! All decisions are made here, and carried out where frames, posts, sockets and invocations pass by. A seed replays the decisions, not the
//! scheduling: there is a stream of decisions for each fault and for each socket (in the order of the handshakes) or function (by its
//! logical id), and the n-th decision of a stream depends on nothing but the seed. Which frame or invocation comes n-th is up to
//! the machine; a program that does one thing after the other meets the same faults each time.

mod fault;
mod function;
mod plan;
mod socket;
mod stream;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

pub(crate) use self::fault::Fault;
pub(crate) use self::function::FunctionFaults;
pub use self::plan::Chaos;
pub(crate) use self::socket::{FrameFate, SocketFaults};
use self::stream::Stream;
use crate::log::Log;

/// A [`Chaos`] at work. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Storm(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    chaos: Chaos,
    log: Log,
    counts: [AtomicU64; Fault::ALL.len()],
    sockets: AtomicU64,
    database: Mutex<Stream>,
    calm: watch::Sender<bool>,
}

impl Storm {
    pub(crate) fn new(chaos: Chaos, log: Log) -> Self {
        let database = Mutex::new(Stream::new(&chaos, Fault::Mongod, ""));
        let counts = [const { AtomicU64::new(0) }; Fault::ALL.len()];
        Self(Arc::new(Inner {
            chaos,
            log,
            counts,
            sockets: AtomicU64::new(0),
            database,
            calm: watch::Sender::new(false),
        }))
    }

    /// Ends it: nothing is decided any more, and whoever waits because of it goes on.
    pub(crate) fn calm(&self) {
        self.0.calm.send_replace(true);
    }

    pub(crate) fn is_calm(&self) -> bool {
        *self.0.calm.borrow()
    }

    /// Waits for `time` or for the end of it all, whichever comes first.
    pub(crate) async fn wait(&self, time: Duration) {
        tokio::select! {
            () = sleep(time) => {}
            () = self.calmed() => {}
        }
    }

    pub(crate) async fn calmed(&self) {
        // The sender is ours, so that it is there for as long as somebody asks.
        let _ = self.0.calm.subscribe().wait_for(|calm| *calm).await;
    }

    /// Counts a fault that happened, and says in the log what it happened to.
    pub(crate) fn happened(&self, fault: Fault, to: impl Display) {
        self.0.counts[fault as usize].fetch_add(1, Ordering::Relaxed);
        if !self.0.log.is_silent() {
            self.0.log.line(format!("chaos {} {to}", fault.name()));
        }
    }

    /// How often each fault happened, by its name.
    pub(crate) fn faults(&self) -> BTreeMap<&'static str, u64> {
        Fault::ALL.iter().map(|fault| (fault.name(), self.0.counts[*fault as usize].load(Ordering::Relaxed))).collect()
    }

    /// What the next socket is to meet.
    pub(crate) fn next_socket(&self) -> SocketFaults {
        SocketFaults::new(self, self.0.sockets.fetch_add(1, Ordering::Relaxed))
    }

    /// What the invocations of a function are to meet.
    pub(crate) fn function(&self, logical_id: &str) -> FunctionFaults {
        FunctionFaults::new(self, logical_id)
    }

    /// By how much the clock of sockets is too fast; 1 if it is right.
    pub(crate) fn clock(&self) -> f64 {
        if self.is_calm() { 1.0 } else { self.0.chaos.value(Fault::Clock).max(1.0) }
    }

    /// Waits until the database is to be killed; for ever if it is not.
    pub(crate) async fn database_dies(&self) {
        let period = self.0.chaos.period(Fault::Mongod);
        let next = self.0.database.lock().unwrap_or_else(PoisonError::into_inner).next();
        let (Some(period), Some(how)) = (period, next) else { return std::future::pending().await };
        self.wait(period.mul_f64(0.5 + how)).await;
        if self.is_calm() {
            std::future::pending::<()>().await;
        }
        self.happened(Fault::Mongod, "the database");
    }

    fn chaos(&self) -> &Chaos {
        &self.0.chaos
    }

    /// The next decision of a stream; none when it is over.
    fn decide(&self, stream: &mut Stream) -> Option<f64> {
        stream.next().filter(|_| !self.is_calm())
    }
}

/// A point between two durations, evenly.
fn between(least: Duration, most: Duration, how: f64) -> Duration {
    least + most.saturating_sub(least).mul_f64(how)
}

/// A point between two durations, as often among the short ones as among the long ones.
fn short_or_long(least: Duration, most: Duration, how: f64) -> Duration {
    least.mul_f64((most.as_secs_f64() / least.as_secs_f64()).powf(how))
}

#[cfg(test)]
mod tests;
