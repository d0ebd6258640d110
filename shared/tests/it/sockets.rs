//! Sockets, and the rooms they are in.

use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use mongodb::bson::doc;
use parlour::ids::ConnectionId;
use parlour::store::Store;
use parlour::time;

use crate::world::story;

#[test]
fn a_socket_is_in_the_rooms_of_its_user_only() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let tea = world.room(&anna, "tea").await;
        world.socket(&anna, "anna-1").await;
        world.socket(&ben, "ben-1").await;
        assert_eq!(world.sockets_in(tea).await, ["anna-1"]);
        world.joins(&ben, tea).await;
        assert_eq!(world.sockets_in(tea).await, ["anna-1", "ben-1"]);
        assert_eq!(world.store.sockets_of(ben.id()).await.unwrap(), [ConnectionId::new("ben-1")]);
        world.store.leave(&ben, tea).await.unwrap();
        assert_eq!(world.sockets_in(tea).await, ["anna-1"]);
    });
}

#[test]
fn however_joining_leaving_and_connecting_overlap_the_sockets_end_up_right() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let mut rooms = Vec::new();
        for name in ["tea", "cake", "milk", "jams"] {
            rooms.push(world.room(&anna, name).await);
        }
        for round in 0..10 {
            futures_util::join!(world.joins(&ben, rooms[0]), world.joins(&ben, rooms[1]));
            try_join_all([world.store.leave(&ben, rooms[2]), world.store.leave(&ben, rooms[3])]).await.unwrap();
            let sockets = (0..4).map(|n| format!("ben-{round}-{n}"));
            let connects = join_all(sockets.map(|id| async { world.socket(&ben, &{ id }).await }));
            let leaves = try_join_all([world.store.leave(&ben, rooms[0]), world.store.leave(&ben, rooms[1])]);
            let joins = join_all([world.joins(&ben, rooms[2]), world.joins(&ben, rooms[3])]);
            let (_, left, _) = futures_util::join!(connects, leaves, joins);
            assert_eq!(left.unwrap(), [true, true]);
            let in_room = async |at: usize| {
                let all = world.sockets_in(rooms[at]).await;
                all.into_iter().filter(|id| id.starts_with(&format!("ben-{round}-"))).count()
            };
            assert_eq!(
                [in_room(0).await, in_room(1).await, in_room(2).await, in_room(3).await],
                [0, 0, 4, 4],
                "round {round}"
            );
        }
    });
}

#[test]
fn a_socket_whose_session_has_ended_does_not_get_in() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        let (session, token) = world.signs_in(&anna).await;
        world.store.sign_out(&token, time::now()).await.unwrap();
        assert!(world.store.connect_socket(&session, &ConnectionId::new("late"), time::now()).await.is_err());
        assert!(world.sockets_in(tea).await.is_empty());
    });
}

#[test]
fn a_socket_that_is_being_opened_gets_nothing_and_is_not_taken_for_gone() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        world.connects(&anna, "anna-1").await;
        assert!(world.sockets_in(tea).await.is_empty());
        let ben = world.person("ben").await;
        assert!(world.store.sockets_around(&[tea], ben.user().id, time::now()).await.unwrap().is_empty());
    });
}

#[test]
fn of_several_sockets_that_come_at_once_one_is_announced() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        let mine = [world.store.membership(&anna, tea).await.unwrap()];
        for round in 0..10 {
            let ids: Vec<String> = (0..4).map(|n| format!("{round}-{n}")).collect();
            let sockets = join_all(ids.iter().map(|id| world.connects(&anna, id))).await;
            let heard = try_join_all(sockets.iter().map(|socket| world.store.heard(socket, &mine, time::now()))).await;
            assert!(heard.unwrap().iter().any(|arrival| arrival.came), "round {round}: nobody was told");
            for socket in &sockets {
                world.store.remove_socket(&socket.id).await.unwrap();
            }
        }
    });
}

#[test]
fn a_socket_that_was_not_heard_of_for_eleven_minutes_is_gone() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        let socket = world.socket(&anna, "anna-1").await;
        let later = time::now().plus(Duration::from_secs(11 * 60 + 1));
        assert!(world.store.sockets_in(tea, later).await.unwrap().is_empty());
        world.store.still_there(&socket, time::now().plus(Duration::from_secs(60))).await.unwrap();
        assert_eq!(world.store.sockets_in(tea, later).await.unwrap().len(), 1);
        let two_hours = time::now().plus(Duration::from_secs(2 * 60 * 60));
        assert!(world.store.still_there(&socket, two_hours).await.is_err(), "a socket is two hours old");
        assert!(world.store.sockets_in(tea, two_hours).await.unwrap().is_empty(), "a socket outlived two hours");
    });
}

#[test]
fn two_tabs_are_one_person() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        let mine = [world.store.membership(&anna, tea).await.unwrap()];
        let (one, two) = (world.connects(&anna, "one").await, world.connects(&anna, "two").await);
        assert!(!world.store.is_here(anna.user().id, time::now()).await.unwrap(), "nobody was told yet");
        assert!(world.store.heard(&one, &mine, time::now()).await.unwrap().came);
        assert!(!world.store.heard(&two, &mine, time::now()).await.unwrap().came);
        assert!(!world.store.heard(&one, &mine, time::now()).await.unwrap().came);
        let left = world.store.remove_socket(&one.id).await.unwrap().unwrap();
        assert!(left.announced && left.rooms == [tea]);
        assert!(world.store.is_here(anna.user().id, time::now()).await.unwrap());
        world.store.remove_socket(&two.id).await.unwrap();
        assert!(!world.store.is_here(anna.user().id, time::now()).await.unwrap());
        assert!(world.store.remove_socket(&two.id).await.unwrap().is_none());
    });
}

#[test]
fn a_socket_that_missed_a_change_of_rooms_gets_them_when_it_is_heard() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        let socket = world.socket(&anna, "anna-1").await;
        let sockets = world.database.collection::<mongodb::bson::Document>("connections");
        let no_rooms = mongodb::bson::doc! { "$set": { "rooms": [] } };
        sockets.update_one(mongodb::bson::doc! { "_id": "anna-1" }, no_rooms).await.unwrap();
        assert!(world.sockets_in(tea).await.is_empty());
        let mine = [world.store.membership(&anna, tea).await.unwrap()];
        world.store.heard(&socket, &mine, time::now()).await.unwrap();
        assert_eq!(world.sockets_in(tea).await, ["anna-1"]);
    });
}

#[test]
fn the_recipients_of_a_broadcast_are_read_from_the_index_alone() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        for n in 0..20 {
            world.socket(&anna, &format!("anna-{n}")).await;
        }
        assert_eq!(world.sockets_in(tea).await.len(), 20);
        let reads = mongodb::bson::doc! {
            "ns": { "$regex": "connections$" }, "op": "query", "command.filter.rooms": { "$exists": true },
        };
        let profile = world.database.collection::<mongodb::bson::Document>("system.profile");
        let read = profile.find_one(reads).await.unwrap().unwrap();
        assert_eq!(read.get_i32("docsExamined").ok(), Some(0), "{read:#?}");
    });
}

#[test]
fn a_socket_that_ended_without_a_word_is_found_and_seen_off_once() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        world.socket(&anna, "anna-1").await;
        world.socket(&ben, "ben-1").await;
        let later = time::now().plus(parlour::connection::LEASE * 2);
        assert_eq!(world.store.expired_sockets(time::now(), 10).await.unwrap(), []);
        assert_eq!(world.store.expired_sockets(later, 10).await.unwrap().len(), 2);
        assert_eq!(world.store.expired_sockets(later, 1).await.unwrap().len(), 1);
        let id = ConnectionId::new("anna-1");
        assert!(world.store.remove_socket(&id).await.unwrap().is_some());
        assert!(world.store.remove_socket(&id).await.unwrap().is_none());
        assert_eq!(world.store.expired_sockets(later, 10).await.unwrap(), [ConnectionId::new("ben-1")]);
    });
}

#[test]
fn a_database_of_an_older_version_is_made_ready_without_losing_anything() {
    story(|world| async move {
        let anna = world.person("anna").await;
        world.socket(&anna, "anna-1").await;
        // As it was before: sockets were deleted as soon as their lease had run out.
        let seconds = async |seconds: i64| {
            let index = doc! { "keyPattern": { "expires_at": 1 }, "expireAfterSeconds": seconds };
            world.database.run_command(doc! { "collMod": "connections", "index": index }).await.unwrap()
        };
        seconds(0).await;
        Store::on(world.database.clone()).prepare().await.unwrap();
        let changed = seconds(600).await;
        assert_eq!(changed.get_i64("expireAfterSeconds_old").unwrap(), 600);
        assert!(world.store.connection(&ConnectionId::new("anna-1"), time::now()).await.is_ok());
    });
}

#[test]
fn what_is_left_open_of_sessions_that_have_ended_lately_is_found() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        world.socket(&anna, "anna=").await;
        world.socket(&ben, "ben=").await;
        let now = time::now();
        assert_eq!(world.store.sockets_of_ended(now, 10).await.unwrap(), []);
        world.store.end_sessions(anna.user().id, None, now).await.unwrap();
        let left = world.store.sockets_of_ended(now, 10).await.unwrap();
        assert_eq!(left.iter().map(ConnectionId::as_str).collect::<Vec<_>>(), ["anna="]);
        // Whatever was left for longer has run out by itself.
        assert_eq!(world.store.sockets_of_ended(now.plus(Duration::from_secs(3600)), 10).await.unwrap(), []);
        assert!(!world.store.has_direct(&anna, &[ben.user().id]).await.unwrap());
        world.store.direct(&anna, &[ben.user().id], now).await.unwrap();
        for (one, other) in [(&anna, &ben), (&ben, &anna)] {
            assert!(world.store.has_direct(one, &[other.user().id]).await.unwrap());
        }
    });
}
