//! `Schedule` events of functions.

use super::fields::Fields;
use crate::model::Schedule;

/// Reads the properties of one, or none if it is switched off.
pub(super) fn read(name: &str, mut fields: Fields<'_>) -> Option<Schedule> {
    let expression = fields.text("Schedule").or_else(|| fields.missing("Schedule"));
    let input = fields.text("Input");
    let enabled = fields.flag("Enabled").unwrap_or(true);
    let state = fields.text("State").unwrap_or_else(|| "ENABLED".to_owned());
    fields.accept(&["Name", "Description", "RoleArn"]);
    fields.warn("RetryPolicy", "a schedule's invocations are repeated as every asynchronous one");
    fields.warn("DeadLetterConfig", "there is no dead-letter queue locally");
    let mark = fields.mark;
    let minutes = expression.as_deref().map(minutes);
    if let (Some(None), Some(expression)) = (minutes, &expression) {
        let known = "`local` knows rate(1 minute), rate(5 minutes), hours and days";
        fields.report.error(mark, format!("Schedule of {} is {expression}: {known}", fields.whose));
    }
    fields.finish();
    let minutes = minutes??;
    (enabled && state == "ENABLED").then(|| Schedule { name: name.to_owned(), minutes, input })
}

/// `rate(5 minutes)`: a positive number, and a unit that is singular for 1 only.
fn minutes(expression: &str) -> Option<u32> {
    let (number, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
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
    use super::minutes;

    #[test]
    fn a_rate_is_a_number_and_a_unit_that_agree() {
        assert_eq!(minutes("rate(1 minute)"), Some(1));
        assert_eq!(minutes("rate(5 minutes)"), Some(5));
        assert_eq!(minutes("rate(2 days)"), Some(2880));
        for wrong in
            ["rate(0 minutes)", "rate(1 minutes)", "rate(2 minute)", "cron(0 * * * ? *)", "rate(1 week)", "1 minute"]
        {
            assert_eq!(minutes(wrong), None, "{wrong}");
        }
    }
}
