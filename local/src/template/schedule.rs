//! `Schedule` and `ScheduleV2` events of functions.

use super::fields::Fields;
use super::scope::CLOUD_ONLY;
use crate::model::{Schedule, When};
use crate::schedule::{Cron, Zone};
use crate::time;

/// Reads the properties of one, or none if it is switched off. `key` is what holds the expression; `by_scheduler` is a `ScheduleV2`.
pub(super) fn read(name: &str, key: &str, by_scheduler: bool, mut fields: Fields<'_>) -> Option<Schedule> {
    let expression = fields.text(key).or_else(|| fields.missing(key));
    let input = fields.text("Input");
    let enabled = fields.flag("Enabled").unwrap_or(true);
    let state = fields.text("State").unwrap_or_else(|| "ENABLED".to_owned());
    fields.accept(&["Description", "RoleArn"]);
    let rule = known(&mut fields, "Name");
    let (mut zone, mut starts, mut ends, mut group) = (None, None, None, None);
    if by_scheduler {
        group = known(&mut fields, "GroupName");
        zone = fields.text("ScheduleExpressionTimezone");
        starts = date(&mut fields, "StartDate");
        ends = date(&mut fields, "EndDate");
        fields.accept(&["KmsKeyArn", "OmitName", "PermissionsBoundary"]);
        if fields
            .inner("FlexibleTimeWindow")
            .is_some_and(|mut window| window.text("Mode").as_deref() == Some("FLEXIBLE"))
        {
            fields
                .report
                .warn(fields.mark, format!("{} runs at the beginning of its flexible time window", fields.whose));
        }
    }
    fields.warn("RetryPolicy", "a schedule's invocations are repeated as every asynchronous one");
    fields.warn("DeadLetterConfig", "a schedule has no dead-letter queue locally; its function can");
    let mark = fields.mark;
    if let Some(Err(wrong)) = zone.as_deref().map(Zone::named) {
        fields.report.error(mark, format!("ScheduleExpressionTimezone of {}: {wrong}", fields.whose));
    }
    let when = expression.and_then(|expression| match when(&expression, by_scheduler) {
        Ok(when) => Some(when),
        Err(wrong) => {
            fields.report.error(mark, format!("{key} of {} is {expression}: {wrong}", fields.whose));
            None
        }
    });
    fields.finish();
    let name = name.to_owned();
    let schedule = Schedule { name, rule, group, when: when?, zone, starts, ends, by_scheduler, input };
    (enabled && state.starts_with("ENABLED")).then_some(schedule)
}

/// A name that is only told: one that only the cloud has is made up.
fn known(fields: &mut Fields<'_>, key: &str) -> Option<String> {
    fields.any_text(key).filter(|name| !name.contains(CLOUD_ONLY))
}

fn date(fields: &mut Fields<'_>, key: &str) -> Option<u64> {
    let text = fields.text(key)?;
    let found = moment(text.trim_end_matches('Z'));
    if found.is_none() {
        fields.report.error(fields.mark, format!("{key} of {} is {text}: write 2030-01-31T12:00:00Z", fields.whose));
    }
    found
}

/// What an expression says, or why it says nothing.
fn when(expression: &str, by_scheduler: bool) -> Result<When, String> {
    let inside = |kind: &str| expression.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(fields) = inside("cron") {
        return Cron::parse(fields).map(|_| When::Cron(fields.to_owned()));
    }
    if let Some(time) = inside("at").filter(|_| by_scheduler) {
        let form = || "at(…) takes a time such as 2030-01-31T12:00:00".to_owned();
        return moment(time).map(When::At).ok_or_else(form);
    }
    let known = if by_scheduler {
        "rate(5 minutes), cron(0 12 * * ? *) or at(2030-01-31T12:00:00)"
    } else {
        "rate(5 minutes) or cron(0 12 * * ? *)"
    };
    inside("rate")
        .and_then(minutes)
        .map(When::Every)
        .ok_or_else(|| format!("write {known}; a rate of 1 has a singular unit"))
}

/// `2030-01-31T12:00:00`, in seconds since 1970 by whatever clock it is meant for.
fn moment(text: &str) -> Option<u64> {
    let form = text.len() == 19
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit() || byte == b'T',
        });
    let plain: String = text.chars().filter(|letter| !"-:".contains(*letter)).collect();
    time::of_basic(&format!("{plain}Z")).filter(|_| form).map(|ms| ms / 1000)
}

/// `5 minutes`: a positive number, and a unit that is singular for 1 only.
fn minutes(rate: &str) -> Option<u32> {
    let (number, unit) = rate.split_once(' ')?;
    let number: u32 = number.parse().ok().filter(|number| *number > 0)?;
    let unit = match (unit, number) {
        ("minute", 1) | ("minutes", 2..) => 1,
        ("hour", 1) | ("hours", 2..) => 60,
        ("day", 1) | ("days", 2..) => 24 * 60,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_unit_that_agree() {
        let rate = |text: &str| when(text, false).ok();
        assert_eq!(rate("rate(1 minute)"), Some(When::Every(1)));
        assert_eq!(rate("rate(5 minutes)"), Some(When::Every(5)));
        assert_eq!(rate("rate(2 days)"), Some(When::Every(2880)));
        for wrong in
            ["rate(0 minutes)", "rate(1 minutes)", "rate(2 minute)", "rate(1 week)", "1 minute", "rate(1 minute"]
        {
            assert_eq!(rate(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_time_table_is_checked_and_a_single_time_is_for_the_scheduler_only() {
        assert_eq!(when("cron(0 12 * * ? *)", false), Ok(When::Cron("0 12 * * ? *".into())));
        assert!(when("cron(0 12 * * * *)", false).is_err_and(|wrong| wrong.contains("one of the two has to be ?")));
        assert_eq!(when("at(2024-02-09T18:11:43)", true), Ok(When::At(1_707_502_303)));
        for wrong in
            ["at(2024-02-30T18:11:43)", "at(2024-02-09 18:11:43)", "at(2024-02-09T18:11)", "at(20240209T181143Z)"]
        {
            assert!(when(wrong, true).is_err(), "{wrong}");
        }
        assert!(when("at(2024-02-09T18:11:43)", false).is_err());
    }

    #[test]
    fn a_schedule_that_is_switched_off_is_none_and_one_of_each_kind_is_read() {
        let text = "Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: f
      Runtime: provided.al2023
      Events:
        Off: { Type: Schedule, Properties: { Schedule: rate(1 minute), Enabled: false } }
        Disabled: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 minute), State: DISABLED } }
        Nightly: { Type: Schedule, Properties: { Schedule: cron(0 3 * * ? *), Input: '{}' } }
        Once:
          Type: ScheduleV2
          Properties:
            ScheduleExpression: at(2030-01-31T12:00:00)
            ScheduleExpressionTimezone: UTC
            StartDate: 2024-01-01T00:00:00Z
            EndDate: 2031-01-01T00:00:00Z
            FlexibleTimeWindow: { Mode: 'OFF' }
";
        let read = |text: &str| {
            crate::template::read(text, "template.yaml".as_ref(), "/".as_ref(), &crate::template::Inputs::default())
        };
        let loaded = read(text).unwrap_or_else(|problems| panic!("{problems:?}"));
        let [nightly, once] = &loaded.cloud.functions["F"].schedules[..] else { panic!("{loaded:?}") };
        assert_eq!((&nightly.when, nightly.by_scheduler), (&When::Cron("0 3 * * ? *".into()), false));
        assert_eq!((nightly.input.as_deref(), once.by_scheduler), (Some("{}"), true));
        assert_eq!(
            (&once.when, once.starts, once.ends),
            (&When::At(1_896_091_200), Some(1_704_067_200), Some(1_924_992_000))
        );
        for (wrong, said) in [
            ("cron(0 3 * * * *)", "one of the two has to be ?"),
            ("at(2030-01-31T12:00:00)", "write rate(5 minutes) or cron(0 12 * * ? *)"),
        ] {
            let problems = read(&text.replace("cron(0 3 * * ? *)", wrong)).map(|_| ()).unwrap_err();
            assert!(problems.iter().any(|problem| problem.message.contains(said)), "{problems:?}");
        }
        let problems = read(&text.replace("Timezone: UTC", "Timezone: Middle/Earth")).map(|_| ()).unwrap_err();
        assert!(
            problems.iter().any(|problem| problem.message.contains("has no time zone Middle/Earth")),
            "{problems:?}"
        );
    }
}
