//! Whether the counting finds what it is to find: a log of deliveries is made, and then one in which something is lost, doubled, swapped or said by
//! nobody. Every run of the benchmark begins with it, for a checker that finds nothing proves nothing.

use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::json;

use super::dialect::Dialect;
use super::tally::Tally;
use super::writer::{Pace, client_id};

const MEMBERS: usize = 3;
const MESSAGES: usize = 5;

/// The last one's answer does not come; who hears it is the proof that it was stored.
const ANSWERED: usize = MESSAGES - 1;

/// What comes to a member.
type Log = Vec<(usize, String)>;

/// What is to be found: neither answered nor heard, lost, doubled, in another order than others have it, in another order than it is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Found {
    unanswered: usize,
    lost: usize,
    doubled: usize,
    disordered: usize,
    unlike_stored: usize,
}

/// Fails if the checker does not find what it should.
pub(crate) fn check() -> Result<()> {
    for dialect in [Dialect::Parlour, Dialect::SocketIo] {
        let parlour = usize::from(dialect == Dialect::Parlour);
        let none = Found::default;
        // With positions a member sees a gap when it is told of what comes after it.
        let lost = Found { lost: 1, disordered: parlour, ..none() };
        expect("nothing wrong", dialect, |_| {}, none())?;
        expect("nothing at all", dialect, Vec::clear, Found { lost: ANSWERED * MEMBERS, unanswered: 1, ..none() })?;
        expect("one lost", dialect, |log| drop(log.remove(at(1, 2))), lost)?;
        expect("the last one lost", dialect, |log| drop(log.remove(at(2, 4))), Found { lost: 1, ..none() })?;
        expect("one doubled", dialect, |log| log.push(log[at(0, 1)].clone()), Found { doubled: 1, ..none() })?;
        // 3 before 2 at one member: 2 is late in every respect, and with positions 3 has told of a gap.
        let swapped = Found { disordered: 1 + parlour, unlike_stored: 1, ..none() };
        expect("two swapped for one member", dialect, |log| swap(log, 1), swapped)?;
        // All agree with each other, but not with the history.
        let swapped = Found { disordered: MEMBERS * parlour, unlike_stored: MEMBERS, ..none() };
        let all = |log: &mut Log| (0..MEMBERS).for_each(|member| swap(log, member));
        expect("two swapped for all members", dialect, all, swapped)?;
        let strange = Found { disordered: 1, ..none() };
        let foreign = (0, frame(dialect, 9, 1).replace("tea", "coffee"));
        expect("one of another room", dialect, |log| log.push(foreign), strange)?;
    }
    Ok(())
}

/// Where a message of a member stands in the log that is right.
fn at(member: usize, message: usize) -> usize {
    message * MEMBERS + member
}

/// Swaps messages 2 and 3.
fn swap(log: &mut Log, member: usize) {
    log.swap(at(member, 2), at(member, 3));
}

/// A message as it comes: at position 11 and so on.
fn frame(dialect: Dialect, message: usize, run: usize) -> String {
    let (place, name) = (message + 11, client_id(run, message));
    match dialect {
        Dialect::Parlour => {
            let changes = json!([{ "rev": place, "client_id": name }]);
            // As it is written: the type first.
            format!(
                r#"{{"type":"changes","room":"tea","from":{place},"to":{place},"said":{place},"changes":{changes}}}"#
            )
        }
        Dialect::SocketIo => {
            let body = format!("{name} text");
            format!("42{}", json!(["message", { "id": format!("{place:024x}"), "room": "tea", "body": body }]))
        }
    }
}

fn expect(what: &str, dialect: Dialect, tamper: impl FnOnce(&mut Log), expected: Found) -> Result<()> {
    let mut tally = Tally::new(dialect, vec![("tea".to_owned(), MEMBERS)]);
    let run = tally.next_run();
    let (permits, _permitted) = channel();
    let starts = tally.begin(Instant::now(), Pace::Rate(1.0), 1, permits);
    starts.iter().take(MESSAGES).for_each(|start| start.store(1, Ordering::Release));
    let each = |message| (0..MEMBERS).map(move |member| (member, frame(dialect, message, run)));
    let mut log: Log = (0..MESSAGES).flat_map(each).collect();
    tamper(&mut log);
    for message in 0..ANSWERED {
        let answer = match dialect {
            Dialect::Parlour => json!({ "type": "sent", "id": message.to_string() }).to_string(),
            Dialect::SocketIo => format!(r#"43{message}[{{"ok":true}}]"#),
        };
        tally.heard(0, 0, answer.as_bytes(), Instant::now());
    }
    for (member, text) in log {
        tally.heard(0, member, text.as_bytes(), Instant::now());
    }
    let counted = tally.end();
    let (lost, doubled) = (counted.lost, counted.doubled);
    let found = Found {
        unanswered: counted.unanswered,
        lost,
        doubled,
        disordered: counted.disordered,
        unlike_stored: counted.unlike_stored,
    };
    ensure!(found == expected, "the checker is wrong, {dialect:?}, {what}: {found:?} instead of {expected:?}");
    Ok(())
}
