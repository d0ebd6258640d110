//! Numbers and how they are shown.

/// The value that this share of the values does not exceed.
pub(crate) fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() as f64 * share).ceil() as usize;
    values.get(at.max(1) - 1).copied().unwrap_or(f64::NAN)
}

/// The value in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(&mut values.to_vec(), 0.5)
}

/// Rows of a table.
pub(crate) struct Table(Vec<Vec<String>>);

impl Default for Table {
    /// What was measured; the budget, if there is one, stands in docs and is repeated here for the reader.
    fn default() -> Self {
        Self::of(&["what", "measured", "budget"])
    }
}

impl Table {
    /// With these columns.
    pub(crate) fn of(columns: &[&str]) -> Self {
        let mut table = Self(Vec::new());
        table.cells(columns.iter().map(|column| (*column).to_owned()).collect());
        table
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, what: impl Into<String>, value: impl Into<String>, budget: &str) {
        self.cells(vec![what.into(), value.into(), budget.to_owned()]);
    }

    /// Adds a row with a cell for each column.
    pub(crate) fn cells(&mut self, cells: Vec<String>) {
        self.0.push(cells);
    }

    /// As Markdown, in columns; nothing, if there are no rows.
    pub(crate) fn to_markdown(&self) -> String {
        let [head, rows @ ..] = self.0.as_slice() else { return String::new() };
        if rows.is_empty() {
            return String::new();
        }
        let width =
            |column: usize| self.0.iter().map(|row: &Vec<String>| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let rules: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
        let rule = format!("|{}|\n", rules.join("|"));
        [line(head), rule].into_iter().chain(rows.iter().map(line)).collect()
    }
}
