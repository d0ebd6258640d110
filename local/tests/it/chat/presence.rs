//! Who is here.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use parlour::wire::Frame;
use tokio::time::{Instant, sleep};

use super::world::{SOON, story};

#[test]
fn two_tabs_are_one_person() {
    story(|world| async move {
        let (mut anna, ben) = world.pair("tea").await;
        let second = ben.person.opens(&ben.room).await;
        let room = ben.room.clone();
        ben.closes().await;
        world.log_says("Disconnect END").await;
        assert!(is_here(&anna.person.members(&room).await, "ben"));
        let told = anna.heard_so_far().await;
        assert!(!told.iter().any(|frame| matches!(frame, Frame::Presence { .. })), "{told:#?}");
        second.closes().await;
        anna.sees("ben", false).await;
        assert!(!is_here(&anna.person.members(&room).await, "ben"));
    });
}

#[test]
fn a_socket_that_just_dies_is_noticed() {
    story(|world| async move {
        let (mut anna, ben) = world.pair("tea").await;
        drop(ben.socket);
        anna.sees("ben", false).await;
    });
}

#[test]
fn whoever_comes_is_seen_by_those_who_share_a_room_and_by_nobody_else() {
    story(|world| async move {
        let (mut anna, _ben) = world.pair("tea").await;
        let eve = world.person("eve").await;
        let elsewhere = eve.makes("elsewhere").await;
        let mut far = eve.opens(&elsewhere).await;
        let cid = world.person("cid").await;
        cid.joins(&anna.room).await;
        let tab = cid.opens(&anna.room).await;
        anna.sees("cid", true).await;
        tab.closes().await;
        anna.sees("cid", false).await;
        assert_eq!(far.heard_so_far().await, []);
    });
}

#[test]
fn everybody_who_is_cut_off_at_once_and_comes_back_is_here() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let room = anna.makes("tea").await;
        let mut people = vec![anna];
        for n in 0..11 {
            let person = world.person(&format!("person{n}")).await;
            person.joins(&room).await;
            people.push(person);
        }
        let _before = join_all(people.iter().map(|person| person.opens(&room))).await;
        world.running().cut_all();
        // All at once, while the old sockets are being seen off.
        let mut tabs = join_all(people.iter().map(|person| person.opens(&room))).await;
        let seen_off = || world.log().lines().iter().filter(|line| line.starts_with("Disconnect END")).count();
        let deadline = Instant::now() + SOON;
        while seen_off() < people.len() {
            assert!(Instant::now() < deadline, "{} of {} were seen off", seen_off(), people.len());
            sleep(Duration::from_millis(20)).await;
        }
        let members = people[0].members(&room).await;
        assert!(members.len() == 12 && members.iter().all(|member| member.online), "{members:?}");
        // Nor did anybody hear last of somebody that they are gone.
        for tab in &mut tabs {
            let mut last = BTreeMap::new();
            for frame in tab.heard_so_far().await {
                if let Frame::Presence { user, online } = frame {
                    last.insert(user.name, online);
                }
            }
            assert!(last.values().all(|online| *online), "{last:?}");
        }
    });
}

fn is_here(members: &[parlour::wire::Member], name: &str) -> bool {
    members.iter().any(|member| member.user.name == name && member.online)
}
