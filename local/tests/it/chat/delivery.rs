//! Delivery beyond the plain case: changes of what was said, large rooms, what a dead sender leaves, and people who are too loud.

use std::time::Duration;

use futures_util::future::join_all;
use parlour::ids::{ClientId, ConnectionId, RoomId};
use parlour::message::{Draft, Mentions, Text};
use parlour::permission::Act;
use parlour::room::Retention;
use parlour::store::{Place, Purpose};
use parlour::time::{self, Timestamp};
use parlour::wire::{Code, Failure, Frame, Reaction, Reason, Room, Verdict};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::client::{client_id, fresh};
use super::world::{SOON, World, story, story_with_limits, story_with_short_minutes};

#[test]
fn a_message_is_edited_and_deleted_by_its_author_only() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let said = anna.says("hello").await;
        let (room, seq) = (anna.room.id.clone(), said.seq);
        let by_another =
            json!({ "action": "edit", "id": "1", "room": room, "seq": seq, "client_id": client_id(), "text": "x" });
        assert_eq!(ben.refused_code(&by_another).await, Code::Forbidden);
        let edit = json!({ "action": "edit", "seq": seq, "client_id": "edit-0001", "text": "hi" });
        let rev = anna.amends(edit.clone()).await;
        let heard = ben.hears("hi").await;
        assert_eq!((heard.seq, heard.rev, heard.edited_at.is_some()), (seq, rev, true));
        let delete = json!({ "action": "delete", "seq": seq, "client_id": "delete-01" });
        let deleted = anna.amends(delete.clone()).await;
        let gone = ben.hears("").await;
        assert_eq!((gone.seq, gone.rev, gone.deleted_at.is_some()), (seq, deleted, true));
        assert_eq!(anna.amends(edit).await, rev, "a repetition is answered as the first");
        assert_eq!(anna.amends(delete).await, deleted);
        let late =
            json!({ "action": "edit", "id": "1", "room": room, "seq": seq, "client_id": client_id(), "text": "x" });
        let refused = anna.is_refused(&late).await;
        assert_eq!((refused.code, refused.reason), (Code::Conflict, Some(Reason::Deleted)));
        let page = ben.person.history(&ben.room, "").await;
        assert_eq!(page.messages, [gone]);
        // Whoever was away finds it at its new position only.
        let mut tab = ben.person.connects(&ben.room).await.unwrap();
        let pages = tab.syncs().await;
        let changes: Vec<_> = pages.iter().flat_map(|page| &page.changes).map(|message| message.rev).collect();
        assert_eq!((changes, tab.position), (vec![deleted], deleted));
    });
}

#[test]
fn whoever_is_in_the_room_reacts_and_replies_and_a_deletion_takes_the_reactions_along() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let said = anna.says("hello").await;
        let (room, seq) = (anna.room.id.clone(), said.seq);
        let react = |key: &str, emoji: &str, on: bool| json!({ "action": "react", "id": "1", "room": room, "seq": seq, "client_id": key, "emoji": emoji, "on": on });
        for emoji in ["", "x", "👍👍", "{\"$ne\":1}"] {
            let refused = ben.is_refused(&react("react-001", emoji, true)).await;
            assert_eq!((refused.code, refused.field.as_deref()), (Code::Invalid, Some("emoji")), "{emoji}");
        }
        let rev = ben.amends(react("react-002", "❤", true)).await;
        let heard = anna.hears_of(rev).await;
        let users = vec![ben.person.session.user.id.clone()];
        assert_eq!(heard.reactions, [Reaction { emoji: "❤\u{fe0f}".to_owned(), users }]);
        assert_eq!((heard.text.as_str(), heard.edited_at), ("hello", None));
        assert_eq!(ben.amends(react("react-002", "❤", true)).await, rev, "a repetition is answered as the first");
        let reply = json!({ "action": "send", "id": "2", "room": room, "client_id": client_id(), "text": "hi", "reply_to": seq });
        assert!(matches!(ben.asks(&reply).await, Frame::Sent { message, .. } if message.reply_to == Some(seq)));
        assert_eq!(anna.hears("hi").await.reply_to, Some(seq));
        let rev = anna.amends(json!({ "action": "delete", "seq": seq, "client_id": "delete-01" })).await;
        let gone = ben.hears_of(rev).await;
        assert!(gone.deleted_at.is_some() && gone.reactions.is_empty(), "{gone:?}");
        let refused = ben.is_refused(&react("react-003", "👍", true)).await;
        assert_eq!((refused.code, refused.reason), (Code::Conflict, Some(Reason::Deleted)));
        let page = ben.person.history(&ben.room, "").await;
        assert_eq!(page.messages[0], gone);
    });
}

#[test]
fn a_room_of_hundreds_hears_everything_in_order() {
    story(|world| async move {
        let (mut anna, ben) = world.pair("tea").await;
        let mut crowd = Vec::new();
        while crowd.len() < 280 {
            crowd.extend(join_all((0..20).map(|_| ben.person.opens(&ben.room))).await);
        }
        for text in ["one", "two", "three"] {
            anna.says(text).await;
        }
        for tab in &mut crowd {
            for text in ["one", "two", "three"] {
                tab.hears(text).await;
            }
        }
        let parts =
            world.log().lines().iter().filter(|line| line.contains("Fanout") && line.contains("REPORT")).count();
        assert!(parts >= 2, "the room was not posted to in parts: {parts}");
    });
}

#[test]
fn what_was_stored_by_somebody_who_died_is_told_by_the_sweep() {
    story_with_short_minutes(|world| async move {
        let (anna, mut ben) = world.pair("tea").await;
        // An invocation that takes a position, stores its message there, and dies.
        stores(&world, "anna", &anna.room, time::now()).await;
        drop(anna);
        ben.hears("my last words").await;
    });
}

#[test]
fn what_is_too_old_is_deleted_and_whoever_missed_it_is_told_to_begin_anew() {
    story_with_short_minutes(|world| async move {
        let (mut anna, ben) = world.pair("tea").await;
        let store = world.store().await;
        let ages = Duration::from_secs(31 * 24 * 60 * 60);
        let mut old = Vec::new();
        for text in ["one", "two"] {
            old.push(anna.says(text).await);
        }
        let (person, room) = (ben.person.clone(), ben.room.clone());
        ben.closes().await;
        assert_eq!(person.history(&room, "").await.messages, old);
        // A month goes by. The first visit says what will be gone, the second one, an hour later, deletes it.
        let retention = Retention::days(30).unwrap();
        let hour = Duration::from_secs(60 * 60);
        for later in [ages, ages + hour] {
            store.forget(retention, time::now().plus(later)).await.unwrap();
        }
        let new = anna.says("three").await;
        let mut tab = person.connects(&room).await.unwrap();
        let pages = tab.syncs().await;
        let page = &pages[0];
        assert!(page.verdict == Verdict::Cut && (page.from, page.to) == (3, 2), "{pages:?}");
        assert!(page.changes.is_empty());
        assert_eq!(person.history(&room, "").await.messages, [new]);
    });
}

#[test]
fn the_sweep_looks_for_what_is_too_old() {
    story_with_short_minutes(|world| async move {
        let anna = world.person("anna").await;
        let deadline = Instant::now() + SOON;
        loop {
            // Another room each time: one that was visited before something old was there is left alone for an hour.
            let room = anna.makes(&fresh()).await;
            let tab = anna.opens(&room).await;
            let place = stores(&world, "anna", &room, time::now().minus(Duration::from_secs(31 * 24 * 60 * 60))).await;
            // As if it had been told to everybody.
            world.store().await.advance(&place.lease.unwrap(), place.rev).await.unwrap();
            let visited = Instant::now() + Duration::from_secs(3);
            while Instant::now() < visited {
                let mut other = anna.connects(&room).await.unwrap();
                if other.syncs().await.iter().any(|page| page.verdict == Verdict::Cut) {
                    return;
                }
                sleep(Duration::from_millis(200)).await;
            }
            drop(tab);
            assert!(Instant::now() < deadline, "nothing is ever too old");
        }
    });
}

/// Takes a position in a room and stores something there, as an invocation does that dies after that.
async fn stores(world: &World, name: &str, room: &Room, at: Timestamp) -> Place {
    let store = world.store().await;
    for id in world.running().connections() {
        let socket = store.connection(&ConnectionId::new(id), time::now()).await.unwrap();
        if socket.session.user().name == name {
            let room = RoomId::parse(&room.id).unwrap();
            let membership = store.membership(&socket.session, room).await.unwrap();
            let permit = membership.may(Act::Say, time::now()).unwrap();
            let place = store.place(room, Purpose::Message).await.unwrap();
            let client_id = ClientId::parse("client-id-1").unwrap();
            let draft = Draft { client_id, text: Text::parse("my last words").unwrap(), reply_to: None };
            store.store(&permit, &draft, &Mentions::default(), &place, at).await.unwrap();
            return place;
        }
    }
    panic!("{name} has no socket");
}

#[test]
fn whoever_is_too_loud_is_told_how_long_to_wait_and_slows_nobody() {
    story_with_limits(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let send = |n: usize| {
            let client_id = format!("client-{n:04}");
            json!({ "action": "send", "id": fresh(), "room": anna.room.id, "client_id": client_id, "text": format!("text {n}") })
        };
        let requests: Vec<_> = (0..40).map(send).collect();
        let mut limited = Vec::new();
        for request in &requests {
            match anna.asks(request).await {
                Frame::Sent { .. } => {}
                Frame::Error(failure) => {
                    assert_eq!(failure.code, Code::Limited);
                    limited.push((request.clone(), failure.retry_after.unwrap()));
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(!limited.is_empty(), "40 messages at once were all let through");
        assert!(limited.iter().all(|(_, wait)| (1..=1000).contains(wait)), "{limited:?}");
        ben.says("not me").await;
        // The same request, after the wait, is the same message.
        let deadline = Instant::now() + Duration::from_secs(20);
        for (request, mut wait) in limited {
            loop {
                sleep(Duration::from_millis(wait)).await;
                match anna.asks(&request).await {
                    Frame::Sent { .. } => break,
                    Frame::Error(failure) => wait = failure.retry_after.unwrap(),
                    other => panic!("{other:?}"),
                }
                assert!(Instant::now() < deadline);
            }
        }
        let page = ben.person.history(&ben.room, "limit=100").await;
        assert_eq!(page.messages.iter().filter(|message| message.text.starts_with("text ")).count(), 40);
    });
}

#[test]
fn what_is_posted_ahead_of_a_reply_counts_as_asked_for() {
    story_with_limits(|world| async move {
        let (mut anna, ben) = world.pair("tea").await;
        for _ in 0..20 {
            anna.says(&"😀".repeat(3900)).await;
        }
        // Ten frames are posted ahead of each answer, and a socket has as many as a person may ask for: 120 at once and 20 a second.
        let mut back = ben.person.connects(&ben.room).await.unwrap();
        let rooms = json!({ (&ben.room.id): 0 });
        let mut ahead = Vec::new();
        while ahead.last().is_none_or(|frames| *frames >= 5) {
            assert!(ahead.len() < 100, "so many frames were posted: {ahead:?}");
            back.heard.clear();
            match back.asks(&json!({ "action": "sync", "id": fresh(), "rooms": rooms })).await {
                Frame::Synced { rooms: pages, more, .. } => {
                    ahead.push(back.heard.iter().filter(|frame| matches!(frame, Frame::Changes { .. })).count());
                    if *ahead.last().unwrap() < 5 {
                        assert_eq!((pages[0].verdict.clone(), more), (Verdict::More, true));
                    }
                }
                refused => panic!("what was posted kept from asking: {refused:?}"),
            }
        }
        assert!(ahead.len() > 5, "{ahead:?}");
    });
}

#[test]
fn a_flood_of_handshakes_and_of_syncs_is_held_up() {
    story_with_limits(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let mut other = anna.person.opens(&anna.room).await;
        let mut refused = None;
        for _ in 0..40 {
            if let Err(refusal) = anna.person.connects(&anna.room).await {
                refused = Some(refusal);
                break;
            }
        }
        let (status, body) = refused.unwrap();
        assert_eq!(status, 429);
        assert!(serde_json::from_str::<Failure>(&body).unwrap().retry_after.unwrap() > 0, "{body}");
        let sync = json!({ "action": "sync", "id": "1", "rooms": {} });
        // It is a person's, over whichever socket; nobody else waits for it.
        let mut limited = 0;
        for _ in 0..200 {
            for tab in [&mut anna, &mut other] {
                if let Frame::Error(failure) = tab.asks(&sync).await {
                    assert_eq!(failure.code, Code::Limited);
                    assert!(failure.retry_after.unwrap() > 0);
                    limited += 1;
                }
            }
        }
        // 120 at once and 20 a second: a person with two sockets has no more.
        assert!(limited > 200, "of 400 syncs {limited} were held up");
        assert!(matches!(ben.asks(&sync).await, Frame::Synced { .. }));
    });
}
