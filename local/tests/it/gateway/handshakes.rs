//! Handshakes of the WebSocket API: what `$connect` decides, and what is refused without it.

use std::time::Duration;

use anyhow::Result;

use super::client::{Socket, get, header, raw};
use super::world::{Plan, World, until};

/// The status of a refused handshake and its body, or 101.
async fn dial(world: &World, query: &str) -> Result<(u16, String)> {
    let url = format!("{}{query}", world.websocket());
    Ok(Socket::dial(&url, &[]).await?.map_or_else(|refused| (refused.status, refused.body), |_| (101, String::new())))
}

#[tokio::test]
async fn connect_decides_about_the_handshake() -> Result<()> {
    let mut plan = Plan::default();
    plan.socket().routes.entry("$connect".into()).and_modify(|route| route.timeout = Duration::from_millis(700));
    let world = plan.start().await?;
    for (query, expected) in [
        ("?do=status&status=401", 401),
        ("?do=status&status=301", 301),
        ("?do=status&status=400", 400),
        ("?do=status&status=501", 501),
        ("?do=error", 502),
        ("?do=crash", 502),
        ("?do=answer&answer=null", 502),
        ("?do=answer&answer=%7B%22statusCode%22%3A200%2C%22message%22%3A%22hi%22%7D", 502),
        ("?do=sleep", 504),
        ("?do=status&status=201", 101),
        ("", 101),
    ] {
        let (status, body) = dial(&world, query).await?;
        assert_eq!(status, expected, "{query}: {body}");
        if status == 502 {
            assert!(body.contains(r#""message":"Internal server error""#) && body.contains("requestId"), "{body}");
        }
    }
    until("the last two to be gone", || (world.running.sockets() == 0).then_some(())).await
}

#[tokio::test]
async fn what_is_no_handshake_of_the_stage_is_refused_without_a_function() -> Result<()> {
    let world = World::start().await?;
    let root = world.websocket().replace("/v1", "");
    for path in ["/v2", "/", "/v1/more", "/v1x"] {
        let refused = Socket::dial(&format!("{root}{path}"), &[]).await?;
        assert_eq!(refused.err().map(|refused| refused.status), Some(403), "{path}");
    }
    let plain = get(world.management()).await?;
    assert_eq!((plain.status().as_u16(), header(&plain, "sec-websocket-version")), (426, "13"));
    let handshake = |headers: &str| {
        format!("GET /v1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{headers}\r\n")
            .into_bytes()
    };
    for (headers, status) in [
        ("Sec-WebSocket-Version: 13\r\n", "400"),
        ("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n", "400"),
        ("Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "426"),
        (
            &format!(
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX: {}\r\n",
                "y".repeat(10_300)
            ),
            "431",
        ),
        ("X : odd\r\n", "400"),
    ] {
        let answer = raw(world.websocket(), &handshake(headers)).await?;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{headers:.60}: {answer}");
    }
    assert!(world.processes().is_empty());
    Ok(())
}

#[tokio::test]
async fn half_a_handshake_is_cut_off() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.slow_request = Duration::from_millis(200);
    let world = plan.start().await?;
    assert_eq!(raw(world.websocket(), b"GET /v1 HTTP/1.1\r\nUpgrade: webso").await?, "");
    assert_eq!(dial(&world, "").await?.0, 101);
    Ok(())
}

#[tokio::test]
async fn a_head_without_carriage_returns_is_answered_at_once() -> Result<()> {
    let world = World::start().await?;
    for head in [
        "GET /v1 HTTP/1.1\nHost: x\nConnection: Upgrade, close\nUpgrade: websocket\n\n",
        "GET /v1 HTTP/1.1\nHost: x\nConnection: Upgrade, close\nUpgrade: websocket\n\r\n",
    ] {
        let answer = raw(world.websocket(), head.as_bytes()).await?;
        assert!(answer.starts_with("HTTP/1.1 426 "), "{head:?}: {answer}");
    }
    Ok(())
}

#[tokio::test]
async fn a_handshake_behind_another_request_is_sent_to_a_connection_of_its_own() -> Result<()> {
    let world = World::start().await?;
    let requests = "GET /v1 HTTP/1.1\r\nHost: x\r\n\r\nGET /v1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let answers = raw(world.websocket(), requests.as_bytes()).await?.to_lowercase();
    let answers: Vec<&str> = answers.split("http/1.1 ").skip(1).collect();
    assert_eq!(answers.len(), 2, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.starts_with("426 ")), "{answers:?}");
    assert_eq!([0, 1].map(|at: usize| answers[at].contains("connection: close\r\n")), [false, true], "{answers:?}");
    assert_eq!(dial(&world, "").await?.0, 101);
    Ok(())
}

#[tokio::test]
async fn an_api_without_connect_route_lets_everyone_in() -> Result<()> {
    let mut plan = Plan::default();
    plan.socket().routes.remove("$connect");
    let world = plan.start().await?;
    assert_eq!(dial(&world, "?do=status&status=401").await?.0, 101);
    Ok(())
}

#[tokio::test]
async fn the_subprotocol_is_the_functions_choice_in_either_kind_of_header() -> Result<()> {
    let world = World::start().await?;
    let offered = [("sec-websocket-protocol", "chat, other")];
    for kind in ["headers", "multiValueHeaders"] {
        let url = format!("{}?do=protocol&in={kind}", world.websocket());
        let protocol = Socket::dial(&url, &offered).await?.map_err(|refused| anyhow::anyhow!(refused.body))?.1;
        assert_eq!(protocol.as_deref(), Some("chat"), "{kind}");
    }
    let answer = raw(
        world.websocket(),
        b"GET /v1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat\r\n\r\n\x88\x80\0\0\0\0",
    );
    let answer = answer.await?;
    assert!(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{answer}");
    assert!(!answer.contains("Protocol: "), "the gateway chooses none itself: {answer}");
    Ok(())
}
