//! The socket of the chat, and the management API behind it.

use http::Method;
use serde_json::Value;

use super::client::{Http, dial};
use super::world::story;

#[test]
fn a_client_that_can_set_headers_needs_no_subprotocol() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let bearer = format!("Bearer {}", anna.session.access_token);
        assert!(matches!(dial(world.socket_url(), &[("authorization", &bearer)]).await, Ok((_, None))));
        let both = [("authorization", bearer.as_str()), ("sec-websocket-protocol", "parlour.v1")];
        assert_eq!(dial(world.socket_url(), &both).await.unwrap().1.as_deref(), Some("parlour.v1"));
    });
}

#[test]
fn a_token_in_the_address_is_not_looked_at() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let url =
            format!("{}?token={token}&access_token={token}", world.socket_url(), token = anna.session.access_token);
        assert_eq!(dial(&url, &[]).await.unwrap_err().0, 401);
    });
}

#[test]
fn a_page_of_another_origin_opens_no_socket_even_with_a_good_token() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let bearer = format!("Bearer {}", anna.session.access_token);
        let from = async |origin| dial(world.socket_url(), &[("authorization", &bearer), ("origin", origin)]).await;
        for origin in ["https://evil.example", "null", "http://127.0.0.1:90", "http://127.0.0.1:9.evil.example", ""] {
            assert_eq!(from(origin).await.unwrap_err().0, 403, "{origin:?}");
        }
        assert_eq!(world.running().connections().len(), 0);
        from("http://127.0.0.1:9").await.unwrap();
    });
}

#[test]
fn connections_can_be_posted_to_looked_at_and_closed() {
    story(|world| async move {
        let (mut anna, _ben) = world.pair("tea").await;
        let log = world.log().lines().join("\n");
        assert!(log.contains("START RequestId"), "{log}");
        let api = Http::new(world.management_url().to_owned()).signing();
        let sockets = world.running().connections();
        assert_eq!(sockets.len(), 2);
        let gone = api.send(Method::POST, "/@connections/AAAAAAAAAAAAAAA%3D", None, "x".into()).await;
        assert_eq!((gone.status, gone.headers["x-amzn-errortype"].as_bytes()), (410, &b"GoneException"[..]));
        let path = |id: &str| format!("/@connections/{}", id.replace('=', "%3D"));
        let mut found = 0;
        for id in &sockets {
            let frame = r#"{"type":"presence","user":{"id":"0","name":"aws"},"online":true}"#;
            assert_eq!(api.send(Method::POST, &path(id), None, frame.into()).await.status, 200);
            let about: Value = api.get(&path(id), None).await.expect_json(200);
            assert!(about["connectedAt"].is_string() && about["lastActiveAt"].is_string(), "{about}");
            assert_eq!(about["identity"]["sourceIp"], "127.0.0.1");
            found += 1;
        }
        assert_eq!(found, 2);
        anna.sees("aws", true).await;
        for id in &sockets {
            assert_eq!(api.send(Method::DELETE, &path(id), None, "".into()).await.status, 204);
        }
        assert_eq!(anna.is_closed().await.map(|frame| u16::from(frame.code)), Some(1000));
    });
}
