//! The handshake: refused, or held until `$connect` has decided.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::Gateway;
use super::connection::Connection;
use super::entry::Refused;
use super::event;
use super::faults::Faults;
use super::frame::Close;
use super::head::Head;
use super::registry::ConnectionId;
use super::socket::Socket;
use crate::gateway::answer::{Answer, Malformed};
use crate::ids;
use crate::lambda::Invocation;
use crate::listen::Stream;

/// How long a refused client may take to read why.
const PARTING: Duration = Duration::from_secs(2);

/// A handshake that ends without a connection.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    body: Bytes,
    kind: &'static str,
    request_id: String,
}

impl Refusal {
    fn of(status: StatusCode, message: &str) -> Self {
        Self::saying(status, json!({ "message": message }).to_string())
    }

    fn saying(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self { status, body: body.into(), kind: "application/json", request_id: ids::gateway_request() }
    }
}

/// Answers a handshake. A socket if it became a connection.
pub(super) async fn accept(
    gateway: &Gateway,
    mut stream: Stream,
    peer: SocketAddr,
    head: Head,
    rest: Vec<u8>,
) -> Option<Socket> {
    let alive = gateway.registry.alive();
    let connection = match decide(gateway, peer, &head).await {
        Ok((connection, protocol)) => {
            let accept = derive_accept_key(head.get("sec-websocket-key").unwrap_or_default().as_bytes());
            let protocol = protocol.map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n")).unwrap_or_default();
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n{protocol}\r\n"
            );
            // If the client is gone, the connection's first read finds out, and `$disconnect` runs as it must.
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.flush().await;
            connection
        }
        Err(refusal) => {
            let _ = timeout(PARTING, refuse(&mut stream, &refusal)).await;
            return None;
        }
    };
    gateway.registry.add(&connection);
    // Its `$connect` has run, so it gets a goodbye and `$disconnect` like every other.
    if gateway.registry.is_closing() {
        connection.close(Close::going_away());
    }
    Some(Socket::new(connection, stream, &rest, gateway, alive))
}

async fn decide(
    gateway: &Gateway,
    peer: SocketAddr,
    head: &Head,
) -> Result<(Arc<Connection>, Option<String>), Refusal> {
    permitted(gateway, head)?;
    let user_agent = head.get("user-agent").map(str::to_owned);
    let faults = gateway.storm.as_ref().map(Faults::next);
    let mut connection = Connection::new(ConnectionId::random(), peer.ip(), user_agent, faults);
    let Some(route) = gateway.api.routes.get("$connect") else { return Ok((Arc::new(connection), None)) };
    let request_id = ids::gateway_request();
    let trace_root = ids::trace_root_after(head.get("x-amzn-trace-id"));
    let id = connection.id.to_string();
    let failed = |status, message: &str| {
        let body = json!({"message": message, "connectionId": id, "requestId": request_id}).to_string();
        Refusal { request_id: request_id.clone(), ..Refusal::saying(status, body) }
    };
    let known = gateway.admit(&connection, head, &request_id, &trace_root).await;
    connection.known = known.map_err(|Refused { status, message }| failed(status, &message))?.map(Box::new);
    let payload = event::connect(gateway, &connection, head, &request_id, &trace_root);
    let invocation = Invocation { trace_root: Some(trace_root), ..Invocation::of(payload) };
    let Ok(outcome) = timeout(route.timeout, gateway.lambda.invoke(&route.function, invocation)).await else {
        gateway.told("$connect", "no answer in time");
        return Err(failed(StatusCode::GATEWAY_TIMEOUT, "Endpoint request timed out"));
    };
    let answer = match outcome.result.map_err(|failure| failure.told()) {
        Ok(answer) => Answer::strict(&answer).map_err(|Malformed(why)| why),
        Err(why) => Err(why),
    };
    let answer = answer.map_err(|why| {
        gateway.told("$connect", &why);
        failed(StatusCode::BAD_GATEWAY, "Internal server error")
    })?;
    match StatusCode::from_u16(answer.status) {
        Ok(status) if status.is_success() => {
            let offered = answer.header("sec-websocket-protocol").filter(|name| is_value(name)).map(str::to_owned);
            Ok((Arc::new(connection), offered))
        }
        Ok(status) if !status.is_informational() => Err(Refusal {
            kind: if answer.body.is_some() { "text/plain" } else { "application/json" },
            body: answer.body.unwrap_or_default(),
            request_id,
            status,
        }),
        _ => Err(failed(StatusCode::BAD_GATEWAY, "Internal server error")),
    }
}

/// What is decided without a function.
fn permitted(gateway: &Gateway, head: &Head) -> Result<(), Refusal> {
    if head.length > gateway.limits.head {
        return Err(Refusal::of(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large"));
    }
    if head.target.len() > gateway.limits.url {
        return Err(Refusal::of(StatusCode::URI_TOO_LONG, "Request URI Too Long"));
    }
    if gateway.registry.is_closing() {
        return Err(Refusal::of(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"));
    }
    let path = head.target.split('?').next().unwrap_or_default();
    if gateway.within(path) != Some("") {
        return Err(Refusal::of(StatusCode::FORBIDDEN, "Forbidden"));
    }
    let times = |name: &str| head.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).count();
    // None may stand twice, and HTTP/1.1 wants a host.
    if times("host") != 1 || times("sec-websocket-key") > 1 || times("sec-websocket-version") > 1 {
        return Err(Refusal::of(StatusCode::BAD_REQUEST, "Bad Request"));
    }
    if head.get("sec-websocket-version") != Some("13") {
        return Err(Refusal::of(StatusCode::UPGRADE_REQUIRED, "Upgrade Required"));
    }
    let key = head.get("sec-websocket-key").and_then(|key| STANDARD.decode(key).ok());
    if key.is_none_or(|key| key.len() != 16) {
        return Err(Refusal::of(StatusCode::BAD_REQUEST, "Bad Request"));
    }
    if !gateway.buckets.admits("$connect") {
        return Err(Refusal::of(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"));
    }
    Ok(())
}

fn is_value(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (b' '..0x7f).contains(&byte))
}

async fn refuse(stream: &mut Stream, refusal: &Refusal) -> std::io::Result<()> {
    let Refusal { status, body, kind, request_id } = refusal;
    let version = if *status == StatusCode::UPGRADE_REQUIRED { "Sec-WebSocket-Version: 13\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {} {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n{version}\
         x-amzn-RequestId: {request_id}\r\n\r\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default(),
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await?;
    stream.shutdown().await?;
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}
