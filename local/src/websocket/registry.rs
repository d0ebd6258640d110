//! The open connections of one API, by id.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use tokio::sync::Notify;

use super::connection::Connection;
use crate::ids;

/// A connection's id: 11 bytes, written as 16 characters of URL-safe base64 that end in `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ConnectionId([u8; 11]);

impl ConnectionId {
    pub(super) fn random() -> Self {
        Self(ids::random())
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() != 16 {
            return None;
        }
        let mut bytes = [0; 12];
        let length = URL_SAFE.decode_slice(text, &mut bytes).ok()?;
        Some(Self(bytes.get(..length)?.try_into().ok()?))
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE.encode(self.0))
    }
}

/// All connections; and how many are still busy being ended.
#[derive(Debug, Default)]
pub(super) struct Registry {
    open: RwLock<HashMap<ConnectionId, Arc<Connection>>>,
    alive: AtomicUsize,
    empty: Notify,
    closing: AtomicBool,
}

/// Counts a connection from its handshake until its `$disconnect` has run.
pub(super) struct Alive(Arc<Registry>);

impl Registry {
    pub(super) fn add(&self, connection: &Arc<Connection>) {
        self.write().insert(connection.id, Arc::clone(connection));
    }

    pub(super) fn remove(&self, id: ConnectionId) {
        self.write().remove(&id);
    }

    pub(super) fn get(&self, id: ConnectionId) -> Option<Arc<Connection>> {
        self.read().get(&id).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.read().len()
    }

    pub(super) fn all(&self) -> Vec<Arc<Connection>> {
        self.read().values().cloned().collect()
    }

    pub(super) fn alive(self: &Arc<Self>) -> Alive {
        self.alive.fetch_add(1, Ordering::SeqCst);
        Alive(Arc::clone(self))
    }

    /// Everything ends: no connection is made from now on, and those that are about to be are closed at once.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }

    /// Asked by a handshake that is counted already, so that whoever waits until nothing is alive waits for it or it knows.
    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// Waits until nothing is alive.
    pub(super) async fn emptied(&self) {
        loop {
            let notified = self.empty.notified();
            if self.alive.load(Ordering::SeqCst) == 0 {
                return;
            }
            notified.await;
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<ConnectionId, Arc<Connection>>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<ConnectionId, Arc<Connection>>> {
        self.open.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if self.0.alive.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.empty.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_id_of_the_right_form_is_one() {
        for text in [
            "",
            "x",
            "eHrdFcnvvHcCE-w",
            "eHrdFcnvvHcCE+w=",
            "eHrdFcnvvHcCE-ww",
            "eHrdFcnvvHcCE-w==",
            "../../../etc/pas=",
        ] {
            assert_eq!(ConnectionId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_id_reads_as_it_is_written() {
        let id = ConnectionId::random();
        assert_eq!(ConnectionId::parse(&id.to_string()), Some(id));
        let captured = "eHrdFcnvvHcCE-w=";
        assert_eq!(ConnectionId::parse(captured).map(|id| id.to_string()).as_deref(), Some(captured));
    }
}
