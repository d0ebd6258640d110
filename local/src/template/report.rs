//! What is wrong with a template, all of it at once: people mend a file in one go.

use std::cell::RefCell;
use std::fmt;
use std::path::PathBuf;

use super::yaml::Mark;

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The template, as it was named.
    pub path: PathBuf,
    /// The line, from 1; none if the problem is not at one place.
    pub line: Option<usize>,
    /// The column, from 1.
    pub column: Option<usize>,
    /// What is wrong, and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(to, ":{line}")?;
        }
        write!(to, ": {}", self.message)
    }
}

/// Collects problems while a template is read. What changes behavior is an error, what is merely not there locally a warning.
#[derive(Debug, Default)]
pub(super) struct Report {
    path: PathBuf,
    errors: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
}

impl Report {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, ..Self::default() }
    }

    pub(super) fn error(&self, at: Mark, message: impl Into<String>) {
        self.put(&self.errors, Some(at), message.into());
    }

    pub(super) fn warn(&self, at: Mark, message: impl Into<String>) {
        self.put(&self.warnings, Some(at), message.into());
    }

    /// For a problem of the whole file, or of what was said beside it.
    pub(super) fn error_anywhere(&self, message: impl Into<String>) {
        self.put(&self.errors, None, message.into());
    }

    fn put(&self, list: &RefCell<Vec<Problem>>, at: Option<Mark>, message: String) {
        let at = at.filter(|at| at.line > 0);
        let (line, column) = (at.map(|at| at.line), at.map(|at| at.column));
        let problem = Problem { path: self.path.clone(), line, column, message };
        let mut list = list.borrow_mut();
        if !list.contains(&problem) {
            list.push(problem);
        }
    }

    /// Errors and warnings, each in the order of the lines.
    pub(super) fn close(self) -> (Vec<Problem>, Vec<Problem>) {
        let sorted = |list: RefCell<Vec<Problem>>| {
            let mut list = list.into_inner();
            list.sort_by_key(|problem| (problem.line, problem.column));
            list
        };
        (sorted(self.errors), sorted(self.warnings))
    }
}
