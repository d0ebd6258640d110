//! Functions that a schedule invokes.

use std::time::Duration;

use anyhow::Result;
use local::model::Schedule;

use super::world::{Plan, SOON};

#[tokio::test]
async fn a_schedule_invokes_its_function_again_and_again() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.minute = Duration::from_millis(50);
    plan.echo().schedules = vec![Schedule { name: "Often".to_owned(), minutes: 2, input: None }];
    let world = plan.start().await?;
    let deadline = tokio::time::Instant::now() + SOON;
    let runs = || world.log.lines().iter().filter(|line| line.contains("REPORT")).count();
    while runs() < 3 {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", world.log.lines());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}
