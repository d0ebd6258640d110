//! Pages of the history that were read in the middle: nothing that had been acknowledged before is missing from them.

use std::collections::HashMap;

use crate::checker::record::{Read, Record};
use crate::checker::violation::{Kind, Violation};

pub(super) fn violations(record: &Record) -> Vec<Violation> {
    let mut acknowledged: Vec<Vec<(u64, i64, i64)>> = vec![Vec::new(); record.rooms.len()];
    for ask in &record.asks {
        if let Some((seq, rev, at)) = ask.done() {
            acknowledged[ask.room].push((at, seq, rev));
        }
    }
    acknowledged.iter_mut().for_each(|room| room.sort_unstable());
    record.reads.iter().filter_map(|read| dishonest(read, &acknowledged[read.room])).collect()
}

/// The newest page was asked for.
fn dishonest(read: &Read, acknowledged: &[(u64, i64, i64)]) -> Option<Violation> {
    let has: HashMap<i64, i64> = read.messages.iter().copied().collect();
    let oldest = if read.before { read.messages.iter().map(|(seq, _)| *seq).min().unwrap_or(i64::MAX) } else { 0 };
    let before = acknowledged.partition_point(|(at, ..)| *at < read.began);
    let lacks = |(_, seq, rev): &&(u64, i64, i64)| *seq >= oldest && has.get(seq).is_none_or(|has| has < rev);
    let (at, seq, rev) = acknowledged[..before].iter().find(lacks)?;
    let said = format!(
        "client {} read the newest page at {} ms, and number {seq} at {rev}, acknowledged at {at} ms, is not in it",
        read.client, read.began
    );
    Some(Violation::new(Kind::DishonestPage, said).room(read.room).seq(*seq).rev(*rev))
}
