//! What is not said and is shown all the same: who is typing, and how far somebody has read. Signals have no position and are not kept, go only to
//! the sockets on which the room is looked at, and are the first to be dropped: a room in which something waits to be broadcast has no time for
//! them.

use crate::Result;
use crate::connection::Connection;
use crate::gateway::Gateway;
use crate::ids::ConnectionId;
use crate::limits::Limits;
use crate::permission::Permit;
use crate::presence;
use crate::room::{Membership, Standing};
use crate::store::{Spender, Store, Watcher};
use crate::time;
use crate::wire::Frame;

/// What signals are sent by.
pub struct Signals<'a> {
    /// Who looks at what.
    pub store: &'a Store,
    /// How they get there.
    pub gateway: &'a Gateway,
    /// How often.
    pub limits: &'a Limits,
}

impl Signals<'_> {
    /// Shows those who look at a room that somebody types there who may say something. Refuses who shows it too often.
    pub async fn typing(&self, permit: &Permit) -> Result<()> {
        let (room, user) = (permit.by().room(), permit.by().user());
        self.store.spend(Spender::Types(room, user.id), self.limits.signal).await?;
        if self.store.standing(permit.by()).await?.is_busy() {
            return Ok(());
        }
        let (now, id) = (time::now(), room.to_string());
        let watchers = self.store.watchers(room, now).await?;
        let frame = match self.store.is_crowd(permit.by()).await? {
            false => Frame::Typing { room: id, user: Some(user.into()), count: None },
            // One such frame tells of all who type.
            true => match self.store.spend(Spender::Counts(room), self.limits.signal).await {
                Ok(()) => Frame::Typing { room: id, user: None, count: Some(self.store.typists(room, now).await?) },
                Err(_) => return Ok(()),
            },
        };
        self.tell(watchers.into_iter().filter(|one| one.user != user.id), &frame).await;
        Ok(())
    }

    /// Shows how far somebody has read: to their other sockets always, to those who look at the room if they want that and the room is small.
    /// What fails is logged: the next one says it too.
    pub async fn seen(&self, from: &Connection, membership: &Membership, standing: Standing, seq: i64) {
        match self.audience(from, membership, standing).await {
            Ok(sockets) => {
                let frame =
                    Frame::Seen { room: membership.room().to_string(), user: membership.user().id.to_string(), seq };
                presence::post(self.store, self.gateway, &sockets, &frame).await;
            }
            Err(error) => error.log(),
        }
    }

    async fn audience(&self, from: &Connection, mine: &Membership, standing: Standing) -> Result<Vec<ConnectionId>> {
        let (room, user, now) = (mine.room(), mine.user().id, time::now());
        let mut sockets = self.store.open_sockets_of(user, now).await?;
        let is_shown = !standing.is_busy()
            && self.store.shows_receipts(user).await?
            && !self.store.is_crowd(mine).await?
            && self.store.spend(Spender::Shows(room, user), self.limits.signal).await.is_ok();
        if is_shown {
            let watchers = self.store.watchers(room, now).await?;
            sockets.extend(watchers.into_iter().filter(|one| one.user != user).map(|one| one.socket));
        }
        sockets.retain(|socket| *socket != from.id);
        Ok(sockets)
    }

    async fn tell(&self, watchers: impl Iterator<Item = Watcher>, frame: &Frame) {
        let sockets: Vec<ConnectionId> = watchers.map(|one| one.socket).collect();
        presence::post(self.store, self.gateway, &sockets, frame).await;
    }
}
