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

/// `Fri, 09 Feb 2024 18:11:43 GMT`, as in headers.
pub(crate) fn http_date(ms: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let Date { year, month, day, hour, minute, second } = Date::of(ms);
    let (weekday, month) = (DAYS[(ms / 86_400_000 % 7) as usize], MONTHS[month as usize - 1]);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Milliseconds since 1970 of `Fri, 09 Feb 2024 18:11:43 GMT`, and of nothing that is written in another way.
pub(crate) fn of_http_date(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once(", ")?;
    let mut parts = rest.split([' ', ':']);
    let day = parts.next()?.parse().ok()?;
    let named = parts.next()?;
    let month = MONTHS.iter().position(|month| *month == named)? as u64 + 1;
    let mut number = || parts.next()?.parse().ok();
    let (year, hour, minute, second) = (number()?, number()?, number()?, number()?);
    Date { year, month, day, hour, minute, second }.ms().filter(|ms| http_date(*ms) == text)
}

/// `20240209T181143Z`, as in a signature.
pub(crate) fn basic(ms: u64) -> String {
    let Date { year, month, day, hour, minute, second } = Date::of(ms);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Milliseconds since 1970 of `20240209T181143Z`.
pub(crate) fn of_basic(text: &str) -> Option<u64> {
    let digits = text.bytes().enumerate().all(|(at, byte)| match at {
        8 => byte == b'T',
        15 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    });
    if text.len() != 16 || !digits {
        return None;
    }
    let number = |from: usize, to: usize| text[from..to].parse().unwrap_or_default();
    let (year, month, day) = (number(0, 4), number(4, 6), number(6, 8));
    let (hour, minute, second) = (number(9, 11), number(11, 13), number(13, 15));
    Date { year, month, day, hour, minute, second }.ms().filter(|ms| basic(*ms) == text)
}

/// A point in time by the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) year: u64,
    pub(crate) month: u64,
    pub(crate) day: u64,
    pub(crate) hour: u64,
    pub(crate) minute: u64,
    pub(crate) second: u64,
}

impl Date {
    /// The proleptic Gregorian calendar by eras of 400 years that begin in March, so that the leap day comes last.
    pub(crate) fn of(ms: u64) -> Self {
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

    /// Milliseconds since 1970; none before. A day beyond its month is one of the next.
    pub(crate) fn ms(self) -> Option<u64> {
        let shifted = (self.month + 9) % 12;
        let year = self.year.checked_sub(u64::from(self.month <= 2))?;
        let (era, year_of_era) = (year / 400, year % 400);
        let day_of_year = (153 * shifted + 2) / 5 + self.day.checked_sub(1)?;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = (era * 146_097 + day_of_era).checked_sub(719_468)?;
        Some((days * 86_400 + self.hour * 3600 + self.minute * 60 + self.second) * 1000)
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
    fn a_date_in_a_header_is_read_as_it_is_written() {
        for ms in [0, 951_782_400_000, 1_709_251_199_000] {
            assert_eq!(of_http_date(&http_date(ms)), Some(ms));
        }
        for wrong in [
            "",
            "today",
            "Fri, 09 Feb 2024",
            "Sat, 09 Feb 2024 18:11:43 GMT",
            "Fri, 09 Feb 2024 18:11:43",
            "Fri, 09 Feb 2024 18:11:60 GMT",
            "Fri, 99999999999999999999 Feb 2024 18:11:43 GMT",
            "Fri, 0 Feb 2024 18:11:43 GMT",
            "Friday, 09-Feb-24 18:11:43 GMT",
        ] {
            assert_eq!(of_http_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_time_of_a_signature_is_read_as_it_is_written() {
        for ms in [0, 951_782_400_000, 1_709_251_199_000, 1_735_689_599_000, 4_107_542_400_000] {
            assert_eq!(of_basic(&basic(ms)), Some(ms));
        }
        for wrong in
            ["", "20240230T000000Z", "20241301T000000Z", "20240101T240000Z", "2024-01-01T00:00", "+0240101T000000Z"]
        {
            assert_eq!(of_basic(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_request_time_is_written_as_in_an_access_log() {
        assert_eq!(common_log(1_707_502_303_000), "09/Feb/2024:18:11:43 +0000");
        assert_eq!(http_date(1_707_502_303_000), "Fri, 09 Feb 2024 18:11:43 GMT");
    }
}
