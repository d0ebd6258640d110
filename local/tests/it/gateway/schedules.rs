//! Functions that a schedule invokes.

use std::time::Duration;

use anyhow::Result;
use local::model::{Schedule, When};
use serde_json::{Value, json};

use super::world::{Plan, SOON, until};

#[tokio::test]
async fn a_schedule_invokes_its_function_again_and_again() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.minute = Duration::from_millis(50);
    plan.echo().schedules = vec![Schedule::every("Often", 2)];
    let world = plan.start().await?;
    let deadline = tokio::time::Instant::now() + SOON;
    let runs = || world.log.lines().iter().filter(|line| line.contains("REPORT")).count();
    while runs() < 3 {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", world.log.lines());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_time_table_and_a_single_time_are_told_and_kept() -> Result<()> {
    let mut plan = Plan::default();
    // An hour takes less than half a second.
    plan.limits.minute = Duration::from_millis(8);
    let table = Schedule { when: When::Cron("0 * * * ? *".into()), ..Schedule::every("Hourly", 1) };
    let past = Schedule { when: When::At(1_700_000_000), by_scheduler: true, ..Schedule::every("Past", 1) };
    plan.echo().schedules = vec![Schedule { input: Some(r#"{"do":"show"}"#.into()), ..table }, past];
    let world = plan.start().await?;
    let next = world.logs("schedule Hourly of Echo: next at ").await?;
    assert!(next.ends_with(":00:00Z"), "{next}");
    world.logs("schedule Past of Echo: not any more").await?;
    world.logs(r#"{"do":"show"}"#).await?;
    let told = || world.log.lines().iter().filter(|line| line.contains("schedule Hourly of Echo: next at ")).count();
    until("the third hour", || (told() > 2).then_some(())).await
}

#[tokio::test]
async fn the_event_of_a_rule_and_of_the_scheduler_have_the_keys_of_aws() -> Result<()> {
    let scheduler = "arn:aws:scheduler:us-east-1:123456789012:schedule";
    for (by_scheduler, group, source, resource, detail) in [
        (false, None, "aws.events", "arn:aws:events:us-east-1:123456789012:rule/EchoOften", "{}"),
        (true, None, "aws.scheduler", &format!("{scheduler}/default/EchoOften"), r#""{}""#),
        (true, Some("own"), "aws.scheduler", &format!("{scheduler}/own/EchoOften"), r#""{}""#),
    ] {
        let mut plan = Plan::default();
        plan.limits.minute = Duration::from_millis(50);
        let group = group.map(str::to_owned);
        plan.echo().schedules = vec![Schedule { by_scheduler, group, ..Schedule::every("Often", 1) }];
        let world = plan.start().await?;
        let line = world.logs(r#"{"account":"#).await?;
        let event: Value = serde_json::from_str(&line[line.find('{').unwrap_or_default()..])?;
        let keys: Vec<&str> = event.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
        assert_eq!(
            keys,
            ["account", "detail", "detail-type", "id", "region", "resources", "source", "time", "version"]
        );
        assert_eq!((&event["source"], &event["resources"]), (&json!(source), &json!([resource])));
        assert_eq!((event["detail"].to_string().as_str(), &event["detail-type"]), (detail, &json!("Scheduled Event")));
        assert!(event["time"].as_str().is_some_and(|time| time.len() == 20), "{event}");
    }
    Ok(())
}
