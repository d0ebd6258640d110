//! A message's life: said or amended, stored at a position, broadcast in order.
//!
//! Whoever takes a position in a room in which nobody broadcasts takes the room's fan-out lease with it, and broadcasts for everybody until
//! nothing is left: what is said while a round of posts is under way leaves together in the next frame. All others are answered as soon as
//! their message is stored.
//!
//! Before a message is on its way there are three round trips to the database: whether its author may and has not said it before; its
//! position; storing it, beside which the recipients are read. That they are read no later is enough: a client whose socket came after that
//! finds in its first `sync` that the room's head is beyond what is settled, and asks again when the frame does not come. For somebody who was
//! let through a moment ago there are two: the position is taken beside the questions; see [`Trust`].
//!
//! A failure after the message was stored is no failure for its author. The next one who acts in the room takes the lease over, as does
//! any `sync` that finds something waiting.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::afterwards::Afterwards;
use crate::connection::Connection;
use crate::fanout::{self, Fanout};
use crate::gateway::{Gateway, Posted};
use crate::ids::{ConnectionId, RoomId};
use crate::limits::Limits;
use crate::message::{Called, Change, Draft, Mentions, Message};
use crate::metrics::Tally;
use crate::permission::{Act, Permit, Rank};
use crate::presence;
use crate::room::{Membership, Position};
use crate::store::{Granted, Lease, Mentionable, Place, Purpose, Round, Store, Stored};
use crate::time::{self, Timestamp};
use crate::{Error, Result};

use self::trust::Trust;
use self::turn::{Step, Turn};

mod amend;
pub mod frame;
mod trust;
pub mod turn;

/// How many changes one round looks at: more than fit into a frame.
const ROUND: i64 = 250;

/// How long an answer may wait for what others, or the first request of its kind, left unsent.
pub const RECOVERY: Duration = Duration::from_secs(2);

/// How often an author whose position was voided for being late takes another: many may react to one message at once, and some are overtaken.
const ATTEMPTS: usize = 8;

/// What saying something needs.
pub struct Delivery {
    /// Where messages are kept.
    pub store: Store,
    /// How they get to the others.
    pub gateway: Gateway,
    /// How much one may do.
    pub limits: Limits,
    /// What is done is noted here.
    pub tally: Tally,
    /// How they get to many others.
    fanout: Fanout,
    trust: Trust,
    afterwards: Afterwards,
}

/// What a request that changes a room came to.
enum Done<T> {
    /// This, now.
    Now(Box<Message>),
    /// What an earlier request of the same kind came to.
    Before(T),
}

/// What the questions before a message came to.
enum Begun {
    /// It goes on, perhaps with a position that was taken beside them.
    Goes(Permit, Option<Place>),
    /// It was said before, and this is what was stored.
    Before(Message),
}

/// A change of a room on its way to a position.
trait Deliverable: Sync {
    /// What a repetition of it is answered.
    type Before: Send;
    const PURPOSE: Purpose;

    fn store(
        &self,
        store: &Store,
        place: &Place,
        now: Timestamp,
    ) -> impl Future<Output = Result<Stored<Self::Before>>> + Send;
}

struct Said<'a>(Permit, &'a Draft, Mentions);

impl Deliverable for Said<'_> {
    type Before = Message;
    const PURPOSE: Purpose = Purpose::Message;

    async fn store(&self, store: &Store, place: &Place, now: Timestamp) -> Result<Stored<Message>> {
        store.store(&self.0, self.1, &self.2, place, now).await
    }
}

impl Delivery {
    /// With nothing done yet.
    pub fn new(store: Store, gateway: Gateway, fanout: Fanout, limits: Limits, afterwards: Afterwards) -> Arc<Self> {
        let (tally, trust) = (Tally::default(), Trust::default());
        Arc::new(Self { store, gateway, limits, tally, fanout, trust, afterwards })
    }

    /// Says something in a room. Once this returns, it is stored; saying the same again returns the same message.
    pub async fn say(
        self: &Arc<Self>,
        from: &Connection,
        room: RoomId,
        draft: &Draft,
        now: Timestamp,
    ) -> Result<Message> {
        let author = from.session.user().id;
        let is_trusted = self.trust.takes(&from.id, room, &draft.client_id);
        let before = async {
            // Whoever takes a position anyway is told by the message that is there already.
            match !is_trusted && self.store.was_said(room, author, &draft.client_id).await? {
                true => self.store.said_as(room, author, &draft.client_id).await,
                false => Ok(None),
            }
        };
        let called = Called::by(draft.text.as_str());
        let begun = self.begin(from, room, before, is_trusted, now);
        let (begun, mentionable) = futures_util::join!(begun, self.store.mentionable(room, &called));
        let (permit, place) = match begun? {
            Begun::Goes(permit, place) => (permit, place),
            Begun::Before(said) => {
                self.recover(room, said.rev, RECOVERY).await?;
                return Ok(said);
            }
        };
        let mentions = match mentionable {
            Ok(mentionable) => mentions(&permit, &called, mentionable),
            Err(error) => {
                if let Some(place) = place {
                    self.give_up(room, place).await;
                }
                return Err(error);
            }
        };
        match self.deliver(from, room, Said(permit, draft, mentions), place, now).await? {
            Done::Now(message) => Ok(*message),
            Done::Before(message) => {
                self.trust.note(&from.id, room, false);
                Ok(message)
            }
        }
    }

    /// Asks what has to be asked before something is said; beside that, takes a position for somebody who is trusted.
    async fn begin(
        self: &Arc<Self>,
        from: &Connection,
        room: RoomId,
        before: impl Future<Output = Result<Option<Message>>>,
        is_trusted: bool,
        now: Timestamp,
    ) -> Result<Begun> {
        let ahead = async {
            match is_trusted {
                true => Some(self.store.place(room, Purpose::Message).await),
                false => None,
            }
        };
        let (may, before, ahead) = futures_util::join!(self.may(from, room), before, ahead);
        let could_more = match &may {
            Ok((membership, Granted::Yes { more })) => *more && membership.may(Act::Say, now).is_ok(),
            _ => false,
        };
        self.trust.note(&from.id, room, could_more);
        let decided = Self::decide(may, before, now);
        match (decided, ahead) {
            (Ok(Begun::Goes(permit, None)), Some(place)) => Ok(Begun::Goes(permit, Some(place?))),
            (decided, Some(Ok(place))) => {
                self.trust.note(&from.id, room, false);
                self.give_up(room, place).await;
                decided
            }
            (decided, _) => decided,
        }
    }

    fn decide(may: Result<(Membership, Granted)>, before: Result<Option<Message>>, now: Timestamp) -> Result<Begun> {
        // Whoever is not in the room learns nothing else; and what was said is answered for, whatever has been laid on its author since.
        let (membership, granted) = may?;
        if let Some(before) = before? {
            return Ok(Begun::Before(before));
        }
        let permit = membership.may(Act::Say, now)?;
        granted.or_wait()?;
        Ok(Begun::Goes(permit, None))
    }

    /// The key to the room of whoever acts in it, and whether they may act so soon.
    async fn may(&self, from: &Connection, room: RoomId) -> Result<(Membership, Granted)> {
        let membership = self.store.membership_to_say(&from.session, room, self.limits.send);
        futures_util::try_join!(membership, self.store.is_open(from)).map(|(allowed, ())| allowed)
    }

    /// Makes a position come to nothing, and sees to it that nobody waits for it. What fails is logged: the next holder of the lease voids it.
    async fn give_up(self: &Arc<Self>, room: RoomId, place: Place) {
        if let Err(error) = self.store.void(room, place.rev).await {
            return error.log();
        }
        if let Some(lease) = place.lease {
            let holder = Holder { delivery: Arc::clone(self), lease, sender: None };
            holder.broadcast(Turn::new(place.standing, RECOVERY), None, None).await;
        }
    }

    /// Stores a change at a position of its own, and sees to its broadcast, which goes on after the answer.
    async fn deliver<D: Deliverable>(
        self: &Arc<Self>,
        from: &Connection,
        room: RoomId,
        change: D,
        mut ahead: Option<Place>,
        now: Timestamp,
    ) -> Result<Done<D::Before>> {
        for _ in 0..ATTEMPTS {
            let place = match ahead.take() {
                Some(place) => place,
                None => self.store.place(room, D::PURPOSE).await?,
            };
            let recipients = async {
                match &place.lease {
                    Some(_) => Some(self.store.sockets_in(room, now).await),
                    None => None,
                }
            };
            let (stored, recipients) = futures_util::join!(change.store(&self.store, &place, now), recipients);
            if let Err(error @ Error::Unavailable(_)) = stored {
                // Whether it was stored nobody can tell now. The lease runs out, and the repetition will see.
                return Err(error);
            }
            let known = match &stored {
                Ok(Stored::Here(message)) => Some(Change { rev: place.rev, message: Some(Message::clone(message)) }),
                _ => None,
            };
            let standing = place.standing;
            if let (Some(lease), Some(recipients)) = (place.lease, recipients) {
                let holder = Holder { delivery: Arc::clone(self), lease, sender: Some(from.id.clone()) };
                let turn = Turn::new(standing, turn::LONGEST);
                self.afterwards.begin(holder.broadcast(turn, known, recipients.ok()));
            }
            match stored? {
                Stored::Here(message) => return Ok(Done::Now(message)),
                Stored::Before(before) => return Ok(Done::Before(before)),
                Stored::Late => {}
            }
        }
        Err(Error::Unavailable("every position was voided before something was stored there".into()))
    }

    /// Posts a frame to all, to the first one first.
    async fn post(&self, sockets: &[ConnectionId], frame: &str) -> Posted {
        let Some((first, others)) = sockets.split_first().filter(|_| sockets.len() > fanout::PART) else {
            return self.gateway.post_to_all(sockets, frame).await;
        };
        let first = std::slice::from_ref(first);
        let (first, others) =
            futures_util::join!(self.gateway.post_to_all(first, frame), self.fanout.post_to_all(others, frame));
        first.and(others)
    }

    /// Broadcasts what waits in a room, if nobody does, for that long; something is known to be stored at `known`.
    pub async fn recover(self: &Arc<Self>, room: RoomId, known: Position, length: Duration) -> Result<()> {
        if let Some((lease, standing)) = self.store.take_over(room, known).await? {
            self.tally.note(|counts| counts.take_overs += 1);
            let holder = Holder { delivery: Arc::clone(self), lease, sender: None };
            holder.broadcast(Turn::new(standing, length), None, None).await;
        }
        Ok(())
    }
}

/// Whom a message mentions that is said with that permit. Everybody in a crowd is called by those who keep order only.
fn mentions(permit: &Permit, called: &Called, mentionable: Mentionable) -> Mentions {
    let Mentionable { users, is_crowd } = mentionable;
    let room = called.room && (!is_crowd || permit.by().seat().rank() >= Rank::Moderator);
    Mentions { users, room }
}

/// Whoever holds the lease.
struct Holder {
    delivery: Arc<Delivery>,
    lease: Lease,
    sender: Option<ConnectionId>,
}

impl Holder {
    /// Broadcasts until nothing waits. What fails is logged: the lease runs out, and somebody else goes on.
    async fn broadcast(self, turn: Turn, known: Option<Change>, recipients: Option<Vec<ConnectionId>>) {
        let delivery = Arc::clone(&self.delivery);
        let mut gone = Vec::new();
        if let Err(error) = self.take(turn, known, recipients, &mut gone).await {
            error.log();
        }
        presence::departed(&delivery.store, &delivery.gateway, gone).await;
    }

    async fn take(
        self,
        mut turn: Turn,
        known: Option<Change>,
        mut recipients: Option<Vec<ConnectionId>>,
        gone: &mut Vec<ConnectionId>,
    ) -> Result<()> {
        let Delivery { store, tally, .. } = &*self.delivery;
        let room = self.lease.room();
        let began = Instant::now();
        let standing = turn.standing();
        let mut known = known.filter(|only| only.rev == standing.settled + 1 && only.rev == standing.head);
        let mut changes = Vec::new();
        let mut unreachable = HashSet::new();
        let mut missing = Missing::begin();
        loop {
            match turn.next_step() {
                Step::Read { after } => {
                    changes = match known.take() {
                        Some(only) => vec![only],
                        None => store.changes_after(room, after, ROUND).await?,
                    };
                    turn.read(changes.iter().map(|change| change.rev), missing.since.elapsed());
                }
                Step::Wait => missing.wait().await,
                Step::Void { from, until } => {
                    for late in from..=until {
                        tracing::warn!(room = %room, position = late, "voided a position that stayed empty");
                        store.void(room, late).await?;
                        tally.note(|counts| counts.voids += 1);
                    }
                }
                Step::Post { changes: unbroken } => {
                    let mut sockets = match recipients.take() {
                        Some(read) => read,
                        None => store.sockets_in(room, time::now()).await?,
                    };
                    sockets.retain(|socket| !unreachable.contains(socket));
                    put_first(&mut sockets, self.sender.as_ref());
                    let standing = turn.standing();
                    let (frame, to) = frame::pack(room, standing, &changes[..unbroken]);
                    let posted = self.delivery.post(&sockets, &frame).await;
                    tally.note(|counts| {
                        counts.rounds += 1;
                        counts.frame_bytes.push(frame.len());
                        counts.changes += (to - standing.settled).unsigned_abs();
                        counts.posts += posted.delivered as u64;
                        counts.retries += posted.repeated as u64;
                        counts.gone += posted.gone.len() as u64;
                        counts.unreached += posted.failed.len() as u64;
                    });
                    unreachable.extend(posted.gone.iter().chain(&posted.failed).cloned());
                    gone.extend(posted.gone);
                    turn.posted(to, began.elapsed());
                }
                Step::Advance { to } => {
                    let Round { standing: now, goes_on } = store.advance(&self.lease, to).await?;
                    turn.advanced(now, goes_on);
                    missing = Missing::begin();
                }
                Step::HandOver { to } => {
                    tally.note(|counts| counts.hand_overs += 1);
                    return store.hand_over(self.lease, to).await.map(drop);
                }
                Step::End => return Ok(()),
            }
        }
    }
}

/// Waiting for a position that is taken and empty.
struct Missing {
    since: Instant,
    pause: Duration,
}

impl Missing {
    fn begin() -> Self {
        Self { since: Instant::now(), pause: Duration::from_millis(2) }
    }

    async fn wait(&mut self) {
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(Duration::from_millis(50));
    }
}

fn put_first(sockets: &mut [ConnectionId], sender: Option<&ConnectionId>) {
    if let Some(at) = sockets.iter().position(|socket| Some(socket) == sender) {
        sockets.swap(0, at);
    }
}
