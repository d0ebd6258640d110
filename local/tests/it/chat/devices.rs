//! What somebody who is signed in does about that: their devices, their password, the end of their account.

use std::time::{Duration, Instant};

use parlour::ids::{SessionId, UserId};
use parlour::time;
use parlour::token::{Claims, Keys};
use parlour::user::Username;
use parlour::wire::{Device, Frame, Reason, Rule, Session, Sessions};
use serde_json::{Value, json};

use super::client::{Person, Tab};
use super::world::{PASSWORD, SECRET, World, story, story_with_short_minutes};

const NEW: &str = "another battery staple";

async fn devices(person: &Person) -> Vec<Device> {
    person.http.get("/sessions", person.token()).await.expect_json::<Sessions>(200).sessions
}

/// Which session somebody is signed in with.
fn session(person: &Person) -> SessionId {
    let Claims { session, .. } = Keys::new(SECRET).unwrap().claims(&person.session.access_token, time::now()).unwrap();
    session
}

async fn refused(person: &Person) -> Option<Reason> {
    person.http.get("/rooms", person.token()).await.expect_failure(401).reason
}

async fn refresh(person: &Person) -> u16 {
    let body = json!({ "refresh_token": person.session.refresh_token });
    person.http.post("/refresh", None, &body).await.status
}

/// Somebody's tab, closed by the server within two seconds after that moment.
async fn is_closed_soon_after(mut tab: Tab, began: Instant) {
    assert_eq!(tab.is_closed().await.map(|frame| u16::from(frame.code)), Some(1000));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn devices_are_listed_with_what_and_where_they_are() {
    story(|world| async move {
        let before = time::now().millis();
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let anna = world.person("anna").await;
        world.person("ben").await;
        let body = json!({ "name": "anna", "password": PASSWORD });
        let laptop: Session = world.http().with("user-agent", agent).post("/login", None, &body).await.expect_json(200);
        let laptop = Person::new(world.http().clone(), world.socket_url().to_owned(), laptop);
        let listed = devices(&laptop).await;
        assert_eq!(listed.len(), 2, "{listed:?}");
        let ids = [session(&laptop), session(&anna)].map(|id| id.to_string());
        assert_eq!(
            listed.iter().map(|device| device.id.clone()).collect::<Vec<_>>(),
            ids,
            "the one seen last is first"
        );
        assert_eq!(listed.iter().map(|device| device.current).collect::<Vec<_>>(), [true, false]);
        assert_eq!(listed.iter().map(|device| device.name.as_str()).collect::<Vec<_>>(), ["Firefox on Linux", ""]);
        for device in &listed {
            assert_eq!(device.address, "127.0.0.1");
            assert!((before..=time::now().millis()).contains(&device.created_at), "{device:?}");
            assert!(device.seen_at >= device.created_at, "{device:?}");
        }
        assert_eq!(refresh(&anna).await, 200);
        let after = devices(&laptop).await;
        assert_eq!(after[0].id, ids[1], "a refresh is not seen");
        assert!(after[0].seen_at > listed[1].seen_at && after[0].created_at == listed[1].created_at);
    });
}

#[test]
fn signing_a_device_out_closes_its_sockets_and_nobody_elses() {
    story(|world| async move {
        let (mut tab, reader) = world.pair("tea").await;
        let phone = world.signs_in("anna", PASSWORD).await;
        let on_phone = phone.opens(&tab.room).await;
        let path = format!("/sessions/{}", session(&phone));
        let ben = reader.person.clone();
        let others = ben.http.delete(&path, ben.token(), &json!({})).await;
        let missing = ben.http.delete("/sessions/0123456789abcdef01234567", ben.token(), &json!({})).await;
        let none = ben.http.delete("/sessions/no-session", ben.token(), &json!({})).await;
        others.expect_failure(404);
        assert_eq!((&others.body, &others.body), (&missing.body, &none.body), "another's is told from a missing one");
        assert_eq!(refresh(&phone).await, 200, "somebody else signed it out");

        let began = Instant::now();
        assert_eq!(phone.http.delete(&path, tab.person.token(), &json!({})).await.status, 204);
        is_closed_soon_after(on_phone, began).await;
        assert_eq!(refused(&phone).await, Some(Reason::Session));
        assert_eq!(refresh(&phone).await, 401);
        assert_eq!(devices(&tab.person).await.len(), 1);
        assert_eq!(phone.http.delete(&path, tab.person.token(), &json!({})).await.status, 204, "it cannot be repeated");
        tab.says("still here").await;
    });
}

#[test]
fn all_other_devices_are_signed_out_at_once() {
    story(|world| async move {
        let (mut tab, mut reader) = world.pair("tea").await;
        let (phone, laptop) = (world.signs_in("anna", PASSWORD).await, world.signs_in("anna", PASSWORD).await);
        let on_phone = phone.opens(&tab.room).await;
        let began = Instant::now();
        assert_eq!(tab.person.http.delete("/sessions", tab.person.token(), &json!({})).await.status, 204);
        is_closed_soon_after(on_phone, began).await;
        for device in [&phone, &laptop] {
            assert_eq!(refused(device).await, Some(Reason::Session));
            assert_eq!(refresh(device).await, 401);
        }
        tab.says("still here").await;
        reader.hears("still here").await;
    });
}

async fn change(person: &Person, old: &str, new: &str) -> super::client::Answer {
    person.http.post("/password", person.token(), &json!({ "old": old, "new": new })).await
}

async fn login(world: &World, password: &str) -> u16 {
    world.http().post("/login", None, &json!({ "name": "anna", "password": password })).await.status
}

#[test]
fn a_new_password_is_held_to_the_rules_and_takes_the_old_one() {
    story(|world| async move {
        let anna = world.person("anna").await;
        for (old, new, field, rule) in [
            (PASSWORD, "short", "new", Rule::TooShort),
            (PASSWORD, "sunshine", "new", Rule::Common),
            (PASSWORD, &*"x".repeat(73), "new", Rule::TooManyBytes),
            (&*"x".repeat(73), NEW, "old", Rule::TooManyBytes),
        ] {
            let failure = change(&anna, old, new).await.expect_failure(400);
            assert_eq!((failure.field.as_deref(), failure.rule), (Some(field), Some(rule)));
        }
        let wrong = change(&anna, "not my password", NEW).await.expect_failure(401);
        assert_eq!(wrong.reason, Some(Reason::Credentials));
        assert_eq!(login(&world, PASSWORD).await, 200, "a refused change has changed something");
    });
}

#[test]
fn a_changed_password_ends_all_other_sessions_and_closes_their_sockets() {
    story(|world| async move {
        let (mut tab, _reader) = world.pair("tea").await;
        let phone = world.signs_in("anna", PASSWORD).await;
        let on_phone = phone.opens(&tab.room).await;
        let began = Instant::now();
        assert_eq!(change(&tab.person, PASSWORD, NEW).await.status, 204);
        is_closed_soon_after(on_phone, began).await;
        assert_eq!(refused(&phone).await, Some(Reason::Session));
        assert_eq!(refresh(&phone).await, 401);
        assert_eq!((login(&world, PASSWORD).await, login(&world, NEW).await), (401, 200));
        tab.says("still here").await;
        assert_eq!(refresh(&tab.person).await, 200);
        assert_eq!(change(&tab.person, PASSWORD, NEW).await.status, 204, "a lost answer cannot be asked for again");
        assert_eq!(devices(&tab.person).await.len(), 1);
        let other = world.signs_in("anna", NEW).await;
        change(&other, PASSWORD, NEW).await.expect_failure(401);
    });
}

#[test]
fn a_deleted_account_leaves_its_words_without_its_name_and_takes_everything_else_along() {
    story(|world| async move {
        let (mut tab, mut reader) = world.pair("tea").await;
        let elsewhere = tab.person.makes("elsewhere").await;
        tab.says("remember me").await;
        reader.hears("remember me").await;
        let anna = tab.person.clone();
        let phone = world.signs_in("anna", PASSWORD).await;
        let on_phone = phone.opens(&elsewhere).await;
        let delete =
            async |password: &str| anna.http.delete("/account", anna.token(), &json!({ "password": password })).await;
        assert_eq!(delete("not my password").await.expect_failure(401).reason, Some(Reason::Credentials));
        assert_eq!(login(&world, PASSWORD).await, 200, "a refused deletion has deleted something");

        let began = Instant::now();
        assert_eq!(delete(PASSWORD).await.status, 204);
        is_closed_soon_after(on_phone, began).await;
        is_closed_soon_after(tab, began).await;
        let left = reader.finds("anna left", |frame| matches!(frame, Frame::Left { .. })).await;
        assert!(matches!(left, Frame::Left { user, .. } if user == anna.session.user));
        for device in [&anna, &phone] {
            assert_eq!(refused(device).await, Some(Reason::Session));
            assert_eq!(refresh(device).await, 401);
        }
        let room = reader.room.clone();
        let members = reader.person.members(&room).await;
        assert_eq!(members.iter().map(|member| member.user.name.as_str()).collect::<Vec<_>>(), ["ben"]);
        let page = reader.person.history(&room, "").await;
        assert_eq!(page.messages.len(), 1);
        assert_eq!((page.messages[0].text.as_str(), page.messages[0].author.name.as_str()), ("remember me", ""));
        assert_eq!(page.messages[0].author.id, anna.session.user.id);

        assert_eq!(login(&world, PASSWORD).await, 401);
        for name in ["anna", "ANNA"] {
            let body = json!({ "name": name, "password": PASSWORD });
            let taken = world.http().post("/register", None, &body).await.expect_failure(409);
            assert_eq!(taken.reason, Some(Reason::NameTaken), "somebody took the name");
        }
    });
}

#[test]
fn what_a_deletion_that_died_has_left_is_finished_by_the_sweep() {
    story_with_short_minutes(|world| async move {
        let (mut tab, mut reader) = world.pair("tea").await;
        tab.says("remember me").await;
        reader.hears("remember me").await;
        // An invocation that deletes the account, longer ago than the sweep waits, and dies.
        let store = world.store().await;
        let account = store.account(&Username::parse("anna").unwrap()).await.unwrap().unwrap();
        let long_ago = time::now().minus(Duration::from_secs(120));
        assert!(store.delete_account(&account, long_ago).await.unwrap().is_some());
        reader.finds("anna left", |frame| matches!(frame, Frame::Left { .. })).await;
        assert!(tab.is_closed().await.is_some());
        let deadline = Instant::now() + super::world::SOON;
        while !store.unfinished_erasures(time::now(), 10).await.unwrap().is_empty() {
            assert!(Instant::now() < deadline, "the sweep does not finish");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(refused(&tab.person).await, Some(Reason::Session));
        let page: Value =
            reader.person.http.get(&format!("/rooms/{}/messages", reader.room.id), reader.person.token()).await.json();
        assert_eq!(page["messages"][0]["author"]["name"], "");
    });
}

#[test]
fn sockets_of_a_session_whose_end_died_halfway_are_closed_by_the_sweep() {
    story_with_short_minutes(|world| async move {
        let (mut tab, mut reader) = world.pair("tea").await;
        let phone = world.signs_in("anna", PASSWORD).await;
        let mut on_phone = phone.opens(&tab.room).await;
        // An invocation that signs the other device out, and dies before it closes its sockets.
        let (user, stays) = (UserId::parse(&tab.person.session.user.id).unwrap(), session(&phone));
        world.store().await.end_sessions(user, Some(stays), time::now()).await.unwrap();
        assert_eq!(tab.is_closed().await.map(|frame| u16::from(frame.code)), Some(1000));
        on_phone.says("still here").await;
        reader.hears("still here").await;
    });
}
