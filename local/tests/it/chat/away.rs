//! The database goes away, and comes back.

use parlour::wire::{Code, Frame};
use serde_json::json;

use super::client::{client_id, fresh};
use super::world::{PASSWORD, story_with_mongod};

#[test]
fn while_the_database_is_away_errors_say_so_and_then_everything_goes_on() {
    story_with_mongod(|world, mut mongod| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        anna.says("before").await;
        ben.hears("before").await;
        mongod.stop().await.unwrap();
        let id = client_id();
        let send =
            json!({ "action": "send", "id": fresh(), "room": anna.room.id, "client_id": id, "text": "meanwhile" });
        assert_eq!(anna.refused_code(&send).await, Code::Unavailable);
        let rooms = world.http().get("/rooms", anna.person.token()).await.expect_failure(503);
        assert_eq!(rooms.code, Code::Unavailable);
        assert!(!rooms.message.contains("127.0.0.1"), "{}", rooms.message);
        let register = world.http().post("/register", None, &json!({ "name": "cid", "password": PASSWORD })).await;
        assert_eq!(register.expect_failure(503).code, Code::Unavailable);
        assert_eq!(anna.person.connects(&anna.room).await.err().unwrap().0, 503);
        mongod.start_again().await.unwrap();
        // What a client does that was told to try again.
        let said = loop {
            match anna.asks(&json!({ "action": "send", "id": fresh(), "room": anna.room.id, "client_id": id, "text": "meanwhile" })).await {
                Frame::Sent { message, .. } => break message,
                Frame::Error(failure) => assert_eq!(failure.code, Code::Unavailable),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(ben.hears("meanwhile").await, said);
        let page = ben.person.history(&ben.room, "").await;
        assert_eq!(
            page.messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(),
            ["before", "meanwhile"]
        );
    });
}
