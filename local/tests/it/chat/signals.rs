//! Who is typing, and how far people have read.

use std::time::Duration;

use parlour::wire::{Code, Frame, Profile};
use serde_json::{Value, json};

use super::client::{Tab, fresh};
use super::world::{story, story_with_limits};

impl Tab {
    async fn looks(&mut self) {
        let look = json!({ "action": "look", "id": fresh(), "room": self.room.id });
        assert!(matches!(self.asks(&look).await, Frame::Noted { .. }));
    }

    fn typing(&self) -> Value {
        json!({ "action": "typing", "id": fresh(), "room": self.room.id })
    }

    /// Has read up to there, for the first time or again; says how long to wait to have it shown.
    async fn reads(&mut self, seq: i64, again: bool) -> Option<u64> {
        let (room, position) = (&self.room.id, self.position);
        let read =
            json!({ "action": "read", "id": fresh(), "room": room, "position": position, "seq": seq, "again": again });
        match self.asks(&read).await {
            Frame::Read { retry_after, .. } => retry_after,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_stranger_neither_looks_nor_types() {
    story(|world| async move {
        let (mut anna, _ben) = world.pair("tea").await;
        let eve = world.person("eve").await;
        let mut tab = eve.opens(&eve.makes("elsewhere").await).await;
        anna.looks().await;
        tab.room = anna.room.clone();
        for action in ["look", "typing"] {
            let request = json!({ "action": action, "id": fresh(), "room": anna.room.id });
            assert_eq!(tab.refused_code(&request).await, Code::NotFound, "{action}");
        }
        let heard = anna.heard_so_far().await;
        assert!(!heard.iter().any(is_signal), "{heard:?}");
    });
}

fn is_signal(frame: &Frame) -> bool {
    matches!(frame, Frame::Signals { .. })
}

#[test]
fn who_looks_at_a_room_sees_who_types_there() {
    story_with_limits(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let mut elsewhere = ben.person.opens(&ben.room).await;
        ben.looks().await;
        assert!(matches!(anna.asks(&anna.typing()).await, Frame::Noted { .. }));
        ben.finds(
            "that anna types",
            |frame| matches!(frame, Frame::Signals { typing, count: None, .. } if typing.len() == 1 && typing[0].name == "anna"),
        )
        .await;
        let again = anna.is_refused(&anna.typing()).await;
        assert_eq!(again.code, Code::Limited);
        assert!(again.retry_after.is_some_and(|wait| (1..=3_000).contains(&wait)), "{again:?}");
        let heard = elsewhere.heard_so_far().await;
        assert!(!heard.iter().any(is_signal), "{heard:?}");
    });
}

#[test]
fn reading_is_shown_to_others_unless_one_hides_it_and_to_ones_other_tabs_always() {
    story_with_limits(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let mut second = ben.person.opens(&ben.room).await;
        anna.looks().await;
        let said = anna.says("hello").await;
        ben.hears("hello").await;
        assert_eq!(ben.reads(said.seq, false).await, None);
        let id = ben.person.session.user.id.clone();
        anna.finds("that ben has read it", |frame| shows(frame, &id, 1)).await;
        let seen = |seq: i64| move |frame: &Frame| matches!(frame, Frame::Seen { seq: read, .. } if *read == seq);
        second.finds("that it is read", seen(1)).await;
        let of_ben = async |anna: &Tab| {
            let members = anna.person.members(&anna.room).await;
            members.into_iter().find(|member| member.user.name == "ben").unwrap().read
        };
        assert_eq!(of_ben(&anna).await, Some(1));
        let hide = json!({ "receipts": false }).to_string();
        let hidden = world.http().send(http::Method::PUT, "/account/receipts", ben.person.token(), hide.into()).await;
        assert_eq!(hidden.status, 204);
        let profile: Profile = world.http().get("/account", ben.person.token()).await.expect_json(200);
        assert!(!profile.receipts);
        assert_eq!(of_ben(&anna).await, None);
        let said = anna.says("more").await;
        ben.hears("more").await;
        assert_eq!(ben.reads(said.seq, false).await, None);
        second.finds("that it is read", seen(2)).await;
        let heard = anna.heard_so_far().await;
        assert!(!heard.iter().any(is_signal), "{heard:?}");
    });
}

#[test]
fn what_is_read_too_soon_after_another_signal_is_shown_when_it_is_asked_for_again() {
    story_with_limits(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        anna.looks().await;
        let id = ben.person.session.user.id.clone();
        let (mut wait, mut last) = (None, 0);
        // Ten at once, and one more every four seconds: even a slow machine comes to an end of that.
        for n in 0..40 {
            let text = format!("message {n}");
            last = anna.says(&text).await.seq;
            ben.hears(&text).await;
            wait = ben.reads(last, false).await;
            assert!(n >= 10 || wait.is_none(), "fewer than ten signals were shown at once");
            if wait.is_some() {
                break;
            }
        }
        let told = wait.expect("every signal was shown at once");
        assert!((1..=4_000).contains(&told), "{told}");
        let before = anna.heard_so_far().await;
        assert!(before.iter().any(is_signal) && !before.iter().any(|frame| shows(frame, &id, last)), "{before:?}");
        while let Some(wait) = ben.reads(last, true).await {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        anna.finds("that ben has read all", |frame| shows(frame, &id, last)).await;
    });
}

fn shows(frame: &Frame, user: &str, read: i64) -> bool {
    matches!(frame, Frame::Signals { seen, .. } if seen.get(user) == Some(&read))
}
