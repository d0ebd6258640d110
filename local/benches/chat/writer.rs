//! Who writes when.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::socket;

/// The most messages of one run.
pub(crate) const MOST: usize = 200_000;

/// A line of chat.
const TEXT: &str = "It is a truth universally acknowledged that a line of chat has some eighty letters.";

/// When the next message is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// So many a second, whatever becomes of them.
    Rate(f64),
    /// As soon as fewer than so many are under way: neither answered nor heard by everybody.
    Window(usize),
    /// As soon as the one before is answered.
    Waiting,
}

/// The writing ends of a room's sockets.
pub(crate) struct Writer {
    pub(crate) room: String,
    pub(crate) ends: Vec<TcpStream>,
}

/// When each message was to be sent: microseconds since the run began; zero, if it was not.
pub(crate) type Starts = Arc<Vec<AtomicU64>>;

/// The name of a message.
pub(crate) fn client_id(run: usize, message: usize) -> String {
    format!("bench-{run:03}-{message:06}")
}

/// Writes until it is over.
#[expect(clippy::too_many_arguments, reason = "a thread's whole world")]
pub(crate) fn speak(
    rooms: &[Arc<Writer>],
    writers: usize,
    pace: Pace,
    run: usize,
    began: Instant,
    starts: &Starts,
    permitted: &Receiver<()>,
    over: &AtomicBool,
) -> Result<()> {
    for (message, start) in starts.iter().enumerate() {
        let due = match pace {
            Pace::Rate(rate) => {
                let due = began + Duration::from_secs_f64(message as f64 / rate);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                due
            }
            Pace::Window(_) | Pace::Waiting => loop {
                match permitted.recv_timeout(Duration::from_millis(20)) {
                    Ok(()) => break Instant::now(),
                    Err(RecvTimeoutError::Timeout) if !over.load(Ordering::Relaxed) => {}
                    Err(_) => return Ok(()),
                }
            },
        };
        if over.load(Ordering::Relaxed) {
            return Ok(());
        }
        let room = &rooms[message % rooms.len()];
        let end = &room.ends[message / rooms.len() % writers.min(room.ends.len())];
        start.store(u64::try_from((due - began).as_micros())?.max(1), Ordering::Release);
        let request = format!(
            r#"{{"action":"send","id":"{message}","room":"{}","client_id":"{}","text":"{TEXT}"}}"#,
            room.room,
            client_id(run, message)
        );
        socket::write(end, &request)?;
    }
    Ok(())
}
