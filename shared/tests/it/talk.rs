//! Rooms, members, and what was said.

use parlour::Error;
use parlour::error::Conflict;
use parlour::ids::{ClientId, RoomId};
use parlour::room::RoomName;
use parlour::store::{People, Purpose, Window};
use parlour::time;

use crate::world::story;

#[test]
fn who_is_no_member_has_no_key_to_a_room() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let tea = world.room(&anna, "tea").await;
        let missing = RoomId::from_bytes([9; 12]);
        for room in [tea, missing] {
            assert!(matches!(world.store.membership(&ben, room).await, Err(Error::NotFound)));
        }
        world.joins(&ben, tea).await;
        let theirs = world.store.memberships(&ben).await.unwrap();
        let rooms = world.store.rooms_of(&theirs).await.unwrap();
        assert_eq!(rooms.iter().map(|(room, ..)| room.id).collect::<Vec<_>>(), [tea]);
        assert!(world.store.leave(&ben, tea).await.unwrap());
        assert!(!world.store.leave(&ben, tea).await.unwrap());
        assert!(matches!(world.store.membership(&ben, tea).await, Err(Error::NotFound)));
    });
}

#[test]
fn a_room_made_twice_by_one_request_is_one_room() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let name = RoomName::parse("Tea").unwrap();
        let client_id = ClientId::parse("a-client-id").unwrap();
        let makes = (0..5).map(|_| world.store.make_room(&anna, &name, true, &client_id, time::now()));
        let made = futures_util::future::try_join_all(makes).await.unwrap();
        assert!(made.iter().all(|(id, _)| *id == made[0].0));
        assert_eq!(made.iter().filter(|(_, entered)| *entered).count(), 1);
        let other = ClientId::parse("another-client-id").unwrap();
        let taken = world.store.make_room(&anna, &RoomName::parse("TEA").unwrap(), true, &other, time::now()).await;
        assert!(matches!(taken, Err(Error::Conflict(Conflict::NameTaken))));
        assert_eq!(world.store.memberships(&anna).await.unwrap().len(), 1);
    });
}

#[test]
fn public_rooms_come_in_pages_by_name() {
    story(|world| async move {
        let anna = world.person("anna").await;
        for name in ["milk", "Tea", "tea time", "TEAPOT", "cake", "éclair"] {
            world.room(&anna, name.to_lowercase().replace([' ', 'é'], "x").as_str()).await;
        }
        let names = async |prefix: &str, after: Option<&str>, limit| {
            let rooms = world.store.public_rooms(prefix, after, limit).await.unwrap().0;
            rooms.into_iter().map(|room| room.about.name).collect::<Vec<_>>()
        };
        assert_eq!(names("", None, 3).await, ["cake", "milk", "tea"]);
        assert_eq!(names("", Some("TEA"), 9).await, ["teapot", "teaxtime", "xclair"]);
        assert_eq!(names("TEA", None, 9).await, ["tea", "teapot", "teaxtime"]);
        assert!(names("$", None, 9).await.is_empty());
    });
}

#[test]
fn history_goes_by_number_in_every_direction() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        let mine = world.store.membership(&anna, tea).await.unwrap();
        for n in 1..=9 {
            if n == 4 {
                let given_up = world.store.place(tea, Purpose::Message).await.unwrap();
                world.store.void(tea, given_up.rev).await.unwrap();
            } else {
                world.stores(&mine, &format!("message {n}").replace(' ', "-")).await;
            }
        }
        let page = async |window, limit| {
            let (messages, before, after) = world.store.history(&mine, window, limit).await.unwrap();
            (messages.iter().map(|message| message.seq).collect::<Vec<_>>(), before, after)
        };
        assert_eq!(page(Window::Newest, 3).await, (vec![7, 8, 9], true, false));
        assert_eq!(page(Window::Newest, 100).await, (vec![1, 2, 3, 5, 6, 7, 8, 9], false, false));
        assert_eq!(page(Window::Before(7), 3).await, (vec![3, 5, 6], true, true));
        assert_eq!(page(Window::Before(2), 3).await, (vec![1], false, true));
        assert_eq!(page(Window::Before(1), 3).await, (vec![], false, true));
        assert_eq!(page(Window::Before(99), 2).await, (vec![8, 9], true, false));
        assert_eq!(page(Window::After(3), 2).await, (vec![5, 6], true, true));
        assert_eq!(page(Window::After(9), 2).await, (vec![], true, false));
        assert_eq!(page(Window::After(-5), 2).await, (vec![1, 2], false, true));
        assert_eq!(page(Window::Around(5), 4).await, (vec![2, 3, 5, 6], true, true));
        assert_eq!(page(Window::Around(4), 4).await, (vec![2, 3, 5, 6], true, true));
        assert_eq!(page(Window::Around(1), 1).await, (vec![1], false, true));
        assert_eq!(page(Window::Around(5), 1).await, (vec![5], true, true));
        assert_eq!(page(Window::Around(i64::MAX), 2).await, (vec![9], true, false));
        assert_eq!(page(Window::Before(i64::MIN), 2).await, (vec![], false, true));
        assert_eq!(page(Window::After(i64::MAX), 2).await, (vec![], true, false));
    });
}

#[test]
fn what_was_missed_ends_where_the_room_is_settled() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        let mine = world.store.membership(&anna, tea).await.unwrap();
        for text in ["one1", "two2", "three", "four"] {
            world.stores(&mine, text).await;
        }
        let missed = world.store.missed(&mine, 1, 3, 10).await.unwrap();
        assert_eq!(missed.iter().map(|change| change.rev).collect::<Vec<_>>(), [2, 3]);
    });
}

#[test]
fn what_was_said_before_one_came_is_read_and_the_rest_counted() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let tea = world.room(&anna, "tea").await;
        let hers = world.store.membership(&anna, tea).await.unwrap();
        world.stores(&hers, "before").await;
        let his = world.joins(&ben, tea).await;
        world.stores(&hers, "after1").await;
        world.stores(&hers, "after2").await;
        let standing = world.store.standing(&his).await.unwrap();
        assert_eq!(his.unread(standing.said), 2);
        assert_eq!(world.store.mark_read(&his, 2, 1, standing).await.unwrap(), 2);
        let his = world.store.membership(&ben, tea).await.unwrap();
        assert_eq!(world.store.mark_read(&his, 1, 1, standing).await.unwrap(), 2, "reading goes forward only");
        assert_eq!(world.store.mark_read(&his, 99, 1, standing).await.unwrap(), 3, "nobody has read what was not said");
    });
}

#[test]
fn a_number_that_came_to_nothing_does_not_stay_unread() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        let mine = world.store.membership(&anna, tea).await.unwrap();
        let lease = world.store.place(tea, Purpose::Message).await.unwrap().lease.unwrap();
        let given_up = world.store.place(tea, Purpose::Message).await.unwrap();
        world.store.void(tea, 1).await.unwrap();
        world.store.void(tea, given_up.rev).await.unwrap();
        world.store.hand_over(lease, 2).await.unwrap();
        let standing = world.store.standing(&mine).await.unwrap();
        assert_eq!(world.store.mark_read(&mine, 0, 2, standing).await.unwrap(), 2);
    });
}

#[test]
fn members_come_in_pages_with_who_is_here() {
    story(|world| async move {
        let (anna, ben, eve) = (world.person("anna").await, world.person("ben").await, world.person("eve").await);
        let tea = world.room(&anna, "tea").await;
        world.joins(&ben, tea).await;
        world.joins(&eve, tea).await;
        let socket = world.socket(&eve, "eve-1").await;
        let theirs = world.store.memberships(&eve).await.unwrap();
        world.store.heard(&socket, &theirs, time::now()).await.unwrap();
        let mine = world.store.membership(&anna, tea).await.unwrap();
        let page = world.store.members(&mine, None, 2, time::now()).await.unwrap();
        let names = |page: &People| {
            page.members.iter().map(|(member, here)| (member.user.name.clone(), *here)).collect::<Vec<_>>()
        };
        assert_eq!(names(&page), [("anna".to_owned(), false), ("ben".to_owned(), false)]);
        assert_eq!((page.more, page.total, page.here), (true, 3, 1));
        let rest = world.store.members(&mine, Some(ben.user().id), 1, time::now()).await.unwrap();
        assert_eq!(names(&rest), [("eve".to_owned(), true)]);
        assert_eq!((rest.more, rest.total, rest.here), (false, 3, 1));
    });
}
