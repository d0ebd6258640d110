//! That functions hear of everything that becomes of a bucket, and in which order it did.

use anyhow::{Context, Result};
use futures_util::future::join_all;
use http::Method;
use local::model::{Bucket, Notification};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::{bucket, bytes_of, call, plan, request, text};
use crate::gateway::client::{header, host};
use crate::gateway::world::{World, until};
use crate::signing::Signer;

/// A world whose function hears of everything, and is not many.
async fn world() -> Result<World> {
    let mut plan = plan();
    let all = Notification {
        id: "All".into(),
        function: "Echo".into(),
        events: vec!["s3:ObjectCreated:*".into(), "s3:ObjectRemoved:*".into()],
        ..Notification::default()
    };
    plan.cloud.buckets.insert("Files".into(), Bucket { notifications: vec![all], ..bucket() });
    plan.limits.environments = 2;
    plan.start().await
}

/// The record of each event so far.
fn heard(world: &World) -> Vec<Value> {
    let lines = world.log.lines();
    let events = lines.iter().filter(|line| line.contains(r#""eventName":"#));
    let event = |line: &String| serde_json::from_str::<Value>(&line[line.find('{')?..]).ok();
    events.filter_map(event).map(|mut event| event["Records"][0].take()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_told_also_if_its_client_does_not_wait() -> Result<()> {
    let world = world().await?;
    let address = world.running.addresses().s3.clone().unwrap_or_default();
    let body = vec![b'x'; 2 * 1024 * 1024];
    for number in 0..10 {
        let mut put = request(&world, Method::PUT, &format!("/files/{number}"), &body)?;
        Signer::developer("s3").sign(&mut put, &body);
        let mut stream = TcpStream::connect(host(&address)).await?;
        stream.write_all(&bytes_of(&put, &body)).await?;
        // Everything is sent, and nobody reads what becomes of it.
        stream.shutdown().await?;
    }
    let mut stored = Vec::new();
    for number in 0..10 {
        let is_there =
            async || anyhow::Ok(call(&world, Method::HEAD, &format!("/files/{number}"), b"").await?.status() == 200);
        let ends = std::time::Instant::now() + std::time::Duration::from_secs(3);
        while std::time::Instant::now() < ends {
            if is_there().await? {
                stored.push(number.to_string());
                break;
            }
        }
    }
    assert!(!stored.is_empty());
    let told = || {
        let heard = heard(&world);
        let keys: Vec<&str> = heard.iter().filter_map(|record| record["s3"]["object"]["key"].as_str()).collect();
        stored.iter().all(|key| keys.contains(&key.as_str())).then_some(())
    };
    until("a word of each", told).await.with_context(|| format!("of {stored:?} heard {:#?}", heard(&world)))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hears_of_several_changes_knows_which_is_the_latest() -> Result<()> {
    let world = world().await?;
    let bodies: Vec<String> = (0..12).map(|number| format!("I am {number}")).collect();
    let puts = bodies.iter().map(|body| call(&world, Method::PUT, "/files/one", body.as_bytes()));
    for put in join_all(puts).await {
        assert_eq!(put?.status(), 200);
    }
    let stored = call(&world, Method::GET, "/files/one", b"").await?;
    assert!(bodies.contains(&text(&stored)));
    assert_eq!(call(&world, Method::DELETE, "/files/one", b"").await?.status(), 204);
    let records = until("all of them", || Some(heard(&world)).filter(|heard| heard.len() == 13)).await?;
    let about = |record: &Value| {
        let object = &record["s3"]["object"];
        let told = [&object["sequencer"], &object["eTag"], &record["eventName"]];
        told.map(|value| value.as_str().unwrap_or_default().to_owned())
    };
    let mut changes: Vec<[String; 3]> = records.iter().map(about).collect();
    changes.sort();
    assert!(changes.windows(2).all(|pair| pair[0][0] < pair[1][0]), "{changes:#?}");
    assert_eq!(changes[12][2], "ObjectRemoved:Delete");
    assert_eq!(changes[11][1], header(&stored, "etag").trim_matches('"'), "the last that was put");
    Ok(())
}
