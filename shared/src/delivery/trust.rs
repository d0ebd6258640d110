//! Who may take their next position beside the questions whether they may: whoever was let through over that socket a moment ago, and could say more
//! at once. The questions are asked all the same, and nothing is stored before they are answered; what is saved is a round trip to the
//! database. Whoever is refused after all has taken a position for nothing, which is voided, and is not trusted before they are let through
//! again. Nor is anybody trusted to say once more what they have just said.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::ids::{ClientId, ConnectionId, RoomId};

/// How long somebody is trusted. A position that is voided costs a post to everybody in the room, and so does one of somebody who was sent out of it
/// in the meantime.
const LASTS: Duration = Duration::from_secs(60);

/// How many an environment remembers. One takes a kilobyte at most.
const REMEMBERED: usize = 2_000;

/// How much of what somebody said is remembered.
const SAID: usize = 8;

/// What an environment remembers of who was let through.
#[derive(Debug, Default)]
pub(super) struct Trust(Mutex<HashMap<(ConnectionId, RoomId), Known>>);

#[derive(Debug, Default)]
struct Known {
    since: Option<Instant>,
    said: VecDeque<ClientId>,
}

impl Trust {
    /// Whether a socket is trusted to say that in a room. It is taken as said from now on.
    pub(super) fn takes(&self, socket: &ConnectionId, room: RoomId, said: &ClientId) -> bool {
        let Ok(mut all) = self.0.lock() else { return false };
        if all.len() >= REMEMBERED {
            all.clear();
        }
        let known = all.entry((socket.clone(), room)).or_default();
        if known.said.contains(said) {
            return false;
        }
        known.said.truncate(SAID - 1);
        known.said.push_front(said.clone());
        known.since.is_some_and(|since| since.elapsed() < LASTS)
    }

    /// A socket was let through, or was not, or could not say more at once.
    pub(super) fn note(&self, socket: &ConnectionId, room: RoomId, trusted: bool) {
        let Ok(mut all) = self.0.lock() else { return };
        if let Some(known) = all.get_mut(&(socket.clone(), room)) {
            known.since = trusted.then(Instant::now);
        }
    }
}
