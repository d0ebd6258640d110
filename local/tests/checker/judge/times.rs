//! How long things took to arrive, at everybody who was there.

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
        each(record, |_, _, delay| {
            times.expected += 1;
            times.delays.extend(delay);
        });
        times.delays.sort_unstable();
        times
    }

    pub(crate) fn percentile(&self, share: f64) -> Ms {
        let at = (self.delays.len() as f64 * share).ceil() as usize;
        self.delays.get(at.max(1) - 1).copied().unwrap_or_default()
    }
}

/// Calls with each acknowledged change, each log that has to have it, and how long that took if it ever came.
fn each(record: &Record, mut call: impl FnMut(usize, usize, Option<Ms>)) {
    let mut done: Vec<Vec<(usize, i64, Ms)>> = vec![Vec::new(); record.rooms.len()];
    for (number, ask) in record.asks.iter().enumerate() {
        if let Some((_, rev, at)) = ask.done() {
            done[ask.room].push((number, rev, at));
        }
    }
    for (number, log) in record.logs.iter().enumerate() {
        let steps: Vec<(i64, Ms)> = log.heard.iter().map(|heard| (heard.position, heard.at)).collect();
        for (ask, rev, at) in &done[log.room] {
            if *rev <= log.began || (!log.last && *rev > log.position) {
                continue;
            }
            let came = steps.partition_point(|(position, _)| position < rev);
            let since = (*at).max(log.began_at);
            call(*ask, number, steps.get(came).map(|(_, came)| came.saturating_sub(since)));
        }
    }
}

pub(super) fn violations(record: &Record) -> Vec<Violation> {
    let mut found = Vec::new();
    each(record, |ask, log, delay| {
        if let Some(delay) = delay.filter(|delay| *delay > LONGEST) {
            found.push(late(record, ask, log, &record.logs[log], delay));
        }
    });
    found
}

fn late(record: &Record, ask: usize, number: usize, log: &Log, delay: Ms) -> Violation {
    let said = format!("{} came to client {} after {delay} ms", record.asks[ask].client_id, log.client);
    let violation = Violation::new(Kind::Late, said).room(log.room).ask(ask).log(number);
    match record.asks[ask].done() {
        Some((seq, rev, _)) => violation.seq(seq).rev(rev),
        None => violation,
    }
}
