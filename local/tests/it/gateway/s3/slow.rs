//! Clients that take their time.

use std::time::{Duration, Instant};

use anyhow::Result;
use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::{bytes_of, call, plan, request, text};
use crate::gateway::client::host;
use crate::gateway::world::{SOON, World};
use crate::signing::Signer;

const IDLE: Duration = Duration::from_secs(2);

async fn world() -> Result<World> {
    let mut plan = plan();
    plan.limits.slow_request = IDLE;
    plan.start().await
}

/// A connection on which a request with this body is sent but for the body, and the answer to it so far.
async fn begun(world: &World, body: &[u8]) -> Result<TcpStream> {
    let address = world.running.addresses().s3.clone().unwrap_or_default();
    let mut put = request(world, Method::PUT, "/files/slow", body)?;
    Signer::developer("s3").sign(&mut put, body);
    let bytes = bytes_of(&put, body);
    let mut stream = TcpStream::connect(host(&address)).await?;
    stream.write_all(&bytes[..bytes.len() - body.len()]).await?;
    Ok(stream)
}

async fn answer(mut stream: TcpStream) -> Result<String> {
    let mut answer = vec![0; 4096];
    let count = timeout(SOON, stream.read(&mut answer)).await??;
    Ok(String::from_utf8_lossy(&answer[..count]).into_owned())
}

#[tokio::test]
async fn a_body_may_take_its_time_as_long_as_it_goes_on() -> Result<()> {
    let world = world().await?;
    let body = b"all of it comes";
    let (started, mut stream) = (Instant::now(), begun(&world, body).await?);
    for piece in body.chunks(3) {
        sleep(IDLE / 4).await;
        stream.write_all(piece).await?;
    }
    let answer = answer(stream).await?;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(started.elapsed() > IDLE, "longer than each piece may take");
    assert_eq!(text(&call(&world, Method::GET, "/files/slow", b"").await?), "all of it comes");
    Ok(())
}

#[tokio::test]
async fn a_body_that_stops_is_told_so() -> Result<()> {
    let world = world().await?;
    let mut stream = begun(&world, b"only a part comes").await?;
    stream.write_all(b"only a").await?;
    let answer = answer(stream).await?;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("<Code>RequestTimeout</Code>"), "{answer}");
    assert_eq!(call(&world, Method::HEAD, "/files/slow", b"").await?.status(), 404);
    Ok(())
}
