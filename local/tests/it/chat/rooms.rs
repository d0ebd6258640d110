//! Rooms that are not public, how people come in, and what is heard of it live.

use http::Method;
use parlour::wire::{Code, Frame, Invitation, Invitations, Kind, Pins, Reason, Room, Search, Users, Versions};
use serde_json::{Value, json};

use super::client::{Answer, Person, client_id, fresh};
use super::world::{story, story_with_limits};

impl Person {
    pub(super) async fn posts(&self, path: &str, body: Value) -> Answer {
        self.http.post(path, self.token(), &body).await
    }

    async fn gets(&self, path: &str) -> Answer {
        self.http.get(path, self.token()).await
    }

    async fn describes(&self, room: &Room, body: Value) -> Answer {
        let path = format!("/rooms/{}", room.id);
        self.http.send(Method::PATCH, &path, self.token(), body.to_string().into()).await
    }

    async fn makes_private(&self, name: &str) -> Room {
        let body = json!({ "name": name, "client_id": client_id(), "kind": "private" });
        self.posts("/rooms", body).await.expect_json(201)
    }

    async fn invites(&self, room: &Room, body: Value) -> Invitation {
        self.posts(&format!("/rooms/{}/invitations", room.id), body).await.expect_json(201)
    }
}

#[test]
fn who_is_invited_hears_of_it_comes_in_and_talks() {
    story(|world| async move {
        let (anna, ben, eve) = (world.person("anna").await, world.person("ben").await, world.person("eve").await);
        let elsewhere = ben.makes("elsewhere").await;
        let mut bens = ben.opens(&elsewhere).await;
        let room = anna.makes_private("plans").await;
        assert_eq!(room.kind, Kind::Private);
        let mut annas = anna.opens(&room).await;
        for stranger in [&ben, &eve] {
            let refused = stranger.posts(&format!("/rooms/{}/join", room.id), json!({})).await;
            assert_eq!(refused.expect_failure(404).code, Code::NotFound);
        }
        let found: Users = anna.gets("/users?prefix=BE").await.expect_json(200);
        let ask = json!({ "client_id": "invite-ben", "user": found.users[0].id });
        let made = anna.invites(&room, ask.clone()).await;
        assert_eq!(anna.invites(&room, ask).await, made, "asked again, it is another");
        let heard = bens.finds("the invitation", |frame| matches!(frame, Frame::Invited { .. })).await;
        assert_eq!(heard, Frame::Invited { invitation: made.clone() });
        let accept = format!("/invitations/{}/accept", made.id);
        assert_eq!(eve.posts(&accept, json!({})).await.expect_failure(404).code, Code::NotFound);
        let mine: Invitations = ben.gets("/invitations").await.expect_json(200);
        assert_eq!(mine.invitations, [made]);
        for _ in 0..2 {
            let entered: Room = ben.posts(&accept, json!({})).await.expect_json(200);
            assert_eq!((entered.id.as_str(), entered.about.name.as_str()), (room.id.as_str(), "plans"));
        }
        annas
            .finds(
                "that ben has come",
                |frame| matches!(frame, Frame::Joined { member, .. } if member.user.name == "ben"),
            )
            .await;
        annas.says("welcome").await;
        let mut inside = ben.opens(&room).await;
        inside.says("thank you").await;
        annas.hears("thank you").await;
    });
}

#[test]
fn a_conversation_of_two_appears_to_both_and_is_found_again() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let elsewhere = ben.makes("elsewhere").await;
        let mut bens = ben.opens(&elsewhere).await;
        let with_ben = json!({ "users": [ben.session.user.id] });
        let made: Room = anna.posts("/direct", with_ben.clone()).await.expect_json(200);
        let names: Vec<_> = made.people.iter().map(|user| user.name.as_str()).collect();
        assert_eq!((made.kind, names, made.about.name.as_str()), (Kind::Direct, vec!["anna", "ben"], ""));
        bens.finds("the conversation", |frame| matches!(frame, Frame::Joined { room, .. } if *room == made.id)).await;
        let with_anna = json!({ "users": [anna.session.user.id, ben.session.user.id] });
        let same: Room = ben.posts("/direct", with_anna).await.expect_json(200);
        assert_eq!(same.id, made.id);
        let mut annas = anna.opens(&made).await;
        annas.says("only us").await;
        assert_eq!(ben.history(&made, "").await.messages[0].text, "only us");
        let left = ben.posts(&format!("/rooms/{}/leave", made.id), json!({})).await.expect_failure(403);
        assert_eq!(left.reason, Some(Reason::Direct));
        let renamed = anna.describes(&made, json!({ "name": "ours" })).await.expect_failure(403);
        assert_eq!(renamed.reason, Some(Reason::Direct));
        let elsewhere = format!("/rooms/{}/leave", elsewhere.id);
        for (who, path) in [(&ben, &elsewhere), (&ben, &elsewhere), (&anna, &elsewhere)] {
            assert_eq!(who.posts(path, json!({})).await.status, 204, "whoever is not in it has left it");
        }
        for (users, status) in
            [(json!([]), 400), (json!([anna.session.user.id]), 400), (json!(["0123456789abcdef01234567"]), 404)]
        {
            assert_eq!(anna.posts("/direct", json!({ "users": users })).await.status, status, "{users}");
        }
    });
}

#[test]
fn a_room_that_is_renamed_and_archived_says_so_to_everybody_and_is_only_read() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let said = anna.says("before").await;
        let room = anna.room.clone();
        let refused = ben.person.describes(&room, json!({ "topic": "mine" })).await.expect_failure(403);
        assert_eq!(refused.reason, Some(Reason::Rank));
        let changed = json!({ "name": "Green tea", "topic": "today", "description": "What for", "archived": true });
        let now: Room = anna.person.describes(&room, changed).await.expect_json(200);
        assert!(now.about.archived);
        let heard = ben.finds("what it is about", |frame| matches!(frame, Frame::About { .. })).await;
        assert_eq!(heard, Frame::About { room: room.id.clone(), about: now.about.clone() });
        for request in [
            json!({ "action": "send", "text": "after", "client_id": client_id() }),
            json!({ "action": "edit", "seq": said.seq, "text": "after", "client_id": client_id() }),
            json!({ "action": "delete", "seq": said.seq, "client_id": client_id() }),
            json!({ "action": "react", "seq": said.seq, "emoji": "👍", "on": true, "client_id": client_id() }),
            json!({ "action": "pin", "seq": said.seq, "on": true, "client_id": client_id() }),
        ] {
            let mut request = request;
            request["id"] = json!(fresh());
            request["room"] = json!(room.id);
            assert_eq!(anna.is_refused(&request).await.reason, Some(Reason::Archived), "{request}");
        }
        for same in [json!({ "archived": true }), json!({ "topic": "today", "archived": true }), json!({})] {
            let again: Room = anna.person.describes(&room, same).await.expect_json(200);
            assert_eq!(again.about, now.about, "the same request again is something else");
        }
        let described = anna.person.describes(&room, json!({ "topic": "tomorrow" })).await.expect_failure(403);
        assert_eq!(described.reason, Some(Reason::Archived));
        assert_eq!(ben.person.history(&room, "").await.messages.len(), 1, "it can be read");
        let open: Room = anna.person.describes(&room, json!({ "archived": false })).await.expect_json(200);
        assert!(!open.about.archived);
        anna.says("after all").await;
        ben.hears("after all").await;
    });
}

#[test]
fn what_is_mentioned_pinned_edited_and_looked_for_is_found() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let eve = world.person("eve").await;
        let room = anna.room.clone();
        anna.says("@ben tea is ready").await;
        let heard = ben.hears("@ben tea is ready").await;
        assert_eq!(heard.mentions, [ben.person.session.user.id.clone()]);
        assert_eq!(ben.person.rooms().await[0].mentions, 1);
        let read = json!({ "action": "read", "id": "r", "room": room.id, "position": 1, "seq": 1 });
        let answer = ben.asks(&read).await;
        assert_eq!(
            answer,
            Frame::Read { id: "r".to_owned(), room: room.id.clone(), unread: 0, mentions: 0, retry_after: None }
        );
        let pin =
            json!({ "action": "pin", "id": fresh(), "room": room.id, "seq": 1, "on": true, "client_id": client_id() });
        let rev = anna.amends(pin.clone()).await;
        assert_eq!(anna.amends(pin).await, rev);
        assert!(ben.hears_of(rev).await.pinned_at.is_some());
        let pins: Pins = ben.person.gets(&format!("/rooms/{}/pins", room.id)).await.expect_json(200);
        assert_eq!(pins.messages.iter().map(|message| message.seq).collect::<Vec<_>>(), [1]);
        let edit = json!({ "action": "edit", "id": fresh(), "room": room.id, "seq": 1, "text": "coffee", "client_id": client_id() });
        anna.amends(edit).await;
        let versions = format!("/rooms/{}/messages/1/versions", room.id);
        let said: Versions = anna.person.gets(&versions).await.expect_json(200);
        assert_eq!(
            said.versions.iter().map(|one| one.text.as_str()).collect::<Vec<_>>(),
            ["@ben tea is ready", "coffee"]
        );
        assert_eq!(ben.person.gets(&versions).await.expect_failure(403).reason, Some(Reason::Rank));
        let found = async |by: &Person, query: &str| {
            let search: Search = by.gets(&format!("/search?q={query}")).await.expect_json(200);
            search.found.into_iter().map(|one| (one.room, one.message.text)).collect::<Vec<_>>()
        };
        assert_eq!(found(&ben.person, "Coffee").await, [(room.id.clone(), "coffee".to_owned())]);
        assert_eq!(found(&ben.person, "ready").await, [], "what it said before is found");
        assert_eq!(found(&eve, "coffee").await, []);
        let elsewhere = eve.gets(&format!("/search?q=coffee&room={}", room.id)).await;
        assert_eq!(elsewhere.expect_failure(404).code, Code::NotFound);
    });
}

#[test]
fn what_is_begun_on_one_device_goes_on_on_another_and_is_nobody_elses() {
    story(|world| async move {
        let (anna, mut ben) = world.pair("tea").await;
        let phone = world.signs_in("anna", super::world::PASSWORD).await;
        let mut phones = phone.opens(&anna.room).await;
        let draft = format!("/rooms/{}/draft", anna.room.id);
        assert_eq!(anna.person.put(&draft, json!({ "text": "I mean " })).await.status, 204);
        let heard = phones.finds("the draft", |frame| matches!(frame, Frame::Draft { .. })).await;
        assert_eq!(heard, Frame::Draft { room: anna.room.id.clone(), text: "I mean ".to_owned() });
        assert_eq!(phone.rooms().await[0].draft, "I mean ");
        assert_eq!(ben.person.rooms().await[0].draft, "");
        let overheard = ben.heard_so_far().await;
        assert!(!overheard.iter().any(|frame| matches!(frame, Frame::Draft { .. })), "{overheard:?}");
    });
}

#[test]
fn a_conversation_is_found_again_as_often_as_one_likes_and_everybody_in_it_pins() {
    story_with_limits(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let with_ben = json!({ "users": [ben.session.user.id] });
        let room: Room = anna.posts("/direct", with_ben.clone()).await.expect_json(200);
        // More often than rooms may be made at once.
        for _ in 0..25 {
            assert_eq!(anna.posts("/direct", with_ben.clone()).await.expect_json::<Room>(200).id, room.id);
        }
        let (mut hers, mut his) = (anna.opens(&room).await, ben.opens(&room).await);
        let said = hers.says("keep this").await;
        his.hears("keep this").await;
        let pin = |on: bool| json!({ "action": "pin", "seq": said.seq, "client_id": client_id(), "on": on });
        let rev = his.amends(pin(true)).await;
        assert!(hers.hears_of(rev).await.pinned_at.is_some());
        let rev = hers.amends(pin(false)).await;
        assert!(his.hears_of(rev).await.pinned_at.is_none());
    });
}

#[test]
fn whoever_pins_and_unpins_uses_up_nothing_of_the_authors() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let room: Room = anna.posts("/direct", json!({ "users": [ben.session.user.id] })).await.expect_json(200);
        let (mut hers, mut his) = (anna.opens(&room).await, ben.opens(&room).await);
        let said = hers.says("mine to change").await;
        his.hears("mine to change").await;
        // As often as a message may be edited, and once more.
        for on in [true, false].into_iter().cycle().take(101) {
            his.amends(json!({ "action": "pin", "seq": said.seq, "client_id": client_id(), "on": on })).await;
        }
        let edit = json!({ "action": "edit", "seq": said.seq, "client_id": client_id(), "text": "and changed" });
        hers.amends(edit).await;
    });
}
