//! Asynchronous invocation: the caller is told that the event was taken, and Lambda sees to it.
//!
//! A failed function is run again up to the function's `MaximumRetryAttempts`; one that was throttled or could not be reached is tried
//! until the event is too old. All attempts have the same request id. What then becomes of an event is up to the function's destinations
//! and its dead-letter queue; without any it is named in the log and dropped.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::outbox::Attributes;
use super::{Failure, Function, Invocation, Lambda};
use crate::model::Target;
use crate::{ids, time};

/// The longest wait after a throttled attempt. AWS documents 5 minutes.
const LONGEST_BACKOFF: Duration = Duration::from_secs(300);

/// How an event ended.
struct Ended {
    condition: &'static str,
    attempts: u32,
    /// Of the last attempt.
    result: Result<Bytes, Failure>,
}

impl Lambda {
    /// Takes an event for the function with this logical id; gives the request id of all its attempts.
    pub(crate) fn event(&self, function: &str, invocation: Invocation) -> String {
        let id = ids::lambda_request();
        let Some(function) = self.function(function) else { return id };
        // What a client says about itself is for whoever it waits for.
        let event = Invocation { request_id: Some(id.clone()), client_context: None, tail: false, ..invocation };
        let lambda = self.clone();
        tokio::spawn(async move {
            let ended = lambda.attempt(&function, &event).await;
            lambda.pass_on(&function, &event, &ended);
        });
        id
    }

    async fn attempt(&self, function: &std::sync::Arc<Function>, event: &Invocation) -> Ended {
        let limits = &self.0.limits;
        let model = &function.model;
        let clock = function.faults.as_ref().map_or(1.0, |faults| faults.storm.clock());
        let age = model.asynchronous.age.unwrap_or(limits.event_age).div_f64(clock);
        let mut waits = limits.retry_after.iter().take(usize::from(model.asynchronous.retries));
        let mut backoff = limits.throttle_backoff;
        let taken = Instant::now();
        let mut attempts = 0;
        loop {
            attempts += 1;
            // The function may have been mended since the last attempt.
            let newest = self.function(&model.logical_id).unwrap_or_else(|| std::sync::Arc::clone(function));
            let result = self.run(newest, event.clone()).await.result;
            let wait = match &result {
                Ok(_) => return Ended { condition: "Success", attempts, result },
                Err(Failure::Function(_)) => waits.next().copied(),
                // Whoever reserves nothing wants nothing to be run, now or later.
                Err(Failure::Throttled) if model.reserved_concurrency == Some(0) => None,
                Err(Failure::Throttled | Failure::Unavailable(_)) => {
                    let wait = backoff;
                    backoff = (backoff * 2).min(LONGEST_BACKOFF);
                    Some(wait)
                }
            };
            match wait.map(|wait| wait.div_f64(clock)) {
                Some(wait) if taken.elapsed() + wait < age => sleep(wait).await,
                Some(_) => return Ended { condition: "EventAgeExceeded", attempts, result },
                None => return Ended { condition: "RetriesExhausted", attempts, result },
            }
        }
    }

    fn pass_on(&self, function: &Function, event: &Invocation, ended: &Ended) {
        let id = &function.model.logical_id;
        let (settings, request_id) = (&function.model.asynchronous, event.request_id.as_deref().unwrap_or_default());
        let Err(failure) = &ended.result else {
            return settings
                .on_success
                .iter()
                .for_each(|target| self.send(target, &self.record(function, event, ended), request_id));
        };
        let told = failure.told();
        match (&settings.on_failure, &settings.dead_letters) {
            (None, None) => self.0.log.line(format!("{id} dropped an event: {told}")),
            _ => self.0.log.line(format!("{id} gave an event up ({}): {told}", ended.condition)),
        }
        if let Some(target) = &settings.on_failure {
            self.send(target, &self.record(function, event, ended), request_id);
        }
        if let Some(target) = &settings.dead_letters {
            let status = match failure {
                Failure::Function(_) => 200,
                Failure::Throttled => 429,
                Failure::Unavailable(_) => 500,
            };
            let attributes = Attributes { request_id, failure: Some((status, &told)) };
            self.0.outbox.put(target, &String::from_utf8_lossy(&event.payload), attributes);
        }
    }

    fn send(&self, target: &Target, record: &Value, request_id: &str) {
        match target {
            Target::Function(function) => drop(self.event(function, Invocation::of(record.to_string()))),
            other => self.0.outbox.put(other, &record.to_string(), Attributes { request_id, failure: None }),
        }
    }

    /// What a destination is told. <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>
    fn record(&self, function: &Function, event: &Invocation, ended: &Ended) -> Value {
        let arn = self.0.iam.arn("lambda", &format!("function:{}:$LATEST", function.model.name));
        let mut record = json!({
            "version": "1.0",
            "timestamp": time::iso(time::now_ms()),
            "requestContext": {
                "requestId": event.request_id,
                "functionArn": arn,
                "condition": ended.condition,
                "approximateInvokeCount": ended.attempts,
            },
            "requestPayload": value(&event.payload),
        });
        let (payload, failed) = match &ended.result {
            Ok(payload) => (payload, false),
            Err(Failure::Function(error)) => (error, true),
            // It did not run.
            Err(Failure::Throttled | Failure::Unavailable(_)) => return record,
        };
        record["responseContext"] = json!({"statusCode": 200, "executedVersion": "$LATEST"});
        if failed {
            record["responseContext"]["functionError"] = "Unhandled".into();
        }
        record["responsePayload"] = value(payload);
        record
    }
}

fn value(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap_or_else(|_| String::from_utf8_lossy(payload).into())
}
