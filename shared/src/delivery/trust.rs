//! Who may take their next position beside the questions whether they may: whoever was let through over that socket a moment ago, and could say more
//! at once. The questions are asked all the same, and nothing is stored before they are answered; what is saved is a round trip to the
//! database. Whoever is refused after all has taken a position for nothing, which is voided, and is not trusted before they are let through
//! again.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::ids::{ConnectionId, RoomId};

/// How long somebody is trusted. A position that is voided costs a post to everybody in the room, and so does one of somebody who was sent out of it
/// in the meantime.
const LASTS: Duration = Duration::from_secs(60);

/// How many an environment remembers. One takes some 100 bytes.
const REMEMBERED: usize = 10_000;

/// What an environment remembers of who was let through.
#[derive(Debug, Default)]
pub(super) struct Trust(Mutex<HashMap<(ConnectionId, RoomId), Instant>>);

impl Trust {
    /// Whether a socket is trusted in a room.
    pub(super) fn has(&self, socket: &ConnectionId, room: RoomId) -> bool {
        let trusted = |since: &Instant| since.elapsed() < LASTS;
        self.0.lock().is_ok_and(|known| known.get(&(socket.clone(), room)).is_some_and(trusted))
    }

    /// A socket was let through, or was not, or could not say more at once.
    pub(super) fn note(&self, socket: &ConnectionId, room: RoomId, trusted: bool) {
        let Ok(mut known) = self.0.lock() else { return };
        if !trusted {
            known.remove(&(socket.clone(), room));
            return;
        }
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert((socket.clone(), room), Instant::now());
    }
}
