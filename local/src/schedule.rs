//! `Schedule` events: EventBridge rules that invoke a function every so often, asynchronously, as the rule's event.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>

use std::time::Duration;

use serde_json::json;
use tokio::time::{MissedTickBehavior, interval_at};

use crate::lambda::{Invocation, Lambda};
use crate::{ids, model, time};

/// Invokes a function by its schedule until the task is aborted. The first time is one period after the start, as after a deployment.
pub(crate) async fn run(lambda: Lambda, function: String, schedule: model::Schedule, region: String, minute: Duration) {
    let period = minute * schedule.minutes;
    let mut ticks = interval_at(tokio::time::Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let event = schedule.input.clone().unwrap_or_else(|| event(&function, &schedule, &region));
        lambda.event(&function, Invocation::of(event));
    }
}

fn event(function: &str, schedule: &model::Schedule, region: &str) -> String {
    let rule = format!("arn:aws:events:{region}:{}:rule/{function}{}", ids::ACCOUNT, schedule.name);
    let now = time::iso(time::now_ms());
    json!({
        "version": "0",
        "id": ids::lambda_request(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ids::ACCOUNT,
        "time": format!("{}Z", &now[..19]),
        "region": region,
        "resources": [rule],
        "detail": {},
    })
    .to_string()
}
