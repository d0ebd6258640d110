//! How much memory a process takes, and what becomes of one that takes more than it may.

use anyhow::{Context, Result};
use http::Request;
use serde_json::{Value, json};

use super::client::{header, json, send};
use super::world::{Plan, World, until};

async fn invoke(world: &World, event: Value) -> Result<(String, Value)> {
    let request = Request::post(format!("{}/2015-03-31/functions/echo/invocations", world.lambda()));
    let response = send(request, event.to_string()).await?;
    Ok((header(&response, "x-amz-function-error").to_owned(), json(&response)))
}

async fn world(limited: bool) -> Result<World> {
    let mut plan = Plan::default();
    plan.limits.memory = limited;
    plan.start().await
}

/// The last report that says this.
async fn report(world: &World, part: &str) -> Result<String> {
    world.logs(part).await?;
    world.log.lines().into_iter().rfind(|line| line.contains(part)).context("no report")
}

#[tokio::test]
async fn a_process_that_takes_more_memory_than_its_function_has_is_killed() -> Result<()> {
    let world = world(true).await?;
    let (_, answer) = invoke(&world, json!({"do": "allocate", "mb": 64})).await?;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let process = world.processes();
    let (failed, error) = invoke(&world, json!({"do": "allocate", "mb": 400})).await?;
    assert_eq!((failed.as_str(), &error["errorType"]), ("Unhandled", &json!("Runtime.OutOfMemory")));
    let message = error["errorMessage"].as_str().unwrap_or_default();
    assert!(message.ends_with(" Error: Runtime exited with error: signal: killed"), "{message}");
    let report = report(&world, "Status: error").await?;
    assert!(report.contains("\tMax Memory Used: 128 MB\t"), "{report}");
    assert!(report.ends_with("\tStatus: error\tError Type: Runtime.OutOfMemory"), "{report}");
    until("the end of the process", || (!world.processes().contains(&process[0])).then_some(())).await?;
    assert_eq!(invoke(&world, json!({})).await?.0, "", "the next one gets a process of its own");
    Ok(())
}

#[tokio::test]
async fn the_report_says_how_much_memory_was_used_at_most() -> Result<()> {
    let world = world(false).await?;
    let (_, answer) = invoke(&world, json!({"do": "allocate", "mb": 200})).await?;
    assert_eq!(answer["statusCode"], 200, "nothing is limited unless that is asked for: {answer}");
    let report = report(&world, "REPORT").await?;
    let used = report.split("Max Memory Used: ").nth(1).and_then(|rest| rest.split(' ').next()).context("no figure")?;
    assert!((200..300).contains(&used.parse::<u32>()?), "{report}");
    Ok(())
}
