//! Who is here.

use parlour::wire::Frame;

use super::world::story;

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

fn is_here(members: &[parlour::wire::Member], name: &str) -> bool {
    members.iter().any(|member| member.user.name == name && member.online)
}
