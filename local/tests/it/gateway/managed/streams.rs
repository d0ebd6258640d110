//! Streamed responses that go wrong, or whose listeners do.

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::json;
use tokio::time::timeout;

use super::super::client::{get, json};
use super::super::world::{SOON, until};
use super::urls::{next, opened, url, with_url};
use super::{Folder, inline};

/// Streams as many pieces of 64 KB as it is asked for, between two words, when it may go on.
const POURS: &str = "\
const { existsSync } = require('node:fs');
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const { until, pieces, bare } = event.queryStringParameters ?? {};
  if (bare) stream.setContentType('application/vnd.awslambda.http-integration-response');
  else stream = awslambda.HttpResponseStream.from(stream, { statusCode: 200 });
  stream.write('one');
  while (until && !existsSync(until)) await new Promise((resolve) => setTimeout(resolve, 5));
  for (let n = 0; n < Number(pieces ?? 0); n++) {
    if (!stream.write(Buffer.alloc(65536, 'x'))) await new Promise((resolve) => stream.once('drain', resolve));
  }
  stream.write('two');
  stream.end();
});
";

fn folder() -> Result<Folder> {
    let template = inline(&[("Pours", "nodejs20.x", POURS)]);
    Folder::of(&[("template.yaml", &with_url(&template, "{ AuthType: NONE, InvokeMode: RESPONSE_STREAM }"))])
}

/// All that is left of a body.
async fn rest(body: Incoming) -> Result<Bytes> {
    Ok(timeout(SOON, body.collect()).await.context("no end in time")??.to_bytes())
}

#[tokio::test]
async fn a_caller_who_leaves_halfway_holds_up_neither_the_function_nor_the_next_one() -> Result<()> {
    let folder = folder()?;
    let world = folder.run("template.yaml", &[]).await?;
    let go = folder.path().join("go");
    let address = |pieces: usize| format!("{}?until={}&pieces={pieces}", url(&world, "Pours"), go.display());
    // More than all that waits on the way.
    let mut body = opened(&address(400)).await?.into_body();
    assert_eq!(next(&mut body).await?.as_deref(), Some("one"));
    let process = world.running.processes("Pours");
    drop(body);
    std::fs::write(&go, "")?;
    world.logs("REPORT RequestId: ").await?;
    let answer = get(&address(1)).await?;
    assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 65536 + 6));
    assert_eq!((world.running.processes("Pours"), process.len()), (process, 1), "the same one");
    Ok(())
}

#[tokio::test]
async fn a_caller_who_does_not_read_keeps_nobody_else_waiting() -> Result<()> {
    const PIECES: usize = 400;
    let folder = folder()?;
    let world = folder.run("template.yaml", &[]).await?;
    let address = |pieces: usize| format!("{}?pieces={pieces}", url(&world, "Pours"));
    let unread = opened(&address(PIECES)).await?.into_body();
    let answer = get(&address(1)).await?;
    assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 65536 + 6));
    let reports = || world.log.lines().iter().filter(|line| line.contains("REPORT ")).count();
    until("the end of the second", || (reports() == 1).then_some(())).await?;
    let all = rest(unread).await?;
    assert_eq!(all.len(), PIECES * 65536 + 6, "and nothing is lost that was not read at once");
    assert!(all.starts_with(b"one") && all.ends_with(b"two"));
    Ok(())
}

#[tokio::test]
async fn a_stream_that_is_too_long_is_cut_and_the_log_says_why() -> Result<()> {
    let folder = folder()?;
    let (mut plan, programs) = folder.planned("template.yaml", &[]).await?;
    plan.limits.stream = 1_000_000;
    let world = plan.with_programs(programs).await?;
    let body = opened(&format!("{}?pieces=20", url(&world, "Pours"))).await?.into_body();
    assert!(rest(body).await.is_err());
    let said = world.logs("Pours URL failed behind its head").await?;
    assert!(said.contains("exceeded maximum allowed payload size (1000000 bytes)"), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_stream_that_never_comes_to_its_body_is_given_up() -> Result<()> {
    let folder = folder()?;
    let world = folder.run("template.yaml", &[]).await?;
    let answer = get(&format!("{}?bare=1&pieces=4", url(&world, "Pours"))).await?;
    assert_eq!((answer.status().as_u16(), json(&answer)), (502, json!({"Message": "Internal Server Error"})));
    let said = world.logs("Pours URL failed").await?;
    assert!(said.contains("no end of its status and headers within 65536 bytes"), "{said}");
    let answer = get(&format!("{}?bare=1&pieces=0", url(&world, "Pours"))).await?;
    assert_eq!(answer.status(), 502);
    world.logs("ended before its status").await?;
    Ok(())
}
