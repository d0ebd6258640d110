//! Asynchronous events: how often they are tried, and what then becomes of them.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use anyhow::Result;
use http::Request;
use local::model::{Asynchronous, Target};
use serde_json::{Value, json};

use super::client::{header, send};
use super::world::{Plan, World, function, until};

const MS: fn(u64) -> Duration = Duration::from_millis;

/// A world in which `Echo` does this with its events, and `Other` says what it gets.
async fn world(asynchronous: Asynchronous, more: impl FnOnce(&mut Plan)) -> Result<World> {
    let mut plan = Plan::default();
    plan.limits.retry_after = [MS(10), MS(20)];
    plan.limits.throttle_backoff = MS(20);
    plan.echo().asynchronous = asynchronous;
    plan.cloud.functions.insert("Other".into(), function("Other"));
    more(&mut plan);
    plan.start().await
}

/// Gives `Echo` an event; its request id.
async fn event(world: &World, event: &Value) -> Result<String> {
    let url = format!("{}/2015-03-31/functions/echo/invocations", world.lambda());
    let taken = send(Request::post(url).header("x-amz-invocation-type", "Event"), event.to_string()).await?;
    assert_eq!((taken.status().as_u16(), taken.body().len()), (202, 0));
    Ok(header(&taken, "x-amzn-requestid").to_owned())
}

/// The attempts at an event.
fn attempts(world: &World, id: &str) -> usize {
    let start = format!("START RequestId: {id}");
    world.log.lines().iter().filter(|line| line.contains(&start)).count()
}

/// What `Other` was told.
async fn told(world: &World) -> Result<Value> {
    let line = world.logs(r#"{"requestContext":"#).await?;
    Ok(serde_json::from_str(&line[line.find('{').unwrap_or_default()..])?)
}

fn failing() -> Value {
    json!({"do": "error", "about": "tea"})
}

#[tokio::test]
async fn all_attempts_have_the_request_id_that_the_caller_was_told() -> Result<()> {
    for retries in [0, 1, 2] {
        let world = world(Asynchronous { retries, ..Asynchronous::default() }, |_| ()).await?;
        let id = event(&world, &failing()).await?;
        world.logs("dropped an event: ").await?;
        assert_eq!(attempts(&world, &id), usize::from(retries) + 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_destination_is_told_everything_about_an_event_that_was_given_up() -> Result<()> {
    let on_failure = Some(Target::Function("Other".into()));
    let world = world(Asynchronous { retries: 1, on_failure, ..Asynchronous::default() }, |_| ()).await?;
    let id = event(&world, &failing()).await?;
    let mut record = told(&world).await?;
    assert!(record["timestamp"].as_str().is_some_and(|at| at.len() == 24 && at.ends_with('Z')), "{record}");
    record["timestamp"] = Value::Null;
    let expected = json!({
        "version": "1.0",
        "timestamp": null,
        "requestContext": {
            "requestId": id,
            "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:echo:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 2
        },
        "requestPayload": failing(),
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorType": "Oops", "errorMessage": "it went wrong"}
    });
    assert_eq!(record, expected);
    Ok(())
}

#[tokio::test]
async fn a_destination_is_told_what_came_of_an_event_that_succeeded() -> Result<()> {
    let (on_success, on_failure) = (Some(Target::Function("Other".into())), Some(Target::Queue("Failed".into())));
    let world = world(Asynchronous { on_success, on_failure, ..Asynchronous::default() }, |_| ()).await?;
    event(&world, &json!({"do": "answer", "answer": {"fine": true}})).await?;
    let record = told(&world).await?;
    assert_eq!(record["requestContext"]["condition"], "Success");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 1);
    assert_eq!(record["responseContext"], json!({"statusCode": 200, "executedVersion": "$LATEST"}));
    assert_eq!(record["responsePayload"], json!({"fine": true}));
    Ok(())
}

#[tokio::test]
async fn what_queues_and_topics_would_have_got_is_kept_in_files() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().to_owned();
    let asynchronous = Asynchronous {
        retries: 0,
        on_failure: Some(Target::Topic("Alarm".into())),
        dead_letters: Some(Target::Queue("../Dead".into())),
        ..Asynchronous::default()
    };
    // As an earlier version left them.
    let path = folder.path().join("queues/___Dead.jsonl");
    std::fs::create_dir(folder.path().join("queues"))?;
    std::fs::write(&path, "")?;
    let world = world(asynchronous, |plan| plan.data = Some(data)).await?;
    let id = event(&world, &failing()).await?;
    let line =
        until("a dead letter", || std::fs::read_to_string(&path).ok().filter(|text| text.ends_with('\n'))).await?;
    let letter: Value = serde_json::from_str(&line)?;
    assert_eq!(letter["Body"], failing().to_string(), "the event itself");
    let attribute =
        |name: &str| letter["MessageAttributes"][name]["StringValue"].as_str().unwrap_or_default().to_owned();
    assert_eq!((attribute("RequestID"), attribute("ErrorCode").as_str()), (id, "200"));
    assert!(attribute("ErrorMessage").contains("it went wrong"));
    let message: Value = serde_json::from_str(&std::fs::read_to_string(folder.path().join("topics/Alarm.jsonl"))?)?;
    assert_eq!(message["TopicArn"], "arn:aws:sns:us-east-1:123456789012:Alarm");
    let record: Value = serde_json::from_str(message["Message"].as_str().unwrap_or_default())?;
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    for (name, expected) in
        [("queues", 0o700), ("queues/___Dead.jsonl", 0o600), ("topics", 0o700), ("topics/Alarm.jsonl", 0o600)]
    {
        let mode = folder.path().join(name).metadata()?.permissions().mode() & 0o777;
        assert_eq!(mode, expected, "events hold secrets: {name} is {mode:o}");
    }
    Ok(())
}

#[tokio::test]
async fn an_event_that_would_grow_too_old_is_given_up() -> Result<()> {
    let asynchronous = Asynchronous {
        age: Some(MS(200)),
        on_failure: Some(Target::Function("Other".into())),
        ..Asynchronous::default()
    };
    let world = world(asynchronous, |plan| plan.limits.retry_after = [Duration::from_secs(60); 2]).await?;
    let id = event(&world, &failing()).await?;
    let record = told(&world).await?;
    assert_eq!(record["requestContext"]["condition"], "EventAgeExceeded");
    assert_eq!(attempts(&world, &id), 1);
    Ok(())
}

#[tokio::test]
async fn a_throttled_event_waits_for_its_turn() -> Result<()> {
    let world = world(Asynchronous::default(), |plan| plan.echo().reserved_concurrency = Some(1)).await?;
    let slow = event(&world, &json!({"do": "sleep", "ms": 400})).await?;
    world.logs(&format!("START RequestId: {slow}")).await?;
    let second = event(&world, &json!({})).await?;
    world.logs(&format!("START RequestId: {second}")).await?;
    let lines = world.log.lines();
    let at = |part: &str| lines.iter().position(|line| line.contains(part));
    assert!(at(&format!("END RequestId: {slow}")) < at(&format!("START RequestId: {second}")), "{lines:#?}");
    Ok(())
}

#[tokio::test]
async fn a_function_that_reserves_nothing_gives_its_events_up_at_once() -> Result<()> {
    let on_failure = Some(Target::Function("Other".into()));
    let world = world(Asynchronous { on_failure, ..Asynchronous::default() }, |plan| {
        plan.echo().reserved_concurrency = Some(0);
    })
    .await?;
    let id = event(&world, &json!({})).await?;
    let record = told(&world).await?;
    assert!(record.get("responsePayload").is_none(), "{record}");
    assert_eq!(attempts(&world, &id), 0);
    Ok(())
}
