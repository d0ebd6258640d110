//! The account of a violation: the whole story of the message or the position concerned, and nothing else.

use super::record::{Applied, Ask, Log, Message, Record, Said, Step, What};
use super::violation::Violation;

/// How many lines of one kind are told.
const LINES: usize = 12;

/// A few lines.
pub(crate) fn account(record: &Record, violation: &Violation) -> String {
    let mut lines = vec![format!("{:?}: {}", violation.kind, violation.said)];
    let Some(number) = violation.room else { return lines.join("\n") };
    let room = &record.rooms[number];
    lines.push(format!("  room {number} ({}): head {}, settled {}", room.id, room.head, room.settled));
    let ask = violation.ask.map(|ask| &record.asks[ask]);
    let seq = violation.seq.or_else(|| ask.and_then(Ask::seq));
    let told = |rev: i64| violation.rev == Some(rev);
    let concerned = record.asks.iter().enumerate().filter(|(at, ask)| {
        let about = seq.is_some() && ask.seq() == seq;
        ask.room == number && (violation.ask == Some(*at) || about || ask.done().is_some_and(|(_, rev, _)| told(rev)))
    });
    lines.extend(concerned.take(LINES).flat_map(|(_, ask)| asked(ask)));
    let shown = room
        .places
        .iter()
        .filter(|place| told(place.rev) || (seq.is_some() && place.message.as_ref().map(|message| message.seq) == seq));
    let before = lines.len();
    lines.extend(shown.take(LINES).map(|place| match &place.message {
        Some(message) => format!("  the database has at {}: {}", place.rev, described(message)),
        None => format!("  the database has at {}: a void", place.rev),
    }));
    if lines.len() == before {
        lines.push("  the database has nothing of it".to_owned());
    }
    match room.history.iter().find(|message| Some(message.seq) == seq) {
        Some(message) => lines.push(format!("  the history has {}", described(message))),
        None => lines.push("  the history has nothing of it".to_owned()),
    }
    if let Some(log) = violation.log.map(|log| &record.logs[log]) {
        lines.extend(experienced(record, log, seq, violation.rev));
    }
    lines.join("\n")
}

fn asked(ask: &Ask) -> Vec<String> {
    let what = match &ask.what {
        What::Send { text } => format!("send {text:?}"),
        What::Edit { seq, text } => format!("edit number {seq} to {text:?}"),
        What::Delete { seq } => format!("delete number {seq}"),
        What::React { seq, emoji, on: true } => format!("put {emoji} to number {seq}"),
        What::React { seq, emoji, on: false } => format!("take {emoji} from number {seq}"),
    };
    let tries = ask
        .tries
        .iter()
        .take(LINES)
        .map(|one| format!("client {} at {} ms by socket {}", one.client, one.at, one.socket));
    let mut lines = vec![format!("  {}: {what}, asked by {}", ask.client_id, tries.collect::<Vec<_>>().join(", "))];
    lines.extend(ask.answers.iter().take(LINES).map(|answer| {
        let said = match &answer.said {
            Said::Sent { seq, rev } => format!("number {seq} at {rev}"),
            Said::Changed { seq, rev } => format!("number {seq} changed at {rev}"),
            Said::Refused { code } => format!("refused: {code}"),
        };
        format!("    answered to client {} at {} ms: {said}", answer.client, answer.at)
    }));
    if ask.answers.is_empty() {
        lines.push("    never answered".to_owned());
    }
    lines
}

fn described(message: &Message) -> String {
    let Message { seq, rev, client_id, text, deleted, reactions, .. } = message;
    let says = if *deleted { "deleted".to_owned() } else { format!("{text:?}") };
    let reactions = if reactions.is_empty() { String::new() } else { format!(", with {reactions:?}") };
    format!("number {seq} at {rev}, {client_id}, {says}{reactions}")
}

/// What a client was told around that, and what it has.
fn experienced(record: &Record, log: &Log, seq: Option<i64>, rev: Option<i64>) -> Vec<String> {
    let mut lines = vec![format!(
        "  client {} began at {} ({} ms) and got to {}",
        log.client, log.began, log.began_at, log.position
    )];
    let rev = rev.unwrap_or(log.position + 1);
    let touching = log.heard.iter().filter(|heard| {
        let goes_beyond = heard.step == Step::Gap && heard.position == rev - 1;
        (heard.from <= rev && rev <= heard.to) || heard.misplaced == Some(rev) || heard.to == rev - 1 || goes_beyond
    });
    lines.extend(touching.take(LINES).map(|heard| {
        format!(
            "    at {} ms, socket {}: {:?} {}..{} with {} changes: {:?}, then at {}",
            heard.at, heard.socket, heard.via, heard.from, heard.to, heard.changes, heard.step, heard.position
        )
    }));
    let mine = log.applied.iter().filter(|applied| applied.rev == rev || Some(applied.seq) == seq);
    lines.extend(mine.take(LINES).map(|Applied { rev, seq, text, deleted, late, .. }| {
        let late = if *late { ", late" } else { "" };
        let text = if *deleted { "deleted".to_owned() } else { format!("{text:?}") };
        format!("    it applied number {seq} at {rev}{late}: {text}")
    }));
    match seq.and_then(|seq| log.messages.get(&seq)) {
        Some(message) => lines.push(format!("    it has {}", described(message))),
        None => lines.push("    it has nothing of it".to_owned()),
    }
    let around = record.troubles.iter().filter(|trouble| trouble.client == log.client && trouble.room.is_none());
    let near = log.heard.iter().find(|heard| heard.to >= rev).map_or(u64::MAX, |heard| heard.at);
    let around = around.filter(|trouble| trouble.at.abs_diff(near) < 5_000);
    lines.extend(
        around.take(LINES).map(|trouble| format!("    at {} ms: {:?}: {}", trouble.at, trouble.kind, trouble.story)),
    );
    lines
}
