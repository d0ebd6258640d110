//! What was answered against what is there: everything acknowledged once and as acknowledged, nothing refused, nothing that nobody asked for.

use std::collections::{HashMap, HashSet};

use crate::checker::record::{Ask, Message, Record, Said, What};
use crate::checker::violation::{Kind, Violation};

/// What became of one message, as far as its author was told.
#[derive(Default)]
struct Fate<'a> {
    /// The furthest edit or deletion that was acknowledged.
    last: Option<(i64, Content<'a>)>,
    /// The furthest change of any kind.
    moved: Option<i64>,
    /// Whether a reaction was never answered.
    may_have_moved: bool,
    /// What may have happened and was never answered.
    open: Vec<Content<'a>>,
    refused: Vec<&'a str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Content<'a> {
    Says(&'a str),
    Deleted,
}

pub(super) fn violations(record: &Record) -> Vec<Violation> {
    let mut found = Vec::new();
    for (number, ask) in record.asks.iter().enumerate() {
        found.extend(consistent(number, ask));
    }
    for room in 0..record.rooms.len() {
        in_room(record, room, &mut found);
        found.extend(reactions(record, room));
    }
    found
}

/// All answers to one request are the same answer.
fn consistent(number: usize, ask: &Ask) -> Option<Violation> {
    let violation = |kind, said: String| {
        let violation = Violation::new(kind, said).room(ask.room).ask(number);
        Some(match ask.seq() {
            Some(seq) => violation.seq(seq),
            None => violation,
        })
    };
    let Some(first) = ask.answers.first() else {
        return match ask.tries.is_empty() {
            true => None,
            false => violation(Kind::NeverAnswered, format!("{} was never answered", ask.client_id)),
        };
    };
    let same = |said: &Said| match (&first.said, said) {
        // What was said may have moved since: it is answered as it stands.
        (Said::Sent { seq, .. }, Said::Sent { seq: other, .. }) => seq == other,
        (one, other) => one == other,
    };
    let other = ask.answers.iter().find(|answer| !same(&answer.said))?;
    let said = format!("{} was answered with {:?} and then with {:?}", ask.client_id, first.said, other.said);
    violation(Kind::OtherAnswer, said)
}

fn in_room(record: &Record, room: usize, found: &mut Vec<Violation>) {
    let mut there: HashMap<(&str, &str), Vec<&Message>> = HashMap::new();
    for message in &record.rooms[room].history {
        there.entry((&message.author, &message.client_id)).or_default().push(message);
    }
    let fates = fates(record, room);
    for (number, ask) in record.asks.iter().enumerate().filter(|(_, ask)| ask.room == room) {
        let What::Send { text } = &ask.what else { continue };
        let copies = there.remove(&(ask.author.as_str(), ask.client_id.as_str())).unwrap_or_default();
        let wrong = |kind, said: String| {
            let violation = Violation::new(kind, said).room(room).ask(number);
            match copies.first() {
                Some(copy) => violation.seq(copy.seq).rev(copy.rev),
                None => violation,
            }
        };
        let name = &ask.client_id;
        match (copies.as_slice(), ask.done()) {
            ([], None) => {}
            ([], Some((seq, rev, _))) => {
                let said = format!("{name} was answered with number {seq} and is not in the history");
                found.push(wrong(Kind::Lost, said).seq(seq).rev(rev));
            }
            ([_, _, ..], _) => {
                let numbers: Vec<i64> = copies.iter().map(|copy| copy.seq).collect();
                found.push(wrong(Kind::Doubled, format!("{name} is in the history as {numbers:?}")));
            }
            ([_], None) if ask.is_refused() => {
                found.push(wrong(Kind::RefusedButThere, format!("{name} was refused and is in the history")));
            }
            ([copy], done) => {
                if let Some((seq, ..)) = done.filter(|(seq, ..)| *seq != copy.seq) {
                    let said = format!("{name} was answered with number {seq} and is number {}", copy.seq);
                    found.push(wrong(Kind::OtherAnswer, said));
                }
                if let Some((kind, said)) = disagrees(copy, text, done.map(|(_, rev, _)| rev), fates.get(&copy.seq)) {
                    found.push(wrong(kind, format!("{name}: {said}")));
                }
            }
        }
    }
    for copy in there.into_values().flatten() {
        let said = format!("number {} of {} as {} was asked for by nobody", copy.seq, copy.author, copy.client_id);
        found.push(Violation::new(Kind::Unasked, said).room(room).seq(copy.seq).rev(copy.rev));
    }
}

/// Of each person and emoji at a message, what was acknowledged last holds; of what was never answered, either.
fn reactions(record: &Record, room: usize) -> Vec<Violation> {
    type Key<'a> = (i64, &'a str, &'a str);
    let mut last: HashMap<Key<'_>, (i64, bool)> = HashMap::new();
    let mut open: HashSet<Key<'_>> = HashSet::new();
    for ask in record.asks.iter().filter(|ask| ask.room == room && !ask.tries.is_empty()) {
        let What::React { seq, emoji, on } = ask.what else { continue };
        let key = (seq, emoji, ask.author.as_str());
        match ask.done() {
            Some((_, rev, _)) if last.get(&key).is_none_or(|(known, _)| *known < rev) => {
                last.insert(key, (rev, on));
            }
            None if !ask.is_refused() => drop(open.insert(key)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for message in record.rooms[room].history.iter().filter(|message| !message.deleted) {
        let there = message.reactions.iter().map(|(emoji, user)| (message.seq, emoji.as_str(), user.as_str()));
        let there: HashSet<Key<'_>> = there.collect();
        let expected = last.iter().filter(|((seq, ..), (_, on))| *seq == message.seq && *on).map(|(key, _)| *key);
        let expected: HashSet<Key<'_>> = expected.collect();
        for (seq, emoji, user) in there.symmetric_difference(&expected).filter(|key| !open.contains(key)) {
            let is = if there.contains(&(*seq, *emoji, *user)) { "is" } else { "is not" };
            let said = format!("{emoji} of {user} {is} at number {seq}, against what they were told");
            found.push(Violation::new(Kind::WrongContent, said).room(room).seq(*seq).rev(message.rev));
        }
    }
    found
}

/// What the edits and deletions of each message of a room came to.
fn fates(record: &Record, room: usize) -> HashMap<i64, Fate<'_>> {
    let mut fates: HashMap<i64, Fate<'_>> = HashMap::new();
    for ask in record.asks.iter().filter(|ask| ask.room == room && !ask.tries.is_empty()) {
        let (seq, content) = match &ask.what {
            What::Send { .. } => continue,
            What::Edit { seq, text } => (*seq, Content::Says(text)),
            What::Delete { seq } => (*seq, Content::Deleted),
            What::React { seq, .. } => {
                let fate = fates.entry(*seq).or_default();
                fate.moved = fate.moved.max(ask.done().map(|(_, rev, _)| rev));
                fate.may_have_moved |= ask.done().is_none() && !ask.is_refused();
                continue;
            }
        };
        let fate = fates.entry(seq).or_default();
        match (ask.done(), content) {
            (Some((_, rev, _)), _) => {
                fate.moved = fate.moved.max(Some(rev));
                if fate.last.is_none_or(|(last, _)| last < rev) {
                    fate.last = Some((rev, content));
                }
            }
            (None, Content::Says(text)) if ask.is_refused() => fate.refused.push(text),
            (None, _) if ask.is_refused() => {}
            (None, _) => fate.open.push(content),
        }
    }
    fates
}

/// Whether a message says something else than it may.
fn disagrees(copy: &Message, said: &str, rev: Option<i64>, fate: Option<&Fate<'_>>) -> Option<(Kind, String)> {
    let is = if copy.deleted { Content::Deleted } else { Content::Says(&copy.text) };
    let none = Fate::default();
    let fate = fate.unwrap_or(&none);
    let expected = fate.last.map_or(Content::Says(said), |(_, content)| content);
    if fate.open.contains(&is) {
        return None;
    }
    let shown = |content| match content {
        Content::Says(text) => format!("{text:?}"),
        Content::Deleted => "nothing, being deleted".to_owned(),
    };
    if let Content::Says(text) = is
        && fate.refused.contains(&text)
    {
        return Some((Kind::RefusedButThere, format!("it says {text:?}, which was refused")));
    }
    if is != expected {
        return Some((Kind::WrongContent, format!("it says {} and should say {}", shown(is), shown(expected))));
    }
    match fate.moved.or(rev) {
        Some(last) if last != copy.rev && fate.open.is_empty() && !fate.may_have_moved => {
            Some((Kind::WrongContent, format!("it stands at {} and was last changed at {last}", copy.rev)))
        }
        _ => None,
    }
}
