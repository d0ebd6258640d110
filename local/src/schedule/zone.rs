//! Time zones, for schedules that name one.
//!
//! The machine's own files say the rule that a zone follows from now on, as a line in the manner of POSIX (`EST5EDT,M3.2.0,M11.1.0`) at their
//! end. That is all that a schedule needs, which lies in the future. Zones whose dates somebody announces every year are then a little off.

use std::path::Path;

use crate::time::Date;

const FOLDERS: [&str; 2] = ["/usr/share/zoneinfo", "/var/db/timezone/zoneinfo"];
const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// The rule of a zone: seconds east of Greenwich, by the time of year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone {
    standard: i64,
    summer: Option<Summer>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Summer {
    offset: i64,
    starts: Change,
    ends: Change,
}

/// The `week`th `weekday` (from Sunday, 0) of a month, and the seconds of that day; the fifth is the last.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    month: u64,
    week: u64,
    weekday: u64,
    seconds: i64,
}

impl Zone {
    pub(crate) const UTC: Self = Self { standard: 0, summer: None };

    /// The zone of this name, `Europe/Berlin`; the error says why there is none.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        if ["UTC", "Etc/UTC", "GMT", "Etc/GMT"].contains(&name) {
            return Ok(Self::UTC);
        }
        let is_plain = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
        };
        if !name.split('/').all(is_plain) {
            return Err(format!("{name} is no name of a time zone"));
        }
        let file = FOLDERS.iter().find_map(|folder| std::fs::read(Path::new(folder).join(name)).ok());
        let file = file.ok_or_else(|| format!("this machine has no time zone {name} in {}", FOLDERS[0]))?;
        let text = String::from_utf8_lossy(&file);
        let rule = text.trim_end().rsplit('\n').next().unwrap_or_default();
        Self::parse(rule).ok_or_else(|| format!("the time zone {name} follows a rule that `local` cannot read: {rule}"))
    }

    /// Reads a rule.
    pub(crate) fn parse(rule: &str) -> Option<Self> {
        let (names, changes) = rule.split_once(',').map_or((rule, None), |(names, changes)| (names, Some(changes)));
        let rest = after_name(names)?;
        let (standard, rest) = time(rest)?;
        let standard = -standard;
        if rest.is_empty() {
            return Some(Self { standard, summer: None });
        }
        let rest = after_name(rest)?;
        let offset = if rest.is_empty() { standard + HOUR } else { -time(rest)?.0 };
        let (starts, ends) = changes?.split_once(',')?;
        Some(Self { standard, summer: Some(Summer { offset, starts: change(starts)?, ends: change(ends)? }) })
    }

    /// Seconds to add to a time in UTC.
    pub(crate) fn offset(&self, utc: u64) -> i64 {
        let Some(summer) = &self.summer else { return self.standard };
        let utc = i64::try_from(utc).unwrap_or(i64::MAX / 2);
        let year = Date::of(u64::try_from(utc + self.standard).unwrap_or_default() * 1000).year;
        let (starts, ends) = (summer.starts.of(year) - self.standard, summer.ends.of(year) - summer.offset);
        let is_summer = if starts < ends { (starts..ends).contains(&utc) } else { !(ends..starts).contains(&utc) };
        if is_summer { summer.offset } else { self.standard }
    }

    /// What the clocks of the zone show.
    pub(crate) fn local(&self, utc: u64) -> u64 {
        utc.saturating_add_signed(self.offset(utc))
    }

    /// When the clocks of the zone show this for the first time; none if they skip it.
    pub(crate) fn utc(&self, local: u64) -> Option<u64> {
        let offsets = [self.summer.as_ref().map(|summer| summer.offset), Some(self.standard)];
        let times = offsets.into_iter().flatten().map(|offset| local.saturating_add_signed(-offset));
        times.filter(|utc| self.local(*utc) == local).min()
    }
}

impl Change {
    /// Seconds since 1970 by the clocks of the place.
    fn of(&self, year: u64) -> i64 {
        let first = Date { year, month: self.month, day: 1, hour: 0, minute: 0, second: 0 };
        let start = i64::try_from(first.ms().unwrap_or_default() / 1000).unwrap_or_default();
        let weekday = (start / DAY + 4).rem_euclid(7);
        let wanted = i64::try_from(self.weekday).unwrap_or_default();
        let mut day =
            start + (wanted - weekday).rem_euclid(7) * DAY + (i64::try_from(self.week).unwrap_or(1) - 1) * 7 * DAY;
        while Date::of(u64::try_from(day).unwrap_or_default() * 1000).month != self.month {
            day -= 7 * DAY;
        }
        day + self.seconds
    }
}

/// What follows a name: letters, or anything in angle brackets.
fn after_name(text: &str) -> Option<&str> {
    if let Some(quoted) = text.strip_prefix('<') {
        return quoted.split_once('>').map(|(_, rest)| rest);
    }
    let end = text.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(text.len());
    (end > 0).then(|| &text[end..])
}

/// `-5`, `5:30` or `1:30:15` in seconds, and what follows.
fn time(text: &str) -> Option<(i64, &str)> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = text.find(|letter: char| !(letter.is_ascii_digit() || letter == ':')).unwrap_or(text.len());
    let mut seconds = 0;
    for (part, unit) in text[..end].split(':').zip([HOUR, 60, 1]) {
        seconds += part.parse::<i64>().ok().filter(|part| *part <= 167)? * unit;
    }
    Some((sign * seconds, &text[end..]))
}

/// `M3.2.0`, or `M10.5.0/3`.
fn change(text: &str) -> Option<Change> {
    let (date, at) = text.split_once('/').map_or((text, None), |(date, at)| (date, Some(at)));
    let mut numbers = date.strip_prefix('M')?.split('.').map(|number| number.parse::<u64>().ok());
    let (month, week, weekday) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let seconds = at.map_or(Some(2 * HOUR), |at| time(at).map(|(seconds, _)| seconds))?;
    let fits = (1..=12).contains(&month) && (1..=5).contains(&week) && weekday < 7 && numbers.next().is_none();
    fits.then_some(Change { month, week, weekday, seconds })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::of_basic;

    fn at(text: &str) -> u64 {
        of_basic(text).expect("a time") / 1000
    }

    #[test]
    fn a_rule_says_what_clocks_show_in_summer_and_in_winter() {
        for (rule, utc, local) in [
            ("UTC0", "20240701T120000Z", "20240701T120000Z"),
            ("<+0530>-5:30", "20240701T120000Z", "20240701T173000Z"),
            ("JST-9", "20240701T120000Z", "20240701T210000Z"),
            ("EST5EDT,M3.2.0,M11.1.0", "20240310T065959Z", "20240310T015959Z"),
            ("EST5EDT,M3.2.0,M11.1.0", "20240310T070000Z", "20240310T030000Z"),
            ("EST5EDT,M3.2.0,M11.1.0", "20241103T055959Z", "20241103T015959Z"),
            ("EST5EDT,M3.2.0,M11.1.0", "20241103T060000Z", "20241103T010000Z"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "20240331T005959Z", "20240331T015959Z"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "20240331T010000Z", "20240331T030000Z"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "20241027T010000Z", "20241027T020000Z"),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", "20240115T000000Z", "20240115T110000Z"),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", "20240715T000000Z", "20240715T100000Z"),
        ] {
            let zone = Zone::parse(rule).expect(rule);
            assert_eq!(zone.local(at(utc)), at(local), "{rule} {utc}");
        }
        for wrong in ["", "5", "EST", "EST5EDT", "EST5EDT,M3.2,M11.1.0", "EST5EDT,M13.2.0,M11.1.0", "EST5EDT,60,300"] {
            assert_eq!(Zone::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_hour_that_is_skipped_never_comes_and_one_that_comes_twice_is_its_first() {
        let zone = Zone::parse("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
        assert_eq!(zone.utc(at("20240331T023000Z")), None);
        assert_eq!(zone.utc(at("20241027T023000Z")), Some(at("20241027T003000Z")));
        assert_eq!(zone.utc(at("20240701T120000Z")), Some(at("20240701T100000Z")));
    }

    #[test]
    fn a_zone_is_named_as_files_are_and_no_file_elsewhere_is_read() {
        assert_eq!(Zone::named("UTC"), Ok(Zone::UTC));
        for wrong in ["", "../../etc/passwd", "Europe//Berlin", "/etc/passwd", "Europe/ Berlin"] {
            assert!(Zone::named(wrong).is_err_and(|said| said.contains("no name of a time zone")), "{wrong}");
        }
        assert!(Zone::named("Middle/Earth").is_err_and(|said| said.contains("has no time zone")));
    }
}
