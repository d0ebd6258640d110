//! What is counted of a function's invocations, for whoever looks on: how many, how they ended, how long they took.
//!
//! The percentiles are those of the latest invocations, exact, and not estimates over the whole run: somebody who mends a slow function
//! wants to see that it is fast now.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

use super::{Failure, Function, Outcome, Runs};
use crate::time;

/// Invocations whose durations are kept for the percentiles.
const KEPT: usize = 1000;
/// Characters of an error that are shown.
const SHOWN: usize = 500;

/// The count of one function. It outlives a change of the function.
#[derive(Debug, Default)]
pub(super) struct Figures(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    invocations: u64,
    errors: u64,
    throttles: u64,
    cold_starts: u64,
    durations: VecDeque<Duration>,
    init: Option<Duration>,
    last_at: Option<u64>,
    last_error: Option<String>,
}

/// What is told of one function.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Told {
    /// The logical id.
    pub(crate) function: String,
    pub(crate) name: String,
    /// Its processes.
    pub(crate) processes: Vec<u32>,
    /// Finished ones; throttled ones are not among them.
    pub(crate) invocations: u64,
    pub(crate) errors: u64,
    pub(crate) throttles: u64,
    pub(crate) cold_starts: u64,
    /// Milliseconds, of the latest thousand invocations.
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    /// Milliseconds of the latest start.
    pub(crate) init_ms: Option<f64>,
    pub(crate) last_invoked_at: Option<String>,
    pub(crate) last_error: Option<String>,
}

impl Figures {
    /// Counts an invocation that is over; `took` is what its caller waited.
    pub(super) fn count(&self, outcome: &Outcome, took: Duration) {
        let mut counted = self.counted();
        counted.last_at = Some(time::now_ms());
        match &outcome.result {
            Err(Failure::Throttled) => {
                counted.throttles += 1;
                return;
            }
            Err(failure) => {
                counted.errors += 1;
                counted.last_error = Some(failure.told().chars().take(SHOWN).collect());
            }
            Ok(_) => {}
        }
        counted.invocations += 1;
        if let Some(init) = outcome.init {
            counted.cold_starts += 1;
            counted.init = Some(init);
        }
        if counted.durations.len() == KEPT {
            counted.durations.pop_front();
        }
        counted.durations.push_back(took);
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Function {
    pub(super) fn told(&self) -> Told {
        let counted = self.figures.counted();
        let mut durations: Vec<Duration> = counted.durations.iter().copied().collect();
        durations.sort_unstable();
        Told {
            function: self.model.logical_id.clone(),
            name: self.model.name.clone(),
            processes: self.processes(),
            invocations: counted.invocations,
            errors: counted.errors,
            throttles: counted.throttles,
            cold_starts: counted.cold_starts,
            p50_ms: percentile(&durations, 50).map(milliseconds),
            p99_ms: percentile(&durations, 99).map(milliseconds),
            init_ms: counted.init.map(milliseconds),
            last_invoked_at: counted.last_at.map(time::iso),
            last_error: counted.last_error.clone(),
        }
    }

    pub(super) fn processes(&self) -> Vec<u32> {
        match &self.runs {
            Runs::Here(pool) => pool.processes(),
            Runs::Elsewhere(_) => Vec::new(),
        }
    }
}

/// The smallest value that so many percent do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    sorted.get((sorted.len() * percent).div_ceil(100).checked_sub(1)?).copied()
}

/// To a hundredth, as in a REPORT.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let of = |values: &[u64], percent| {
            let values: Vec<Duration> = values.iter().copied().map(Duration::from_millis).collect();
            percentile(&values, percent).map(milliseconds)
        };
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!((of(&hundred, 50), of(&hundred, 99)), (Some(50.0), Some(99.0)));
        assert_eq!((of(&[7], 50), of(&[7], 99)), (Some(7.0), Some(7.0)));
        assert_eq!((of(&[1, 9], 50), of(&[1, 9], 99)), (Some(1.0), Some(9.0)));
        assert_eq!(of(&[], 50), None);
    }

    #[test]
    fn only_the_latest_invocations_decide_and_throttled_ones_are_apart() {
        let figures = Figures::default();
        let outcome = |result| Outcome { request_id: String::new(), result, tail: None, init: None };
        for _ in 0..KEPT {
            figures.count(&outcome(Ok("{}".into())), Duration::from_secs(9));
        }
        for _ in 0..KEPT {
            figures.count(&outcome(Err(Failure::Unavailable("gone".into()))), Duration::from_millis(1));
        }
        figures.count(&outcome(Err(Failure::Throttled)), Duration::from_secs(9));
        let counted = figures.counted();
        assert_eq!((counted.invocations, counted.errors, counted.throttles), (2000, 1000, 1));
        assert_eq!((counted.durations.len(), counted.durations.iter().max()), (KEPT, Some(&Duration::from_millis(1))));
        assert_eq!(counted.last_error.as_deref(), Some("gone"));
    }
}
