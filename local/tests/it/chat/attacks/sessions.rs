//! Tokens of others, and sessions that somebody else has chosen.

use parlour::wire::{Reason, Session};
use serde_json::json;

use super::super::client::{Person, dial};
use super::super::world::{PASSWORD, story};

#[test]
fn no_session_is_the_one_that_a_request_proposes() {
    story(|world| async move {
        let (anna, eve) = (world.person("anna").await, world.person("eve").await);
        // What Eve would leave in Anna's browser, in her address, or in her request, in the hope that it becomes Anna's session.
        let theirs = [&eve.session.access_token, &eve.session.refresh_token];
        let cookie: &'static str = format!("session={}; token={}", theirs[0], theirs[1]).leak();
        let bearer: &'static str = format!("Bearer {}", theirs[0]).leak();
        let body = json!({
            "name": "anna", "password": PASSWORD, "session": eve.session.access_token, "sid": "0123456789abcdef01234567",
            "refresh_token": eve.session.refresh_token, "access_token": eve.session.access_token,
        });
        let mut sessions = vec![anna.session.clone(), eve.session.clone()];
        for (name, value) in [("cookie", cookie), ("authorization", bearer), ("x-session", theirs[1].clone().leak())] {
            let http = world.http().with(name, value);
            let session: Session = http.post("/login?session=1&sid=2", None, &body).await.expect_json(200);
            assert_eq!(session.user, anna.session.user, "{name}");
            assert!(sessions.iter().all(|other| other.refresh_token != session.refresh_token), "{name}");
            assert!(sessions.iter().all(|other| other.access_token != session.access_token), "{name}");
            // Nor does a token in a place where none belongs let anybody in.
            if name != "authorization" {
                http.get("/rooms", None).await.expect_failure(401);
            }
            sessions.push(session);
        }
        // Eve still is who she was, and nobody else: her token became nobody's.
        assert_eq!(world.http().get("/sessions", eve.token()).await.json()["sessions"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn what_was_taken_from_a_session_is_worth_nothing_after_it() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let stolen: Session = anna.session.clone();
        let other = world.signs_in("anna", PASSWORD).await;
        let refreshed = |token: String| {
            let http = world.http().clone();
            async move { http.post("/refresh", None, &json!({ "refresh_token": token })).await }
        };
        let next: Session = refreshed(stolen.refresh_token.clone()).await.expect_json(200);
        // An access token of the session is good until the session ends, and not a moment longer.
        assert_eq!(world.http().get("/rooms", Some(&stolen.access_token)).await.status, 200);
        let out = json!({ "refresh_token": next.refresh_token });
        assert_eq!(world.http().post("/logout", None, &out).await.status, 204);
        for token in [&stolen.access_token, &next.access_token] {
            let refused = world.http().get("/rooms", Some(token)).await.expect_failure(401);
            assert_eq!(refused.reason, Some(Reason::Session));
            let offered = format!("parlour.v1, bearer.{token}");
            let refused = dial(world.socket_url(), &[("sec-websocket-protocol", &offered)]).await;
            assert_eq!(refused.unwrap_err().0, 401);
        }
        for token in [stolen.refresh_token, next.refresh_token] {
            assert_eq!(refreshed(token).await.expect_failure(401).reason, Some(Reason::Session));
        }
        // A token is not the other kind of token, and the session of another device goes on.
        refreshed(other.session.access_token.clone()).await.expect_failure(401);
        world.http().get("/rooms", Some(&other.session.refresh_token)).await.expect_failure(401);
        still_in(&other).await;
    });
}

async fn still_in(person: &Person) {
    assert_eq!(person.http.get("/rooms", person.token()).await.status, 200);
}
