//! Quotas that only show when they are used up.

use std::time::Duration;

use anyhow::Result;
use http::Request;

use super::client::{Socket, header, json, send};
use super::world::{Plan, World, until};

#[tokio::test]
async fn a_url_has_4096_characters_and_no_more() -> Result<()> {
    let world = World::start().await?;
    for (length, status) in [(4096, None), (4097, Some(414))] {
        let target = format!("/v1?{}", "q".repeat(length - 4));
        let url = world.websocket().replace("/v1", &target);
        let refused = Socket::dial(&url, &[]).await?.err();
        assert_eq!(refused.map(|refused| refused.status), status, "{length}");
    }
    Ok(())
}

#[tokio::test]
async fn what_the_account_may_not_run_at_once_is_throttled() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.account_concurrency = 2;
    plan.cloud.functions.insert("Other".into(), super::world::function("Other"));
    let world = plan.start().await?;
    let invoke = |name: &str, body: &'static str| {
        send(Request::post(format!("{}/2015-03-31/functions/{name}/invocations", world.lambda())), body)
    };
    let sleep = r#"{"do":"sleep","ms":1500}"#;
    let probe = async {
        until("two invocations", || {
            (world.log.lines().iter().filter(|line| line.contains("START")).count() == 2).then_some(())
        })
        .await?;
        let third = invoke("echo", "{}").await?;
        assert_eq!((third.status().as_u16(), header(&third, "x-amzn-errortype")), (429, "TooManyRequestsException"));
        assert!(json(&third)["message"].is_string());
        anyhow::Ok(())
    };
    let (one, other, probe) = tokio::join!(invoke("echo", sleep), invoke("other", sleep), probe);
    probe?;
    assert_eq!((one?.status().as_u16(), other?.status().as_u16()), (200, 200));
    assert_eq!(invoke("echo", "{}").await?.status(), 200, "there is room again");
    Ok(())
}

#[tokio::test]
async fn a_failed_event_is_repeated_as_often_as_it_may_be() -> Result<()> {
    for retries in [0, 1] {
        let mut plan = Plan::default();
        plan.limits.retry_after = [Duration::from_millis(10), Duration::from_millis(20)];
        plan.echo().asynchronous.retries = retries;
        let world = plan.start().await?;
        let url = format!("{}/2015-03-31/functions/echo/invocations", world.lambda());
        let event = Request::post(url).header("x-amz-invocation-type", "Event");
        assert_eq!(send(event, r#"{"do":"error"}"#).await?.status(), 202);
        world.logs("dropped an event: ").await?;
        let runs = world.log.lines().iter().filter(|line| line.contains("START")).count();
        assert_eq!(runs, usize::from(retries) + 1);
    }
    Ok(())
}
