//! Rooms and messages.

use futures_util::StreamExt;
use futures_util::future::join_all;
use parlour::ids::RoomId;
use parlour::store::Purpose;
use parlour::wire::{About, Code, Frame, Kind, PublicRooms, Reason, Role, Room, Rule, Verdict};
use serde_json::json;

use super::client::{client_id, fresh};
use super::world::story;

#[test]
fn two_people_in_a_room_hear_each_other_at_once_and_find_it_again() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let said = anna.says("hello").await;
        assert_eq!(ben.hears("hello").await, said);
        assert_eq!(anna.hears("hello").await, said, "what one says comes back to oneself");
        assert_eq!((said.seq, said.rev, said.author.name.as_str()), (1, 1, "anna"));
        ben.says("hi, anna").await;
        anna.hears("hi, anna").await;
        let page = ben.person.history(&ben.room, "").await;
        let texts: Vec<&str> = page.messages.iter().map(|message| message.text.as_str()).collect();
        assert_eq!(texts, ["hello", "hi, anna"]);
        assert_eq!(page.position, 2);
    });
}

#[test]
fn nothing_said_in_a_room_reaches_another() {
    story(|world| async move {
        let (mut anna, _ben) = world.pair("tea").await;
        let eve = world.person("eve").await;
        let elsewhere = eve.makes("elsewhere").await;
        let mut tab = eve.opens(&elsewhere).await;
        anna.says("secret").await;
        anna.hears("secret").await;
        assert_eq!(tab.heard_so_far().await, []);
    });
}

#[test]
fn no_name_is_taken_from_what_a_client_sends() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let eve = ben.person.session.user.id.clone();
        let forged = json!({
            "action": "send", "id": "1", "room": anna.room.id, "client_id": client_id(), "text": "it was me",
            "sender": "ben", "author": { "id": eve, "name": "ben" }, "user": eve, "role": "owner",
        });
        anna.asks(&forged).await;
        assert_eq!(ben.hears("it was me").await.author.name, "anna");
    });
}

#[test]
fn the_same_message_sent_twice_is_one_message() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let first = anna.says_as("hello", "the-same-id").await;
        let again = anna.says_as("hello", "the-same-id").await;
        let changed = anna.says_as("another text", "the-same-id").await;
        assert_eq!(first, again);
        assert_eq!(first, changed, "the answer is that of the first request");
        ben.hears("hello").await;
        assert!(!ben.heard_so_far().await.iter().any(|frame| matches!(frame, Frame::Changes { .. })));
        assert_eq!(ben.person.history(&ben.room, "").await.messages.len(), 1);
    });
}

#[test]
fn the_same_message_sent_many_times_at_once_is_one_message() {
    story(|world| async move {
        let (anna, mut ben) = world.pair("tea").await;
        let mut tabs = join_all((0..5).map(|_| anna.person.opens(&anna.room))).await;
        let said = join_all(tabs.iter_mut().map(|tab| tab.says_as("hello", "the-same-id"))).await;
        assert!(said.iter().all(|message| *message == said[0]), "{said:#?}");
        ben.hears("hello").await;
        let page = ben.person.history(&ben.room, "").await;
        assert_eq!(page.messages, [said[0].clone()]);
    });
}

#[test]
fn many_who_talk_at_once_are_heard_by_all_in_one_order() {
    story(|world| async move {
        let (anna, mut ben) = world.pair("tea").await;
        let mut tabs = join_all((0..6).map(|_| anna.person.opens(&anna.room))).await;
        let talks = tabs.iter_mut().enumerate().map(|(tab, talker)| async move {
            for n in 0..10 {
                talker.says(&format!("tab {tab} message {n}")).await;
            }
        });
        join_all(talks).await;
        ben.says("that is all").await;
        ben.hears("that is all").await;
        let page = ben.person.history(&ben.room, "limit=100").await;
        assert_eq!(page.messages.len(), 61);
        assert_eq!(page.messages.iter().map(|message| message.seq).collect::<Vec<_>>(), (1..=61).collect::<Vec<_>>());
        for (n, tab) in tabs.iter_mut().enumerate() {
            tab.hears("that is all").await;
            let mine = page.messages.iter().filter(|message| message.text.starts_with(&format!("tab {n} ")));
            assert!(mine.is_sorted_by_key(|message| message.rev));
        }
    });
}

#[test]
fn what_was_missed_comes_in_one_request() {
    story(|world| async move {
        let (mut anna, ben) = world.pair("tea").await;
        anna.says("before").await;
        let (person, room) = (ben.person.clone(), ben.room.clone());
        ben.closes().await;
        anna.sees("ben", false).await;
        for n in 0..5 {
            anna.says(&format!("missed {n}")).await;
        }
        let mut back = person.connects(&room).await.unwrap();
        back.position = 1;
        assert_eq!(back.pings().await, std::slice::from_ref(&room.id), "a ping tells who is behind");
        let pages = back.syncs().await;
        assert_eq!(pages.len(), 1);
        assert_eq!((pages[0].from, pages[0].to, pages[0].verdict.clone()), (2, 6, Verdict::Complete));
        assert_eq!(pages[0].changes.len(), 5);
        assert!(back.pings().await.is_empty());
        assert!(back.syncs().await.is_empty(), "there is nothing more");
    });
}

#[test]
fn what_does_not_fit_into_the_reply_is_posted_ahead_of_it() {
    story(|world| async move {
        let (mut anna, ben) = world.pair("tea").await;
        for n in 0..12 {
            anna.says(&format!("{n} {}", "😀".repeat(1990))).await;
        }
        let mut back = ben.person.connects(&ben.room).await.unwrap();
        let sync = json!({ "action": "sync", "id": "s", "rooms": { (&ben.room.id): 0 } });
        let Frame::Synced { rooms, more, .. } = back.asks(&sync).await else { panic!("no reply") };
        assert_eq!((rooms.len(), rooms[0].verdict.clone(), more), (1, Verdict::Complete, false));
        let (mut position, mut seen) = (0, Vec::new());
        for frame in back.heard.drain(..) {
            assert!(frame.to_json().len() < 32 * 1024);
            let Frame::Changes { from, to, changes, .. } = frame else { panic!("{frame:?}") };
            assert_eq!(from, position + 1);
            position = to;
            seen.extend(changes.iter().map(|message| message.seq));
        }
        assert!(seen.len() > 2, "{seen:?} came ahead");
        assert_eq!((rooms[0].from, rooms[0].to), (position + 1, 12));
        seen.extend(rooms[0].changes.iter().map(|message| message.seq));
        assert_eq!(seen, (1..=12).collect::<Vec<_>>());
    });
}

#[test]
fn a_long_absence_comes_in_pages_below_32_kb() {
    story(|world| async move {
        let (mut anna, ben) = world.pair("tea").await;
        for _ in 0..12 {
            anna.says(&"😀".repeat(1990)).await;
        }
        let (store, room) = (world.store().await, RoomId::parse(&anna.room.id).unwrap());
        let voids = (0..10_000).map(|_| async {
            store.void(room, store.place(room, Purpose::Amendment).await.unwrap().rev).await.unwrap();
        });
        futures_util::stream::iter(voids).buffer_unordered(8).collect::<()>().await;
        // Whoever took the first of these positions holds the lease, and does nothing with it.
        anna.says("level").await;
        anna.catches_up_to("level").await;
        let mut back = ben.person.connects(&ben.room).await.unwrap();
        let sync = json!({ "action": "sync", "id": "s", "rooms": { (&ben.room.id): 0 } });
        let Frame::Synced { rooms, more, .. } = back.asks(&sync).await else { panic!("no reply") };
        assert!(back.heard.is_empty(), "whoever is far behind reads the newest page sooner");
        assert_eq!((rooms[0].verdict.clone(), more), (Verdict::More, true));
        let pages = back.syncs().await;
        assert!(pages.iter().all(|page| serde_json::to_string(page).unwrap().len() < 32 * 1024));
        assert_eq!(back.position, 10_013);
    });
}

#[test]
fn rooms_say_what_is_mine_and_what_i_have_not_read() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        for n in 0..3 {
            anna.says(&format!("message {n}")).await;
        }
        ben.hears("message 2").await;
        let room = &ben.person.rooms().await[0];
        let expected = Room {
            id: ben.room.id.clone(),
            about: About { name: "tea".to_owned(), topic: String::new(), description: String::new(), archived: false },
            kind: Kind::Public,
            people: Vec::new(),
            role: Some(Role::Member),
            position: 3,
            said: 3,
            unread: 3,
            mentions: 0,
            draft: String::new(),
            muted: None,
        };
        assert_eq!(*room, expected);
        let read = json!({ "action": "read", "id": "r1", "room": ben.room.id, "position": 2, "seq": 2 });
        assert_eq!(
            ben.asks(&read).await,
            Frame::Read { id: "r1".to_owned(), room: ben.room.id.clone(), unread: 1, mentions: 0, retry_after: None }
        );
        assert_eq!(ben.person.rooms().await[0].unread, 1);
        assert_eq!(anna.person.rooms().await[0].role, Some(Role::Owner));
    });
}

#[test]
fn rooms_are_found_by_the_beginning_of_their_names() {
    story(|world| async move {
        let anna = world.person("anna").await;
        for name in ["Tea time", "teapot", "Cake"] {
            anna.makes(name).await;
        }
        let ben = world.person("ben").await;
        let find = async |query: &str| -> PublicRooms {
            world.http().get(&format!("/rooms/public?{query}"), ben.token()).await.expect_json(200)
        };
        let names = |found: &PublicRooms| found.rooms.iter().map(|room| room.about.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&find("").await), ["Cake", "Tea time", "teapot"]);
        let first = find("prefix=TEA&limit=1").await;
        assert_eq!((names(&first), first.more), (vec!["Tea time".to_owned()], true));
        let rest = find("prefix=TEA&limit=1&after=Tea%20time").await;
        assert_eq!((names(&rest), rest.more), (vec!["teapot".to_owned()], false));
        assert!(rest.rooms[0].role.is_none());
    });
}

#[test]
fn a_room_is_made_once_and_its_name_is_taken_by_case() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let body = json!({ "name": "Tea", "client_id": "make-tea-1" });
        let first: Room = world.http().post("/rooms", anna.token(), &body).await.expect_json(201);
        let again: Room = world.http().post("/rooms", anna.token(), &body).await.expect_json(201);
        assert_eq!(first, again);
        let taken = json!({ "name": "TEA", "client_id": "make-tea-2" });
        assert_eq!(
            world.http().post("/rooms", anna.token(), &taken).await.expect_failure(409).reason,
            Some(Reason::NameTaken)
        );
        let joined = anna.joins(&first).await;
        assert_eq!(joined, first, "joining again changes nothing, the role least of all");
    });
}

#[test]
fn history_comes_in_pages_in_both_directions() {
    story(|world| async move {
        let (mut anna, ben) = world.pair("tea").await;
        for n in 1..=7 {
            anna.says(&format!("message {n}")).await;
        }
        let page = async |query: &str| {
            let page = ben.person.history(&ben.room, query).await;
            (page.messages.iter().map(|message| message.seq).collect::<Vec<_>>(), page.before, page.after)
        };
        assert_eq!(page("limit=3").await, (vec![5, 6, 7], true, false));
        assert_eq!(page("limit=3&before=5").await, (vec![2, 3, 4], true, true));
        assert_eq!(page("limit=3&before=2").await, (vec![1], false, true));
        assert_eq!(page("limit=3&after=2").await, (vec![3, 4, 5], true, true));
        assert_eq!(page("limit=4&around=4").await, (vec![2, 3, 4, 5], true, true));
        let refused = async |query: &str| {
            let path = format!("/rooms/{}/messages?{query}", ben.room.id);
            let failure = world.http().get(&path, ben.person.token()).await.expect_failure(400);
            (failure.field.unwrap(), failure.rule.unwrap(), failure.limit)
        };
        assert_eq!(refused("limit=0").await, ("limit".to_owned(), Rule::TooSmall, Some(1)));
        assert_eq!(refused("limit=101").await, ("limit".to_owned(), Rule::TooLarge, Some(100)));
        assert_eq!(refused("before=x").await, ("before".to_owned(), Rule::Type, None));
        assert_eq!(refused("before=1&after=1").await.1, Rule::TooMany);
    });
}

#[test]
fn whoever_has_left_hears_and_says_nothing_more() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        ben.says("bye").await;
        anna.hears("bye").await;
        ben.person.leaves(&ben.room).await;
        anna.finds("that ben has left", |frame| matches!(frame, Frame::Left { user, .. } if user.name == "ben")).await;
        anna.says("is he gone?").await;
        anna.hears("is he gone?").await;
        let heard = ben.heard_so_far().await;
        assert!(heard.iter().all(|frame| !matches!(frame, Frame::Changes { from, .. } if *from > 1)), "{heard:#?}");
        let send =
            json!({ "action": "send", "id": fresh(), "room": ben.room.id, "client_id": client_id(), "text": "boo" });
        assert_eq!(ben.refused_code(&send).await, Code::NotFound);
        let path = format!("/rooms/{}/messages", ben.room.id);
        world.http().get(&path, ben.person.token()).await.expect_failure(404);
        let sync = json!({ "action": "sync", "id": "s", "rooms": { ben.room.id.clone(): 0 } });
        assert_eq!(
            ben.asks(&sync).await,
            Frame::Synced { id: "s".to_owned(), rooms: vec![], gone: vec![ben.room.id.clone()], more: false }
        );
        ben.person.joins(&ben.room).await;
        anna.finds(
            "that ben has joined",
            |frame| matches!(frame, Frame::Joined { member, .. } if member.user.name == "ben"),
        )
        .await;
        anna.says("welcome back").await;
        ben.position = anna.position + 1;
        ben.hears("welcome back").await;
    });
}

#[test]
fn a_process_that_is_killed_in_the_middle_loses_nothing() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let room = anna.room.clone();
        for n in 0..20 {
            let text = format!("message {n}");
            let id = format!("kill-test-{n}");
            let send = json!({ "action": "send", "id": fresh(), "room": room.id, "client_id": id, "text": text });
            anna.writes(&send.to_string()).await;
            // At another moment of its life each time.
            tokio::time::sleep(std::time::Duration::from_millis(n)).await;
            for process in world.running().processes("Message") {
                world.running().kill(process);
            }
            // What a client does that was not answered: it sends the same again, until it is.
            anna.insists_on(&text, &id).await;
        }
        let page = ben.person.history(&room, "limit=100").await;
        let texts: Vec<String> = page.messages.iter().map(|message| message.text.clone()).collect();
        assert_eq!(texts, (0..20).map(|n| format!("message {n}")).collect::<Vec<_>>());
        ben.catches_up_to("message 19").await;
        let killed = world.log().lines().iter().filter(|line| line.contains("signal: killed")).count();
        assert!(killed > 0, "no invocation was cut short");
    });
}
