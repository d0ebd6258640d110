//! TLS on the ports of the APIs, beside what is in the clear.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt};
use http::Request;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::Message;

use super::client::{Socket, host, json, raw, send};
use super::world::{Plan, SOON, World, until};

/// What a client of rustls is that trusts the world's authority and nobody else.
pub(super) fn trusting(world: &World) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(world.authority())?)?;
    client(roots)
}

fn client(roots: RootCertStore) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

async fn open(url: &str, name: &'static str, config: ClientConfig) -> Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(host(url)).await?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name)?, stream);
    Ok(timeout(SOON, connecting).await.context("no TLS in time")??)
}

#[tokio::test]
async fn a_port_answers_in_tls_and_in_the_clear() -> Result<()> {
    let world = World::start().await?;
    for name in ["localhost", "127.0.0.1"] {
        let stream = open(world.websocket(), name, trusting(&world)?).await?;
        let (mut socket, _) = tokio_tungstenite::client_async(world.websocket(), stream).await?;
        socket.send(Message::text(r#"{"action":"tell"}"#)).await?;
        let event: Value = serde_json::from_str(socket.next().await.context("it ended")??.to_text()?)?;
        let context = &event["requestContext"];
        assert_eq!(context["domainName"], host(world.websocket()).replace("127.0.0.1", "localhost"));

        // More than the layers between hold at once.
        let id = context["connectionId"].as_str().context("no id")?.replace('=', "%3D");
        let url = format!("{}/@connections/{id}", world.management());
        let long = "y".repeat(131_072);
        for _ in 0..8 {
            assert_eq!(send(Request::post(&url), long.clone()).await?.status(), 200);
        }
        assert_eq!(json(&send(Request::get(&url), "").await?)["identity"]["sourceIp"], "127.0.0.1");
        for _ in 0..8 {
            assert_eq!(socket.next().await.context("it ended")??, Message::text(long.clone()));
        }
        assert_eq!(send(Request::delete(&url), "").await?.status(), 204);
        let Message::Close(Some(close)) = socket.next().await.context("it ended")?? else { panic!("no close") };
        assert_eq!(u16::from(close.code), 1000);
    }
    let mut stream = open(world.http(), "localhost", trusting(&world)?).await?;
    let body = json!({"do": "answer", "answer": {"statusCode": 201, "body": "by TLS"}}).to_string();
    let length = body.len();
    let head = format!("POST /do HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    let mut answer = String::new();
    timeout(SOON, stream.read_to_string(&mut answer)).await??;
    assert!(answer.starts_with("HTTP/1.1 201 ") && answer.ends_with("by TLS"), "{answer}");
    Ok(())
}

#[tokio::test]
async fn only_who_knows_the_authority_trusts_it() -> Result<()> {
    let (world, other) = (World::start().await?, World::start().await?);
    let error = open(world.websocket(), "localhost", trusting(&other)?).await.err().context("it was trusted")?;
    assert!(error.to_string().contains("invalid peer certificate"), "{error}");
    let error = open(world.websocket(), "example.com", trusting(&world)?).await.err().context("it was trusted")?;
    assert!(error.to_string().contains("not valid for name"), "{error}");
    open(world.websocket(), "localhost", trusting(&world)?).await?;
    Ok(())
}

#[tokio::test]
async fn torn_tls_is_cut_off_and_harms_nobody() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.slow_request = Duration::from_millis(300);
    let world = plan.start().await?;
    let mut witness = Socket::open(&world).await?;
    for torn in [
        &b"\x16"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x16GET /v1 HTTP/1.1\r\n\r\n",
        b"\x15\x03\x01",
    ] {
        let answer = raw(world.websocket(), torn).await?;
        assert!(!answer.contains("101"), "{torn:?}: {answer}");
        witness.id().await?;
    }
    // A client that vanishes within TLS has vanished.
    let stream = open(world.websocket(), "localhost", trusting(&world)?).await?;
    let (socket, _) = tokio_tungstenite::client_async(world.websocket(), stream).await?;
    until("two sockets", || (world.running.sockets() == 2).then_some(())).await?;
    drop(socket);
    until("the lost one to be gone", || (world.running.sockets() == 1).then_some(())).await?;
    world.logs(r#""disconnectStatusCode":1006"#).await?;
    witness.id().await?;
    Ok(())
}
