//! What is known of an open connection, and the way to write to it from anywhere.
//!
//! Whoever wants to write leaves a frame here; the connection's one task writes them in that order. What a client does not read is counted, and when
//! it is too much the next frame is refused, so that a client that sleeps costs a bounded amount and delays nobody.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::faults::Faults;
use super::frame::Close;
use super::registry::ConnectionId;
use crate::iam::Caller;
use crate::model::access::ApiKey;
use crate::time;

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    pub(super) connected_at: u64,
    pub(super) source_ip: IpAddr,
    pub(super) user_agent: Option<String>,
    /// What was found out about the client before it was let in.
    pub(super) known: Option<Box<Known>>,
    last_active: AtomicU64,
    /// A hash of the key of the route that the latest message took; zero before the first. Eight bytes, for sockets that are many.
    last_route: AtomicU64,
    /// Bytes that wait to be written.
    waiting: AtomicUsize,
    /// Messages that are with functions.
    in_flight: AtomicUsize,
    outbox: Mutex<Outbox>,
    /// What is to go wrong, if anything is.
    pub(super) faults: Option<Box<Faults>>,
}

/// What every event of a connection says of its client.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What the authorizer said.
    pub(super) authorizer: Option<Map<String, Value>>,
    /// The key that it showed.
    pub(super) key: Option<ApiKey>,
    /// Who signed its handshake.
    pub(super) caller: Option<Caller>,
}

#[derive(Debug, Default)]
struct Outbox {
    frames: VecDeque<Bytes>,
    end: Option<Goodbye>,
    waker: Option<Waker>,
}

/// How a connection is ended from here.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Goodbye {
    Close(Close),
    /// Without a word, as by a network that is gone.
    Cut,
}

/// The client reads too slowly: [`crate::limits::Limits::outgoing`] bytes wait already.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Connection {
    pub(super) fn new(id: ConnectionId, source_ip: IpAddr, user_agent: Option<String>, faults: Option<Faults>) -> Self {
        let now = time::now_ms();
        Self {
            id,
            connected_at: now,
            source_ip,
            user_agent,
            known: None,
            last_active: AtomicU64::new(now),
            last_route: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
            outbox: Mutex::default(),
            faults: faults.map(Box::new),
        }
    }

    /// Leaves a frame to be written.
    pub(super) fn send(&self, frame: Bytes, most: usize) -> Result<(), Full> {
        self.reserve(frame.len(), most)?;
        self.push(frame);
        Ok(())
    }

    /// Counts bytes as waiting, if there is room for them.
    pub(super) fn reserve(&self, length: usize, most: usize) -> Result<(), Full> {
        if self.waiting.fetch_add(length, Ordering::Relaxed) > most {
            self.waiting.fetch_sub(length, Ordering::Relaxed);
            return Err(Full);
        }
        Ok(())
    }

    /// Leaves a frame for which there is room.
    pub(super) fn push(&self, frame: Bytes) {
        let mut outbox = self.outbox();
        outbox.frames.push_back(frame);
        wake(outbox);
    }

    /// Asks the connection's task to close it, behind the frames that wait. The first one who asks decides how.
    pub(super) fn close(&self, how: Close) {
        let mut outbox = self.outbox();
        outbox.end.get_or_insert(Goodbye::Close(how));
        wake(outbox);
    }

    /// Asks the connection's task to cut it, whatever waits.
    pub(super) fn cut(&self) {
        let mut outbox = self.outbox();
        outbox.end = Some(Goodbye::Cut);
        wake(outbox);
    }

    /// For the connection's task: moves what waits into `frames`, says whether to end, and is woken by the next one.
    pub(super) fn collect(&self, frames: &mut VecDeque<Bytes>, waker: &Waker) -> Option<Goodbye> {
        let mut outbox = self.outbox();
        if frames.is_empty() {
            std::mem::swap(frames, &mut outbox.frames);
        } else {
            frames.append(&mut outbox.frames);
        }
        match &mut outbox.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        outbox.end.take()
    }

    /// For the connection's task: so many more bytes wait, of its own.
    pub(super) fn owed(&self, bytes: usize) {
        self.waiting.fetch_add(bytes, Ordering::Relaxed);
    }

    /// For the connection's task: so many bytes wait no longer.
    pub(super) fn written(&self, bytes: usize) {
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// A message went one way or the other.
    pub(super) fn touch(&self) {
        self.last_active.store(time::now_ms(), Ordering::Relaxed);
    }

    pub(super) fn last_active(&self) -> u64 {
        self.last_active.load(Ordering::Relaxed)
    }

    /// A message takes this route.
    pub(super) fn routed(&self, key: &str) {
        self.last_route.store(hash(key), Ordering::Relaxed);
    }

    /// Which of these routes the latest message took.
    pub(super) fn last_route<'a>(&self, mut keys: impl Iterator<Item = &'a String>) -> Option<&'a str> {
        let last = self.last_route.load(Ordering::Relaxed);
        keys.find(|key| hash(key) == last).map(String::as_str)
    }

    /// Bytes that wait for the client to read.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// A message begins or ends to be with a function.
    pub(super) fn dispatched(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn concluded(&self) {
        self.in_flight.fetch_sub(1, Ordering::Release);
        wake(self.outbox());
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Wakes without the lock, which the woken task wants first.
fn wake(mut outbox: MutexGuard<'_, Outbox>) {
    let waker = outbox.waker.take();
    drop(outbox);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> Connection {
        Connection::new(ConnectionId::random(), IpAddr::from([127, 0, 0, 1]), None, None)
    }

    #[test]
    fn a_client_that_does_not_read_is_refused_more_until_it_has_read() {
        let connection = connection();
        let frame = Bytes::from_static(&[0; 100]);
        assert_eq!(connection.send(frame.clone(), 150), Ok(()));
        assert_eq!(connection.send(frame.clone(), 150), Ok(()));
        assert_eq!(connection.send(frame.clone(), 150), Err(Full));
        connection.written(100);
        assert_eq!(connection.send(frame, 150), Ok(()));
    }

    #[test]
    fn frames_keep_their_order_and_the_first_close_counts() {
        let connection = connection();
        let mut frames = VecDeque::from([Bytes::from_static(b"1")]);
        for frame in [&b"2"[..], b"3"] {
            assert_eq!(connection.send(Bytes::from_static(frame), 10), Ok(()));
        }
        connection.close(Close::new(1000, "first"));
        connection.close(Close::new(1001, "second"));
        let end = connection.collect(&mut frames, Waker::noop());
        assert_eq!(frames, [&b"1"[..], b"2", b"3"]);
        assert_eq!(end, Some(Goodbye::Close(Close::new(1000, "first"))));
    }
}
