//! `cron(minutes hours day-of-month month day-of-week year)`, by the rules of EventBridge, which are those of Quartz without seconds.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>

use crate::time::Date;

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const FIRST_YEAR: u64 = 1970;
const LAST_YEAR: u64 = 2199;
const DAY: u64 = 24 * 60 * 60;
const SATURDAY: u64 = 7;

/// A time table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cron {
    minutes: Vec<u64>,
    hours: Vec<u64>,
    days: Days,
    months: Vec<u64>,
    years: Vec<u64>,
}

/// Which days of a month: by their number, or by the day of the week.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Days {
    OfMonth(Vec<OfMonth>),
    OfWeek(Vec<OfWeek>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum OfMonth {
    On(Vec<u64>),
    Last,
    /// The weekday that is nearest to this day, in the same month.
    Near(u64),
    LastWeekday,
}

/// Days from 1, which is Sunday.
#[derive(Debug, Clone, PartialEq, Eq)]
enum OfWeek {
    On(Vec<u64>),
    /// `6L`: the last Friday of the month.
    Last(u64),
    /// `3#2`: the second Tuesday.
    Nth(u64, u64),
}

/// What a field may hold.
struct Field {
    name: &'static str,
    least: u64,
    most: u64,
    names: &'static [&'static str],
}

impl Cron {
    /// Reads what stands between the parentheses; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<String> = text.split_whitespace().map(str::to_ascii_uppercase).collect();
        let [minutes, hours, of_month, months, of_week, years] = &fields[..] else {
            return Err(format!(
                "has {} fields and needs six: minutes hours day-of-month month day-of-week year",
                fields.len()
            ));
        };
        let field = |name, least, most, names| Field { name, least, most, names };
        let days = match (of_month.as_str(), of_week.as_str()) {
            ("?", "?") => return Err("has ? in both day fields: one of them says the day".into()),
            (_, "?") => Days::OfMonth(of_month.split(',').map(day_of_month).collect::<Result<_, _>>()?),
            ("?", _) => Days::OfWeek(of_week.split(',').map(day_of_week).collect::<Result<_, _>>()?),
            _ => return Err("says both a day of the month and a day of the week: one of the two has to be ?".into()),
        };
        Ok(Self {
            minutes: field("minutes", 0, 59, &[]).list(minutes)?,
            hours: field("hours", 0, 23, &[]).list(hours)?,
            days,
            months: field("month", 1, 12, &MONTHS).list(months)?,
            years: field("year", FIRST_YEAR, LAST_YEAR, &[]).list(years)?,
        })
    }

    /// The first time that is later than `after`, both in seconds since 1970 by the time table's own clock; none if it was the last.
    pub(crate) fn next(&self, after: u64) -> Option<u64> {
        let first = after + 60 - after % 60;
        let mut day = first / DAY * DAY;
        loop {
            let date = Date::of(day * 1000);
            if date.year > LAST_YEAR {
                return None;
            }
            if !self.years.contains(&date.year) {
                day = Date { year: date.year + 1, month: 1, day: 1, ..date }.ms()? / 1000;
                continue;
            }
            if self.months.contains(&date.month) && self.days.contain(&date) {
                let times =
                    self.hours.iter().flat_map(|hour| self.minutes.iter().map(move |minute| hour * 60 + minute));
                if let Some(found) = times.map(|minutes| day + minutes * 60).find(|time| *time >= first) {
                    return Some(found);
                }
            }
            day += DAY;
        }
    }
}

impl Days {
    fn contain(&self, date: &Date) -> bool {
        let last = length(date);
        let weekday = |day: u64| weekday(&Date { day, ..*date });
        match self {
            Self::OfMonth(items) => items.iter().any(|item| match item {
                OfMonth::On(days) => days.contains(&date.day),
                OfMonth::Last => date.day == last,
                OfMonth::Near(day) => *day <= last && date.day == nearest(*day, last, weekday(*day)),
                OfMonth::LastWeekday => date.day == nearest(last, last, weekday(last)),
            }),
            Self::OfWeek(items) => items.iter().any(|item| match item {
                OfWeek::On(days) => days.contains(&weekday(date.day)),
                OfWeek::Last(day) => weekday(date.day) == *day && date.day + 7 > last,
                OfWeek::Nth(day, nth) => weekday(date.day) == *day && date.day.div_ceil(7) == *nth,
            }),
        }
    }
}

impl Field {
    /// `*`, `5`, `1-5`, `MON`, `0/15`, `*/5`, and several of them with commas.
    fn list(&self, text: &str) -> Result<Vec<u64>, String> {
        let mut all = Vec::new();
        for item in text.split(',') {
            let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
            let step: u64 = match step.map(str::parse) {
                None => 1,
                Some(Ok(step @ 1..)) => step,
                Some(_) => return Err(self.wrong(item)),
            };
            let (from, to) = match range.split_once('-') {
                _ if range == "*" => (self.least, self.most),
                Some((from, to)) => (self.number(from)?, self.number(to)?),
                None if item.contains('/') => (self.number(range)?, self.most),
                None => (self.number(range)?, self.number(range)?),
            };
            if from <= to {
                all.extend((from..=to).step_by(step as usize));
            } else {
                // FRI-MON goes over the end.
                let around = (from..=self.most).chain(self.least..=to);
                all.extend(around.step_by(step as usize));
            }
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    fn number(&self, text: &str) -> Result<u64, String> {
        let named = self.names.iter().zip(self.least..).find(|(name, _)| **name == text).map(|(_, number)| number);
        let number = named.or_else(|| text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit())));
        number.filter(|number| (self.least..=self.most).contains(number)).ok_or_else(|| self.wrong(text))
    }

    fn wrong(&self, text: &str) -> String {
        format!("has `{text}` for {}, which is from {} to {}", self.name, self.least, self.most)
    }
}

fn day_of_month(item: &str) -> Result<OfMonth, String> {
    let field = Field { name: "day-of-month", least: 1, most: 31, names: &[] };
    match (item, item.strip_suffix('W')) {
        ("L", _) => Ok(OfMonth::Last),
        ("LW", _) => Ok(OfMonth::LastWeekday),
        (_, Some(day)) => Ok(OfMonth::Near(field.number(day)?)),
        _ => Ok(OfMonth::On(field.list(item)?)),
    }
}

fn day_of_week(item: &str) -> Result<OfWeek, String> {
    let field = Field { name: "day-of-week", least: 1, most: 7, names: &DAYS };
    if item == "L" {
        return Ok(OfWeek::On(vec![SATURDAY]));
    }
    if let Some((day, nth)) = item.split_once('#') {
        let nth = Field { name: "the week behind #", least: 1, most: 5, names: &[] }.number(nth)?;
        return Ok(OfWeek::Nth(field.number(day)?, nth));
    }
    match item.strip_suffix('L') {
        Some(day) => Ok(OfWeek::Last(field.number(day)?)),
        None => Ok(OfWeek::On(field.list(item)?)),
    }
}

/// From 1, which is Sunday. The first of 1970 was a Thursday.
fn weekday(date: &Date) -> u64 {
    (Date { hour: 0, minute: 0, second: 0, ..*date }.ms().unwrap_or_default() / 1000 / DAY + 4) % 7 + 1
}

/// The number of the last day of a month.
fn length(date: &Date) -> u64 {
    match date.month {
        4 | 6 | 9 | 11 => 30,
        2 if date.year.is_multiple_of(if date.year.is_multiple_of(100) { 400 } else { 4 }) => 29,
        2 => 28,
        _ => 31,
    }
}

/// The day from Monday to Friday that is nearest to `day`, without leaving the month.
fn nearest(day: u64, last: u64, weekday: u64) -> u64 {
    match weekday {
        1 if day == last => day - 2,
        1 => day + 1,
        SATURDAY if day == 1 => 3,
        SATURDAY => day - 1,
        _ => day,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{iso, of_basic};

    /// The next runs after a point in time.
    fn runs(expression: &str, after: &str, count: usize) -> Vec<String> {
        let cron = Cron::parse(expression).unwrap_or_else(|wrong| panic!("{expression} {wrong}"));
        let mut at = of_basic(after).expect("a time") / 1000;
        let next = || cron.next(at).inspect(|next| at = *next).map(|next| iso(next * 1000)[..16].to_owned());
        std::iter::from_fn(next).take(count).collect()
    }

    #[test]
    fn the_examples_of_aws_run_when_aws_says() {
        for (expression, after, expected) in [
            ("0 10 * * ? *", "20240209T100000Z", ["2024-02-10T10:00", "2024-02-11T10:00"]),
            ("15 12 * * ? *", "20240209T181143Z", ["2024-02-10T12:15", "2024-02-11T12:15"]),
            ("0 18 ? * MON-FRI *", "20240209T181143Z", ["2024-02-12T18:00", "2024-02-13T18:00"]),
            ("0 8 1 * ? *", "20240209T181143Z", ["2024-03-01T08:00", "2024-04-01T08:00"]),
            ("0/15 * * * ? *", "20240209T181143Z", ["2024-02-09T18:15", "2024-02-09T18:30"]),
            ("0/10 * ? * MON-FRI *", "20240209T235500Z", ["2024-02-12T00:00", "2024-02-12T00:10"]),
            ("0/5 8-17 ? * MON-FRI *", "20240209T175500Z", ["2024-02-12T08:00", "2024-02-12T08:05"]),
            ("15 10 ? * 6L 2022-2023", "20221201T000000Z", ["2022-12-30T10:15", "2023-01-27T10:15"]),
            ("0 9 ? * 2#1 *", "20240209T181143Z", ["2024-03-04T09:00", "2024-04-01T09:00"]),
            ("0 0 L * ? *", "20240209T181143Z", ["2024-02-29T00:00", "2024-03-31T00:00"]),
            ("0 0 LW * ? *", "20240301T000000Z", ["2024-03-29T00:00", "2024-04-30T00:00"]),
            ("30 4 15W 6,9 ? *", "20240209T181143Z", ["2024-06-14T04:30", "2024-09-16T04:30"]),
            ("0 0 1W 6 ? *", "20240209T181143Z", ["2024-06-03T00:00", "2025-06-02T00:00"]),
            ("59 23 ? DEC,feb L *", "20240209T181143Z", ["2024-02-10T23:59", "2024-02-17T23:59"]),
            ("0 0 29 2 ? *", "20240301T000000Z", ["2028-02-29T00:00", "2032-02-29T00:00"]),
            ("0 12 ? * FRI-MON *", "20240209T130000Z", ["2024-02-10T12:00", "2024-02-11T12:00"]),
        ] {
            assert_eq!(runs(expression, after, 2), expected, "{expression}");
        }
    }

    #[test]
    fn what_is_over_never_runs_again() {
        assert_eq!(runs("0 0 1 1 ? 2024", "20231231T235900Z", 3), ["2024-01-01T00:00"]);
        assert_eq!(runs("0 0 31 2 ? *", "20240101T000000Z", 1), Vec::<String>::new());
    }

    #[test]
    fn an_expression_that_is_none_says_why() {
        for (expression, why) in [
            ("0 10 * * ?", "has 5 fields"),
            ("0 10 * * * *", "one of the two has to be ?"),
            ("0 10 ? * ? *", "has ? in both"),
            ("60 10 * * ? *", "`60` for minutes"),
            ("0 24 * * ? *", "`24` for hours"),
            ("0 0 0 * ? *", "`0` for day-of-month"),
            ("0 0 * 13 ? *", "`13` for month"),
            ("0 0 ? * 8 *", "`8` for day-of-week"),
            ("0 0 ? * 2#6 *", "`6` for the week"),
            ("0 0 * * ? 1969", "`1969` for year"),
            ("0/0 * * * ? *", "`0/0` for minutes"),
            ("+5 * * * ? *", "`+5` for minutes"),
            ("? * * * ? *", "`?` for minutes"),
        ] {
            let wrong = Cron::parse(expression).expect_err(expression);
            assert!(wrong.contains(why), "{expression}: {wrong}");
        }
    }
}
