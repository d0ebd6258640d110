//! The time in the three forms that AWS writes it: milliseconds since 1970, Common Log Format, ISO 8601. A calendar of forty lines
//! is less than a dependency.

use std::time::{SystemTime, UNIX_EPOCH};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Milliseconds since 1970-01-01 UTC.
pub(crate) fn now_ms() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// `09/Feb/2024:18:11:43 +0000`, as in `requestContext.requestTime`.
pub(crate) fn common_log(ms: u64) -> String {
    let date = Date::of(ms);
    let month = MONTHS[date.month as usize - 1];
    format!("{:02}/{month}/{:04}:{:02}:{:02}:{:02} +0000", date.day, date.year, date.hour, date.minute, date.second)
}

/// `2024-02-09T18:11:43.123Z`, as in the body of `GET @connections`.
pub(crate) fn iso(ms: u64) -> String {
    let Date { year, month, day, hour, minute, second } = Date::of(ms);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1000)
}

struct Date {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
}

impl Date {
    /// The proleptic Gregorian calendar by eras of 400 years that begin in March, so that the leap day comes last.
    fn of(ms: u64) -> Self {
        let seconds = ms / 1000;
        let days = seconds / 86_400 + 719_468;
        let era = days / 146_097;
        let day_of_era = days % 146_097;
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        Self {
            year: year_of_era + era * 400 + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * shifted + 2) / 5 + 1,
            hour: seconds / 3600 % 24,
            minute: seconds / 60 % 60,
            second: seconds % 60,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_knows_leap_days_and_year_ends() {
        for (ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_735_689_599_001, "2024-12-31T23:59:59.001Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(iso(ms), expected);
        }
    }

    #[test]
    fn a_request_time_is_written_as_in_an_access_log() {
        assert_eq!(common_log(1_707_502_303_000), "09/Feb/2024:18:11:43 +0000");
    }
}
