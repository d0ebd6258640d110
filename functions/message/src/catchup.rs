//! What a client missed, in one reply below API Gateway's 32 KB. To a client that is near, what does not fit is posted ahead of the reply, in frames
//! like those that it missed: a busy room may go on faster than one reply after the other. Whoever is far behind reads the newest page sooner.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt};
use parlour::connection::Connection;
use parlour::delivery::{Delivery, RECOVERY, frame};
use parlour::ids::RoomId;
use parlour::message::Change;
use parlour::room::{Membership, Position, Standing};
use parlour::store::Spender;
use parlour::wire::{Catchup, Verdict};
use parlour::{Error, Result};

/// What the changes of one reply may take; the rest is for the envelope and the rooms that are gone.
const REPLY_BYTES: usize = 24 * 1024;

/// What a room takes in a reply besides its changes.
const ROOM_BYTES: usize = 200;

/// How many changes of a room are looked at: more than fit.
const CHANGES: i64 = 250;

/// How many rooms share a reply: those that miss the least come first, and none is starved by a busy one.
const SHARED_BY: usize = 8;

/// How many rooms are looked at beside one another.
const AT_ONCE: usize = 4;

/// How many positions behind somebody is near: what a room of fifty who all talk brings in a minute.
const NEAR: i64 = 10_000;

/// How many frames are posted ahead of one reply, and for how long. Each counts as something asked for.
const FRAMES_AHEAD: usize = 32;
const TIME_AHEAD: Duration = Duration::from_secs(3);

/// The rooms in which something came after the positions, and whether to ask again.
pub(crate) async fn catch_up(
    delivery: &Arc<Delivery>,
    connection: &Connection,
    wanted: &[Membership],
    positions: &BTreeMap<RoomId, Position>,
) -> Result<(Vec<Catchup>, bool)> {
    let mut behind = standings(delivery, wanted, positions).await?;
    behind.retain(|(_, standing, position)| *position < standing.head);
    behind.sort_by_key(|(_, standing, position)| standing.head - position);
    let mut left = REPLY_BYTES;
    let mut rooms = Vec::new();
    let mut waiting = behind.len();
    let missed = futures_util::stream::iter(behind).map(|(membership, standing, position)| async move {
        let missed = match position < standing.settled && position >= standing.floor {
            true => delivery.store.missed(&membership, position, standing.settled, CHANGES).await?,
            false => Vec::new(),
        };
        Ok::<_, Error>((membership, standing, position, missed))
    });
    let mut ahead = Ahead { delivery, connection, left: FRAMES_AHEAD, ends: Instant::now() + TIME_AHEAD };
    let mut missed = pin!(missed.buffered(AT_ONCE));
    while let Some((membership, standing, position, missed)) = missed.try_next().await? {
        let room = membership.room();
        if position < standing.floor {
            left = left.saturating_sub(ROOM_BYTES);
            waiting -= 1;
            rooms.push(cut(room, standing));
            continue;
        }
        let share = (left / waiting.min(SHARED_BY)).saturating_sub(ROOM_BYTES);
        let (position, missed) = ahead.post(&membership, standing, position, missed, share).await?;
        let first = missed.first().map_or(0, frame::bytes);
        if !rooms.is_empty() && left < ROOM_BYTES + first {
            return Ok((rooms, true));
        }
        let fitting = frame::fitting(&missed, share);
        left = left.saturating_sub(ROOM_BYTES + fitting.iter().map(frame::bytes).sum::<usize>());
        waiting -= 1;
        let is_all = is_all(fitting, &missed);
        let to = match fitting.last() {
            Some(last) if !is_all => last.rev,
            _ => position.max(standing.settled),
        };
        rooms.push(Catchup {
            room: room.to_string(),
            from: position + 1,
            to,
            head: standing.head,
            said: standing.said,
            changes: frame::messages(fitting),
            verdict: if is_all { Verdict::Complete } else { Verdict::More },
        });
    }
    let more = rooms.iter().any(|room| room.verdict == Verdict::More);
    Ok((rooms, more))
}

/// Whether nothing remains after what fits of the missed changes that were looked at.
fn is_all(fitting: &[Change], missed: &[Change]) -> bool {
    fitting.len() == missed.len() && (missed.len() as i64) < CHANGES
}

/// What is posted to a client ahead of the reply.
struct Ahead<'a> {
    delivery: &'a Arc<Delivery>,
    connection: &'a Connection,
    /// How many frames more.
    left: usize,
    ends: Instant,
}

impl Ahead<'_> {
    /// Posts what was missed of a room until the rest fits into `bytes`. Gives how far that came, and the rest, or as much of it as is looked at.
    async fn post(
        &mut self,
        membership: &Membership,
        standing: Standing,
        mut position: Position,
        mut missed: Vec<Change>,
        bytes: usize,
    ) -> Result<(Position, Vec<Change>)> {
        let Delivery { store, gateway, limits, .. } = &**self.delivery;
        if standing.head - position > NEAR {
            return Ok((position, missed));
        }
        while !is_all(frame::fitting(&missed, bytes), &missed) && self.left > 0 && Instant::now() < self.ends {
            let asked = store.spend(Spender::Ahead(&self.connection.id), limits.ask).await;
            let (frame, to) = frame::pack(membership.room(), Standing { settled: position, ..standing }, &missed);
            if asked.is_err()
                || gateway.post_to_all(std::slice::from_ref(&self.connection.id), &frame).await.delivered == 0
            {
                // The reply says how far they are, and they ask again.
                self.left = 0;
                break;
            }
            self.left -= 1;
            position = to;
            missed = store.missed(membership, position, standing.settled, CHANGES).await?;
        }
        Ok((position, missed))
    }
}

/// Something that was missed is kept no longer: the client has to begin anew.
fn cut(room: RoomId, standing: Standing) -> Catchup {
    Catchup {
        room: room.to_string(),
        from: standing.floor + 1,
        to: standing.floor,
        head: standing.head,
        said: standing.said,
        changes: Vec::new(),
        verdict: Verdict::Cut,
    }
}

/// How far the rooms have come, after whatever waits in one of them without a broadcaster has been sent.
async fn standings(
    delivery: &Arc<Delivery>,
    wanted: &[Membership],
    positions: &BTreeMap<RoomId, Position>,
) -> Result<Vec<(Membership, Standing, Position)>> {
    let Delivery { store, .. } = &**delivery;
    let mut found = store.rooms_of(wanted).await?;
    let waiting = found.iter().filter(|(_, standing, _)| standing.is_busy());
    let waiting: Vec<RoomId> = waiting.map(|(room, ..)| room.id).collect();
    // Mostly there are none, and nothing more is asked.
    let stalled = if waiting.is_empty() { Vec::new() } else { store.stalled(&waiting).await? };
    // Of a room that is left for later the client sees that its head is ahead.
    let began = Instant::now();
    for room in stalled.iter().take_while(|_| began.elapsed() < RECOVERY) {
        delivery.recover(*room, 0, RECOVERY).await?;
    }
    if !stalled.is_empty() {
        found = store.rooms_of(wanted).await?;
    }
    let position = |room: RoomId| positions.get(&room).copied().unwrap_or_default();
    Ok(found.into_iter().map(|(room, standing, mine)| (mine.clone(), standing, position(room.id))).collect())
}
