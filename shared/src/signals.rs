//! What is not said and is shown all the same: who is typing, and how far each has read. Signals have no position and are not kept, go only to
//! the sockets on which the room is looked at, and are the first to be dropped: a room in which something waits to be broadcast has no time for
//! them.
//!
//! What they cost is an allowance of the room, not of each of its people: whoever gets to show something shows all that there is to see, and whoever
//! does not is either shown with the next one or told when to ask again. A frame that is lost is made good by the next.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::connection::Connection;
use crate::gateway::Gateway;
use crate::ids::{ConnectionId, RoomId};
use crate::limits::Limits;
use crate::permission::Permit;
use crate::presence;
use crate::room::{Membership, Standing};
use crate::store::{Sight, Spender, Store};
use crate::wire::{self, Frame};
use crate::{Error, Result, time};

/// What signals are sent by.
pub struct Signals<'a> {
    /// Who looks at what.
    pub store: &'a Store,
    /// How they get there.
    pub gateway: &'a Gateway,
    /// How often.
    pub limits: &'a Limits,
}

/// How soon a room that has no time for signals may have some.
const BUSY: Duration = Duration::from_secs(1);

impl Signals<'_> {
    /// Notes that somebody types who may say something, and shows it. Refuses who says it too often.
    pub async fn typing(&self, permit: &Permit) -> Result<()> {
        let (room, user) = (permit.by().room(), permit.by().user());
        self.store.spend(Spender::Types(room, user.id), self.limits.signal).await?;
        // Whoever still types says it again, and whoever shows something meanwhile shows this as well.
        let (standing, is_crowd) =
            futures_util::try_join!(self.store.standing(permit.by()), self.store.is_crowd(permit.by()))?;
        if standing.is_busy() {
            return Ok(());
        }
        self.show(permit.by(), is_crowd).await.map(drop)
    }

    /// Tells the other sockets of somebody how far they have read, and what is left. What fails is logged: the next one says it too.
    pub async fn read(&self, from: &Connection, membership: &Membership, unread: i64, mentions: i64) {
        match self.store.open_sockets_of(membership.user().id, time::now()).await {
            Ok(mut sockets) => {
                sockets.retain(|socket| *socket != from.id);
                let (room, seq) = (membership.room().to_string(), membership.read());
                let frame = Frame::Seen { room, seq, unread, mentions };
                presence::post(self.store, self.gateway, &sockets, &frame).await;
            }
            Err(error) => error.log(),
        }
    }

    /// Shows how far somebody has read to those who look at the room, if they want that and the room is small. If it is too soon, says how long to
    /// wait.
    pub async fn seen(&self, mine: &Membership, standing: Standing) -> Result<Option<Duration>> {
        if standing.is_busy() {
            return Ok(Some(BUSY));
        }
        match futures_util::try_join!(self.store.shows_receipts(mine.user().id), self.store.is_crowd(mine))? {
            (true, false) => self.show(mine, false).await,
            _ => Ok(None),
        }
    }

    /// Shows those who look at a room all that there is to see, if it is time, or says how long to wait.
    async fn show(&self, by: &Membership, is_crowd: bool) -> Result<Option<Duration>> {
        let (room, now) = (by.room(), time::now());
        let mut watchers = self.store.watchers(room, now).await?;
        if watchers.iter().all(|one| one.user == by.user().id) {
            return Ok(None);
        }
        match self.store.spend(Spender::Shows(room), self.limits.show).await {
            Err(Error::Limited { wait }) => return Ok(Some(wait)),
            spent => spent?,
        }
        let frame = match is_crowd {
            // Also to who asked: that is how they see the others.
            false => Frame::from_sight(room, self.store.sight(room, now).await?),
            true => {
                // Who is counted is not told of themselves.
                watchers.retain(|one| one.user != by.user().id);
                let count = Some(self.store.typists(room, now).await?);
                Frame::Signals { room: room.to_string(), typing: Vec::new(), count, seen: BTreeMap::new() }
            }
        };
        let sockets: Vec<ConnectionId> = watchers.into_iter().map(|one| one.socket).collect();
        presence::post(self.store, self.gateway, &sockets, &frame).await;
        Ok(None)
    }
}

impl Frame {
    fn from_sight(room: RoomId, sight: Sight) -> Self {
        Self::Signals {
            room: room.to_string(),
            typing: sight.typing.iter().map(wire::User::from).collect(),
            count: None,
            seen: sight.seen.into_iter().map(|(user, seq)| (user.to_string(), seq)).collect(),
        }
    }
}
