//! How often one may try a password, register, and make and join rooms. What is counted is told apart in the store's own tests.

use http::Method;
use parlour::wire::{Code, Session};
use serde_json::json;

use super::client::{Answer, client_id};
use super::world::{PASSWORD, World, story_with_limits};

async fn login(world: &World, password: &str) -> Answer {
    world.http().post("/login", None, &json!({ "name": "anna", "password": password })).await
}

/// Fails so often, waiting as long as it is told to; the wait after the eighth failure is long enough to look around in.
async fn fails(times: usize, attempt: impl AsyncFn(usize) -> Answer) {
    for n in 0..times {
        while attempt(n).await.status == 429 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

/// The wait that a refusal names, in milliseconds.
fn wait(answer: &Answer) -> u64 {
    let failure = answer.expect_failure(429);
    assert_eq!(failure.code, Code::Limited);
    failure.retry_after.unwrap()
}

#[test]
fn who_guesses_at_a_password_waits_and_is_let_in_afterwards() {
    story_with_limits(|world| async move {
        let anna = world.person("anna").await;
        fails(8, async |_| login(&world, "guess guess").await).await;
        let first = wait(&login(&world, PASSWORD).await);
        assert!((1..=4000).contains(&first), "{first}");
        // What a client says of where it comes from changes nothing.
        let body = json!({ "name": "anna", "password": PASSWORD });
        for header in ["x-forwarded-for", "forwarded", "x-real-ip"] {
            let elsewhere = world.http().with(header, "198.51.100.7");
            let answer = elsewhere.post("/login", None, &body).await;
            assert!(answer.status == 429, "{header} is believed");
        }
        let change = json!({ "old": PASSWORD, "new": "another battery staple" });
        wait(&world.http().post("/password", anna.token(), &change).await);
        wait(&world.http().delete("/account", anna.token(), &json!({ "password": PASSWORD })).await);
        tokio::time::sleep(std::time::Duration::from_millis(first)).await;
        let session: Session = login(&world, PASSWORD).await.expect_json(200);
        assert_eq!(session.user.name, "anna");
        login(&world, "guess guess").await.expect_failure(401);
    });
}

#[test]
fn a_wrong_password_at_a_change_of_it_counts_as_a_failed_sign_in() {
    story_with_limits(|world| async move {
        let anna = world.person("anna").await;
        let old = json!({ "old": "guess guess", "new": "another battery staple" });
        let password = json!({ "password": "guess guess" });
        fails(8, async |n| match n % 2 {
            0 => world.http().post("/password", anna.token(), &old).await,
            _ => world.http().delete("/account", anna.token(), &password).await,
        })
        .await;
        wait(&login(&world, PASSWORD).await);
    });
}

#[test]
fn registrations_from_one_place_and_rooms_of_one_person_are_limited() {
    story_with_limits(|world| async move {
        let register = async |n: usize| {
            let body = json!({ "name": format!("anna{n}"), "password": PASSWORD });
            world.http().post("/register", None, &body).await
        };
        let anna: Session = register(0).await.expect_json(201);
        for n in 1..30 {
            assert_eq!(register(n).await.status, 201, "{n}");
        }
        assert!(wait(&register(30).await) > 60_000);
        let token = Some(anna.access_token.as_str());
        let make = async |n: usize| {
            let body = json!({ "name": format!("room {n}"), "client_id": client_id() });
            world.http().post("/rooms", token, &body).await
        };
        let mut room = None;
        for n in 0..20 {
            room = Some(make(n).await.expect_json::<parlour::wire::Room>(201).id);
        }
        assert!(wait(&make(20).await) > 60_000);
        let path = format!("/rooms/{}/join", room.as_ref().unwrap());
        // One is allowed every two seconds, so that a slow machine gets a few more through.
        let mut joined = 0;
        while world.http().post(&path, token, &json!({})).await.status == 200 {
            joined += 1;
        }
        assert!((60..90).contains(&joined), "{joined}");
        // Another name, topic, role, mute, ban: each counts. One is allowed every second.
        let about = format!("/rooms/{}", room.unwrap());
        let topic = async |n: usize| {
            let body = json!({ "topic": n.to_string() }).to_string();
            world.http().send(Method::PATCH, &about, token, body.into()).await
        };
        let (mut described, mut answer) = (0, topic(0).await);
        while answer.status == 200 && described < 90 {
            described += 1;
            answer = topic(described).await;
        }
        assert!((60..90).contains(&described), "{described}");
        wait(&answer);
    });
}
