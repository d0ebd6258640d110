//! Carries out what [`crate::chaos`] decides about sockets. Without a chaos, a frame goes straight to the connection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::Gateway;
use super::connection::{Connection, Full};
use crate::chaos::{Fault, FrameFate, SocketFaults, Storm};

/// How long a frame waits for another one to overtake it.
const OVERTAKEN_WITHIN: Duration = Duration::from_millis(500);

/// What is to go wrong with a connection, and the frame that waits to be overtaken.
#[derive(Debug)]
pub(super) struct Faults {
    decided: SocketFaults,
    held: Mutex<Option<Bytes>>,
}

impl Faults {
    pub(super) fn next(storm: &Storm) -> Self {
        Self { decided: storm.next_socket(), held: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, Option<Bytes>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Leaves a message for the client (all its frames, if it is in several), or does to it what was decided.
    pub(super) fn deliver(self: &Arc<Self>, message: Bytes, most: usize) -> Result<(), Full> {
        let Some(faults) = &self.faults else { return self.send(message, most) };
        let storm = &faults.decided.storm;
        match faults.decided.frame() {
            FrameFate::Arrives => self.overtaking(faults, message, most),
            FrameFate::Dropped => {
                storm.happened(Fault::Drop, self.id);
                Ok(())
            }
            FrameFate::Doubled => {
                storm.happened(Fault::Double, self.id);
                self.send(message.clone(), most)?;
                self.overtaking(faults, message, most)
            }
            FrameFate::Delayed(by) => {
                // What is on its way counts as waiting, so that a caller hears now if it is too much.
                self.reserve(message.len(), most)?;
                storm.happened(Fault::Delay, self.id);
                let (connection, storm) = (Arc::clone(self), storm.clone());
                tokio::spawn(async move {
                    storm.wait(by).await;
                    connection.push(message);
                });
                Ok(())
            }
            FrameFate::Overtaken => {
                let mut held = faults.held();
                if held.is_some() {
                    drop(held);
                    return self.overtaking(faults, message, most);
                }
                self.reserve(message.len(), most)?;
                *held = Some(message);
                drop(held);
                let (connection, storm) = (Arc::clone(self), storm.clone());
                tokio::spawn(async move {
                    storm.wait(OVERTAKEN_WITHIN).await;
                    let late = connection.faults.as_ref().and_then(|faults| faults.held().take());
                    late.into_iter().for_each(|message| connection.push(message));
                });
                Ok(())
            }
        }
    }

    /// Sends a message, and behind it the one that waited to be overtaken.
    fn overtaking(&self, faults: &Faults, message: Bytes, most: usize) -> Result<(), Full> {
        let sent = self.send(message, most);
        if let Some(overtaken) = faults.held().take() {
            faults.decided.storm.happened(Fault::Reorder, self.id);
            self.push(overtaken);
        }
        sent
    }

    /// What goes wrong with the next post. One that hangs comes back when everything is calm, if the caller is still there.
    pub(super) async fn fault_of_post(&self) -> Option<Fault> {
        let decided = &self.faults.as_ref()?.decided;
        let fault = decided.post()?;
        decided.storm.happened(fault, self.id);
        if fault == Fault::Hang {
            decided.storm.calmed().await;
        }
        Some(fault)
    }

    /// After how long the connection is cut.
    pub(super) fn life(&self) -> Option<Duration> {
        self.faults.as_ref().and_then(|faults| faults.decided.life())
    }

    /// Whether the end of this connection remains unsaid.
    pub(super) fn loses_disconnect(&self) -> bool {
        let Some(faults) = self.faults.as_ref().filter(|faults| faults.decided.loses_disconnect()) else {
            return false;
        };
        faults.decided.storm.happened(Fault::LoseDisconnect, self.id);
        true
    }
}

impl Gateway {
    /// The idle and the lifetime limit, by the clock as it goes.
    pub(super) fn ages(&self) -> (Duration, Duration) {
        let Some(storm) = &self.storm else { return (self.limits.idle, self.limits.lifetime) };
        let clock = storm.clock();
        (self.limits.idle.div_f64(clock), self.limits.lifetime.div_f64(clock))
    }

    /// A connection reached one of its ends: the one that was decided, or a limit.
    pub(super) fn ended_early(&self, connection: &Connection, fault: Fault) {
        if let Some(storm) = self.storm.as_ref().filter(|storm| fault == Fault::Cut || storm.clock() > 1.0) {
            storm.happened(fault, connection.id);
        }
    }
}
