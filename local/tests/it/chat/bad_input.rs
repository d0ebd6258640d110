//! What no client should send gets a clear answer and hurts nobody.

use bytes::Bytes;
use futures_util::SinkExt;
use http::Method;
use parlour::wire::{Code, Rule};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as Raw;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::world::{PASSWORD, story};

#[test]
fn a_frame_that_is_no_request_is_answered_with_what_is_wrong() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let room = anna.room.id.clone();
        let refused = |failure: parlour::wire::Failure| (failure.code, failure.field.unwrap(), failure.rule.unwrap());
        let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
        for (text, field, rule) in [
            ("", "body", Rule::Json),
            ("hello", "body", Rule::Json),
            ("{", "body", Rule::Json),
            (deep.as_str(), "body", Rule::Json),
            ("[]", "body", Rule::Type),
            ("null", "body", Rule::Type),
            ("{}", "action", Rule::Required),
            (r#"{"action":7}"#, "action", Rule::Type),
            (r#"{"action":{"$gt":""}}"#, "action", Rule::Type),
            (r#"{"action":"$connect"}"#, "action", Rule::Unknown),
            (r#"{"action":"sing"}"#, "action", Rule::Unknown),
            (r#"{"action":"send"}"#, "id", Rule::Required),
            (r#"{"action":"ping","id":"","rooms":{}}"#, "id", Rule::TooShort),
        ] {
            anna.writes(text).await;
            let failure = anna.next_failure().await;
            assert_eq!(refused(failure), (Code::Invalid, field.to_owned(), rule), "{text:.40}");
        }
        let send = |change: &dyn Fn(&mut Value)| {
            let mut request =
                json!({ "action": "send", "id": "1", "room": room, "client_id": "client-id-1", "text": "hello" });
            change(&mut request);
            request
        };
        for (request, field, rule) in [
            (send(&|r| r["text"] = json!({ "$gt": "" })), "text", Rule::Type),
            (send(&|r| r["text"] = json!("  \n ")), "text", Rule::TooShort),
            (send(&|r| r["text"] = json!("x".repeat(4001))), "text", Rule::TooLong),
            (send(&|r| r["text"] = json!("bell \u{7}")), "text", Rule::Characters),
            (send(&|r| r["client_id"] = json!("short")), "client_id", Rule::TooShort),
            (send(&|r| r["client_id"] = json!({ "$ne": null })), "client_id", Rule::Type),
            (send(&|r| r["room"] = json!(["a"])), "room", Rule::Type),
            (send(&|r| drop(r.as_object_mut().unwrap().remove("room"))), "room", Rule::Required),
        ] {
            let failure = anna.is_refused(&request).await;
            assert_eq!(failure.id.as_deref(), Some("1"));
            assert_eq!(refused(failure), (Code::Invalid, field.to_owned(), rule), "{request}");
        }
        assert_eq!(anna.refused_code(&send(&|r| r["room"] = json!("no room"))).await, Code::NotFound);
        let many: std::collections::BTreeMap<String, i64> = (0..201).map(|n| (n.to_string(), 0)).collect();
        let failure = anna.is_refused(&json!({ "action": "sync", "id": "1", "rooms": many })).await;
        assert_eq!((failure.rule, failure.limit), (Some(Rule::TooMany), Some(200)));
        anna.says("still here").await;
        ben.hears("still here").await;
    });
}

#[test]
fn a_frame_that_api_gateway_does_not_take_closes_its_own_socket_only() {
    story(|world| async move {
        let (mut anna, mut ben) = world.pair("tea").await;
        let code = |frame: Option<tokio_tungstenite::tungstenite::protocol::CloseFrame>| {
            frame.map(|frame| u16::from(frame.code))
        };
        let mut tab = anna.person.opens(&anna.room).await;
        tab.socket.send(Message::binary(b"binary".to_vec())).await.unwrap();
        assert_eq!(code(tab.is_closed().await), Some(1003));
        let mut tab = anna.person.opens(&anna.room).await;
        tab.writes(&"x".repeat(33 * 1024)).await;
        assert_eq!(code(tab.is_closed().await), Some(1009));
        let mut tab = anna.person.opens(&anna.room).await;
        let broken = Raw::message(Bytes::from_static(b"\xff\xfe"), OpCode::Data(Data::Text), true);
        tab.socket.send(Message::Frame(broken)).await.unwrap();
        assert_eq!(code(tab.is_closed().await), Some(1007));
        anna.says("still here").await;
        ben.hears("still here").await;
    });
}

#[test]
fn a_body_that_is_no_request_is_answered_with_what_is_wrong() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let post = async |path: &str, body: &[u8]| {
            world.http().send(Method::POST, path, anna.token(), Bytes::copy_from_slice(body)).await
        };
        let refused = |failure: parlour::wire::Failure| (failure.field.unwrap(), failure.rule.unwrap());
        for (path, body, field, rule) in [
            ("/register", &b""[..], "body", Rule::Json),
            ("/register", b"not json", "body", Rule::Json),
            ("/register", b"{\"name\":\"\xff\"}", "body", Rule::Json),
            ("/register", b"{}", "name", Rule::Required),
            ("/login", b"{\"name\":{\"$gt\":\"\"},\"password\":{\"$gt\":\"\"}}", "name", Rule::Type),
            ("/login", b"{\"name\":\"anna\",\"password\":{\"$gt\":\"\"}}", "password", Rule::Type),
            ("/refresh", b"{\"refresh_token\":{\"$ne\":null}}", "refresh_token", Rule::Type),
            ("/rooms", b"{\"name\":[\"tea\"],\"client_id\":\"client-id\"}", "name", Rule::Type),
            ("/rooms", b"{\"name\":\"tea\"}", "client_id", Rule::Required),
            ("/rooms", b"{\"name\":\"te\\na\",\"client_id\":\"client-id\"}", "name", Rule::Characters),
        ] {
            let failure = post(path, body).await.expect_failure(400);
            assert_eq!(refused(failure), (field.to_owned(), rule), "{path} {}", String::from_utf8_lossy(body));
        }
        let long = format!("{{\"name\":\"{}\"}}", "x".repeat(70_000));
        assert_eq!(post("/rooms", long.as_bytes()).await.expect_failure(413).limit, Some(65_536));
        let huge = vec![b'x'; 10 * 1024 * 1024 + 1];
        assert_eq!(post("/rooms", &huge).await.status, 413);
        let unknown = world.http().get("/no/such/route", anna.token()).await;
        assert_eq!((unknown.status, unknown.json()), (404, json!({ "message": "Not Found" })));
        let method = world.http().send(Method::DELETE, "/rooms", anna.token(), Bytes::new()).await;
        assert_eq!(method.status, 404);
        for room in ["no-room", "%7B%22%24gt%22%3A%22%22%7D", "0123456789abcdef01234567", "..%2f..%2fetc"] {
            let path = format!("/rooms/{room}/messages");
            assert_eq!(world.http().get(&path, anna.token()).await.expect_failure(404).code, Code::NotFound, "{room}");
        }
        anna.makes("tea").await;
    });
}

#[test]
fn a_body_that_is_not_called_json_is_not_read() {
    story(|world| async move {
        world.person("anna").await;
        let login = json!({ "name": "anna", "password": PASSWORD });
        // What a page of another origin may send without asking.
        for called in ["text/plain", "text/plain; application/json", "application/x-www-form-urlencoded", ""] {
            let failure =
                world.http().with("content-type", called).post("/login", None, &login).await.expect_failure(400);
            assert_eq!(
                (failure.field.as_deref(), failure.rule),
                (Some("content-type"), Some(Rule::Type)),
                "{called:?}"
            );
        }
        let json = world.http().with("content-type", "Application/JSON; charset=utf-8");
        let answer = json.post("/login", None, &login).await;
        answer.expect_json::<Value>(200);
        // And what is answered is not taken for anything else.
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["strict-transport-security"], "max-age=31536000");
        assert_eq!(answer.headers["cache-control"], "no-store");
    });
}
