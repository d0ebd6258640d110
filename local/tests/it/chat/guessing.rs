//! How often one may try a password, register, and make and join rooms. What is counted is told apart in the store's own tests.

use futures_util::future::join_all;
use http::Method;
use parlour::password::{self, Password};
use parlour::user::Username;
use parlour::wire::{Code, Reason, Session};
use serde_json::json;

use super::client::{Answer, client_id};
use super::world::{PASSWORD, World, story_with_dearer_hashes, story_with_limits};

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

#[test]
fn a_repeated_registration_with_another_password_is_a_guess() {
    story_with_limits(|world| async move {
        let register = async |password: &str| {
            let body = json!({ "name": "anna", "password": password, "client_id": "the-key-of-anna" });
            world.http().post("/register", None, &body).await
        };
        assert_eq!(register(PASSWORD).await.status, 201);
        assert_eq!(register(PASSWORD).await.status, 201, "a repetition");
        // As many as are forgiven, so that each further one makes wait.
        for _ in 0..5 {
            assert_eq!(register("guess guess").await.expect_failure(409).reason, Some(Reason::NameTaken));
        }
        fails(3, async |_| login(&world, "guess guess").await).await;
        wait(&login(&world, PASSWORD).await);
        wait(&register(PASSWORD).await);
    });
}

#[test]
fn a_password_that_was_hashed_for_less_is_hashed_anew_at_a_sign_in() {
    story_with_dearer_hashes(|world| async move {
        let store = world.store().await;
        let name = Username::parse("anna").unwrap();
        let old = password::hash(Password::parse("password", PASSWORD).unwrap(), 4).await.unwrap();
        store.register(&name, old.clone(), None, parlour::time::now()).await.unwrap();
        let hash = async || store.account(&name).await.unwrap().unwrap().password;
        assert_eq!(login(&world, "something else").await.status, 401);
        assert_eq!(hash().await, old, "a wrong password was hashed");
        assert_eq!(login(&world, PASSWORD).await.status, 200);
        let new = hash().await;
        assert!(new.starts_with("$2b$05$"), "{new}");
        assert_eq!(login(&world, PASSWORD).await.status, 200);
        assert_eq!(hash().await, new, "it was hashed once more");
    });
}

#[test]
fn whatever_is_limited_says_how_long_to_wait() {
    story_with_limits(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let room = anna.makes("tea").await;
        let (invitations, draft) = (format!("/rooms/{}/invitations", room.id), format!("/rooms/{}/draft", room.id));
        let invite = || json!({ "client_id": client_id() });
        let direct = || json!({ "users": [ben.session.user.id] });
        for (method, path, body) in [
            (Method::POST, invitations.as_str(), &invite as &dyn Fn() -> serde_json::Value),
            (Method::POST, "/direct", &direct),
            (Method::PUT, draft.as_str(), &|| json!({ "text": "half" })),
            (Method::GET, "/users?prefix=b", &|| json!(null)),
        ] {
            let ask = async || {
                let body = if method == Method::GET { String::new() } else { body().to_string() };
                world.http().send(method.clone(), path, anna.token(), body.into()).await
            };
            // A few at once, so that what is allowed meanwhile does not keep up.
            let mut answers = join_all((0..6).map(|_| ask())).await;
            while answers.iter().all(|answer| answer.status < 300) {
                answers = join_all((0..6).map(|_| ask())).await;
            }
            let refused = answers.iter().find(|answer| answer.status >= 300).unwrap();
            wait(refused);
        }
    });
}
