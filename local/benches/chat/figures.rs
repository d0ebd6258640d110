//! Numbers and how they are shown.

/// The value that this share of the values does not exceed.
pub(crate) fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() as f64 * share).ceil() as usize;
    values.get(at.max(1) - 1).copied().unwrap_or(f64::NAN)
}

/// Rows of the one table that comes out.
#[derive(Default)]
pub(crate) struct Table(Vec<[String; 3]>);

impl Table {
    /// Adds a row; the budget, if there is one, stands in docs and is repeated here for the reader.
    pub(crate) fn row(&mut self, what: impl Into<String>, value: impl Into<String>, budget: &str) {
        self.0.push([what.into(), value.into(), budget.to_owned()]);
    }

    /// As Markdown, in columns.
    pub(crate) fn to_markdown(&self) -> String {
        let head = ["what", "measured", "budget"].map(str::to_owned);
        let widths = [0, 1, 2]
            .map(|column| self.0.iter().chain([&head]).map(|row| row[column].chars().count()).max().unwrap_or(0));
        let line = |row: &[String; 3]| {
            let cells = [0, 1, 2].map(|column| format!("{:<width$}", row[column], width = widths[column]));
            format!("| {} |\n", cells.join(" | "))
        };
        let rule = format!("|{}|\n", widths.map(|width| "-".repeat(width + 2)).join("|"));
        [line(&head), rule].into_iter().chain(self.0.iter().map(line)).collect()
    }
}
