//! The room's positions: each used once, none without anything but those that a message left, all of them broadcast.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::checker::record::{Ask, Message, Record, Room};
use crate::checker::violation::{Kind, Violation};

pub(super) fn violations(record: &Record) -> Vec<Violation> {
    let mut found = Vec::new();
    for (number, room) in record.rooms.iter().enumerate() {
        let of = |violation: Violation| violation.room(number);
        found.extend(used_once(room).into_iter().map(of));
        found.extend(dense(room, &left(record, number)).into_iter().map(of));
        found.extend(history_is_what_is_stored(room).into_iter().map(of));
        if room.settled != room.head {
            let said = format!("the head is {} and settled is {}", room.head, room.settled);
            found.push(of(Violation::new(Kind::Unsettled, said).rev(room.settled + 1)));
        }
    }
    found
}

fn used_once(room: &Room) -> Vec<Violation> {
    let (mut revs, mut seqs) = (BTreeSet::new(), BTreeSet::new());
    let mut found = Vec::new();
    for place in &room.places {
        if !revs.insert(place.rev) {
            let said = format!("position {} has two documents", place.rev);
            found.push(Violation::new(Kind::UsedTwice, said).rev(place.rev));
        }
        if let Some(Message { seq, .. }) = place.message.as_ref().filter(|message| !seqs.insert(message.seq)) {
            let said = format!("two messages have the number {seq}");
            found.push(Violation::new(Kind::UsedTwice, said).rev(place.rev).seq(*seq));
        }
        if place.rev > room.head || place.rev < 1 {
            let said = format!("there is something at {} and the head is {}", place.rev, room.head);
            found.push(Violation::new(Kind::BeyondHead, said).rev(place.rev));
        }
    }
    found
}

/// The positions at which a message stood before it moved, as its author was told, or as somebody was given it: whoever reacts may move it before its
/// author has an answer.
fn left(record: &Record, room: usize) -> BTreeSet<i64> {
    let now: HashMap<i64, i64> = record.rooms[room].history.iter().map(|message| (message.seq, message.rev)).collect();
    let told = record.asks.iter().filter(|ask| ask.room == room).filter_map(Ask::done).map(|(seq, rev, _)| (seq, rev));
    let given = record.logs.iter().filter(|log| log.room == room).flat_map(|log| &log.applied);
    let stood = told.chain(given.map(|applied| (applied.seq, applied.rev)));
    stood.filter(|(seq, rev)| now.get(seq).is_some_and(|now| now > rev)).map(|(_, rev)| rev).collect()
}

fn dense(room: &Room, left: &BTreeSet<i64>) -> Vec<Violation> {
    let used: BTreeSet<i64> = room.places.iter().map(|place| place.rev).collect();
    let empty = (1..=room.head).filter(|position| !used.contains(position) && !left.contains(position));
    empty
        .map(|position| Violation::new(Kind::Hole, format!("there is nothing at position {position}")).rev(position))
        .collect()
}

fn history_is_what_is_stored(room: &Room) -> Vec<Violation> {
    let stored: BTreeMap<i64, &Message> =
        room.places.iter().filter_map(|place| place.message.as_ref()).map(|message| (message.seq, message)).collect();
    let mut found = Vec::new();
    let mut before = 0;
    for message in &room.history {
        let wrong = |said: String| Violation::new(Kind::HistoryDiffers, said).seq(message.seq).rev(message.rev);
        if message.seq <= before {
            found.push(wrong(format!("number {} comes after number {before}", message.seq)));
        }
        before = message.seq;
        if stored.get(&message.seq) != Some(&message) {
            found.push(wrong(format!("number {} is not stored as the history has it", message.seq)));
        }
    }
    let told: BTreeSet<i64> = room.history.iter().map(|message| message.seq).collect();
    let untold = stored.values().filter(|message| !told.contains(&message.seq));
    found.extend(untold.map(|message| {
        let said = format!("number {} is stored and not in the history", message.seq);
        Violation::new(Kind::HistoryDiffers, said).seq(message.seq).rev(message.rev)
    }));
    found
}
