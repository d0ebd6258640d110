//! Asynchronous invocation: the caller is told that the event was taken, and Lambda sees to it.
//!
//! A failed function is run again up to the function's `MaximumRetryAttempts`; one that was throttled or could not be reached is tried
//! until the event is too old. Events that still fail are named in the log and dropped, as they are without a dead-letter queue.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Failure, Invocation, Lambda};

/// The longest wait after a throttled attempt. AWS documents 5 minutes.
const LONGEST_BACKOFF: Duration = Duration::from_secs(300);

impl Lambda {
    /// Takes an event for the function with this logical id.
    pub(crate) fn event(&self, function: &str, invocation: Invocation) {
        let lambda = self.clone();
        let function = function.to_owned();
        tokio::spawn(async move { lambda.deliver(&function, &invocation).await });
    }

    async fn deliver(&self, function: &str, event: &Invocation) {
        let limits = &self.0.limits;
        let retries = self.0.functions.get(function).map_or(0, |function| usize::from(function.model.retries));
        let taken = Instant::now();
        let mut waits = limits.retry_after.iter().take(retries);
        let mut backoff = limits.throttle_backoff;
        loop {
            let Err(failure) = self.invoke(function, event.clone()).await.result else { return };
            let wait = match failure {
                Failure::Function(_) => waits.next().copied(),
                Failure::Throttled | Failure::Unavailable(_) => {
                    let wait = backoff;
                    backoff = (backoff * 2).min(LONGEST_BACKOFF);
                    Some(wait)
                }
            };
            match wait {
                Some(wait) if taken.elapsed() + wait < limits.event_age => sleep(wait).await,
                _ => {
                    self.0.log.line(format!("{function} dropped an event: {}", failure.told()));
                    return;
                }
            }
        }
    }
}
