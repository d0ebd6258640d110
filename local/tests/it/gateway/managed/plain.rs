//! A template without SAM: functions, APIs and time tables as CloudFormation has them.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use super::super::client::{Socket, get, json as body};
use super::Folder;

#[tokio::test]
async fn a_template_without_sam_runs_as_it_is() -> Result<()> {
    let folder = Folder::fixture("plain")?;
    let (mut plan, programs) = folder.planned("template.yaml", &[]).await?;
    // An hour takes a second and a half.
    plan.limits.minute = Duration::from_millis(25);
    let talk = &plan.cloud.functions["Talk"];
    assert_eq!((talk.reserved_concurrency, talk.schedules.len()), (Some(5), 1));
    let world = plan.with_programs(programs).await?;

    let dialled = Socket::dial(world.websocket(), &[]).await?;
    let (mut socket, _) = dialled.map_err(|refused| anyhow::anyhow!(refused.body))?;
    socket.say("hello").await?;
    let heard = socket.hear_json().await?;
    let root = world.http().strip_suffix("/v1").context("no stage")?;
    for (name, value) in [
        ("route", json!("$default")),
        ("body", json!("hello")),
        ("name", json!("local-talk")),
        ("memory", json!("256")),
        ("SOCKET", json!(world.management())),
        ("SHOP", json!(format!("{root}/shop/v1"))),
        ("CLOCK", json!("arn:aws:lambda:us-east-1:123456789012:function:Clock")),
    ] {
        assert_eq!(heard[name], value, "{name}");
    }

    // By its stage, and by the key of its custom domain.
    for (path, status) in
        [("/v1/hello/tea", 200), ("/shop/v1/hello/tea", 200), ("/shop/v2/hello/tea", 404), ("/hello/tea", 404)]
    {
        let answer = get(&format!("{root}{path}")).await?;
        assert_eq!(answer.status(), status, "{path}");
        if status == 200 {
            let seen = body(&answer);
            assert_eq!((&seen["route"], &seen["stage"]), (&json!("GET /hello/{name}"), &json!("v1")), "{seen}");
            assert_eq!((&seen["path"], &seen["parameters"]), (&json!(path), &json!({"name": "tea"})), "{seen}");
        }
    }

    let tick = world.logs("tick {").await?;
    assert!(tick.contains(r#""arn:aws:events:us-east-1:123456789012:rule/every-hour""#), "{tick}");
    world.logs("schedule Nightly of Talk: next at ").await?;
    Ok(())
}
