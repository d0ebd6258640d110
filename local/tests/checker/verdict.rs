//! What a run came to, for a person to read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::account::account;
use super::judge;
use super::record::Ms;
use super::run::Outcome;
use super::violation::{Kind, Violation};

/// How many violations are told in full.
const TOLD: usize = 4;

/// What a line of the log contains that says that something was wrong.
const SIGNS: [&str; 3] = ["ERROR", "WARN", "panicked"];

/// What a run came to.
pub(crate) struct Verdict {
    pub(crate) violations: Vec<Violation>,
    /// Faults that were wanted and never happened: the run says nothing about them.
    pub(crate) idle: Vec<String>,
    /// All of it in words.
    pub(crate) told: String,
}

impl Verdict {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        let violations = judge::judge(&outcome.record);
        let wanted = outcome.settings.faults.iter().map(|fault| fault.name());
        let idle: Vec<String> = wanted.filter(|name| !outcome.faults.contains_key(name)).collect();
        let mut told = summary(outcome);
        if !idle.is_empty() {
            let _ = writeln!(told, "INVALID: never happened: {}", idle.join(", "));
        }
        if !violations.is_empty() {
            told += &accounts(outcome, &violations);
        }
        Self { violations, idle, told }
    }

    pub(crate) fn is_good(&self) -> bool {
        self.violations.is_empty() && self.idle.is_empty()
    }
}

fn summary(outcome: &Outcome) -> String {
    let record = &outcome.record;
    let times = judge::times(record);
    let answered = record.asks.iter().filter(|ask| ask.done().is_some()).count();
    let refused = record.asks.iter().filter(|ask| ask.done().is_none() && ask.is_refused()).count();
    let tries: usize = record.asks.iter().map(|ask| ask.tries.len()).sum();
    let voids = record.rooms.iter().flat_map(|room| &room.places).filter(|place| place.message.is_none()).count();
    let share = 100.0 * times.delays.len() as f64 / times.expected.max(1) as f64;
    let mut told = String::new();
    let _ = writeln!(
        told,
        "seed {}: {answered} changes done, {refused} refused, {tries} requests, {voids} positions void, {:.0} s and {:.1} s to be level",
        outcome.settings.seed,
        outcome.load.as_secs_f64(),
        outcome.calm.as_secs_f64()
    );
    let _ = writeln!(
        told,
        "  delivered {share:.2} % of {}; after the acknowledgment p50 {} ms, p99 {} ms, at most {} ms",
        times.expected,
        times.percentile(0.5),
        times.percentile(0.99),
        times.percentile(1.0)
    );
    let since = |of: fn(&super::ledger::CatchUp) -> Ms| {
        let mut all: Vec<Ms> = outcome.catch_ups.iter().map(of).collect();
        all.sort_unstable();
        let at = |share: f64| all.get(((all.len() as f64 * share).ceil() as usize).max(1) - 1).copied();
        format!("p50 {} ms, p99 {} ms", at(0.5).unwrap_or_default(), at(0.99).unwrap_or_default())
    };
    let _ = writeln!(
        told,
        "  {} times cut off; level again since the cut {}; since the new socket {}",
        outcome.catch_ups.len(),
        since(|one| one.since_cut),
        since(|one| one.since_open)
    );
    let mut troubles: BTreeMap<_, usize> = BTreeMap::new();
    for trouble in &record.troubles {
        *troubles.entry(trouble.kind).or_default() += 1;
    }
    let _ = writeln!(told, "  clients put up with {troubles:?}; {} pages read", record.reads.len());
    let _ = writeln!(told, "  faults {:?}", outcome.faults);
    told
}

fn accounts(outcome: &Outcome, violations: &[Violation]) -> String {
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    for violation in violations {
        *kinds.entry(violation.kind).or_default() += 1;
    }
    let mut told = format!("VIOLATED: {kinds:?}\nagain: {}\n", outcome.settings.command());
    // One of each kind first: they tell more than many of one.
    let mut firsts: Vec<&Violation> =
        kinds.keys().filter_map(|kind| violations.iter().find(|one| one.kind == *kind)).collect();
    firsts.truncate(TOLD);
    for violation in firsts {
        told += &account(&outcome.record, violation);
        told.push('\n');
    }
    let failures = outcome.log.iter().filter(|line| SIGNS.iter().any(|sign| line.contains(sign)));
    for line in failures.rev().take(TOLD) {
        let _ = writeln!(told, "  the functions said: {}", line.chars().take(300).collect::<String>());
    }
    told
}
