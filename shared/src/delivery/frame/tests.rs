use proptest::prelude::*;

use super::*;
use crate::ids::UserId;
use crate::message::Message;
use crate::time::Timestamp;
use crate::user::User;

fn said(rev: Position, text: &str) -> Change {
    let author = User { id: UserId::from_bytes([7; 12]), name: "anna".to_owned() };
    let message = Message {
        seq: rev,
        rev,
        author,
        client_id: "c".repeat(36),
        text: text.to_owned(),
        reply_to: None,
        mentions: Vec::new(),
        mentions_room: false,
        reactions: Vec::new(),
        at: Timestamp::from_millis(0),
        pinned_at: None,
        edited_at: None,
        deleted_at: None,
        deleted_by: None,
    };
    Change { rev, message: Some(message) }
}

fn nothing(rev: Position) -> Change {
    Change { rev, message: None }
}

/// The frames of as many rounds as it takes.
fn packed(mut standing: Standing, mut changes: &[Change]) -> Vec<String> {
    let mut frames = Vec::new();
    while !changes.is_empty() {
        let (frame, to) = pack(RoomId::from_bytes([1; 12]), standing, changes);
        changes = &changes[usize::try_from(to - standing.settled).unwrap()..];
        standing.settled = to;
        frames.push(frame);
    }
    frames
}

fn parsed(frames: &[String]) -> Vec<(i64, i64, Vec<i64>)> {
    frames
        .iter()
        .map(|frame| match serde_json::from_str(frame).unwrap() {
            wire::Frame::Changes { from, to, changes, .. } => {
                (from, to, changes.iter().map(|message| message.rev).collect())
            }
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn a_position_that_came_to_nothing_is_in_the_range_only() {
    let standing = Standing { head: 7, settled: 4, said: 2, floor: 0 };
    let frames = packed(standing, &[nothing(5), said(6, "x"), nothing(7)]);
    assert_eq!(parsed(&frames), [(5, 7, vec![6])]);
}

#[test]
fn the_longest_texts_go_two_to_a_frame() {
    let long = "😀".repeat(4000);
    let standing = Standing { head: 3, settled: 0, said: 3, floor: 0 };
    let frames = packed(standing, &[said(1, &long), said(2, &long), said(3, &long)]);
    assert_eq!(parsed(&frames), [(1, 2, vec![1, 2]), (3, 3, vec![3])]);
    assert!(frames.iter().all(|frame| frame.len() <= FRAME_BYTES));
}

proptest! {
    #[test]
    fn frames_hold_everything_once_in_order_within_the_limit(texts in prop::collection::vec(prop::option::of("[\"a😀\n]{0,3000}"), 0..60)) {
        let changes: Vec<Change> = texts.iter().zip(11..).map(|(text, rev)| match text {
            Some(text) => said(rev, text),
            None => nothing(rev),
        }).collect();
        let head = 10 + i64::try_from(changes.len()).unwrap();
        let frames = packed(Standing { head, settled: 10, said: head, floor: 0 }, &changes);
        let mut position = 10;
        let mut revs = Vec::new();
        for ((from, to, messages), frame) in parsed(&frames).into_iter().zip(&frames) {
            prop_assert_eq!(from, position + 1);
            prop_assert!(to >= from);
            prop_assert!(frame.len() <= FRAME_BYTES, "{} bytes", frame.len());
            position = to;
            revs.extend(messages);
        }
        prop_assert_eq!(position, head);
        let expected: Vec<i64> = changes.iter().filter(|change| change.message.is_some()).map(|change| change.rev).collect();
        prop_assert_eq!(revs, expected);
    }
}
