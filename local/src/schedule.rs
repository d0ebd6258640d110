//! `Schedule` and `ScheduleV2` events: rules of EventBridge and schedules of its scheduler, which invoke a function again and again or once,
//! asynchronously.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>

mod cron;
mod zone;

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

pub(crate) use self::cron::Cron;
pub(crate) use self::zone::Zone;
use crate::lambda::{Invocation, Lambda};
use crate::log::Log;
use crate::model::{Schedule, When};
use crate::{ids, time};

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(20);

/// What a schedule needs besides itself.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    pub(crate) lambda: Lambda,
    pub(crate) region: String,
    /// How long a minute is; shorter than 60 seconds the calendar runs faster than the clock, from the start on.
    pub(crate) minute: Duration,
    pub(crate) log: Log,
}

/// Says when a schedule invokes its function: after each time the next one, in seconds since 1970.
#[derive(Debug)]
struct Times {
    kind: Kind,
    zone: Zone,
    starts: u64,
    ends: u64,
}

#[derive(Debug)]
enum Kind {
    Every(u64),
    Cron(Cron),
    Once(u64),
    Never,
}

impl Calendar {
    /// Invokes a function by its schedule until that is over or the task is aborted.
    pub(crate) async fn keep(self, function: String, schedule: Schedule) {
        let begun = Instant::now();
        let start = time::now_ms() / 1000;
        let speed = 60.0 / self.minute.as_secs_f64().max(1e-3);
        // By the calendar and not by a timer, which stands still while the laptop sleeps; unless the calendar has a speed of its own.
        let now =
            || if speed == 1.0 { time::now_ms() / 1000 } else { start + begun.elapsed().mul_f64(speed).as_secs() };
        let times = Times::of(&schedule, start);
        let mut last = start;
        let whose = format!("schedule {} of {function}", schedule.name);
        while let Some(next) = times.after(last) {
            if last == start || matches!(times.kind, Kind::Cron(_)) {
                self.log.line(format!("{whose}: next at {}", shown(next)));
            }
            while now() < next {
                sleep(Duration::from_secs(next - now().min(next)).div_f64(speed).min(LOOK)).await;
            }
            self.lambda.event(&function, Invocation::of(self.event(&function, &schedule, next)));
            // What a sleeping laptop missed is not made up for.
            let now = now();
            last = match times.kind {
                Kind::Every(period) if now > next + period => now - (now - next) % period,
                Kind::Cron(_) => next.max(now.saturating_sub(60)),
                _ => next,
            };
        }
        self.log.line(format!("{whose}: not any more"));
    }

    fn event(&self, function: &str, schedule: &Schedule, at: u64) -> String {
        let Schedule { name, .. } = schedule;
        let at = shown(at);
        let rule = schedule.rule.clone().unwrap_or_else(|| format!("{function}{name}"));
        let arn = match schedule.by_scheduler {
            true => {
                let group = schedule.group.as_deref().unwrap_or("default");
                ids::arn("scheduler", &self.region, &format!("schedule/{group}/{rule}"))
            }
            false => ids::arn("events", &self.region, &format!("rule/{rule}")),
        };
        if let Some(input) = &schedule.input {
            if !schedule.by_scheduler {
                return input.clone();
            }
            let replaced =
                input.replace("<aws.scheduler.schedule-arn>", &arn).replace("<aws.scheduler.scheduled-time>", &at);
            let id = ids::lambda_request();
            return replaced
                .replace("<aws.scheduler.execution-id>", &id)
                .replace("<aws.scheduler.attempt-number>", "1");
        }
        let (source, detail) =
            if schedule.by_scheduler { ("aws.scheduler", json!("{}")) } else { ("aws.events", json!({})) };
        json!({
            "version": "0",
            "id": ids::lambda_request(),
            "detail-type": "Scheduled Event",
            "source": source,
            "account": ids::ACCOUNT,
            "time": at,
            "region": self.region,
            "resources": [arn],
            "detail": detail,
        })
        .to_string()
    }
}

impl Times {
    /// The template has been read, so that whatever is not understood here was refused there.
    fn of(schedule: &Schedule, now: u64) -> Self {
        let zone = schedule.zone.as_deref().map_or(Ok(Zone::UTC), Zone::named).unwrap_or(Zone::UTC);
        let kind = match &schedule.when {
            When::Every(minutes) => Kind::Every(u64::from(*minutes) * 60),
            When::Cron(expression) => Cron::parse(expression).map_or(Kind::Never, Kind::Cron),
            When::At(local) => zone.utc(*local).map_or(Kind::Never, Kind::Once),
        };
        let starts = schedule.starts.unwrap_or(now).max(now);
        Self { kind, zone, starts, ends: schedule.ends.unwrap_or(u64::MAX) }
    }

    /// The first time that is later than `last`.
    fn after(&self, last: u64) -> Option<u64> {
        let next = match &self.kind {
            // The first time is one period after the start, as after a deployment.
            Kind::Every(period) => Some(last.max(self.starts) + period),
            Kind::Cron(cron) => {
                let mut local = self.zone.local(last.max(self.starts.saturating_sub(1)));
                loop {
                    local = cron.next(local)?;
                    if let Some(utc) = self.zone.utc(local).filter(|utc| *utc > last) {
                        break Some(utc);
                    }
                }
            }
            Kind::Once(at) => Some(*at).filter(|at| *at > last),
            Kind::Never => None,
        };
        next.filter(|next| *next < self.ends)
    }
}

/// `2024-02-09T18:11:43Z`
fn shown(seconds: u64) -> String {
    format!("{}Z", &time::iso(seconds * 1000)[..19])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(when: When, zone: Option<&str>) -> Schedule {
        Schedule { when, zone: zone.map(str::to_owned), ..Schedule::every("Test", 1) }
    }

    fn at(text: &str) -> u64 {
        time::of_basic(text).expect("a time") / 1000
    }

    #[test]
    fn a_clock_that_is_put_back_lets_nothing_run_twice() {
        let cron = Cron::parse("30 2 * * ? *").expect("a time table");
        let zone = Zone::parse("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
        let times = Times { kind: Kind::Cron(cron), zone, starts: 0, ends: u64::MAX };
        assert_eq!(times.after(at("20241026T120000Z")).map(shown).as_deref(), Some("2024-10-27T00:30:00Z"));
        assert_eq!(times.after(at("20241027T003000Z")).map(shown).as_deref(), Some("2024-10-28T01:30:00Z"));
        assert_eq!(times.after(at("20240330T120000Z")).map(shown).as_deref(), Some("2024-04-01T00:30:00Z"));
    }

    #[test]
    fn a_schedule_begins_and_ends_when_it_says() {
        let now = at("20240209T000000Z");
        let daily = Schedule {
            starts: Some(at("20240212T000000Z")),
            ends: Some(at("20240213T120000Z")),
            ..times(When::Cron("0 0 * * ? *".into()), None)
        };
        let daily = Times::of(&daily, now);
        let runs: Vec<String> = std::iter::successors(daily.after(now), |last| daily.after(*last)).map(shown).collect();
        assert_eq!(runs, ["2024-02-12T00:00:00Z", "2024-02-13T00:00:00Z"]);
        let once = Times::of(&times(When::At(at("20240210T060000Z")), None), now);
        assert_eq!(once.after(now).map(shown).as_deref(), Some("2024-02-10T06:00:00Z"));
        assert_eq!(once.after(at("20240210T060000Z")), None);
        assert_eq!(Times::of(&times(When::At(now - 1), None), now).after(now), None, "it is over");
        let hourly = Times::of(&Schedule::every("Test", 60), now);
        assert_eq!(hourly.after(now), Some(now + 3600));
    }
}
