//! Every route of the template, called by those who must not get in. A route without a row here fails.

use std::collections::BTreeSet;

use http::Method;
use parlour::wire::Code;
use serde_json::json;

use super::accounts::bad_tokens;
use super::client::{client_id, fresh};
use super::world::{cloud, story};

/// What a route does with somebody who shows no session.
enum Guard {
    /// It is where sessions come from.
    Open,
    /// It asks for a session.
    Session,
    /// It asks for a session, and for a room of theirs.
    Member,
}

const ROUTES: [(&str, Guard); 16] = [
    ("POST /register", Guard::Open),
    ("POST /login", Guard::Open),
    ("POST /refresh", Guard::Open),
    ("POST /logout", Guard::Open),
    ("GET /sessions", Guard::Session),
    ("DELETE /sessions", Guard::Session),
    ("DELETE /sessions/{session}", Guard::Session),
    ("POST /password", Guard::Session),
    ("DELETE /account", Guard::Session),
    ("GET /rooms", Guard::Session),
    ("GET /rooms/public", Guard::Session),
    ("POST /rooms", Guard::Session),
    ("POST /rooms/{room}/join", Guard::Session),
    ("POST /rooms/{room}/leave", Guard::Session),
    ("GET /rooms/{room}/members", Guard::Member),
    ("GET /rooms/{room}/messages", Guard::Member),
];

#[test]
fn every_route_of_the_template_is_in_the_table() {
    let cloud = cloud();
    let deployed: BTreeSet<String> = cloud
        .http_apis
        .values()
        .flat_map(|api| &api.routes)
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(deployed, ROUTES.iter().map(|(route, _)| (*route).to_owned()).collect());
    let sockets: BTreeSet<&str> =
        cloud.websocket_apis.values().flat_map(|api| api.routes.keys()).map(String::as_str).collect();
    assert_eq!(sockets, BTreeSet::from(["$connect", "$default", "$disconnect"]));
}

#[test]
fn a_stranger_gets_in_by_no_route() {
    story(|world| async move {
        let (anna, eve) = (world.person("anna").await, world.person("eve").await);
        let tea = anna.makes("tea").await;
        let tokens = bad_tokens(&anna);
        for (route, guard) in ROUTES.iter().filter(|(_, guard)| !matches!(guard, Guard::Open)) {
            let (method, path) = route.split_once(' ').unwrap();
            let method: Method = method.parse().unwrap();
            let path = path.replace("{room}", &tea.id);
            let call = async |token: Option<&str>| world.http().send(method.clone(), &path, token, "{}".into()).await;
            assert_eq!(call(None).await.expect_failure(401).code, Code::Unauthenticated, "{route} with no token");
            for (what, token) in &tokens {
                assert_eq!(
                    call(Some(token)).await.expect_failure(401).code,
                    Code::Unauthenticated,
                    "{route} with a token that is {what}"
                );
            }
            if matches!(guard, Guard::Member) {
                let stranger = call(eve.token()).await;
                assert_eq!(stranger.expect_failure(404).code, Code::NotFound, "{route} of another's room");
                let missing = path.replace(&tea.id, "0123456789abcdef01234567");
                let missing = world.http().send(method.clone(), &missing, eve.token(), "{}".into()).await;
                assert_eq!(stranger.body, missing.body, "{route} tells a missing room from another's");
                assert_eq!(call(anna.token()).await.status, 200, "{route} refuses its own");
            }
        }
    });
}

#[test]
fn a_stranger_ends_no_session_with_a_token_that_was_never_given_out() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let mut token = anna.session.refresh_token.clone().into_bytes();
        let last = token.len() - 30;
        token[last] = if token[last] == b'A' { b'B' } else { b'A' };
        let forged = json!({ "refresh_token": String::from_utf8(token).unwrap() });
        assert_eq!(world.http().post("/refresh", None, &forged).await.expect_failure(401).code, Code::Unauthenticated);
        assert_eq!(world.http().post("/logout", None, &forged).await.status, 204);
        assert_eq!(world.http().get("/rooms", anna.token()).await.status, 200, "the session has ended");
    });
}

#[test]
fn a_stranger_does_nothing_in_a_room_over_the_socket() {
    story(|world| async move {
        let (mut anna, _ben) = world.pair("tea").await;
        let eve = world.person("eve").await;
        let elsewhere = eve.makes("elsewhere").await;
        let mut tab = eve.opens(&elsewhere).await;
        let tea = anna.room.id.clone();
        let send = json!({ "action": "send", "id": fresh(), "room": tea, "client_id": client_id(), "text": "boo" });
        assert_eq!(tab.refused_code(&send).await, Code::NotFound);
        let read = json!({ "action": "read", "id": fresh(), "room": tea, "position": 0, "seq": 0 });
        assert_eq!(tab.refused_code(&read).await, Code::NotFound);
        let sync = tab.asks(&json!({ "action": "sync", "id": "s", "rooms": { tea.clone(): 0, "no room": 0 } })).await;
        let text = serde_json::to_value(&sync).unwrap();
        assert_eq!((text["rooms"].clone(), text["gone"].clone()), (json!([]), json!([tea.clone(), "no room"])));
        let ping = tab.asks(&json!({ "action": "ping", "id": "p", "rooms": { tea: 0 } })).await;
        assert_eq!(serde_json::to_value(&ping).unwrap()["behind"], json!([]));
        anna.says("nobody else is here").await;
        anna.hears("nobody else is here").await;
    });
}
