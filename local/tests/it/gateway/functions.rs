//! Processes, invocations and what becomes of them when something goes wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use http::Request;
use serde_json::{Value, json};

use super::client::{header, json, send};
use super::world::{Plan, World, echo, until};

/// Invokes `Echo`, and gives `X-Amz-Function-Error` and the payload.
async fn invoke(world: &World, event: Value) -> Result<(String, Value)> {
    let request = Request::post(format!("{}/2015-03-31/functions/echo/invocations", world.lambda()));
    let response = send(request, event.to_string()).await?;
    Ok((header(&response, "x-amz-function-error").to_owned(), json(&response)))
}

async fn process(world: &World) -> Result<u32> {
    let (_, answer) = invoke(world, json!({"do": "pid"})).await?;
    Ok(answer["body"].as_str().context("no pid")?.parse()?)
}

fn lives(process: u32) -> bool {
    Path::new("/proc").join(process.to_string()).exists()
}

#[tokio::test]
async fn a_crash_is_a_failed_invocation_and_the_next_one_gets_a_new_process() -> Result<()> {
    let world = World::start().await?;
    let before = process(&world).await?;
    for (instruction, how) in [("crash", "exit status 3"), ("abort", "signal: aborted")] {
        let (failed, error) = invoke(&world, json!({ "do": instruction })).await?;
        assert_eq!((failed.as_str(), &error["errorType"]), ("Unhandled", &json!("Runtime.ExitError")));
        let message = error["errorMessage"].as_str().unwrap_or_default();
        assert!(message.starts_with("RequestId: ") && message.ends_with(how), "{message}");
    }
    assert_ne!(process(&world).await?, before);
    Ok(())
}

#[tokio::test]
async fn an_invocation_that_takes_too_long_is_killed() -> Result<()> {
    let mut plan = Plan::default();
    plan.echo().timeout = Duration::from_millis(300);
    let world = plan.start().await?;
    // The first one is that of a process whose start may take ten seconds.
    for _ in 0..2 {
        let began = Instant::now();
        let (failed, error) = invoke(&world, json!({"do": "sleep"})).await?;
        assert!(began.elapsed() < Duration::from_secs(5), "after {:?}", began.elapsed());
        assert_eq!(failed, "Unhandled");
        let message = error["errorMessage"].as_str().unwrap_or_default();
        assert!(message.ends_with(" Task timed out after 0.30 seconds"), "{message}");
    }
    let process = process(&world).await?;
    assert_eq!(invoke(&world, json!({"do": "sleep"})).await?.0, "Unhandled");
    until("the end of the process", || (!lives(process)).then_some(())).await?;
    world.logs("Status: timeout").await?;
    Ok(())
}

#[tokio::test]
async fn a_process_that_does_not_start_fails_its_invocation_and_says_how() -> Result<()> {
    for (init, kind, message) in [
        ("crash", "Runtime.ExitError", "exit status 7"),
        ("error", "Bad", "no database"),
        ("sleep", "Sandbox.Timedout", "timed out after 0.50 seconds"),
    ] {
        let mut plan = Plan::default();
        plan.echo().environment.insert("INIT".into(), init.into());
        plan.limits.init = Duration::from_millis(500);
        let world = plan.start().await?;
        let (failed, error) = invoke(&world, json!({})).await?;
        assert_eq!((failed.as_str(), &error["errorType"]), ("Unhandled", &json!(kind)));
        assert!(error["errorMessage"].as_str().is_some_and(|said| said.contains(message)), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_missing_executable_is_named() -> Result<()> {
    let world = Plan { program: Some("/no/such/program".into()), ..Plan::default() }.start().await?;
    let (failed, error) = invoke(&world, json!({})).await?;
    assert_eq!(failed, "Unhandled");
    assert!(error["errorMessage"].as_str().is_some_and(|said| said.contains("/no/such/program")), "{error}");
    Ok(())
}

#[tokio::test]
async fn more_than_the_reserved_concurrency_is_throttled() -> Result<()> {
    let mut plan = Plan::default();
    plan.echo().reserved_concurrency = Some(1);
    let world = plan.start().await?;
    let url = format!("{}/2015-03-31/functions/echo/invocations", world.lambda());
    let slow = send(Request::post(&url), json!({"do": "sleep", "ms": 1500}).to_string());
    let others = async {
        world.logs("START").await?;
        let refused = send(Request::post(&url), "{}").await?;
        assert_eq!(refused.status(), 429);
        assert_eq!(header(&refused, "x-amzn-errortype"), "TooManyRequestsException");
        assert_eq!(json(&refused)["Reason"], "ReservedFunctionConcurrentInvocationLimitExceeded");
        Ok(())
    };
    let (slow, others) = tokio::join!(slow, others);
    others.and(slow.map(|slow| assert_eq!(slow.status(), 200)))?;
    assert_eq!(send(Request::post(&url), "{}").await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn an_answer_over_six_megabytes_is_refused() -> Result<()> {
    let world = World::start().await?;
    let (failed, error) = invoke(&world, json!({"do": "big"})).await?;
    assert_eq!((failed.as_str(), &error["errorType"]), ("Unhandled", &json!("Function.ResponseSizeTooLarge")));
    Ok(())
}

#[tokio::test]
async fn calls_of_the_runtime_api_out_of_turn_are_refused() -> Result<()> {
    let world = World::start().await?;
    let (_, said) = invoke(&world, json!({"do": "refused"})).await?;
    assert_eq!(said, json!([403, 400, "InvalidRequestID"]));
    Ok(())
}

#[tokio::test]
async fn one_invocation_after_the_other_is_served_by_one_process() -> Result<()> {
    let world = World::start().await?;
    let mut seen = BTreeSet::new();
    for _ in 0..200 {
        seen.insert(process(&world).await?);
    }
    assert_eq!(seen.len(), 1);
    Ok(())
}

#[tokio::test]
async fn invocations_at_the_same_time_have_a_process_each() -> Result<()> {
    let world = World::start().await?;
    let all = try_join_all((0..12).map(|_| invoke(&world, json!({"do": "sleep", "ms": 800})))).await?;
    assert!(all.iter().all(|(failed, _)| failed.is_empty()), "{all:?}");
    assert_eq!(world.processes().len(), 12);
    Ok(())
}

#[tokio::test]
async fn what_a_laptop_cannot_bear_at_once_waits_in_line() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.environments = 2;
    let world = plan.start().await?;
    let all = try_join_all((0..20).map(|_| invoke(&world, json!({"do": "sleep", "ms": 10})))).await?;
    assert!(all.iter().all(|(failed, _)| failed.is_empty()), "{all:?}");
    assert_eq!(world.processes().len(), 2);
    Ok(())
}

#[tokio::test]
async fn an_idle_environment_is_ended() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.environment_idle = Duration::from_millis(200);
    let world = plan.start().await?;
    let process = process(&world).await?;
    until("the end of the process", || (!lives(process)).then_some(())).await?;
    assert_eq!(invoke(&world, json!({})).await?.0, "");
    Ok(())
}

#[tokio::test]
async fn a_replaced_executable_runs_from_the_next_invocation_on() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let program = folder.path().join("program");
    std::fs::copy(echo()?, &program)?;
    let world = Plan { program: Some(program.clone()), ..Plan::default() }.start().await?;
    let old = process(&world).await?;
    // As cargo does it: the old file goes first, and for a moment there is none.
    std::fs::remove_file(&program)?;
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(process(&world).await?, old, "a missing file is no new version");
    std::fs::copy(echo()?, &program)?;
    tokio::time::sleep(Duration::from_millis(150)).await;
    let new = process(&world).await?;
    assert_ne!(new, old);
    until("the end of the old process", || (!lives(old)).then_some(())).await
}

#[tokio::test]
async fn a_busy_environment_of_a_replaced_executable_finishes_first() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let program = folder.path().join("program");
    std::fs::copy(echo()?, &program)?;
    let world = Plan { program: Some(program.clone()), ..Plan::default() }.start().await?;
    let old = process(&world).await?;
    let slow = invoke(&world, json!({"do": "sleep", "ms": 700}));
    let replace = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        std::fs::copy(echo()?, folder.path().join("new"))?;
        std::fs::rename(folder.path().join("new"), &program)?;
        tokio::time::sleep(Duration::from_millis(150)).await;
        process(&world).await
    };
    let (slow, new) = tokio::join!(slow, replace);
    assert_eq!(slow?.0, "");
    assert_ne!(new?, old);
    until("the end of the old process", || (!lives(old)).then_some(())).await
}

#[tokio::test]
async fn a_killed_idle_process_is_replaced_without_a_failure() -> Result<()> {
    let world = World::start().await?;
    let before = process(&world).await?;
    assert!(world.running.kill(before));
    until("the end of the process", || world.processes().is_empty().then_some(())).await?;
    assert_ne!(process(&world).await?, before);
    assert!(!world.running.kill(before));
    Ok(())
}

#[tokio::test]
async fn no_process_survives_a_shutdown() -> Result<()> {
    let world = World::start().await?;
    try_join_all((0..4).map(|_| invoke(&world, json!({"do": "sleep", "ms": 300})))).await?;
    let processes = world.processes();
    assert_eq!(processes.len(), 4);
    world.running.shutdown().await;
    assert!(!processes.into_iter().any(lives));
    Ok(())
}

#[tokio::test]
async fn a_function_knows_where_it_runs_and_nothing_of_the_developers_shell() -> Result<()> {
    let mut plan = Plan::default();
    let socket = "https://fghij67890.execute-api.us-east-1.amazonaws.com/v1";
    plan.echo().environment = [("SOCKET", socket), ("TOLD", "by the template"), ("KEPT", "x")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    plan.replaced = BTreeMap::from([("TOLD".into(), "by me".into()), ("UNKNOWN".into(), "y".into())]);
    let world = plan.start().await?;
    let (_, answer) = invoke(&world, json!({"do": "env"})).await?;
    let set: BTreeMap<String, String> = serde_json::from_str(answer["body"].as_str().unwrap_or_default())?;
    for (name, value) in [
        ("SOCKET", world.management()),
        ("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", world.management()),
        ("AWS_ENDPOINT_URL_LAMBDA", world.lambda()),
        ("AWS_LAMBDA_FUNCTION_NAME", "echo"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_REGION", "us-east-1"),
        ("TOLD", "by me"),
        ("KEPT", "x"),
    ] {
        assert_eq!(set.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(!set.contains_key("UNKNOWN") && !set.contains_key("CARGO_MANIFEST_DIR"), "{set:#?}");
    Ok(())
}

#[tokio::test]
async fn an_invocation_comes_with_its_request_id_deadline_arn_and_trace() -> Result<()> {
    let world = World::start().await?;
    let (_, answer) = invoke(&world, json!({"do": "head"})).await?;
    let head: BTreeMap<String, String> = serde_json::from_str(answer["body"].as_str().unwrap_or_default())?;
    let of = |name: &str| head.get(name).map(String::as_str).unwrap_or_default();
    assert_eq!(of("lambda-runtime-aws-request-id").len(), 36);
    assert_eq!(of("lambda-runtime-invoked-function-arn"), "arn:aws:lambda:us-east-1:123456789012:function:echo");
    assert!(of("lambda-runtime-trace-id").starts_with("Root=1-"), "{head:?}");
    assert!(of("lambda-runtime-deadline-ms").parse::<u64>()? > 1_700_000_000_000);
    Ok(())
}

#[tokio::test]
async fn the_log_has_what_cloudwatch_would_show_in_its_order() -> Result<()> {
    let world = World::start().await?;
    invoke(&world, json!({"do": "print"})).await?;
    world.logs("REPORT").await?;
    let lines = world.log.lines();
    let kinds: Vec<&str> = lines
        .iter()
        .map(|line| {
            [
                "START RequestId: ",
                "one line",
                "another line",
                "and a complaint",
                "END RequestId: ",
                "REPORT RequestId: ",
            ]
            .into_iter()
            .find(|part| line.starts_with("echo ") && line.contains(part))
            .unwrap_or(line)
        })
        .collect();
    assert_eq!(kinds.first(), Some(&"START RequestId: "), "{lines:#?}");
    assert_eq!(kinds.get(4..), Some(&["END RequestId: ", "REPORT RequestId: "][..]), "{lines:#?}");
    let report = lines.last().context("no report")?;
    for figure in
        ["\tDuration: ", "\tBilled Duration: ", "\tMemory Size: 128 MB", "\tMax Memory Used: ", "\tInit Duration: "]
    {
        assert!(report.contains(figure), "{report}");
    }
    invoke(&world, json!({})).await?;
    until("the second report", || (world.log.lines().len() == 9).then_some(())).await?;
    assert!(!world.log.lines().iter().skip(6).any(|line| line.contains("Init Duration")), "only a cold start has one");
    Ok(())
}

#[tokio::test]
async fn a_streamed_response_arrives_whole() -> Result<()> {
    let world = World::start().await?;
    let response = send(Request::post(format!("{}/do", world.http())), json!({"do": "stream"}).to_string()).await?;
    assert_eq!((response.status().as_u16(), header(&response, "x-streamed")), (202, "yes"));
    assert_eq!(response.body(), "streamed");
    Ok(())
}
