//! What is done to the chat meanwhile: the one list of faults, and when each is due.

use anyhow::{Context, Result};

use super::random::Random;

/// Something bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// A client's socket ends without a word.
    Cut,
    /// The process of a function is killed.
    Kill,
    /// The process of a function stands still for up to three seconds.
    Freeze,
    /// The process of a function stands still for longer than a lease.
    LongFreeze,
    /// The database, or the primary of three, crashes and is started again.
    Crash,
    /// The database is stopped in order and started again.
    Stop,
    /// The program of a function is replaced.
    Replace,
    /// One that `local` makes by itself, by its name there.
    Chaos(&'static str),
}

/// What the checker does itself, and among how many changes it does it once.
const DONE: [(Fault, &str, usize); 7] = [
    (Fault::Cut, "cut", 60),
    (Fault::Kill, "kill", 50),
    (Fault::Freeze, "freeze", 100),
    (Fault::LongFreeze, "long-freeze", 2_500),
    (Fault::Crash, "crash", 2_000),
    (Fault::Stop, "stop", 8_000),
    (Fault::Replace, "replace", 300),
];

/// What `local` does, and how often. Every post that hangs costs a round three seconds, and every frozen invocation a lease.
const CHAOS: [(&str, &str); 15] = [
    ("drop", "0.01"),
    ("delay", "0.03"),
    ("reorder", "0.02"),
    ("double", "0.01"),
    ("gone", "0.003"),
    ("throttle", "0.01"),
    ("fail", "0.01"),
    ("hang", "0.001"),
    ("lie", "0.005"),
    ("lose_disconnect", "0.2"),
    ("cut", "20s"),
    // Two hours are 36 seconds then, and ten idle minutes three.
    ("clock", "200"),
    ("twice", "0.01"),
    ("kill", "0.01"),
    ("freeze", "0.004"),
];

/// Stands before the names of what `local` does.
const OF_LOCAL: &str = "chaos:";

impl Fault {
    pub(crate) fn name(self) -> String {
        match self {
            Self::Chaos(name) => format!("{OF_LOCAL}{name}"),
            done => DONE.iter().find(|(fault, ..)| *fault == done).map_or("", |(_, name, _)| name).to_owned(),
        }
    }
}

fn every() -> impl Iterator<Item = Fault> {
    DONE.iter().map(|(fault, ..)| *fault).chain(CHAOS.iter().map(|(name, _)| Fault::Chaos(name)))
}

/// `all`, `none`, `chaos` for what `local` does, or names with commas between.
pub(crate) fn parse(names: &str) -> Result<Vec<Fault>> {
    let mut faults: Vec<Fault> = Vec::new();
    for wanted in names.split(',').filter(|name| *name != "none") {
        let before = faults.len();
        let is_wanted = |fault: &Fault| {
            wanted == "all" || fault.name() == wanted || (wanted == "chaos" && matches!(fault, Fault::Chaos(_)))
        };
        faults.extend(every().filter(is_wanted));
        (faults.len() > before).then_some(()).with_context(|| format!("there is no fault {wanted}"))?;
    }
    Ok(faults)
}

/// What [`parse`] reads.
pub(crate) fn named(faults: &[Fault]) -> String {
    match faults {
        [] => "none".to_owned(),
        all if every().all(|fault| all.contains(&fault)) => "all".to_owned(),
        some => some.iter().map(|fault| fault.name()).collect::<Vec<_>>().join(","),
    }
}

/// What `local` is told to do, in its own words.
pub(crate) fn chaos(seed: u64, wanted: &[Fault]) -> Option<String> {
    let mut told = format!("{seed},all=0");
    let wanted = CHAOS.iter().filter(|(name, _)| wanted.contains(&Fault::Chaos(name)));
    for (name, value) in wanted.clone() {
        told += &format!(",{name}={value}");
    }
    wanted.count().gt(&0).then_some(told)
}

/// After how many changes each fault is due, in order. Every one is at least once.
pub(crate) fn schedule(mut random: Random, changes: usize, wanted: &[Fault]) -> Vec<(usize, Fault)> {
    let mut due = Vec::new();
    for (fault, _, among) in DONE.iter().filter(|(fault, ..)| wanted.contains(fault)) {
        let times = (changes / among).max(1);
        due.extend((0..times).map(|_| (changes / 20 + random.below(changes * 8 / 10), *fault)));
    }
    due.sort_unstable();
    due
}
