//! A message's life: said, stored at a position, broadcast in order.
//!
//! Whoever takes a position in a room in which nobody broadcasts takes the room's fan-out lease with it, and broadcasts for everybody until
//! nothing is left: what is said while a round of posts is under way leaves together in the next frame. All others are answered as soon as
//! their message is stored.
//!
//! Before a message is on its way there are three round trips to the database: whether its author may and has not said it before; its
//! position; storing it, beside which the recipients are read. That they are read no later is enough: a client whose socket came after that
//! finds in its first `sync` that the room's head is beyond what is settled, and asks again when the frame does not come.
//!
//! A failure after the message was stored is no failure for its author. The next one who acts in the room takes the lease over, as does
//! any `sync` that finds something waiting.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::connection::Connection;
use crate::gateway::Gateway;
use crate::ids::{ConnectionId, RoomId};
use crate::message::{Change, Draft, Message};
use crate::presence;
use crate::room::Standing;
use crate::store::{Lease, Round, Store, Stored};
use crate::time::{self, Timestamp};
use crate::{Error, Result};

pub mod frame;

/// How long a position may stay empty before it is voided for its owner: far more than an insert takes, and no longer than a room can
/// stand still without anybody minding.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long one invocation broadcasts for others before it leaves that to the next one who acts. With one more round, in which every post
/// runs into its deadline, it is still below the function's time-out of 15 seconds.
const TURN: Duration = Duration::from_secs(8);

/// How many changes one round looks at: more than fit into a frame.
const ROUND: i64 = 250;

/// How often an author whose position was voided for being late takes another.
const ATTEMPTS: usize = 5;

/// What saying something needs.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// Where messages are kept.
    pub store: &'a Store,
    /// How they get to the others.
    pub gateway: &'a Gateway,
}

impl Delivery<'_> {
    /// Says something in a room. Once this returns, it is stored; saying the same again returns the same message.
    pub async fn say(self, from: &Connection, room: RoomId, draft: &Draft, now: Timestamp) -> Result<Message> {
        let author = from.session.user().id;
        let (membership, before, ()) = futures_util::try_join!(
            self.store.membership(&from.session, room),
            self.store.said_as(room, author, &draft.client_id),
            self.store.is_open(from),
        )?;
        if let Some(said) = before {
            // Whoever repeats a request was not answered: perhaps its invocation died before it told anybody.
            self.recover(room).await?;
            return Ok(said);
        }
        for _ in 0..ATTEMPTS {
            let place = self.store.place(room).await?;
            let recipients = async {
                match &place.lease {
                    Some(_) => Some(self.store.sockets_in(room, now).await),
                    None => None,
                }
            };
            let (stored, recipients) =
                futures_util::join!(self.store.store(&membership, draft, &place, now), recipients);
            if let Err(error @ Error::Unavailable(_)) = stored {
                // Whether it was stored nobody can tell now. The lease runs out, and the repetition will see.
                return Err(error);
            }
            let known = match &stored {
                Ok(Stored::Here(message)) => Some(Change { rev: place.rev, message: Some(message.clone()) }),
                _ => None,
            };
            if let (Some(lease), Some(recipients)) = (place.lease, recipients) {
                let turn = Turn { delivery: self, lease, standing: place.standing, sender: Some(&from.id) };
                turn.take(known, recipients.ok()).await;
            }
            match stored? {
                Stored::Here(message) | Stored::Before(message) => return Ok(message),
                Stored::Late => {}
            }
        }
        Err(Error::Unavailable("every position was voided before its message was stored".into()))
    }

    /// Broadcasts what waits in a room, if nobody does.
    pub async fn recover(self, room: RoomId) -> Result<()> {
        if let Some((lease, standing)) = self.store.take_over(room).await? {
            Turn { delivery: self, lease, standing, sender: None }.take(None, None).await;
        }
        Ok(())
    }
}

/// One holder's time with the lease.
struct Turn<'a> {
    delivery: Delivery<'a>,
    lease: Lease,
    standing: Standing,
    sender: Option<&'a ConnectionId>,
}

impl Turn<'_> {
    async fn take(self, known: Option<Change>, recipients: Option<Vec<ConnectionId>>) {
        let Delivery { store, gateway } = self.delivery;
        let mut gone = Vec::new();
        if let Err(error) = self.broadcast(known, recipients, &mut gone).await {
            error.log();
        }
        presence::departed(store, gateway, gone).await;
    }

    async fn broadcast(
        self,
        known: Option<Change>,
        mut recipients: Option<Vec<ConnectionId>>,
        gone: &mut Vec<ConnectionId>,
    ) -> Result<()> {
        let Delivery { store, gateway } = self.delivery;
        let room = self.lease.room();
        let began = Instant::now();
        let mut standing = self.standing;
        let mut known = known.filter(|only| only.rev == standing.settled + 1 && only.rev == standing.head);
        let mut unreachable = HashSet::new();
        while standing.head > standing.settled {
            let changes = match known.take() {
                Some(only) => vec![only],
                None => self.next(standing).await?,
            };
            let mut sockets = match recipients.take() {
                Some(read) => read,
                None => store.sockets_in(room, time::now()).await?,
            };
            sockets.retain(|socket| !unreachable.contains(socket));
            put_first(&mut sockets, self.sender);
            let (frame, to) = frame::pack(room, standing, &changes);
            let posted = gateway.post_to_all(&sockets, &frame).await;
            unreachable.extend(posted.gone.iter().chain(&posted.failed).cloned());
            gone.extend(posted.gone);
            if began.elapsed() > TURN {
                return store.hand_over(self.lease, to).await.map(drop);
            }
            let Round { standing: now, goes_on } = store.advance(&self.lease, to).await?;
            if !goes_on {
                return Ok(());
            }
            standing = Standing { settled: to, ..now };
        }
        store.hand_over(self.lease, standing.settled).await.map(drop)
    }

    /// The changes that follow, without a hole; waits for the first one and, when it does not come, voids its position and those after it
    /// that are empty too: they have been given out for as long.
    async fn next(&self, standing: Standing) -> Result<Vec<Change>> {
        let store = self.delivery.store;
        let room = self.lease.room();
        let began = Instant::now();
        let mut pause = Duration::from_millis(2);
        loop {
            let mut changes = store.changes_after(room, standing.settled, ROUND).await?;
            changes.truncate(frame::unbroken(standing.settled, &changes));
            if !changes.is_empty() {
                return Ok(changes);
            }
            if began.elapsed() > PATIENCE {
                let stored = store.changes_after(room, standing.settled, 1).await?;
                let empty_until = stored.first().map_or(standing.head, |change| change.rev - 1).min(standing.head);
                for late in standing.settled + 1..=empty_until {
                    tracing::warn!(room = %room, position = late, "voided a position that stayed empty");
                    store.void(room, late).await?;
                }
            } else {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_millis(50));
            }
        }
    }
}

fn put_first(sockets: &mut [ConnectionId], sender: Option<&ConnectionId>) {
    if let Some(at) = sockets.iter().position(|socket| Some(socket) == sender) {
        sockets.swap(0, at);
    }
}
