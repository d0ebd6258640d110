//! The checker's judge: a good record is good; each kind of fault in it is found, and the account of it names what it is about.

use crate::checker::account::account;
use crate::checker::judge::judge;
use crate::checker::record::{
    Answer, Applied, Ask, Heard, Log, Message, Place, Reactions, Read, Record, Room, Said, Step, Trouble, TroubleKind,
    Try, Via, What,
};
use crate::checker::violation::Kind;

fn message(seq: i64, rev: i64, client_id: &str, text: &str) -> Message {
    let (author, client_id, text) = ("anna".to_owned(), client_id.to_owned(), text.to_owned());
    Message { seq, rev, author, client_id, text, deleted: false, reactions: Reactions::new() }
}

fn ask(client_id: &str, what: What, at: u64, said: Said) -> Ask {
    Ask {
        client: 0,
        author: "anna".to_owned(),
        room: 0,
        client_id: client_id.to_owned(),
        what,
        tries: vec![Try { at, client: 0, socket: 1 }],
        answers: vec![Answer { at: at + 5, client: 0, said }],
    }
}

fn send(text: &str) -> What {
    What::Send { text: text.to_owned() }
}

fn heard(at: u64, from: i64, to: i64) -> Heard {
    let step = Step::Applied;
    Heard { at, socket: 1, via: Via::Frame, from, to, changes: 1, position: to, misplaced: None, step }
}

fn applied(rev: i64, seq: i64, text: &str) -> Applied {
    Applied { rev, seq, text: text.to_owned(), deleted: false, reactions: Reactions::new(), late: false }
}

/// Three messages are said at 1, 2 and 4; 3 came to nothing; the first is edited at 5.
fn good() -> Record {
    let history =
        vec![message(1, 5, "ask-1", "one, edited"), message(2, 2, "ask-2", "two"), message(4, 4, "ask-3", "three")];
    let mut places: Vec<Place> =
        history.iter().map(|message| Place { rev: message.rev, message: Some(message.clone()) }).collect();
    places.push(Place { rev: 3, message: None });
    places.sort_by_key(|place| place.rev);
    let log = |client: usize| Log {
        client,
        room: 0,
        position: 5,
        messages: history.iter().map(|message| (message.seq, message.clone())).collect(),
        applied: vec![applied(1, 1, "one"), applied(2, 2, "two"), applied(4, 4, "three"), applied(5, 1, "one, edited")],
        heard: vec![heard(6, 1, 1), heard(16, 2, 4), heard(46, 5, 5)],
        last: true,
        ..Log::default()
    };
    let edit = What::Edit { seq: 1, text: "one, edited".to_owned() };
    Record {
        asks: vec![
            ask("ask-1", send("one"), 0, Said::Sent { seq: 1, rev: 1 }),
            ask("ask-2", send("two"), 10, Said::Sent { seq: 2, rev: 2 }),
            ask("ask-3", send("three"), 11, Said::Sent { seq: 4, rev: 4 }),
            ask("ask-4", edit, 40, Said::Changed { seq: 1, rev: 5 }),
        ],
        logs: vec![log(0), log(1)],
        reads: vec![Read {
            client: 1,
            room: 0,
            began: 30,
            position: 4,
            messages: vec![(1, 1), (2, 2), (4, 4)],
            before: false,
        }],
        troubles: vec![],
        inexcusable: vec![TroubleKind::TakenOut],
        rooms: vec![Room { id: "tea".to_owned(), head: 5, settled: 5, places, history }],
    }
}

/// What is done to a good record is found, and told.
fn finds(kind: Kind, names: &str, spoil: impl FnOnce(&mut Record)) {
    let mut record = good();
    spoil(&mut record);
    let found = judge(&record);
    let violation = found.iter().find(|violation| violation.kind == kind);
    let Some(violation) = violation else { panic!("{kind:?} was not found in {found:#?}") };
    let told = account(&record, violation);
    assert!(told.contains(names), "{told}");
}

#[test]
fn a_good_record_is_good() {
    assert!(judge(&good()).is_empty(), "{:#?}", judge(&good()));
}

#[test]
fn what_was_acknowledged_and_is_not_there_is_lost() {
    finds(Kind::Lost, "ask-2", |record| {
        record.rooms[0].history.remove(1);
        record.rooms[0].places[0].message = None;
    });
}

#[test]
fn what_is_there_twice_or_unasked_is_found() {
    finds(Kind::Doubled, "ask-3", |record| record.rooms[0].history.push(message(5, 6, "ask-3", "three")));
    finds(Kind::Unasked, "number 5", |record| record.rooms[0].history.push(message(5, 6, "ask-9", "three")));
}

#[test]
fn what_was_refused_may_not_be_there() {
    let refused = || Said::Refused { code: "conflict".to_owned() };
    finds(Kind::RefusedButThere, "ask-2", |record| record.asks[1].answers[0].said = refused());
    finds(Kind::RefusedButThere, "one, edited", |record| record.asks[3].answers[0].said = refused());
}

#[test]
fn the_last_change_that_was_acknowledged_stands() {
    finds(Kind::WrongContent, "one, edited", |record| record.rooms[0].history[0].text = "one".to_owned());
    finds(Kind::WrongContent, "ask-4", |record| record.rooms[0].history[0].rev = 3);
    finds(Kind::WrongContent, "ask-5", |record| {
        record.asks.push(ask("ask-5", What::Delete { seq: 2 }, 50, Said::Changed { seq: 2, rev: 2 }));
    });
}

#[test]
fn reactions_are_those_that_were_acknowledged() {
    let react = |client_id, on, at, rev| {
        ask(client_id, What::React { seq: 2, emoji: "👍", on }, at, Said::Changed { seq: 2, rev })
    };
    let thumb = || ("👍".to_owned(), "anna".to_owned());
    let put = |record: &mut Record, there: bool| {
        record.asks.push(react("ask-5", true, 50, 2));
        let Room { history, places, .. } = &mut record.rooms[0];
        for message in [&mut history[1], places[0].message.as_mut().unwrap()] {
            message.reactions.extend(there.then(thumb));
        }
        for log in &mut record.logs {
            log.applied[1].reactions.extend(there.then(thumb));
            log.messages.get_mut(&2).unwrap().reactions.extend(there.then(thumb));
        }
    };
    let mut record = good();
    put(&mut record, true);
    assert!(judge(&record).is_empty(), "{:#?}", judge(&record));
    finds(Kind::WrongContent, "is not at number 2", |record| put(record, false));
    finds(Kind::Differs, "Reacted", |record| put(record, false));
    finds(Kind::WrongContent, "is at number 2", |record| {
        put(record, true);
        record.asks[4].answers[0].said = Said::Changed { seq: 2, rev: 1 };
        record.asks.push(react("ask-6", false, 60, 2));
    });
    finds(Kind::Disagree, "👍", |record| {
        put(record, true);
        record.logs[1].applied[1].reactions.clear();
    });
}

#[test]
fn an_edit_that_nobody_answered_may_stand_or_not() {
    let mut record = good();
    let mut open = ask("ask-5", What::Edit { seq: 2, text: "2".to_owned() }, 50, Said::Sent { seq: 0, rev: 0 });
    open.answers.clear();
    record.asks.push(open);
    assert!(judge(&record).iter().all(|violation| violation.kind == Kind::NeverAnswered));
}

#[test]
fn a_repetition_has_the_same_answer() {
    let again = |said| Answer { at: 60, client: 1, said };
    finds(Kind::OtherAnswer, "number 7", |record| record.asks[1].answers.push(again(Said::Sent { seq: 7, rev: 9 })));
    finds(Kind::OtherAnswer, "changed at 9", |record| {
        record.asks[3].answers.push(again(Said::Changed { seq: 1, rev: 9 }));
    });
    finds(Kind::OtherAnswer, "refused", |record| {
        record.asks[3].answers.push(again(Said::Refused { code: "conflict".to_owned() }));
    });
    finds(Kind::NeverAnswered, "never answered", |record| record.asks[1].answers.clear());
}

#[test]
fn a_message_that_moved_is_answered_as_it_stands() {
    let mut record = good();
    record.asks[0].answers.push(Answer { at: 60, client: 1, said: Said::Sent { seq: 1, rev: 5 } });
    assert!(judge(&record).is_empty());
}

#[test]
fn every_position_is_used_once_and_broadcast() {
    finds(Kind::Hole, "position 3", |record| drop(record.rooms[0].places.remove(1)));
    finds(Kind::UsedTwice, "position 3", |record| record.rooms[0].places.push(Place { rev: 3, message: None }));
    finds(Kind::UsedTwice, "number 2", |record| {
        record.rooms[0].places[1].message = Some(message(2, 3, "ask-2", "two"));
    });
    finds(Kind::BeyondHead, "at 6", |record| record.rooms[0].places.push(Place { rev: 6, message: None }));
    finds(Kind::Unsettled, "settled is 4", |record| record.rooms[0].settled = 4);
    finds(Kind::HistoryDiffers, "number 4", |record| record.rooms[0].places[2].message = None);
}

#[test]
fn a_position_is_left_also_by_a_message_whose_author_had_no_answer_yet() {
    let mut record = good();
    // The first answer was lost; the edit came before the repetition, which is answered with the message as it stands.
    record.asks[0].answers[0] = Answer { at: 60, client: 0, said: Said::Sent { seq: 1, rev: 5 } };
    assert!(judge(&record).is_empty(), "{:#?}", judge(&record));
    for log in &mut record.logs {
        log.applied.remove(0);
    }
    let found = judge(&record);
    assert!(found.iter().any(|violation| violation.kind == Kind::Hole), "{found:#?}");
}

#[test]
fn a_client_that_passed_a_change_without_it_missed_it() {
    finds(Kind::Missed, "socket 1: Frame 2..4", |record| {
        record.logs[1].applied.remove(1);
        record.logs[1].messages.remove(&2);
    });
    finds(Kind::Behind, "the room at 5", |record| record.logs[1].position = 4);
    finds(Kind::Differs, "which the history lacks", |record| {
        record.logs[1].messages.insert(3, message(3, 3, "ask-9", "three"));
    });
    finds(Kind::Differs, "TWO", |record| {
        record.logs[1].messages.insert(2, message(2, 2, "ask-2", "TWO"));
    });
}

#[test]
fn a_client_applies_once_and_in_order() {
    finds(Kind::AppliedTwice, "twice", |record| record.logs[0].applied.push(applied(4, 4, "three")));
    finds(Kind::OutOfOrder, "all up to there", |record| record.logs[0].applied.swap(1, 2));
    finds(Kind::OutOfOrder, "late", |record| record.logs[0].applied[2].late = true);
    finds(Kind::Disagree, "TWO", |record| record.logs[0].applied[1].text = "TWO".to_owned());
    finds(Kind::Differs, "other", |record| record.logs[0].applied[3].text = "other".to_owned());
    finds(Kind::BadFrame, "change at 7", |record| record.logs[0].heard[0].misplaced = Some(7));
}

#[test]
fn what_moved_on_may_come_late() {
    let mut record = good();
    record.logs[0].applied[0].late = true;
    assert!(judge(&record).is_empty());
}

#[test]
fn a_page_has_what_was_acknowledged_before_it_was_asked_for() {
    finds(Kind::DishonestPage, "number 4", |record| record.reads[0].messages.truncate(2));
    finds(Kind::DishonestPage, "number 1", |record| record.reads[0].began = 100);
    let mut record = good();
    record.reads[0].messages.remove(0);
    record.reads[0].before = true;
    assert!(judge(&record).is_empty(), "what is older than the page is on another");
}

#[test]
fn nothing_is_on_its_way_for_more_than_a_minute() {
    finds(
        Kind::Late,
        "ask-4 came to client 1 after 69955 ms: 1 positions behind, over 1 sockets, 1 times of the room, after 69955 ms of silence at most",
        |record| record.logs[1].heard[2].at = 70_000,
    );
}

#[test]
fn what_has_no_cause_is_found() {
    let trouble = |kind| Trouble { at: 9, client: 1, kind, room: None, story: "socket 3".to_owned() };
    finds(Kind::WithoutCause, "socket 3", |record| record.troubles.push(trouble(TroubleKind::TakenOut)));
    let mut record = good();
    record.troubles.push(trouble(TroubleKind::Dropped));
    assert!(judge(&record).is_empty());
}
