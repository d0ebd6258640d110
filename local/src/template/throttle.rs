//! `DefaultRouteSettings` and `RouteSettings` of a stage, alike for both kinds of API: the throttles. What else they say, about logs and metrics, changes
//! nothing here.

use std::collections::BTreeMap;

use super::fields::Fields;
use super::yaml::Entry;
use crate::model::Throttle;

/// The account's default throttle, for the half of a setting that is not given.
const RATE: f64 = 10_000.0;
const BURST: u32 = 5_000;

/// The throttles of a stage.
#[derive(Debug, Default)]
pub(super) struct Throttles {
    /// Of the routes without one of their own.
    pub(super) default: Option<Throttle>,
    /// By route key.
    pub(super) routes: BTreeMap<String, Throttle>,
}

/// Reads both settings.
pub(super) fn throttles(fields: &mut Fields<'_>) -> Throttles {
    let default = fields.inner("DefaultRouteSettings").and_then(|settings| one(settings, None));
    let mut routes = BTreeMap::new();
    for Entry { key, mark, value } in fields.inner("RouteSettings").map(Fields::rest).unwrap_or_default() {
        let mut settings = Fields::of(value, format!("RouteSettings of `{key}` of {}", fields.whose), fields.report);
        settings.mark = mark;
        if let Some(throttle) = one(settings, default) {
            routes.insert(key, throttle);
        }
    }
    Throttles { default, routes }
}

/// The throttle of one mapping of settings, if it sets one; the half that it does not give is that of `default`.
pub(super) fn one(mut settings: Fields<'_>, default: Option<Throttle>) -> Option<Throttle> {
    let rate = settings.rate("ThrottlingRateLimit");
    let burst = settings.number("ThrottlingBurstLimit", 0..=u64::from(u32::MAX)).map(|burst| burst as u32);
    settings.accept(&["DetailedMetricsEnabled", "DataTraceEnabled", "LoggingLevel"]);
    settings.finish();
    if rate.is_none() && burst.is_none() {
        return None;
    }
    let Throttle { rate: usual_rate, burst: usual_burst } = default.unwrap_or(Throttle { rate: RATE, burst: BURST });
    Some(Throttle { rate: rate.unwrap_or(usual_rate), burst: burst.unwrap_or(usual_burst) })
}

/// The routes that have settings and are not there, which API Gateway refuses.
pub(super) fn unknown<K: AsRef<str>>(throttles: &Throttles, keys: impl Iterator<Item = K>) -> Vec<&str> {
    let known: Vec<K> = keys.collect();
    let is_known = |key: &str| known.iter().any(|known| known.as_ref() == key);
    throttles.routes.keys().map(String::as_str).filter(|key| !is_known(key)).collect()
}
