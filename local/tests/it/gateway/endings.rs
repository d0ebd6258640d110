//! What lies between a function's answer and the end of its invocation, and how processes end that are at something.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use http::Request;
use serde_json::{Value, json};

use super::client::{header, json, send};
use super::world::{Plan, World, until};

/// Invokes `Echo`, and gives the status and the payload.
async fn invoke(world: &World, event: &Value) -> Result<(u16, Value)> {
    let request = Request::post(format!("{}/2015-03-31/functions/echo/invocations", world.lambda()));
    let response = send(request, event.to_string()).await?;
    Ok((response.status().as_u16(), json(&response)))
}

fn lives(process: u32) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat"));
    // Whoever was killed and is nobody's child any more may be waited for a little later.
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

/// The number behind a name in a line of a report.
fn figure(report: &str, name: &str) -> Option<f64> {
    report.split('\t').find_map(|part| part.strip_prefix(name)?.split(' ').next()?.parse().ok())
}

#[tokio::test]
async fn an_invocation_lasts_until_its_process_asks_for_more() -> Result<()> {
    let world = World::start().await?;
    let (status, answer) = invoke(&world, &json!({"do": "linger", "ms": 700})).await?;
    assert_eq!((status, &answer["body"]), (200, &json!("answered")));
    assert!(!world.log.lines().iter().any(|line| line.starts_with("Echo END")), "it was over at its answer");
    let report = world.logs("REPORT").await?;
    assert!(figure(&report, "Duration: ").is_some_and(|ms| ms >= 700.0), "{report}");
    let lines = world.log.lines();
    let at = |part: &str| lines.iter().position(|line| line.contains(part)).context("no such line");
    assert!(at("START")? < at("lingered")? && at("lingered")? < at("END")?, "{lines:#?}");
    Ok(())
}

#[tokio::test]
async fn the_tail_of_a_log_has_what_came_after_the_answer() -> Result<()> {
    let world = World::start().await?;
    let request = Request::post(format!("{}/2015-03-31/functions/echo/invocations", world.lambda()));
    let event = json!({"do": "linger", "ms": 100}).to_string();
    let response = send(request.header("x-amz-log-type", "Tail"), event).await?;
    let tail = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, header(&response, "x-amz-log-result"))?;
    let tail = String::from_utf8(tail)?;
    assert!(tail.contains("lingered\nEND RequestId: ") && tail.contains("\nREPORT "), "{tail}");
    Ok(())
}

#[tokio::test]
async fn who_goes_on_after_the_answer_for_too_long_is_killed() -> Result<()> {
    let mut plan = Plan::default();
    plan.echo().timeout = Duration::from_millis(400);
    let world = plan.start().await?;
    let (status, answer) = invoke(&world, &json!({"do": "linger", "ms": 60_000})).await?;
    assert_eq!((status, &answer["body"]), (200, &json!("answered")));
    let process = world.processes().first().copied().context("no process")?;
    world.logs(" Task timed out after 0.40 seconds").await?;
    let report = world.logs("REPORT").await?;
    assert!(report.ends_with("\tStatus: timeout"), "{report}");
    until("the end of the process", || (!lives(process)).then_some(())).await?;
    assert_eq!(invoke(&world, &json!({})).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn who_goes_on_after_the_answer_counts_for_the_concurrency() -> Result<()> {
    let mut plan = Plan::default();
    plan.echo().reserved_concurrency = Some(1);
    let world = plan.start().await?;
    assert_eq!(invoke(&world, &json!({"do": "linger", "ms": 1500})).await?.0, 200);
    assert_eq!(invoke(&world, &json!({})).await?.0, 429);
    world.logs("REPORT").await?;
    for time in 0..300 {
        assert_eq!(invoke(&world, &json!({})).await?.0, 200, "throttled at {time}, one at a time");
    }
    Ok(())
}

#[tokio::test]
async fn a_crash_after_the_answer_is_in_the_log_and_the_answer_stands() -> Result<()> {
    let world = World::start().await?;
    let (status, answer) = invoke(&world, &json!({"do": "linger", "then": "crash"})).await?;
    assert_eq!((status, &answer["body"]), (200, &json!("answered")));
    world.logs("Error: Runtime exited with error: exit status 3").await?;
    let report = world.logs("REPORT").await?;
    assert!(report.ends_with("\tStatus: error\tError Type: Runtime.ExitError"), "{report}");
    Ok(())
}

#[tokio::test]
async fn what_a_process_has_started_ends_with_it() -> Result<()> {
    let mut plan = Plan::default();
    plan.echo().timeout = Duration::from_millis(500);
    let world = plan.start().await?;
    let asked = json!({"do": "family"});
    let asking = invoke(&world, &asked);
    let seen = async {
        let line = world.logs("a child: ").await?;
        let child: u32 = line.rsplit(' ').next().context("no id")?.parse()?;
        assert!(lives(child), "{line}");
        Ok::<_, anyhow::Error>(child)
    };
    let (asked, child) = tokio::join!(asking, seen);
    let (child, _) = (child?, asked?);
    until("the end of the child", || (!lives(child)).then_some(())).await
}

#[tokio::test]
async fn no_process_is_left_of_a_cloud_that_is_dropped() -> Result<()> {
    let world = World::start().await?;
    assert_eq!(invoke(&world, &json!({"do": "linger", "ms": 60_000})).await?.0, 200);
    let process = world.processes().first().copied().context("no process")?;
    assert!(lives(process));
    drop(world);
    until("the end of the process", || (!lives(process)).then_some(())).await
}

#[tokio::test]
async fn all_that_was_written_before_the_answer_stands_before_the_end() -> Result<()> {
    let world = World::start().await?;
    for time in 1..=5 {
        invoke(&world, &json!({"do": "shout", "lines": 600})).await?;
        until("the report", || {
            (world.log.lines().iter().filter(|line| line.contains("REPORT")).count() == time).then_some(())
        })
        .await?;
        let lines = world.log.lines();
        assert!(lines.last().is_some_and(|line| line.contains("REPORT")), "{:?} came after the end", lines.last());
        assert_eq!(lines.iter().filter(|line| line.contains("shouted ")).count(), 600 * time);
    }
    Ok(())
}
