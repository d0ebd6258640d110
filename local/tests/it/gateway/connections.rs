//! `@connections`: every status, with the header and the body that SDKs need.

use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Socket, header, json, send};
use super::world::{Plan, World, until};

async fn call(world: &World, method: Method, id: &str, body: impl Into<Bytes>) -> Result<Response<Bytes>> {
    let id = id.replace('=', "%3D");
    send(Request::builder().method(method).uri(format!("{}/@connections/{id}", world.management())), body).await
}

#[tokio::test]
async fn a_connection_that_is_gone_is_410_with_the_header_and_no_body() -> Result<()> {
    let world = World::start().await?;
    let mut socket = Socket::open(&world).await?;
    let id = socket.id().await?;
    socket.0.close(None).await?;
    until("the socket to be gone", || (world.running.sockets() == 0).then_some(())).await?;
    for id in [id.as_str(), "eHrdFcnvvHcCE-w="] {
        for method in [Method::POST, Method::GET, Method::DELETE] {
            let gone = call(&world, method.clone(), id, "").await?;
            assert_eq!(gone.status(), 410, "{method} {id}");
            assert_eq!(header(&gone, "x-amzn-errortype"), "GoneException");
            assert!(gone.body().is_empty());
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_is_no_call_is_refused_by_its_own_status() -> Result<()> {
    let world = World::start().await?;
    let mut socket = Socket::open(&world).await?;
    let id = socket.id().await?;
    let invalid = call(&world, Method::POST, "nonsense", "x").await?;
    assert_eq!((invalid.status().as_u16(), header(&invalid, "x-amzn-errortype")), (400, "BadRequestException"));
    assert_eq!(json(&invalid), json!({"message": "Invalid connectionId: nonsense"}));
    let other_stage = Request::post(format!("{}/@connections/{id}", world.management().replace("/v1", "/v2")));
    let forbidden = send(other_stage, "x").await?;
    assert_eq!((forbidden.status().as_u16(), header(&forbidden, "x-amzn-errortype")), (403, "ForbiddenException"));
    assert_eq!(call(&world, Method::PUT, &id, "x").await?.status(), 403);
    let large = call(&world, Method::POST, &id, vec![b'x'; 131_073]).await?;
    assert_eq!((large.status().as_u16(), header(&large, "x-amzn-errortype")), (413, "PayloadTooLargeException"));
    assert!(json(&large)["message"].is_string());
    assert_eq!(socket.id().await?, id, "none of it touched the connection");
    Ok(())
}

#[tokio::test]
async fn the_sign_of_connections_may_be_encoded() -> Result<()> {
    let world = World::start().await?;
    let mut socket = Socket::open(&world).await?;
    let id = socket.id().await?;
    for id in [id.clone(), id.replace('=', "%3D")] {
        let request = Request::post(format!("{}/%40connections/{id}", world.management()));
        assert_eq!(send(request, "encoded").await?.status(), 200, "{id}");
        assert_eq!(socket.hear().await?, "encoded");
    }
    Ok(())
}

#[tokio::test]
async fn a_connection_does_not_exist_while_connect_runs() -> Result<()> {
    let world = World::start().await?;
    let url = format!("{}?do=post", world.websocket());
    Socket::dial(&url, &[]).await?.map_err(|refused| anyhow::anyhow!(refused.body))?;
    world.logs("posting gave 410").await?;
    Ok(())
}

#[tokio::test]
async fn a_client_that_does_not_read_is_429_and_delays_nobody() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.outgoing = 100_000;
    let world = plan.start().await?;
    let (mut sleeper, mut reader) = (Socket::open(&world).await?, Socket::open(&world).await?);
    let (sleeping, reading) = (sleeper.id().await?, reader.id().await?);
    let mut last = 0;
    for _ in 0..1000 {
        last = call(&world, Method::POST, &sleeping, vec![b'x'; 50_000]).await?.status().as_u16();
        if last != 200 {
            break;
        }
    }
    assert_eq!(last, 429);
    let limited = call(&world, Method::POST, &sleeping, "one more").await?;
    assert_eq!(header(&limited, "x-amzn-errortype"), "LimitExceededException");
    assert_eq!(call(&world, Method::POST, &reading, "hello").await?.status(), 200);
    assert_eq!(reader.hear().await?, "hello");
    assert_eq!(sleeper.hear().await?.len(), 50_000);
    assert_eq!(call(&world, Method::DELETE, &sleeping, "").await?.status(), 204);
    Ok(())
}

#[tokio::test]
async fn posts_arrive_as_text_in_their_order() -> Result<()> {
    let world = World::start().await?;
    let mut socket = Socket::open(&world).await?;
    let id = socket.id().await?;
    for number in 0..200 {
        let posted = call(&world, Method::POST, &id, format!("number {number} ✓")).await?;
        assert_eq!((posted.status().as_u16(), posted.body().len()), (200, 0));
    }
    for number in 0..200 {
        assert_eq!(socket.hear().await?, format!("number {number} ✓"));
    }
    assert_eq!(call(&world, Method::POST, &id, &b"\xff"[..]).await?.status(), 200);
    assert_eq!(socket.hear().await?, "\u{fffd}");
    let long = "y".repeat(131_072);
    assert_eq!(call(&world, Method::POST, &id, long.clone()).await?.status(), 200);
    assert_eq!(socket.hear().await?, long);
    Ok(())
}

#[tokio::test]
async fn a_function_can_post_to_the_connection_that_it_hears_from() -> Result<()> {
    let world = World::start().await?;
    let mut socket = Socket::open(&world).await?;
    socket.say(r#"{"action":"tell","do":"post","text":"from the function"}"#).await?;
    let mut heard = [socket.hear().await?, socket.hear().await?];
    heard.sort();
    assert_eq!(heard, ["200", "from the function"]);
    Ok(())
}

#[tokio::test]
async fn a_connection_tells_when_it_began_was_active_and_whose_it_is() -> Result<()> {
    let world = World::start().await?;
    let dialled = Socket::dial(world.websocket(), &[("user-agent", "test")]).await?;
    let (mut socket, _) = dialled.map_err(|refused| anyhow::anyhow!(refused.body))?;
    let id = socket.id().await?;
    let first = json(&call(&world, Method::GET, &id, "").await?);
    assert_eq!(first["identity"], json!({"sourceIp": "127.0.0.1", "userAgent": "test"}));
    assert!(first["connectedAt"].as_str().is_some_and(|at| at.ends_with('Z')), "{first}");
    tokio::time::sleep(Duration::from_millis(5)).await;
    socket.id().await?;
    let second = json(&call(&world, Method::GET, &id, "").await?);
    assert_eq!(second["connectedAt"], first["connectedAt"]);
    assert!(second["lastActiveAt"].as_str() > first["lastActiveAt"].as_str(), "{second}");
    Ok(())
}

#[tokio::test]
async fn a_deleted_connection_is_closed_behind_what_was_posted() -> Result<()> {
    let world = World::start().await?;
    let mut socket = Socket::open(&world).await?;
    let id = socket.id().await?;
    call(&world, Method::POST, &id, "last words").await?;
    let deleted = call(&world, Method::DELETE, &id, "").await?;
    assert_eq!((deleted.status().as_u16(), deleted.body().len()), (204, 0));
    assert_eq!(call(&world, Method::POST, &id, "too late").await?.status(), 410);
    assert_eq!(socket.next().await?, Message::text("last words"));
    assert_eq!(socket.closed().await?, (1000, "Connection Closed Normally".into()));
    let line = world.logs("DISCONNECT").await?;
    assert!(line.contains(r#""disconnectStatusCode":1000"#) && line.contains("Connection Closed Normally"), "{line}");
    Ok(())
}
