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
    /// The database crashes and is started again.
    Crash,
    /// The database is stopped in order and started again.
    Stop,
    /// The program of a function is replaced.
    Replace,
}

/// Name, and among how many changes it happens once.
const FAULTS: [(Fault, &str, usize); 7] = [
    (Fault::Cut, "cut", 60),
    (Fault::Kill, "kill", 150),
    (Fault::Freeze, "freeze", 300),
    (Fault::LongFreeze, "long-freeze", 2_500),
    (Fault::Crash, "crash", 4_000),
    (Fault::Stop, "stop", 8_000),
    (Fault::Replace, "replace", 1_500),
];

impl Fault {
    pub(crate) fn name(self) -> &'static str {
        FAULTS.iter().find(|(fault, ..)| *fault == self).map_or("", |(_, name, _)| name)
    }
}

/// `all`, `none`, or names with commas between.
pub(crate) fn parse(names: &str) -> Result<Vec<Fault>> {
    match names {
        "all" => Ok(FAULTS.iter().map(|(fault, ..)| *fault).collect()),
        "none" => Ok(Vec::new()),
        _ => names
            .split(',')
            .map(|wanted| {
                let found = FAULTS.iter().find(|(_, name, _)| *name == wanted);
                found.map(|(fault, ..)| *fault).with_context(|| format!("there is no fault {wanted}"))
            })
            .collect(),
    }
}

/// What [`parse`] reads.
pub(crate) fn named(faults: &[Fault]) -> String {
    match faults {
        [] => "none".to_owned(),
        some => some.iter().map(|fault| fault.name()).collect::<Vec<_>>().join(","),
    }
}

/// After how many changes each fault is due, in order. Every one is at least once.
pub(crate) fn schedule(mut random: Random, changes: usize, wanted: &[Fault]) -> Vec<(usize, Fault)> {
    let mut due = Vec::new();
    for (fault, _, among) in FAULTS.iter().filter(|(fault, ..)| wanted.contains(fault)) {
        let times = (changes / among).max(1);
        due.extend((0..times).map(|_| (changes / 20 + random.below(changes * 8 / 10), *fault)));
    }
    due.sort_unstable();
    due
}
