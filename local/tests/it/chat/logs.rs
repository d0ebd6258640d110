//! What the functions write about people: nothing that they said, and nothing that lets anybody in.

use http::Method;
use parlour::wire::Session;
use serde_json::json;

use super::client::{Http, client_id, fresh};
use super::world::{PASSWORD, SECRET, story};

#[test]
fn no_log_has_a_token_a_password_or_a_message_in_it() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let person = anna.person.clone();
        let marks = [
            "marked words of a message",
            "marked words of an edit",
            "marked wrong password",
            "marked new password",
            "marked draft",
            "marked topic",
            "marked search",
            "marked reason",
        ];
        let said = anna.says(marks[0]).await;
        ben.hears(marks[0]).await;
        anna.amends(json!({ "action": "edit", "seq": said.seq, "client_id": client_id(), "text": marks[1] })).await;
        ben.hears(marks[1]).await;
        let http: &Http = world.http();
        // Everything that is refused, in every way in which it can be.
        http.post("/login", None, &json!({ "name": "anna", "password": marks[2] })).await.expect_failure(401);
        http.post("/login", None, &json!({ "name": { "$ne": marks[0] }, "password": marks[2] }))
            .await
            .expect_failure(400);
        http.post("/register", None, &json!({ "name": "anna", "password": marks[2] })).await.expect_failure(409);
        let half = format!("{{\"name\":\"anna\",\"password\":\"{}\",\"text\":\"{}", marks[2], marks[0]);
        http.send(Method::POST, "/login", None, half.clone().into()).await.expect_failure(400);
        http.post("/refresh", None, &json!({ "refresh_token": marks[2] })).await.expect_failure(401);
        http.get("/rooms", Some(&format!("{}x", person.session.access_token))).await.expect_failure(401);
        let change = json!({ "old": PASSWORD, "new": marks[3] });
        assert_eq!(http.post("/password", person.token(), &change).await.status, 204);
        http.delete("/account", person.token(), &json!({ "password": marks[2] })).await.expect_failure(401);
        let about = format!("/rooms/{}", anna.room.id);
        let put = async |path: String, body: serde_json::Value| {
            http.send(Method::PUT, &path, person.token(), body.to_string().into()).await
        };
        assert_eq!(put(format!("{about}/draft"), json!({ "text": marks[4] })).await.status, 204);
        put(format!("{about}/draft"), json!({ "text": { "$ne": marks[4] } })).await.expect_failure(400);
        let topic = json!({ "topic": marks[5] }).to_string();
        assert_eq!(http.send(Method::PATCH, &about, person.token(), topic.into()).await.status, 200);
        let search = format!("/search?q={}", marks[6].replace(' ', "%20"));
        assert_eq!(http.get(&search, person.token()).await.status, 200);
        http.get(&format!("{search}&limit=no"), person.token()).await.expect_failure(400);
        let ban = format!("{about}/bans/{}", world.person("eve").await.session.user.id);
        put(ban, json!({ "reason": format!("{}{}", marks[7], "x".repeat(200)) })).await.expect_failure(400);
        anna.writes(&half).await;
        anna.next_failure().await;
        let nowhere =
            json!({ "action": "send", "id": fresh(), "room": "no room", "client_id": client_id(), "text": marks[0] });
        anna.is_refused(&nowhere).await;
        // A token that comes back late, which is worth a warning.
        let old = person.session.refresh_token.clone();
        let refresh = async |token: &str| http.post("/refresh", None, &json!({ "refresh_token": token })).await;
        let second: Session = refresh(&old).await.expect_json(200);
        let third: Session = refresh(&second.refresh_token).await.expect_json(200);
        refresh(&old).await.expect_failure(401);
        world.log_says("Login").await;
        let lines = world.log().lines();
        assert!(lines.iter().any(|line| line.contains("refresh token came back")), "the log is not read");
        let sessions = [&person.session, &ben.person.session, &second, &third];
        let tokens =
            sessions.iter().flat_map(|session| [session.access_token.as_str(), session.refresh_token.as_str()]);
        // Of a token its last part is what lets anybody in, and of a hash its beginning shows what it is.
        let tails = tokens.clone().map(|token| &token[token.len() - 30..]);
        let secrets: Vec<&str> = marks
            .into_iter()
            .chain(tokens.clone())
            .chain(tails)
            .chain([PASSWORD, SECRET, "$2b$", "bearer.eyJ"])
            .collect();
        for line in &lines {
            let found = secrets.iter().find(|secret| line.contains(**secret));
            assert!(found.is_none(), "the log says {found:?}: {line}");
        }
        assert!(lines.len() > 30, "{lines:#?}");
    });
}
