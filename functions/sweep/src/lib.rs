//! Once a minute: broadcasts what was stored by an invocation that died, if nobody has acted in the room since, and sees off sockets whose end
//! API Gateway never told, erases what is left of deleted accounts, and, where a retention is set, deletes what is older.

use std::sync::Arc;
use std::time::Duration;

use parlour::delivery::{Delivery, turn};
use parlour::function::{Function, Metrics, Settings};
use parlour::room::Retention;
use parlour::store::LEASE;
use parlour::{Result, erasure, presence, time};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

/// When to begin nothing more: the next sweep goes on, and the function's time-out of 60 seconds is not met by the last of them.
const BUSY: Duration = Duration::from_secs(45);

/// How many rooms and how many sockets one sweep takes on.
const ROOMS: i64 = 1000;
const SOCKETS: i64 = 500;

/// How many sockets of ended sessions it closes, and how many of them at once.
const CLOSED: i64 = 200;
const AT_ONCE: usize = 20;

/// How many deleted accounts, and how long.
const ACCOUNTS: i64 = 100;
const ERASING: Duration = Duration::from_secs(10);

/// Makes up for what was left undone.
pub struct Sweep {
    delivery: Arc<Delivery>,
    retention: Option<Retention>,
    metrics: Metrics,
}

/// The schedule's event, of which nothing matters.
#[derive(Debug, Deserialize)]
pub struct Tick {}

/// What was there to do.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Done {
    /// Rooms that were looked after.
    pub rooms: usize,
    /// Sockets that were seen off.
    pub sockets: usize,
    /// Deleted accounts of which nothing is left.
    pub accounts: usize,
    /// Messages that were too old.
    pub forgotten: u64,
}

impl Function for Sweep {
    type Event = Tick;
    type Answer = Done;

    async fn from_env(settings: &Settings) -> Result<Self> {
        let delivery = settings.delivery().await?;
        Ok(Self { delivery, retention: settings.retention()?, metrics: settings.metrics() })
    }

    async fn handle(&self, _: Tick) -> Result<Done> {
        let began = Instant::now();
        // What has to be sent goes first, and nothing that fails here keeps it from being sent.
        let swept = self.sweep(began).await;
        let closed = self.close(began).await;
        let erased = self.erase(began).await;
        let forgotten = self.forget(began).await;
        self.metrics.write(&self.delivery);
        let (rooms, sockets) = swept?;
        let sockets = sockets + closed?;
        Ok(Done { rooms, sockets, accounts: erased?, forgotten: forgotten? })
    }
}

impl Sweep {
    /// Broadcasts what waits, and sees off sockets: in how many rooms, and how many.
    async fn sweep(&self, began: Instant) -> Result<(usize, usize)> {
        let now = time::now();
        let Delivery { store, gateway, .. } = &*self.delivery;
        let expired = store.expired_sockets(now, SOCKETS).await?;
        let sockets = expired.len();
        presence::departed(store, gateway, expired).await;
        let mut rooms = 0;
        // A lease that is running now may be that of somebody who has just died: waiting for its end is what keeps the promise of a minute.
        for (room, until) in store.leased_rooms(now.plus(LEASE), ROOMS).await? {
            sleep(until.since(time::now())).await;
            if began.elapsed() > BUSY {
                break;
            }
            match self.delivery.recover(room, 0, turn::LONGEST).await {
                Ok(()) => rooms += 1,
                // Its turn comes again in a minute; the others need not wait for that.
                Err(error) => error.log(),
            }
        }
        Ok((rooms, sockets))
    }

    /// Closes the sockets of sessions whose end died before it came to that. Says how many.
    async fn close(&self, began: Instant) -> Result<usize> {
        let Delivery { store, gateway, .. } = &*self.delivery;
        let left = store.sockets_of_ended(time::now(), CLOSED).await?;
        let mut closed = 0;
        for some in left.chunks(AT_ONCE) {
            if began.elapsed() > BUSY {
                break;
            }
            presence::close(store, gateway, some.to_vec()).await;
            closed += some.len();
        }
        Ok(closed)
    }

    /// Deletes what is too old, in as many rooms as there is time for.
    async fn forget(&self, began: Instant) -> Result<u64> {
        let mut forgotten = 0;
        if let Some(retention) = self.retention {
            while began.elapsed() < BUSY
                && let Some(gone) = self.delivery.store.forget(retention, time::now()).await?
            {
                forgotten += gone;
            }
        }
        Ok(forgotten)
    }

    /// Finishes what became of deleted accounts.
    async fn erase(&self, began: Instant) -> Result<usize> {
        let (mut erased, ends) = (0, Instant::now() + ERASING);
        let Delivery { store, gateway, .. } = &*self.delivery;
        for erasing in store.unfinished_erasures(time::now(), ACCOUNTS).await? {
            if began.elapsed() > BUSY || Instant::now() > ends {
                break;
            }
            match erasure::erase(store, gateway, erasing, None, ends).await {
                Ok(true) => {
                    store.erased(erasing).await?;
                    erased += 1;
                }
                Ok(false) => break,
                Err(error) => error.log(),
            }
        }
        Ok(erased)
    }
}
