//! Open connections of the WebSocket API, from their first message to `$disconnect`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use http::Request;
use local::model::Throttle;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame};

use super::client::{Socket, raw, send};
use super::world::{Plan, SOON, World, until};

/// The `$disconnect` event that the function printed.
async fn disconnected(world: &World) -> Result<Value> {
    let line = world.logs("DISCONNECT").await?;
    Ok(serde_json::from_str(&line[line.find('{').context("no event")?..])?)
}

#[tokio::test]
async fn more_connections_than_the_throttle_allows_are_too_many() -> Result<()> {
    let mut plan = Plan::default();
    plan.socket().throttle = Some(Throttle { rate: 0.001, burst: 2 });
    let world = plan.start().await?;
    let mut socket = Socket::open(&world).await?;
    socket.say(r#"{"action":"tell"}"#).await?;
    assert_eq!(socket.hear_json().await?["requestContext"]["routeKey"], "tell");
    socket.say(r#"{"action":"tell"}"#).await?;
    assert_eq!(socket.hear_json().await?["message"], "Too Many Requests");
    let refused = Socket::dial(world.websocket(), &[]).await?.err();
    assert_eq!(refused.map(|refused| refused.status), Some(429));
    Ok(())
}

#[tokio::test]
async fn the_events_of_a_connection_have_the_keys_of_aws_and_no_others() -> Result<()> {
    let mut plan = Plan::default();
    // The function prints what it gets at `$connect`, as at `$disconnect`.
    plan.socket().stage_variables = BTreeMap::from([("color".into(), "green".into())]);
    let world = plan.start().await?;
    let url = format!("{}?a=1&a=2&do=show", world.websocket());
    let headers = [("user-agent", "test"), ("x-twice", "1")];
    let (mut socket, _) = Socket::dial(&url, &headers).await?.map_err(|refused| anyhow::anyhow!(refused.body))?;
    let line = world.logs("\"CONNECT\"").await?;
    let mut connect: Value = serde_json::from_str(&line[line.find('{').context("no event")?..])?;
    let keys = |event: &Value| event.as_object().map(|event| event.keys().cloned().collect::<Vec<_>>().join(" "));
    assert_eq!(
        keys(&connect).as_deref(),
        Some(
            "headers isBase64Encoded multiValueHeaders multiValueQueryStringParameters queryStringParameters requestContext \
             stageVariables"
        )
    );
    assert_eq!(connect["queryStringParameters"], json!({"a": "2", "do": "show"}));
    assert_eq!(connect["multiValueQueryStringParameters"], json!({"a": ["1", "2"], "do": ["show"]}));
    assert_eq!(connect["headers"]["Sec-WebSocket-Version"], "13", "names keep the client's case");
    assert_eq!(connect["headers"]["x-twice"], "1");
    assert_eq!(connect["multiValueHeaders"]["X-Forwarded-For"], json!(["127.0.0.1"]));
    assert!(connect["headers"]["Connection"].is_null() && connect["headers"]["Upgrade"].is_null());
    let context = connect["requestContext"].take();
    let common = "apiId connectedAt connectionId domainName eventType extendedRequestId identity messageDirection requestId \
                  requestTime requestTimeEpoch routeKey stage";
    assert_eq!(keys(&context).as_deref(), Some(common));
    assert_eq!(context["identity"], json!({"sourceIp": "127.0.0.1", "userAgent": "test"}));
    assert_eq!(
        (&context["routeKey"], &context["stage"], &context["apiId"]),
        (&json!("$connect"), &json!("v1"), &json!("fghij67890"))
    );
    let id = context["connectionId"].as_str().context("no id")?;
    assert!(id.len() == 16 && id.ends_with('='), "{id}");

    socket.say(r#"{"action":"tell"}"#).await?;
    let message = socket.hear_json().await?;
    assert_eq!(keys(&message).as_deref(), Some("body isBase64Encoded requestContext stageVariables"));
    assert_eq!(message["body"], r#"{"action":"tell"}"#);
    let said = &message["requestContext"];
    let with_id = common.replace("messageDirection", "messageDirection messageId");
    assert_eq!(keys(said).as_deref(), Some(with_id.as_str()));
    assert_eq!((&said["connectedAt"], &said["connectionId"]), (&context["connectedAt"], &context["connectionId"]));
    assert_eq!((&said["eventType"], &said["routeKey"]), (&json!("MESSAGE"), &json!("tell")));

    socket.0.close(Some(CloseFrame { code: CloseCode::Library(4001), reason: "enough".into() })).await?;
    let event = disconnected(&world).await?;
    assert_eq!(
        keys(&event).as_deref(),
        Some("headers isBase64Encoded multiValueHeaders requestContext stageVariables")
    );
    assert_eq!(keys(&event["headers"]).as_deref(), Some("Host X-Forwarded-For x-api-key x-restapi"));
    let context = &event["requestContext"];
    assert_eq!((&context["disconnectStatusCode"], &context["disconnectReason"]), (&json!(4001), &json!("enough")));
    assert_eq!((&context["connectedAt"], &context["connectionId"]), (&said["connectedAt"], &said["connectionId"]));
    Ok(())
}

#[tokio::test]
async fn a_message_without_a_route_is_forbidden_and_the_connection_stays() -> Result<()> {
    let world = World::start().await?;
    let mut socket = Socket::open(&world).await?;
    let id = socket.id().await?;
    for message in ["not json", "{}", r#"{"action":"fly"}"#, r#"{"action":"$connect"}"#, r#"{"action":["tell"]}"#] {
        socket.say(message).await?;
        let frame = socket.hear().await?;
        let request = frame.rsplit('"').nth(1).unwrap_or_default();
        let expected = format!(r#"{{"message": "Forbidden", "connectionId":"{id}", "requestId":"{request}"}}"#);
        assert_eq!((frame.as_str(), request.len()), (expected.as_str(), 16), "{message}");
    }
    assert_eq!(socket.id().await?, id);
    Ok(())
}

#[tokio::test]
async fn the_default_route_takes_what_no_other_does() -> Result<()> {
    let mut plan = Plan::default();
    let tell = plan.socket().routes.get("tell").cloned().context("no route")?;
    plan.socket().routes.insert("$default".into(), tell);
    let world = plan.start().await?;
    let mut socket = Socket::open(&world).await?;
    for (message, route) in [
        ("not json", "$default"),
        (r#"{"action":"fly"}"#, "$default"),
        (r#"{"action":"$disconnect"}"#, "$default"),
        (r#"{"action":"tell"}"#, "tell"),
    ] {
        socket.say(message).await?;
        assert_eq!(socket.hear_json().await?["requestContext"]["routeKey"], route, "{message}");
    }
    Ok(())
}

#[tokio::test]
async fn a_failing_function_is_told_to_the_client_on_any_route() -> Result<()> {
    let mut plan = Plan::default();
    for route in plan.socket().routes.values_mut() {
        route.timeout = Duration::from_millis(800);
    }
    let world = plan.start().await?;
    let mut socket = Socket::open(&world).await?;
    for (task, message) in [
        (json!({"do": "error"}), "Internal server error"),
        (json!({"do": "crash"}), "Internal server error"),
        (json!({"do": "answer", "answer": "null"}), "Internal server error"),
        (json!({"do": "answer", "answer": {"statusCode": 200, "extra": 1}}), "Internal server error"),
        (json!({"do": "sleep"}), "Endpoint request timed out"),
    ] {
        for action in ["tell", "oneway"] {
            let mut task = task.clone();
            task["action"] = action.into();
            socket.say(&task).await?;
            let frame = socket.hear_json().await?;
            assert_eq!(frame["message"], message, "{task}");
            assert!(frame["connectionId"].is_string() && frame["requestId"].is_string());
        }
    }
    Ok(())
}

#[tokio::test]
async fn only_a_two_way_route_replies() -> Result<()> {
    let world = World::start().await?;
    let mut socket = Socket::open(&world).await?;
    socket.say(r#"{"action":"oneway"}"#).await?;
    socket.say(r#"{"action":"oneway","do":"status","status":"500"}"#).await?;
    world.logs("END").await?;
    until("three ends", || (world.log.lines().iter().filter(|line| line.contains("END")).count() == 3).then_some(()))
        .await?;
    socket.say(r#"{"action":"tell","do":"answer","answer":{"statusCode":200,"body":"first thing heard"}}"#).await?;
    assert_eq!(socket.hear().await?, "first thing heard");
    Ok(())
}

#[tokio::test]
async fn messages_of_one_connection_run_at_the_same_time() -> Result<()> {
    let world = World::start().await?;
    let mut socket = Socket::open(&world).await?;
    socket.say(r#"{"action":"tell","do":"sleep","ms":1000}"#).await?;
    socket.say(r#"{"action":"tell","do":"answer","answer":{"statusCode":200,"body":"overtaken"}}"#).await?;
    assert_eq!(socket.hear().await?, "overtaken");
    assert_eq!(socket.hear().await?, "slept");
    Ok(())
}

#[tokio::test]
async fn a_flood_of_messages_is_taken_in_as_fast_as_it_is_worked_off() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.messages_at_once = 4;
    let world = plan.start().await?;
    let mut socket = Socket::open(&world).await?;
    for _ in 0..100 {
        socket.say(r#"{"action":"tell","do":"sleep","ms":1}"#).await?;
    }
    for _ in 0..100 {
        assert_eq!(socket.hear().await?, "slept");
    }
    assert!(world.processes().len() <= 4, "{:?}", world.processes());
    Ok(())
}

#[tokio::test]
async fn what_the_gateway_does_not_take_closes_the_connection_with_its_code() -> Result<()> {
    let world = World::start().await?;
    let frame = |opcode: Data, last: bool, length: usize| {
        Message::Frame(Frame::message(vec![b'x'; length], OpCode::Data(opcode), last))
    };
    let long = [frame(Data::Text, false, 32_768)]
        .into_iter()
        .chain((0..4).map(|_| frame(Data::Continue, false, 32_768)))
        .collect::<Vec<_>>();
    for (messages, code, reason) in [
        (vec![Message::binary(vec![1, 2, 3])], 1003, "Binary is not supported"),
        (vec![Message::text("x".repeat(32_769))], 1009, "Max frame length of 32768 has been exceeded."),
        (long, 1009, "Max message length of 131072 has been exceeded."),
    ] {
        let mut socket = Socket::open(&world).await?;
        for message in messages {
            // The connection may be closed before the last part is sent.
            let _ = socket.0.send(message).await;
        }
        assert_eq!(socket.closed().await?, (code, reason.to_owned()));
    }
    for code in [1003, 1009] {
        world.logs(&format!("\"disconnectStatusCode\":{code}")).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_message_in_fragments_of_up_to_128_kilobytes_is_one_message() -> Result<()> {
    let world = World::start().await?;
    let mut socket = Socket::open(&world).await?;
    let head = r#"{"action":"tell","do":"answer","answer":{"statusCode":200,"body":"whole"},"fill":""#;
    let message = format!("{head}{}\"}}", "x".repeat(131_072 - head.len() - 2));
    let parts: Vec<&[u8]> = message.as_bytes().chunks(32_768).collect();
    for (index, part) in parts.iter().enumerate() {
        let opcode = if index == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message(part.to_vec(), OpCode::Data(opcode), index == parts.len() - 1);
        socket.0.send(Message::Frame(frame)).await?;
        socket.0.send(Message::Ping("between".into())).await?;
    }
    loop {
        match socket.next().await? {
            Message::Pong(_) => {}
            Message::Text(text) => break assert_eq!(text.as_str(), "whole"),
            other => bail!("heard {other:?}"),
        }
    }
    Ok(())
}

#[tokio::test]
async fn garbage_harms_its_own_connection_only() -> Result<()> {
    let world = World::start().await?;
    let mut witness = Socket::open(&world).await?;
    let handshake = "GET /v1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    for garbage in [
        &b"\x81\x02hi"[..],
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff....",
        b"\xc1\x80....",
    ] {
        let answer = raw(world.websocket(), &[handshake.as_bytes(), garbage].concat()).await?;
        assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    }
    until("the others to be gone", || (world.running.sockets() == 1).then_some(())).await?;
    witness.id().await?;
    Ok(())
}

#[tokio::test]
async fn a_ping_is_answered_and_reaches_no_function() -> Result<()> {
    let world = World::start().await?;
    let mut socket = Socket::open(&world).await?;
    world.logs("END").await?;
    let before = world.log.lines().len();
    socket.0.send(Message::Ping("there?".into())).await?;
    assert_eq!(socket.next().await?, Message::Pong("there?".into()));
    assert_eq!(
        world.log.lines().len() - before,
        world.log.lines().iter().skip(before).filter(|line| line.contains("REPORT")).count()
    );
    Ok(())
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_neither_pings_nor_patience_help() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.idle = Duration::from_millis(600);
    let world = plan.start().await?;
    let mut socket = Socket::open(&world).await?;
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        socket.id().await?;
    }
    let silent_since = Instant::now();
    let closed = loop {
        // The ping that meets the close frame cannot be sent any more.
        let _ = socket.0.send(Message::Ping("still here".into())).await;
        match socket.next().await? {
            Message::Close(frame) => break frame.context("no code")?,
            _ if silent_since.elapsed() > SOON => bail!("the pings keep it open"),
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    assert_eq!((u16::from(closed.code), closed.reason.as_str()), (1001, "Going away"));
    let event = disconnected(&world).await?;
    assert_eq!(event["requestContext"]["disconnectReason"], "Going away");
    Ok(())
}

#[tokio::test]
async fn a_connection_ends_with_its_lifetime_however_busy_it_is() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.lifetime = Duration::from_millis(700);
    let world = plan.start().await?;
    let mut socket = Socket::open(&world).await?;
    let closed = loop {
        socket.say(r#"{"action":"tell"}"#).await?;
        match socket.next().await? {
            Message::Close(frame) => break frame.context("no code")?,
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    assert_eq!((u16::from(closed.code), closed.reason.as_str()), (1001, "Going away"));
    Ok(())
}

#[tokio::test]
async fn disconnect_tells_how_the_connection_ended() -> Result<()> {
    for (how, code, reason) in [
        ("without a code", 1005, "Client-side close frame status not set"),
        ("going away", 1001, ""),
        ("lost", 1006, ""),
    ] {
        let world = World::start().await?;
        let mut socket = Socket::open(&world).await?;
        match how {
            "without a code" => socket.0.close(None).await?,
            "going away" => socket.0.close(Some(CloseFrame { code: CloseCode::Away, reason: "".into() })).await?,
            _ => drop(socket),
        }
        let event = disconnected(&world).await?;
        let context = &event["requestContext"];
        assert_eq!(
            (&context["disconnectStatusCode"], &context["disconnectReason"]),
            (&json!(code), &json!(reason)),
            "{how}"
        );
        assert_eq!(world.running.sockets(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn a_shutdown_says_goodbye_and_lets_disconnect_run() -> Result<()> {
    let world = World::start().await?;
    let mut socket = Socket::open(&world).await?;
    let log = world.log.clone();
    let client = tokio::spawn(async move { socket.closed().await });
    tokio::time::timeout(SOON, world.running.shutdown()).await?;
    assert_eq!(client.await??, (1001, "Going away".into()));
    assert!(log.lines().iter().any(|line| line.contains("DISCONNECT")));
    Ok(())
}

#[tokio::test]
async fn a_thousand_sockets_are_served_at_once() -> Result<()> {
    let mut plan = Plan::default();
    plan.socket().routes.remove("$connect");
    let world = plan.start().await?;
    let mut sockets = Vec::new();
    for _ in 0..1000 {
        sockets.push(Socket::open(&world).await?);
    }
    assert_eq!(world.running.sockets(), 1000);
    for (index, socket) in sockets.iter_mut().enumerate().step_by(100) {
        socket
            .say(json!({"action": "tell", "do": "answer", "answer": {"statusCode": 200, "body": index.to_string()}}))
            .await?;
        assert_eq!(socket.hear().await?, index.to_string());
    }
    drop(sockets.split_off(500));
    until("half of them to be gone", || (world.running.sockets() == 500).then_some(())).await?;
    let status =
        send(Request::get(format!("{}/@connections/{}", world.management(), "AAAAAAAAAAAAAAA=")), "").await?.status();
    assert_eq!(status, 410);
    while let Some(mut socket) = sockets.pop() {
        socket.0.close(None).await?;
        while socket.0.next().await.is_some() {}
    }
    until("all to be gone", || (world.running.sockets() == 0).then_some(())).await
}
