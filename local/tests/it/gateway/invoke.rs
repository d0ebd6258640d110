//! The Invoke API, as SDKs and command lines use it.

use std::time::Duration;

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

use super::client::{header, json, send};
use super::world::{Plan, World, until};

async fn invoke(
    world: &World,
    name: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Result<Response<Bytes>> {
    let (name, query) = name.split_once('?').unwrap_or((name, ""));
    let mut request = Request::post(format!("{}/2015-03-31/functions/{name}/invocations?{query}", world.lambda()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(request, body).await
}

#[tokio::test]
async fn what_cannot_be_invoked_is_refused_with_the_error_of_the_sdk() -> Result<()> {
    let world = World::start().await?;
    let large = "x".repeat(6_300_000);
    for (name, kind, body, status, error) in [
        ("nobody", "RequestResponse", "{}", 404, "ResourceNotFoundException"),
        ("echo", "RequestResponse", "{not json", 400, "InvalidRequestContentException"),
        ("echo", "Sometimes", "{}", 400, "InvalidParameterValueException"),
        ("echo", "RequestResponse", &large, 413, "RequestTooLargeException"),
        ("echo", "Event", &large[..1_100_000], 413, "RequestTooLargeException"),
        ("echo:live", "RequestResponse", "{}", 404, "ResourceNotFoundException"),
        ("echo:1", "DryRun", "{}", 404, "ResourceNotFoundException"),
        ("echo?Qualifier=live", "Event", "{}", 404, "ResourceNotFoundException"),
    ] {
        let response = invoke(&world, name, &[("x-amz-invocation-type", kind)], body.to_owned()).await?;
        assert_eq!((response.status().as_u16(), header(&response, "x-amzn-errortype")), (status, error));
        assert!(json(&response)["message"].is_string(), "{response:?}");
    }
    assert!(world.processes().is_empty(), "nothing was to run");
    Ok(())
}

#[tokio::test]
async fn a_failed_function_is_still_a_200() -> Result<()> {
    let world = World::start().await?;
    let response = invoke(&world, "echo", &[], r#"{"do":"error"}"#).await?;
    assert_eq!((response.status().as_u16(), header(&response, "x-amz-function-error")), (200, "Unhandled"));
    assert_eq!(json(&response), json!({"errorType": "Oops", "errorMessage": "it went wrong"}));
    Ok(())
}

#[tokio::test]
async fn a_function_is_found_by_its_name_its_qualified_name_and_its_arn() -> Result<()> {
    let mut plan = Plan::default();
    plan.echo().alias = Some("live".into());
    let world = plan.start().await?;
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:echo";
    let partial = "123456789012:function:echo";
    for name in [
        "echo",
        "echo:$LATEST",
        arn,
        &format!("{arn}:live"),
        &arn.replace(':', "%3A"),
        partial,
        "123456789012:function:echo:live",
        "Echo",
        "echo:1",
        "echo?Qualifier=live",
        "echo?Qualifier=%24LATEST",
    ] {
        let response = invoke(&world, name, &[], r#"{"do":"answer","answer":{"fine":true}}"#).await?;
        assert_eq!((response.status().as_u16(), json(&response)), (200, json!({"fine": true})), "{name}");
        let version = if name.contains("live") || name.ends_with(":1") { "1" } else { "$LATEST" };
        assert_eq!(header(&response, "x-amz-executed-version"), version, "{name}");
        assert_eq!(header(&response, "x-amzn-requestid").len(), 36);
    }
    Ok(())
}

#[tokio::test]
async fn a_dry_run_runs_nothing() -> Result<()> {
    let world = World::start().await?;
    let response = invoke(&world, "echo", &[("x-amz-invocation-type", "DryRun")], "{}").await?;
    assert_eq!((response.status().as_u16(), response.body().len()), (204, 0));
    assert!(world.processes().is_empty());
    Ok(())
}

#[tokio::test]
async fn the_end_of_the_log_comes_along_if_it_is_asked_for() -> Result<()> {
    let world = World::start().await?;
    let response = invoke(&world, "echo", &[("x-amz-log-type", "Tail")], r#"{"do":"print"}"#).await?;
    let tail = String::from_utf8(STANDARD.decode(header(&response, "x-amz-log-result"))?)?;
    for line in ["START RequestId: ", "one line", "and a complaint", "END RequestId: ", "REPORT RequestId: "] {
        assert!(tail.contains(line), "{tail}");
    }
    Ok(())
}

#[tokio::test]
async fn a_client_context_reaches_the_function() -> Result<()> {
    let world = World::start().await?;
    let context = STANDARD.encode(r#"{"custom":{"a":"b"}}"#);
    let response = invoke(&world, "echo", &[("x-amz-client-context", &context)], r#"{"do":"head"}"#).await?;
    let head: serde_json::Value = serde_json::from_str(json(&response)["body"].as_str().unwrap_or_default())?;
    assert_eq!(head["lambda-runtime-client-context"], r#"{"custom":{"a":"b"}}"#);
    for wrong in ["%", &STANDARD.encode("{not json")] {
        let refused = invoke(&world, "echo", &[("x-amz-client-context", wrong)], "{}").await?;
        assert_eq!(
            (refused.status().as_u16(), header(&refused, "x-amzn-errortype")),
            (400, "InvalidRequestContentException")
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_event_is_repeated_twice_when_it_fails_and_once_is_enough_when_it_does_not() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.retry_after = [Duration::from_millis(20), Duration::from_millis(40)];
    let world = plan.start().await?;
    let event = [("x-amz-invocation-type", "Event")];
    let runs = |world: &World| world.log.lines().iter().filter(|line| line.contains("START")).count();

    let taken = invoke(&world, "echo", &event, r#"{"do":"error"}"#).await?;
    assert_eq!((taken.status().as_u16(), taken.body().len()), (202, 0));
    world.logs("dropped an event: ").await?;
    assert_eq!(runs(&world), 3);

    invoke(&world, "echo", &event, "{}").await?;
    until("the fourth run", || (runs(&world) == 4).then_some(())).await
}

#[tokio::test]
async fn functions_can_run_behind_another_invoke_endpoint() -> Result<()> {
    let elsewhere = World::start().await?;
    let mut plan = Plan { invoke: Some(elsewhere.lambda().to_owned()), ..Plan::default() };
    plan.echo().name = "another name".into();
    let here = plan.start().await?;
    let answer =
        send(Request::post(format!("{}/do", here.http())), r#"{"do":"answer","answer":"{\"statusCode\":201}"}"#)
            .await?;
    assert_eq!(answer.status(), 201);
    let failed = send(Request::post(format!("{}/do", here.http())), r#"{"do":"error"}"#).await?;
    assert_eq!(failed.status(), 500);
    assert_eq!((here.processes().len(), elsewhere.processes().len()), (0, 1));
    elsewhere.running.shutdown().await;
    let gone = send(Request::post(format!("{}/do", here.http())), "{}").await?;
    assert_eq!(gone.status(), 503);
    Ok(())
}

#[tokio::test]
async fn an_answer_can_be_taken_as_a_stream() -> Result<()> {
    let world = World::start().await?;
    let url = format!("{}/2021-11-15/functions/echo/response-streaming-invocations", world.lambda());
    let asked = |event: serde_json::Value| send(Request::post(&url), event.to_string());
    let answer = asked(json!({"do": "answer", "answer": {"text": "hello"}})).await?;
    assert_eq!(header(&answer, "content-type"), "application/vnd.amazon.eventstream");
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    assert!(text.contains("PayloadChunk") && text.contains(r#"{"text":"hello"}"#), "{text}");
    let end = text.find("InvokeComplete").unwrap_or_default();
    assert!(end > text.find("PayloadChunk").unwrap_or(usize::MAX) && text[end..].contains("{}"), "{text}");
    let failed = asked(json!({"do": "error"})).await?;
    let text = String::from_utf8_lossy(failed.body()).into_owned();
    assert!(text.contains(r#"{"ErrorCode":"Oops","ErrorDetails":"it went wrong"}"#), "{text}");
    Ok(())
}
