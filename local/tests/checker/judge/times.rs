//! How long things took to arrive, at everybody who was there.

use std::collections::BTreeSet;

use crate::checker::record::{Log, Ms, Record};
use crate::checker::violation::{Kind, Violation};

/// Nothing that is stored may be on its way for longer, whatever happens: the lease of one who died, the function's time-out of another one, and
/// a database that comes back.
const LONGEST: Ms = 60_000;

/// From an acknowledgment to a client that has it, for each pair.
#[derive(Debug, Default)]
pub(crate) struct Times {
    /// In order.
    pub(crate) delays: Vec<Ms>,
    pub(crate) expected: usize,
}

impl Times {
    pub(super) fn of(record: &Record) -> Self {
        let mut times = Self::default();
        each(record, |pair| {
            times.expected += 1;
            times.delays.extend(pair.delay);
        });
        times.delays.sort_unstable();
        times
    }

    pub(crate) fn percentile(&self, share: f64) -> Ms {
        let at = (self.delays.len() as f64 * share).ceil() as usize;
        self.delays.get(at.max(1) - 1).copied().unwrap_or_default()
    }
}

/// An acknowledged change, and a log that has to have it.
struct Pair {
    ask: usize,
    log: usize,
    seq: i64,
    rev: i64,
    /// When it was acknowledged, or when the log began, if that was later.
    since: Ms,
    /// What brought it, by its number in the log; none, if it never came.
    came: Option<usize>,
    delay: Option<Ms>,
}

fn each(record: &Record, mut call: impl FnMut(Pair)) {
    let mut done: Vec<Vec<(usize, i64, i64, Ms)>> = vec![Vec::new(); record.rooms.len()];
    for (number, ask) in record.asks.iter().enumerate() {
        if let Some((seq, rev, at)) = ask.done() {
            done[ask.room].push((number, seq, rev, at));
        }
    }
    for (number, log) in record.logs.iter().enumerate() {
        for (ask, seq, rev, at) in done[log.room].iter().copied() {
            if rev <= log.began || (!log.last && rev > log.position) {
                continue;
            }
            let came = log.heard.partition_point(|heard| heard.position < rev);
            let since = at.max(log.began_at);
            let delay = log.heard.get(came).map(|heard| heard.at.saturating_sub(since));
            call(Pair { ask, log: number, seq, rev, since, came: delay.map(|_| came), delay });
        }
    }
}

pub(super) fn violations(record: &Record) -> Vec<Violation> {
    let mut found = Vec::new();
    each(record, |pair| {
        if let (Some(came), Some(delay)) = (pair.came, pair.delay.filter(|delay| *delay > LONGEST)) {
            let log = &record.logs[pair.log];
            let what = format!("{} came to client {}", record.asks[pair.ask].client_id, log.client);
            let said = format!("{what} after {delay} ms: {}", meanwhile(log, &pair, came));
            let late = Violation::new(Kind::Late, said).room(log.room).ask(pair.ask).log(pair.log);
            found.push(late.seq(pair.seq).rev(pair.rev));
        }
    });
    found
}

/// What a client heard of the room while something was on its way: whether it was cut off, or busy with what came before.
fn meanwhile(log: &Log, late: &Pair, came: usize) -> String {
    let first = log.heard.partition_point(|heard| heard.at < late.since).min(came);
    let before = log.heard[..first].last();
    let heard = &log.heard[first..=came];
    let behind = late.rev - before.map_or(log.began, |heard| heard.position);
    let sockets: BTreeSet<u32> = before.into_iter().chain(heard).map(|heard| heard.socket).collect();
    let times: Vec<Ms> = [late.since].into_iter().chain(heard.iter().map(|heard| heard.at)).collect();
    let silence = times.windows(2).map(|two| two[1].saturating_sub(two[0])).max().unwrap_or_default();
    format!(
        "{behind} positions behind, over {} sockets, {} times of the room, after {silence} ms of silence at most",
        sockets.len(),
        heard.len(),
    )
}
