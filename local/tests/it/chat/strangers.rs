//! Every route of the template, called by those who must not get in. A route without a row here fails.

use std::collections::BTreeSet;

use http::Method;
use parlour::user::Username;
use parlour::wire::{Code, Frame, Reason, Room};
use serde_json::{Value, json};

use super::accounts::bad_tokens;
use super::client::{Person, client_id, fresh};
use super::world::{World, cloud, root, story};

/// Whom a route lets in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// Anybody: it is where sessions come from.
    Open,
    /// Whoever has a session.
    Session,
    /// Whoever has a session, but for who is banned from the room.
    Joiner,
    /// Whoever is in the room, also muted or as a guest.
    Member,
    /// Whoever is in the room, also muted, and more than a guest.
    Inviter,
    /// Whoever keeps order in the room.
    Moderator,
    /// The owner of the room.
    Owner,
    /// An admin.
    Admin,
}

/// Each route with its guard, and a body that it would take.
const ROUTES: [(&str, Guard, &str); 41] = [
    ("POST /register", Guard::Open, "{}"),
    ("POST /login", Guard::Open, "{}"),
    ("POST /refresh", Guard::Open, "{}"),
    ("POST /logout", Guard::Open, "{}"),
    ("GET /sessions", Guard::Session, ""),
    ("DELETE /sessions", Guard::Session, ""),
    ("DELETE /sessions/{session}", Guard::Session, ""),
    ("POST /password", Guard::Session, "{}"),
    ("GET /account", Guard::Session, ""),
    ("PUT /account/receipts", Guard::Session, "{}"),
    ("DELETE /account", Guard::Session, "{}"),
    ("GET /rooms", Guard::Session, ""),
    ("GET /rooms/public", Guard::Session, ""),
    ("POST /rooms", Guard::Session, "{}"),
    ("GET /users", Guard::Session, ""),
    ("POST /direct", Guard::Session, "{}"),
    ("GET /invitations", Guard::Session, ""),
    ("GET /invitations/{invitation}", Guard::Session, ""),
    ("DELETE /invitations/{invitation}", Guard::Session, ""),
    ("POST /invitations/{invitation}/accept", Guard::Session, ""),
    ("GET /search", Guard::Session, ""),
    ("PUT /rooms/{room}/draft", Guard::Member, r#"{"text":"I mean"}"#),
    ("GET /rooms/{room}/pins", Guard::Member, ""),
    ("POST /rooms/{room}/invitations", Guard::Inviter, r#"{"client_id":"invite-01"}"#),
    ("GET /rooms/{room}/invitations", Guard::Inviter, ""),
    ("PATCH /rooms/{room}", Guard::Moderator, r#"{"topic":"today"}"#),
    ("GET /rooms/{room}/messages/{seq}/versions", Guard::Moderator, ""),
    ("POST /rooms/{room}/join", Guard::Joiner, ""),
    ("POST /rooms/{room}/leave", Guard::Session, ""),
    ("GET /rooms/{room}/members", Guard::Member, ""),
    ("GET /rooms/{room}/messages", Guard::Member, ""),
    ("PUT /rooms/{room}/members/{user}/role", Guard::Moderator, r#"{"role":"member"}"#),
    ("PUT /rooms/{room}/owner", Guard::Owner, r#"{"user":"{user}"}"#),
    ("PUT /rooms/{room}/members/{user}/mute", Guard::Moderator, "{}"),
    ("DELETE /rooms/{room}/members/{user}/mute", Guard::Moderator, ""),
    ("DELETE /rooms/{room}/members/{user}", Guard::Moderator, ""),
    ("GET /rooms/{room}/bans", Guard::Moderator, ""),
    ("PUT /rooms/{room}/bans/{user}", Guard::Moderator, "{}"),
    ("DELETE /rooms/{room}/bans/{user}", Guard::Moderator, ""),
    ("PUT /users/{user}/suspension", Guard::Admin, ""),
    ("DELETE /users/{user}/suspension", Guard::Admin, ""),
];

/// A room and those who stand in it in each way, each of whom has said something, and whom somebody might do something to.
struct Cast {
    owner: Person,
    moderator: Person,
    member: Person,
    muted: Person,
    guest: Person,
    banned: Person,
    stranger: Person,
    victim: Person,
    room: Room,
}

impl Cast {
    async fn new(world: &World) -> Self {
        let owner = world.person("owner").await;
        let room = owner.makes("tea").await;
        let mut others = Vec::new();
        for name in ["moderator", "member", "muted", "guest", "banned", "victim"] {
            let person = world.person(name).await;
            person.joins(&room).await;
            person.opens(&room).await.says(&format!("the words of {name}")).await;
            others.push(person);
        }
        let [moderator, member, muted, guest, banned, victim] = <[Person; 6]>::try_from(others).ok().unwrap();
        for (part, whom, body) in [
            ("members/{user}/role", &moderator, json!({ "role": "moderator" })),
            ("members/{user}/mute", &muted, json!({})),
            ("members/{user}/role", &guest, json!({ "role": "guest" })),
            ("bans/{user}", &banned, json!({})),
        ] {
            assert!(owner.put(&Person::about(&room, part, whom), body).await.status < 300);
        }
        let stranger = world.person("stranger").await;
        Self { owner, moderator, member, muted, guest, banned, stranger, victim, room }
    }

    /// Everybody but the owner.
    fn others(&self) -> [(&'static str, &Person); 6] {
        [
            ("moderator", &self.moderator),
            ("member", &self.member),
            ("muted", &self.muted),
            ("guest", &self.guest),
            ("banned", &self.banned),
            ("stranger", &self.stranger),
        ]
    }
}

#[test]
fn every_route_of_the_template_is_in_the_table() {
    let cloud = cloud();
    let deployed: BTreeSet<String> = cloud
        .http_apis
        .values()
        .flat_map(|api| &api.routes)
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(deployed, ROUTES.iter().map(|(route, ..)| (*route).to_owned()).collect());
    let sockets: BTreeSet<&str> =
        cloud.websocket_apis.values().flat_map(|api| api.routes.keys()).map(String::as_str).collect();
    assert_eq!(sockets, BTreeSet::from(["$connect", "$default", "$disconnect"]));
}

#[test]
fn nobody_gets_in_by_a_route_who_must_not() {
    story(|world| async move {
        let cast = Cast::new(&world).await;
        let tokens = bad_tokens(&cast.owner);
        let admin = world.person("admin").await;
        world.empowers(&admin).await;
        for (route, guard, body) in ROUTES.iter().filter(|(_, guard, _)| *guard != Guard::Open) {
            let (method, path) = route.split_once(' ').unwrap();
            let method: Method = method.parse().unwrap();
            // The sixth message is the victim's.
            let named = |text: &str| {
                let text = text.replace("{room}", &cast.room.id).replace("{seq}", "6");
                text.replace("{user}", &cast.victim.session.user.id)
            };
            let (path, body) = (named(path), named(body));
            let ask = async |path: &str, token: Option<&str>| {
                world.http().send(method.clone(), path, token, body.clone().into()).await
            };
            let nobody = ask(&path, None).await;
            assert_eq!(nobody.expect_failure(401).code, Code::Unauthenticated, "{route} with no token");
            for (what, token) in &tokens {
                let refused = ask(&path, Some(token)).await;
                assert_eq!(
                    refused.expect_failure(401).code,
                    Code::Unauthenticated,
                    "{route} with a token that is {what}"
                );
            }
            let missing = ask(&path.replace(&cast.room.id, "0123456789abcdef01234567"), cast.stranger.token()).await;
            for (who, person) in cast.others() {
                let answer = async || ask(&path, person.token()).await;
                let outside = ["banned", "stranger"].contains(&who);
                match guard {
                    Guard::Open | Guard::Session => {}
                    Guard::Joiner if who == "banned" => {
                        assert_eq!(answer().await.expect_failure(403).reason, Some(Reason::Banned), "{route} by {who}");
                    }
                    Guard::Joiner => {}
                    Guard::Member if !outside => assert!(answer().await.status < 300, "{route} by {who}"),
                    Guard::Inviter if !outside && who != "guest" => {
                        assert!(answer().await.status < 300, "{route} by {who}");
                    }
                    Guard::Member | Guard::Inviter | Guard::Moderator | Guard::Owner if outside => {
                        let refused = answer().await;
                        assert_eq!(refused.expect_failure(404).code, Code::NotFound, "{route} by {who}");
                        assert_eq!(refused.body, missing.body, "{route} by {who} tells a missing room from another's");
                    }
                    Guard::Moderator if who == "moderator" => {}
                    _ => {
                        let refused = answer().await.expect_failure(403);
                        assert_eq!(refused.reason, Some(Reason::Rank), "{route} by {who}");
                    }
                }
            }
            // And refuses them for no other reason.
            match guard {
                Guard::Member | Guard::Inviter => {
                    assert!(ask(&path, cast.owner.token()).await.status < 300, "{route} refuses its own");
                }
                Guard::Moderator => {
                    let done = ask(&path, cast.moderator.token()).await;
                    assert!(done.status < 300, "{route} refuses a moderator: {done:?}");
                    let back = Person::about(&cast.room, "bans/{user}", &cast.victim);
                    assert_eq!(cast.owner.delete(&back).await.status, 204);
                    cast.victim.joins(&cast.room).await;
                }
                Guard::Admin => {
                    let refused = ask(&path, cast.owner.token()).await.expect_failure(403);
                    assert_eq!(refused.reason, Some(Reason::Rank), "{route} by an owner");
                    assert!(ask(&path, admin.token()).await.status < 300, "{route} refuses an admin");
                }
                _ => {}
            }
        }
        for (route, _, body) in ROUTES.iter().filter(|(_, guard, _)| *guard == Guard::Owner) {
            let path = route.split_once(' ').unwrap().1.replace("{room}", &cast.room.id);
            let body = serde_json::from_str(&body.replace("{user}", &cast.member.session.user.id)).unwrap();
            assert!(cast.owner.put(&path, body).await.status < 300, "{route} refuses the owner");
        }
    });
}

/// Each action, and what becomes of it by somebody who is muted, a guest, or not in the room: whether it is done, or with which reason it is not.
const ACTIONS: [(&str, Option<Reason>, Option<Reason>); 10] = [
    ("send", Some(Reason::Muted), Some(Reason::Guest)),
    ("edit", Some(Reason::Muted), Some(Reason::Guest)),
    ("react", Some(Reason::Muted), Some(Reason::Guest)),
    ("typing", Some(Reason::Muted), Some(Reason::Guest)),
    ("pin", Some(Reason::Rank), Some(Reason::Rank)),
    ("look", None, None),
    ("delete", None, None),
    ("read", None, None),
    ("sync", None, None),
    ("ping", None, None),
];

#[test]
fn every_action_of_the_socket_is_in_the_table() {
    let document = std::fs::read_to_string(root().join("docs/asyncapi.json")).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    let requests = document["components"]["schemas"]["Request"]["oneOf"].as_array().unwrap();
    let actions = requests.iter().map(|request| request["properties"]["action"]["const"].as_str().unwrap());
    assert_eq!(actions.collect::<BTreeSet<_>>(), ACTIONS.iter().map(|(action, ..)| *action).collect());
}

/// What asks for everything that an action may need.
fn request(action: &str, room: &Room, seq: i64) -> Value {
    json!({
        "action": action, "id": fresh(), "room": room.id, "client_id": client_id(), "text": "boo", "seq": seq,
        "emoji": "\u{1f44d}", "on": true, "position": 0, "rooms": { room.id.clone(): 0 },
    })
}

#[test]
fn a_socket_that_was_taken_out_does_nothing_whatever_an_environment_remembers_of_it() {
    story(|world| async move {
        let (mut tab, mut ben) = world.pair("tea").await;
        tab.says("hello").await;
        ben.hears("hello").await;
        // As when it was signed out, and API Gateway did not close it.
        let store = world.store().await;
        let anna = store.account(&Username::parse("anna").unwrap()).await.unwrap().unwrap();
        for socket in store.sockets_of_person(anna.user.id, None).await.unwrap() {
            store.remove_socket(&socket).await.unwrap();
        }
        for (action, ..) in ACTIONS {
            let answer = tab.asks(&request(action, &ben.room, 1)).await;
            assert!(
                matches!(&answer, Frame::Error(failure) if failure.code == Code::Unauthenticated),
                "{action}: {answer:?}"
            );
        }
        let said = |frame: &Frame| matches!(frame, Frame::Changes { changes, .. } if !changes.is_empty());
        assert!(!ben.heard_so_far().await.iter().any(said), "it was heard");
    });
}

#[test]
fn nobody_does_over_a_socket_what_they_must_not() {
    story(|world| async move {
        let cast = Cast::new(&world).await;
        let said = cast.owner.history(&cast.room, "").await.messages;
        for (who, person) in cast.others() {
            let mut tab = person.connects(&cast.room).await.unwrap();
            // What they have said themselves, or else anything.
            let seq = said.iter().find(|message| message.author.name == who).map_or(1, |message| message.seq);
            for (action, muted, guest) in ACTIONS {
                let answer = tab.asks(&request(action, &cast.room, seq)).await;
                let outside = ["banned", "stranger"].contains(&who);
                match (&answer, who) {
                    (Frame::Synced { rooms, gone, .. }, _) => {
                        assert_eq!((rooms.is_empty(), gone.len()), (outside, usize::from(outside)), "{who}");
                    }
                    (Frame::Pong { behind, .. }, _) => assert_eq!(behind.is_empty(), outside, "{who}"),
                    (Frame::Error(failure), _) if outside => {
                        assert_eq!(failure.code, Code::NotFound, "{action} by {who}");
                    }
                    (Frame::Error(failure), "muted") => assert_eq!(failure.reason, muted, "{action} by {who}"),
                    (Frame::Error(failure), "guest") => assert_eq!(failure.reason, guest, "{action} by {who}"),
                    (Frame::Error(failure), "member") if action == "pin" => {
                        assert_eq!(failure.reason, Some(Reason::Rank), "{action} by {who}");
                    }
                    (Frame::Error(failure), _) => panic!("{action} by {who}: {failure:?}"),
                    (done, _) => {
                        let refused = match who {
                            "muted" => muted.is_some(),
                            "guest" => guest.is_some(),
                            "member" => action == "pin",
                            _ => outside,
                        };
                        assert!(!refused, "{action} by {who} was done: {done:?}");
                    }
                }
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
