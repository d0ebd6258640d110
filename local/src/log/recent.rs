//! The latest lines of the log, for whoever asks for them later and for whoever follows.
//!
//! They are numbered, so that a follower asks for what comes behind the last one it has, and notices when it was too slow: the oldest
//! lines go when there are ten thousand, or four megabytes of them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::time;

/// Lines that are kept.
const LINES: usize = 10_000;
/// Bytes that they may have together.
const BYTES: usize = 4 * 1024 * 1024;

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Counted from one; a gap says that lines are lost.
    pub number: u64,
    /// When it was written, as `2024-02-09T18:11:43.123Z`.
    pub time: String,
    /// The function's name, or the API that says something.
    pub source: String,
    /// The whole id of the request, of lines of an invocation.
    #[serde(rename = "requestId", skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What was said.
    pub message: String,
    /// The line as it stands in the log.
    #[serde(skip)]
    pub line: String,
}

/// The latest lines.
#[derive(Debug)]
pub(crate) struct Recent {
    kept: Mutex<Kept>,
    last: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<Line>,
    bytes: usize,
    last: u64,
}

/// Which lines are wanted.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Behind this number.
    pub(crate) after: u64,
    /// Not older than this: a time as lines have it, or the beginning of one.
    pub(crate) since: String,
    /// Of these functions or APIs; of all, if there is none.
    pub(crate) of: Vec<String>,
}

impl Default for Recent {
    fn default() -> Self {
        Self { kept: Mutex::default(), last: watch::Sender::new(0) }
    }
}

impl Recent {
    pub(super) fn push(&self, of: &str, request_id: Option<&str>, message: &str, line: &str) {
        let mut kept = self.kept();
        kept.last += 1;
        kept.bytes += line.len();
        let number = kept.last;
        let line = Line {
            number,
            time: time::iso(time::now_ms()),
            source: of.to_owned(),
            request_id: request_id.map(str::to_owned),
            message: message.to_owned(),
            line: line.to_owned(),
        };
        kept.lines.push_back(line);
        while kept.lines.len() > LINES || kept.bytes > BYTES {
            let Some(oldest) = kept.lines.pop_front() else { break };
            kept.bytes -= oldest.line.len();
        }
        drop(kept);
        self.last.send_replace(number);
    }

    /// The lines that are wanted, and the number of the latest line there is; at most as many as fit into one answer.
    pub(crate) fn lines(&self, wanted: &Wanted, most: usize) -> (Vec<Line>, u64) {
        let kept = self.kept();
        // They are numbered without a gap, so that a follower does not pass by all that it has.
        let first = kept.last - kept.lines.len() as u64 + 1;
        let had = usize::try_from(wanted.after.saturating_add(1).saturating_sub(first))
            .unwrap_or(usize::MAX)
            .min(kept.lines.len());
        let is_wanted = |line: &&Line| {
            line.time.as_str() >= wanted.since.as_str() && (wanted.of.is_empty() || wanted.of.contains(&line.source))
        };
        let found: Vec<Line> = kept.lines.range(had..).filter(is_wanted).take(most).cloned().collect();
        let seen = if found.len() == most { found.last().map_or(kept.last, |line| line.number) } else { kept.last };
        (found, seen)
    }

    /// The same, but waits for the first line if there is none.
    pub(crate) async fn next(&self, wanted: &Wanted, most: usize, within: Duration) -> (Vec<Line>, u64) {
        let ends = Instant::now() + within;
        let mut last = self.last.subscribe();
        loop {
            last.mark_unchanged();
            let (found, seen) = self.lines(wanted, most);
            if !found.is_empty() || !matches!(timeout_at(ends, last.changed()).await, Ok(Ok(()))) {
                return (found, seen);
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(found: &(Vec<Line>, u64)) -> Vec<u64> {
        found.0.iter().map(|line| line.number).collect()
    }

    #[test]
    fn the_oldest_lines_go_first_and_a_gap_shows() {
        let recent = Recent::default();
        for n in 0..LINES + 5 {
            recent.push("F", None, "x", &format!("F {n}"));
        }
        let after = |after| recent.lines(&Wanted { after, ..Wanted::default() }, usize::MAX);
        for (number, first, count) in [(0, 6, LINES), (5, 6, LINES), (6, 7, LINES - 1), (10_004, 10_005, 1)] {
            let found = after(number);
            assert_eq!((found.0.len(), found.0[0].number, found.1), (count, first, 10_005));
        }
        for number in [10_005, 10_006, u64::MAX] {
            assert_eq!((after(number).0.len(), after(number).1), (0, 10_005));
        }
        recent.push("F", None, "x", &"y".repeat(BYTES - 100));
        assert!(recent.lines(&Wanted::default(), usize::MAX).0.len() < 20);
    }

    #[test]
    fn lines_are_chosen_by_who_said_them_and_by_number() {
        let recent = Recent::default();
        for of in ["A", "B", "A", "B"] {
            recent.push(of, None, "x", "x");
        }
        let of = |of: &str, after| Wanted { of: vec![of.to_owned()], after, ..Wanted::default() };
        assert_eq!(numbers(&recent.lines(&of("B", 0), 10)), [2, 4]);
        let first = recent.lines(&of("B", 0), 1);
        assert_eq!((numbers(&first), first.1), (vec![2], 2), "what did not fit is asked for next");
        assert_eq!(numbers(&recent.lines(&of("B", 2), 1)), [4]);
        let none = recent.lines(&of("C", 0), 10);
        assert_eq!((numbers(&none), none.1), (vec![], 4));
    }

    #[tokio::test]
    async fn a_follower_waits_for_the_next_line_and_no_longer_than_it_wants() {
        let recent = Recent::default();
        recent.push("A", None, "x", "x");
        let wanted = Wanted { after: 1, of: vec!["A".to_owned()], ..Wanted::default() };
        let none = recent.next(&wanted, 10, Duration::from_millis(5)).await;
        assert_eq!((numbers(&none), none.1), (vec![], 1));
        let (found, ()) = tokio::join!(recent.next(&wanted, 10, Duration::from_secs(60)), async {
            for of in ["B", "A"] {
                tokio::task::yield_now().await;
                recent.push(of, None, "x", "x");
            }
        });
        assert_eq!(numbers(&found), [3]);
    }
}
