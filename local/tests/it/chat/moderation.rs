//! Keeping order: roles, mutes, kicks and bans, and what an admin does.

use std::time::Instant;

use parlour::time;
use parlour::wire::{Ban, Bans, Code, Departure, Frame, Member, Mute, Reason, Remover, Role, Room, Rule};
use serde_json::json;

use super::client;
use super::client::{Person, Tab, client_id, fresh};
use super::world::{BOUND, PASSWORD, story};

fn send(room: &Room, text: &str) -> serde_json::Value {
    json!({ "action": "send", "id": fresh(), "room": room.id, "client_id": client_id(), "text": text })
}

async fn appoints(by: &Person, room: &Room, whom: &Person, role: &str) -> client::Answer {
    by.put(&Person::about(room, "members/{user}/role", whom), json!({ "role": role })).await
}

/// The next frame about a member.
async fn hears_of(tab: &mut Tab, name: &str) -> Member {
    let what = format!("something about {name}");
    let found = tab.finds(&what, |frame| matches!(frame, Frame::Member { member, .. } if member.user.name == name));
    match found.await {
        Frame::Member { member, .. } => member,
        other => panic!("{other:?}"),
    }
}

#[test]
fn roles_are_given_from_above_and_everybody_hears_of_it() {
    story(|world| async move {
        let (anna, mut ben) = world.pair("tea").await;
        let cy = world.person("cy").await;
        let room = cy.joins(&anna.room).await;
        let (owner, member) = (anna.person.clone(), ben.person.clone());
        let low = appoints(&member, &room, &cy, "guest").await.expect_failure(403);
        assert_eq!((low.code, low.reason), (Code::Forbidden, Some(Reason::Rank)));
        for _ in 0..2 {
            let made: Member = appoints(&owner, &room, &member, "moderator").await.expect_json(200);
            assert_eq!((made.user.name.as_str(), made.role), ("ben", Role::Moderator));
        }
        assert_eq!(hears_of(&mut ben, "ben").await.role, Role::Moderator);
        let above = appoints(&member, &room, &cy, "moderator").await.expect_failure(403);
        assert_eq!(above.reason, Some(Reason::Rank), "a moderator makes moderators");
        let owners = appoints(&owner, &room, &cy, "owner").await.expect_failure(400);
        assert_eq!((owners.field.as_deref(), owners.rule), (Some("role"), Some(Rule::Unknown)));
        let made: Member = appoints(&member, &room, &cy, "guest").await.expect_json(200);
        assert_eq!(made.role, Role::Guest);
        let mut tab = cy.opens(&room).await;
        assert_eq!(tab.is_refused(&send(&room, "hello")).await.reason, Some(Reason::Guest));
        ben.says("you can hear me").await;
        tab.hears("you can hear me").await;
        let missing = "0123456789abcdef01234567";
        let nobody = owner.put(&format!("/rooms/{}/members/{missing}/role", room.id), json!({ "role": "guest" })).await;
        assert_eq!(nobody.expect_failure(404).code, Code::NotFound);
    });
}

#[test]
fn a_room_is_handed_over_once_and_never_without_an_owner() {
    story(|world| async move {
        let (mut anna, ben) = world.pair("tea").await;
        let (owner, heir, room) = (anna.person.clone(), ben.person.clone(), anna.room.clone());
        let path = format!("/rooms/{}/owner", room.id);
        let body = json!({ "user": heir.session.user.id });
        assert_eq!(heir.put(&path, body.clone()).await.expect_failure(403).reason, Some(Reason::Rank));
        for _ in 0..2 {
            let made: Member = owner.put(&path, body.clone()).await.expect_json(200);
            assert_eq!((made.user.name.as_str(), made.role), ("ben", Role::Owner));
        }
        assert_eq!(hears_of(&mut anna, "ben").await.role, Role::Owner);
        assert_eq!(hears_of(&mut anna, "anna").await.role, Role::Moderator);
        heir.leaves(&room).await;
        assert_eq!(hears_of(&mut anna, "anna").await.role, Role::Owner);
        assert_eq!(owner.rooms().await[0].role, Some(Role::Owner));
    });
}

#[test]
fn who_is_muted_says_nothing_is_told_for_how_long_and_only_those_who_keep_order_see_it() {
    story(|world| async move {
        let (anna, mut ben) = world.pair("tea").await;
        let cy = world.person("cy").await;
        let room = cy.joins(&anna.room).await;
        let mut looker = cy.opens(&room).await;
        let owner = anna.person.clone();
        let path = Person::about(&room, "members/{user}/mute", &ben.person);
        ben.says("let me speak").await;
        let until = time::now().millis() + 60_000;
        for (wrong, rule) in [(1, Rule::TooSmall), (until + 400 * 24 * 60 * 60 * 1000, Rule::TooLarge)] {
            let failure = owner.put(&path, json!({ "until": wrong })).await.expect_failure(400);
            assert_eq!((failure.field.as_deref(), failure.rule), (Some("until"), Some(rule)));
        }
        for _ in 0..2 {
            assert_eq!(owner.put(&path, json!({ "until": until })).await.status, 204);
        }
        let muted = Some(Mute { until: Some(until) });
        assert_eq!(hears_of(&mut ben, "ben").await.muted, muted);
        let refused = ben.is_refused(&send(&room, "hello")).await;
        assert_eq!((refused.code, refused.reason), (Code::Forbidden, Some(Reason::Muted)));
        assert!((1..=60_000).contains(&refused.retry_after.unwrap()), "{refused:?}");
        let edit =
            json!({ "action": "edit", "id": "e", "room": room.id, "seq": 1, "client_id": client_id(), "text": "x" });
        assert_eq!(ben.is_refused(&edit).await.reason, Some(Reason::Muted));
        let seen =
            async |by: &Person| by.members(&room).await.into_iter().find(|one| one.user.name == "ben").unwrap().muted;
        assert_eq!(
            (seen(&owner).await, seen(&ben.person).await, seen(&cy).await),
            (muted.clone(), muted.clone(), None)
        );
        assert_eq!(ben.person.rooms().await[0].muted, muted);
        assert!(looker.heard_so_far().await.iter().all(|frame| !matches!(frame, Frame::Member { .. })));
        // Going and coming back lifts nothing; what was said may be taken back.
        ben.person.leaves(&room).await;
        assert_eq!(ben.person.joins(&room).await.muted, muted);
        assert_eq!(ben.is_refused(&send(&room, "hello again")).await.reason, Some(Reason::Muted));
        ben.amends(json!({ "action": "delete", "seq": 1, "client_id": client_id() })).await;
        assert_eq!(ben.person.delete(&path).await.expect_failure(403).reason, Some(Reason::Rank));
        for _ in 0..2 {
            assert_eq!(owner.delete(&path).await.status, 204);
        }
        ben.says("thank you").await;
    });
}

#[test]
fn who_is_kicked_is_told_loses_the_socket_and_may_come_back() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let (owner, room) = (anna.person.clone(), anna.room.clone());
        let kicked = Person::about(&room, "members/{user}", &ben.person);
        assert_eq!(ben.person.delete(&Person::about(&room, "members/{user}", &owner)).await.status, 403);
        assert_eq!(owner.delete(&kicked).await.status, 204);
        let left = ben.finds("that they were kicked", |frame| matches!(frame, Frame::Left { .. })).await;
        assert!(matches!(left, Frame::Left { reason: Some(Departure::Kicked), .. }), "{left:?}");
        ben.is_closed().await;
        let left = anna.finds("that ben left", |frame| matches!(frame, Frame::Left { .. })).await;
        assert!(matches!(left, Frame::Left { reason: None, user, .. } if user.name == "ben"));
        assert_eq!(owner.delete(&kicked).await.status, 204, "it cannot be repeated");
        ben.person.http.get(&format!("/rooms/{}/messages", room.id), ben.person.token()).await.expect_failure(404);
        ben.person.joins(&room).await;
        let mut tab = ben.person.opens(&room).await;
        tab.says("here again").await;
        anna.hears("here again").await;
    });
}

#[test]
fn who_is_banned_stays_out_until_it_is_lifted_and_the_reason_is_for_those_who_keep_order() {
    story(|world| async move {
        let (anna, ben) = world.pair("tea").await;
        let (owner, victim, room) = (anna.person.clone(), ben.person.clone(), anna.room.clone());
        let path = Person::about(&room, "bans/{user}", &victim);
        let until = time::now().millis() + 60_000;
        let long = owner.put(&path, json!({ "reason": "x".repeat(201) })).await.expect_failure(400);
        assert_eq!((long.field.as_deref(), long.rule), (Some("reason"), Some(Rule::TooLong)));
        let body = json!({ "until": until, "reason": "$where: shouts" });
        let ban: Ban = owner.put(&path, body.clone()).await.expect_json(200);
        let again: Ban = owner.put(&path, body).await.expect_json(200);
        assert_eq!(ban, again);
        assert_eq!((ban.until, ban.reason.as_deref()), (Some(until), Some("$where: shouts")));
        let join = victim.http.post(&format!("/rooms/{}/join", room.id), victim.token(), &json!({})).await;
        let refused = join.expect_failure(403);
        assert_eq!((refused.reason, refused.message.contains("shouts")), (Some(Reason::Banned), false));
        assert!((1..=60_000).contains(&refused.retry_after.unwrap()));
        let bans = format!("/rooms/{}/bans", room.id);
        let cy = world.person("cy").await;
        cy.joins(&room).await;
        assert_eq!(cy.http.get(&bans, cy.token()).await.expect_failure(403).reason, Some(Reason::Rank));
        let listed: Bans = owner.http.get(&bans, owner.token()).await.expect_json(200);
        assert_eq!((listed.bans, listed.more), (vec![ban], false));
        for _ in 0..2 {
            assert_eq!(owner.delete(&path).await.status, 204);
        }
        victim.joins(&room).await;
    });
}

#[test]
fn what_a_moderator_removes_is_seen_to_have_been_removed() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        ben.says("something foul").await;
        let mine = anna.says("something fair").await;
        let room = anna.room.id.clone();
        let delete =
            |seq| json!({ "action": "delete", "id": fresh(), "room": room, "seq": seq, "client_id": client_id() });
        let request = delete(mine.seq);
        assert_eq!(ben.is_refused(&request).await.reason, Some(Reason::Rank));
        let edit = json!({ "action": "edit", "id": "e", "room": anna.room.id, "seq": 1, "client_id": client_id(), "text": "x" });
        assert_eq!(anna.is_refused(&edit).await.reason, Some(Reason::Author));
        let request = delete(1);
        anna.asks(&request).await;
        let removed = ben.hears("").await;
        assert_eq!((removed.seq, removed.deleted_by), (1, Some(Remover::Moderator)));
        anna.amends(json!({ "action": "delete", "seq": mine.seq, "client_id": client_id() })).await;
        assert_eq!(ben.hears("").await.deleted_by, Some(Remover::Author));
    });
}

#[test]
fn an_admin_suspends_an_account_at_once_and_lets_it_in_again() {
    story(|world| async move {
        let (anna, ben) = world.pair("tea").await;
        let (admin, victim) = (world.person("dee").await, ben.person.clone());
        let path = format!("/users/{}/suspension", victim.session.user.id);
        let refused = anna.person.put(&path, json!({})).await.expect_failure(403);
        assert_eq!(refused.reason, Some(Reason::Rank));
        world.empowers(&admin).await;
        let own = format!("/users/{}/suspension", admin.session.user.id);
        assert_eq!(admin.put(&own, json!({})).await.expect_failure(403).reason, Some(Reason::Rank));
        let mut ben = ben;
        for _ in 0..2 {
            assert_eq!(admin.put(&path, json!({})).await.status, 204);
        }
        let answered = Instant::now();
        ben.is_closed().await;
        assert!(answered.elapsed() < BOUND);
        let rooms = victim.http.get("/rooms", victim.token()).await.expect_failure(401);
        assert_eq!(rooms.reason, Some(Reason::Session));
        let refresh = json!({ "refresh_token": victim.session.refresh_token });
        assert_eq!(world.http().post("/refresh", None, &refresh).await.status, 401);
        let login = async |password: &str| {
            world.http().post("/login", None, &json!({ "name": "ben", "password": password })).await
        };
        assert_eq!(login("wrong password").await.expect_failure(401).reason, Some(Reason::Credentials));
        assert_eq!(login(PASSWORD).await.expect_failure(403).reason, Some(Reason::Suspended));
        assert_eq!(admin.delete(&path).await.status, 204);
        world.signs_in("ben", PASSWORD).await.opens(&anna.room).await.says("back again").await;
    });
}

#[test]
fn an_admin_keeps_order_in_a_room_without_being_in_it() {
    story(|world| async move {
        let (mut anna, ben) = world.pair("tea").await;
        let (admin, room) = (world.person("dee").await, anna.room.clone());
        anna.says("hello").await;
        world.empowers(&admin).await;
        assert_eq!(admin.history(&room, "").await.messages.len(), 1);
        assert!(admin.rooms().await.is_empty());
        let tab = admin.connects(&room).await;
        let mut tab = tab.unwrap();
        assert_eq!(tab.is_refused(&send(&room, "hello")).await.reason, Some(Reason::Guest));
        tab.asks(&json!({ "action": "delete", "id": fresh(), "room": room.id, "seq": 1, "client_id": client_id() }))
            .await;
        assert_eq!(anna.hears("").await.deleted_by, Some(Remover::Moderator));
        let mute = Person::about(&room, "members/{user}/mute", &anna.person);
        assert_eq!(admin.put(&mute, json!({})).await.status, 204);
        assert_eq!(anna.is_refused(&send(&room, "hello")).await.reason, Some(Reason::Muted));
        let owner = json!({ "user": ben.person.session.user.id });
        let made: Member = admin.put(&format!("/rooms/{}/owner", room.id), owner).await.expect_json(200);
        assert_eq!(made.role, Role::Owner);
        let ban = Person::about(&room, "bans/{user}", &admin);
        assert_eq!(ben.person.put(&ban, json!({})).await.expect_failure(403).reason, Some(Reason::Rank));
    });
}
