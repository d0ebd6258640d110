//! Who writes when.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::dialect::Dialect;
use super::socket;

/// The most messages of one run.
pub(crate) const MOST: usize = 200_000;

/// The most members of a room that write.
pub(crate) const MOST_WRITERS: usize = 10;

/// A line of chat.
pub(crate) const TEXT: &str = "It is a truth universally acknowledged that a line of chat has some eighty letters.";

/// When the next message is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pace {
    /// So many a second, whatever becomes of them.
    Rate(f64),
    /// As soon as fewer than so many are under way: neither answered nor heard by everybody.
    Window(usize),
    /// As soon as the one before is answered.
    Waiting,
    /// As soon as the one before is answered or comes back to its author, whichever is first: either says that it is stored.
    Knowing,
}

/// The writing ends of a room's sockets.
pub(crate) struct Writer {
    pub(crate) room: String,
    /// Of its first members.
    pub(crate) ends: Vec<TcpStream>,
}

/// When each message was to be sent: microseconds since the run began; zero, if it was not.
pub(crate) type Starts = Arc<Vec<AtomicU64>>;

/// The name of a message.
pub(crate) fn client_id(run: usize, message: usize) -> String {
    format!("bench-{run:03}-{message:06}")
}

/// The room that a message is said in, and which of its members says it.
pub(crate) fn author(message: usize, rooms: usize, writers: usize) -> (usize, usize) {
    (message % rooms, message / rooms % writers)
}

/// What one run of writing needs.
pub(crate) struct Run {
    pub(crate) dialect: Dialect,
    pub(crate) rooms: Vec<Arc<Writer>>,
    /// In each room; it has at least as many ends.
    pub(crate) writers: usize,
    pub(crate) pace: Pace,
    pub(crate) run: usize,
    pub(crate) began: Instant,
    pub(crate) starts: Starts,
    /// One for each message that may be sent now, unless the clock says when.
    pub(crate) permitted: Receiver<()>,
    pub(crate) over: Arc<AtomicBool>,
}

impl Run {
    /// Writes until it is over.
    pub(crate) fn speak(&self) -> Result<()> {
        for (message, start) in self.starts.iter().enumerate() {
            let due = match self.pace {
                Pace::Rate(rate) => {
                    let due = self.began + Duration::from_secs_f64(message as f64 / rate);
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    due
                }
                Pace::Window(_) | Pace::Waiting | Pace::Knowing => loop {
                    match self.permitted.recv_timeout(Duration::from_millis(20)) {
                        Ok(()) => break Instant::now(),
                        Err(RecvTimeoutError::Timeout) if !self.over.load(Ordering::Relaxed) => {}
                        Err(_) => return Ok(()),
                    }
                },
            };
            if self.over.load(Ordering::Relaxed) {
                return Ok(());
            }
            let (room, member) = author(message, self.rooms.len(), self.writers);
            let Writer { room, ends } = &*self.rooms[room];
            start.store(u64::try_from((due - self.began).as_micros())?.max(1), Ordering::Release);
            socket::write(&ends[member], &self.dialect.request(room, self.run, message))?;
        }
        Ok(())
    }
}
