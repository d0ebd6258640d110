//! The token bucket behind `ThrottlingRateLimit` and `ThrottlingBurstLimit`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::model::Throttle;

/// The buckets of one stage: those of single routes, and the one of all others.
#[derive(Debug)]
pub(crate) struct Buckets {
    routes: BTreeMap<String, Bucket>,
    others: Bucket,
}

impl Buckets {
    pub(crate) fn new(others: Option<Throttle>, routes: &BTreeMap<String, Throttle>) -> Self {
        let routes = routes.iter().map(|(key, limit)| (key.clone(), Bucket::new(Some(*limit)))).collect();
        Self { routes, others: Bucket::new(others) }
    }

    /// Takes a token for a route, or for what has none.
    pub(crate) fn admits(&self, route: &str) -> bool {
        self.routes.get(route).unwrap_or(&self.others).admits()
    }
}

/// One bucket; without a limit it is never empty.
#[derive(Debug)]
struct Bucket {
    limit: Option<Throttle>,
    level: Mutex<Level>,
}

#[derive(Debug)]
struct Level {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn new(limit: Option<Throttle>) -> Self {
        let tokens = limit.map_or(0.0, |limit| f64::from(limit.burst));
        Self { limit, level: Mutex::new(Level { tokens, at: Instant::now() }) }
    }

    /// Takes a token, if there is one.
    fn admits(&self) -> bool {
        self.limit.is_none_or(|limit| {
            let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
            level.take(limit, Instant::now())
        })
    }
}

impl Level {
    fn take(&mut self, limit: Throttle, now: Instant) -> bool {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * limit.rate;
        self.tokens = (self.tokens + gained).min(f64::from(limit.burst));
        self.at = now;
        let admitted = self.tokens >= 1.0;
        if admitted {
            self.tokens -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_admitted_at_once_and_then_only_the_rate() {
        let start = Instant::now();
        let limit = Throttle { rate: 10.0, burst: 2 };
        let mut level = Level { tokens: 2.0, at: start };
        let at = |ms| start + Duration::from_millis(ms);
        let admitted = [0, 0, 0, 50, 100, 150, 5_000, 5_000, 5_000].map(|ms| level.take(limit, at(ms)));
        assert_eq!(admitted, [true, true, false, false, true, false, true, true, false]);
    }

    #[test]
    fn a_route_with_settings_of_its_own_has_its_own_bucket() {
        let limit = |burst| Throttle { rate: 0.0, burst };
        let routes = BTreeMap::from([("a".to_owned(), limit(1)), ("b".to_owned(), limit(2))]);
        let buckets = Buckets::new(Some(limit(1)), &routes);
        let admitted = ["a", "a", "b", "b", "b", "c", "d"].map(|route| buckets.admits(route));
        assert_eq!(admitted, [true, false, true, true, false, true, false]);
    }

    #[test]
    fn a_burst_of_zero_admits_nothing_and_no_limit_everything() {
        assert!(!Bucket::new(Some(Throttle { rate: 5.0, burst: 0 })).admits());
        assert!(Bucket::new(None).admits());
    }
}
