//! What each client applied against the history, and against what the others were given.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::checker::record::{Applied, Log, Message, Record, Step, What};
use crate::checker::violation::{Kind, Violation};

pub(super) fn violations(record: &Record) -> Vec<Violation> {
    let mut found = Vec::new();
    for (number, room) in record.rooms.iter().enumerate() {
        let by_number: BTreeMap<i64, &Message> = room.history.iter().map(|message| (message.seq, message)).collect();
        let by_position: BTreeMap<i64, &Message> = room.history.iter().map(|message| (message.rev, message)).collect();
        let told = told(record, number);
        let mut given: HashMap<i64, (&Applied, usize)> = HashMap::new();
        for (at, log) in record.logs.iter().enumerate().filter(|(_, log)| log.room == number) {
            let of = |violation: Violation| violation.room(number).log(at);
            found.extend(in_order(log, &by_number).into_iter().map(of));
            found.extend(complete(log, &by_position, &by_number).into_iter().map(of));
            found.extend(as_told(log, &told).into_iter().map(of));
            found.extend(frames(log).into_iter().map(of));
            if log.last && log.position != room.head {
                let said = format!("client {} is at {} and the room at {}", log.client, log.position, room.head);
                found.push(of(Violation::new(Kind::Behind, said).rev(log.position + 1)));
            }
            for applied in &log.applied {
                let (first, whose) = *given.entry(applied.rev).or_insert((applied, log.client));
                let content = |one: &Applied| (one.seq, one.text.clone(), one.deleted, one.reactions.clone());
                if content(first) != content(applied) {
                    let said = format!("client {whose} was given {first:?}, client {} {applied:?}", log.client);
                    found.push(of(Violation::new(Kind::Disagree, said).rev(applied.rev).seq(applied.seq)));
                }
            }
        }
    }
    found
}

/// Positions rise. What comes late is what moved on meanwhile, and nothing else.
fn in_order(log: &Log, history: &BTreeMap<i64, &Message>) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut had = BTreeSet::new();
    // A `sync` that was asked for before it began anew may bring what is older than the page that it began with.
    for applied in log.applied.iter().filter(|applied| applied.rev > log.began) {
        let wrong = |kind, said: String| Violation::new(kind, said).rev(applied.rev).seq(applied.seq);
        let moved_on = history.get(&applied.seq).is_some_and(|now| now.rev > applied.rev);
        let came = format!("position {} came to client {}", applied.rev, log.client);
        if had.contains(&applied.rev) {
            found.push(wrong(Kind::AppliedTwice, format!("{came} twice")));
        } else if (applied.late || had.last().is_some_and(|last| *last > applied.rev)) && !moved_on {
            found.push(wrong(Kind::OutOfOrder, format!("{came} after it had all up to there")));
        }
        had.insert(applied.rev);
    }
    found
}

/// Whoever has passed a position has what stands there, and has nothing else.
fn complete(log: &Log, by_position: &BTreeMap<i64, &Message>, history: &BTreeMap<i64, &Message>) -> Vec<Violation> {
    let mut found = Vec::new();
    if log.began < log.position {
        for (rev, message) in by_position.range(log.began + 1..=log.position) {
            if !log.messages.contains_key(&message.seq) {
                let said =
                    format!("client {} has all up to {} without number {}", log.client, log.position, message.seq);
                found.push(Violation::new(Kind::Missed, said).rev(*rev).seq(message.seq));
            }
        }
    }
    for mine in log.messages.values() {
        let wrong = |said: String| Violation::new(Kind::Differs, said).rev(mine.rev).seq(mine.seq);
        match history.get(&mine.seq) {
            None => found.push(wrong(format!("client {} has {mine:?}, which the history lacks", log.client))),
            // It changed after this log ended.
            Some(now) if now.rev > log.position => {}
            Some(now) if *now != mine => {
                found.push(wrong(format!("client {} has {mine:?}, the history {now:?}", log.client)));
            }
            Some(_) => {}
        }
    }
    found
}

/// What somebody was told to have done.
#[derive(Debug)]
enum Done<'a> {
    Edited(&'a str),
    Deleted,
    Reacted(&'a str, &'a str, bool),
}

impl Done<'_> {
    fn is_in(&self, applied: &Applied) -> bool {
        match self {
            Self::Edited(text) => !applied.deleted && applied.text == *text,
            Self::Deleted => applied.deleted,
            Self::Reacted(emoji, user, on) => {
                applied.reactions.contains(&((*emoji).to_owned(), (*user).to_owned())) == *on
            }
        }
    }
}

/// What was acknowledged at each position.
fn told(record: &Record, room: usize) -> BTreeMap<i64, (i64, Done<'_>)> {
    let mut told = BTreeMap::new();
    for ask in record.asks.iter().filter(|ask| ask.room == room) {
        let Some((seq, rev, _)) = ask.done() else { continue };
        match &ask.what {
            // Answered late, it may have been edited, and stand where the edit put it.
            What::Send { .. } => {}
            What::Edit { text, .. } => drop(told.insert(rev, (seq, Done::Edited(text)))),
            What::Delete { .. } => drop(told.insert(rev, (seq, Done::Deleted))),
            What::React { emoji, on, .. } => drop(told.insert(rev, (seq, Done::Reacted(emoji, &ask.author, *on)))),
        }
    }
    told
}

/// What came at a position is what its author was told to have done there.
fn as_told(log: &Log, told: &BTreeMap<i64, (i64, Done<'_>)>) -> Vec<Violation> {
    let differs = |applied: &&Applied| {
        told.get(&applied.rev).is_some_and(|(seq, done)| *seq != applied.seq || !done.is_in(applied))
    };
    log.applied
        .iter()
        .filter(differs)
        .map(|applied| {
            let said =
                format!("client {} was given {applied:?}, and {:?} was done there", log.client, told[&applied.rev]);
            Violation::new(Kind::Differs, said).rev(applied.rev).seq(applied.seq)
        })
        .collect()
}

fn frames(log: &Log) -> Vec<Violation> {
    let bad = log.heard.iter().filter_map(|heard| Some((heard, heard.misplaced?)));
    bad.map(|(heard, rev)| {
        let what = if heard.step == Step::Gap { "not applied" } else { "applied" };
        let said = format!("{:?} from {} to {} ({what}) has a change at {rev}", heard.via, heard.from, heard.to);
        Violation::new(Kind::BadFrame, said).rev(rev)
    })
    .collect()
}
