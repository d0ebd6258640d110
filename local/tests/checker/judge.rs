//! Whether a record keeps the promises of docs/ARCHITECTURE.md. Pure: it takes what was recorded and gives what is wrong with it.
//!
//! A message may be edited while it is being delivered, so two clients may have seen different steps of it. What must agree is this: what stands at
//! a position is the same for whoever was given it; whoever has passed a position has what still stands there; and in the end everybody has
//! what the history says.

mod answers;
mod logs;
mod positions;
mod reads;
mod times;

use super::record::{Log, Record, TroubleKind};
use super::violation::{Kind, Violation};
pub(crate) use times::Times;

/// Everything that is wrong, the gravest first.
pub(crate) fn judge(record: &Record) -> Vec<Violation> {
    let mut found = answers::violations(record);
    found.extend(positions::violations(record));
    found.extend(logs::violations(record));
    found.extend(reads::violations(record));
    found.extend(times::violations(record));
    found.extend(without_cause(record));
    found.sort_by_key(|violation| violation.kind);
    found
}

/// How long things took.
pub(crate) fn times(record: &Record) -> Times {
    Times::of(record)
}

fn without_cause(record: &Record) -> impl Iterator<Item = Violation> {
    let unexcused = |kind: &TroubleKind| record.inexcusable.contains(kind);
    record.troubles.iter().filter(move |trouble| unexcused(&trouble.kind)).map(move |trouble| {
        let said = format!("client {} at {} ms: {:?}: {}", trouble.client, trouble.at, trouble.kind, trouble.story);
        let violation = Violation::new(Kind::WithoutCause, said);
        match trouble.room {
            None => violation,
            Some((room, rev)) => {
                let theirs = |log: &Log| (log.client, log.room) == (trouble.client, room);
                let log = record.logs.iter().rposition(|log| theirs(log) && log.began_at <= trouble.at);
                log.map_or(violation.clone(), |log| violation.log(log)).room(room).rev(rev)
            }
        }
    })
}
