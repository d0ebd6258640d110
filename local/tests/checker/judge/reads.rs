//! Pages of the history that were read in the middle: nothing that had been acknowledged before is missing from them.

use std::collections::{BTreeMap, HashMap};

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
    let standing: Vec<BTreeMap<i64, i64>> = record
        .rooms
        .iter()
        .map(|room| room.history.iter().map(|message| (message.rev, message.seq)).collect())
        .collect();
    let honest = |read: &Read| {
        dishonest(read, &acknowledged[read.room]).or_else(|| lacks_what_is_settled(read, &standing[read.room]))
    };
    record.reads.iter().filter_map(honest).collect()
}

/// Where a page, which is the newest, begins.
fn oldest(read: &Read) -> i64 {
    match read.before {
        true => read.messages.iter().map(|(seq, _)| *seq).min().unwrap_or(i64::MAX),
        false => 0,
    }
}

fn dishonest(read: &Read, acknowledged: &[(u64, i64, i64)]) -> Option<Violation> {
    let has: HashMap<i64, i64> = read.messages.iter().copied().collect();
    let oldest = oldest(read);
    let before = acknowledged.partition_point(|(at, ..)| *at < read.began);
    let lacks = |(_, seq, rev): &&(u64, i64, i64)| *seq >= oldest && has.get(seq).is_none_or(|has| has < rev);
    let (at, seq, rev) = acknowledged[..before].iter().find(lacks)?;
    let said = format!(
        "client {} read the newest page at {} ms, and number {seq} at {rev}, acknowledged at {at} ms, is not in it",
        read.client, read.began
    );
    Some(Violation::new(Kind::DishonestPage, said).room(read.room).seq(*seq).rev(*rev))
}

/// What still stands where it stood before the page's position is on the page, unless it is older than all that is.
fn lacks_what_is_settled(read: &Read, standing: &BTreeMap<i64, i64>) -> Option<Violation> {
    let has = |seq: i64| read.messages.iter().any(|(mine, _)| *mine == seq);
    let latest = standing.range(..=read.position).rev().take(read.messages.len() + 1);
    let (rev, seq) = latest.into_iter().find(|(_, seq)| **seq >= oldest(read) && !has(**seq))?;
    let said =
        format!("client {} read the newest page at position {}, without number {seq}", read.client, read.position);
    Some(Violation::new(Kind::DishonestPage, said).room(read.room).seq(*seq).rev(*rev))
}
