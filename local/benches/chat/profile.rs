//! Where the time of one send goes, in a room of ten where somebody sends when they are answered, so that no send meets another.
//!
//! Every line tells when something begins after the send was due, and how long it takes, each the median of all sends. Seen at the clients: the answer
//! and the message. Seen at a detour on the way to the database: each round trip, `mongod` and its journal included; those of one send that overlap are
//! made at once. Told by Lambda's REPORT: the function's own time. What lies between the end of a round trip and the first one who hears
//! is posting.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::cloud::Cloud;
use super::crowd::{Crowd, Load};
use super::database::{Detour, Trip};
use super::dialect::Dialect;
use super::figures::{Table, median};
use super::people;
use super::writer::Pace;

/// What fewer sends than this share have is left out: what an environment reads once, and the lease that somebody else has.
const RARE: f64 = 0.05;

pub(crate) fn measure(cloud: &mut Cloud, detour: &Detour) -> Result<Table> {
    let mut crowd = Crowd::of(vec![people::room(cloud, "profile", 10)?], Dialect::Parlour)?;
    let load = |seconds| Load {
        pace: Pace::Waiting,
        writers: 1,
        warm_up: Duration::ZERO,
        measured: Duration::from_secs(seconds),
    };
    crowd.talk(&load(2), || Ok(()))?;
    let reported = cloud.reports().len();
    detour.record(true);
    let counted = crowd.talk(&load(8), || Ok(()))?.counted;
    detour.record(false);
    ensure!(counted.stored > 0, "nothing was stored: {}", counted.refusal);

    let mut table = Table::of(&["a send in a room of 10", "begins, ms", "takes, ms", "of all sends"]);
    let mut row = |what: String, begins: Option<f64>, takes: Option<f64>, share: f64| {
        let ms = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.2}"));
        table.cells(vec![what, ms(begins), ms(takes), format!("{:.0} %", share * 100.0)]);
    };
    let sends = counted.due.len() as f64;
    for (what, times) in by_stage(&counted.due, &detour.trips()) {
        let share = times.len() as f64 / sends;
        if share < RARE {
            continue;
        }
        let of = |which: fn(&(f64, f64)) -> f64| median(&times.iter().map(which).collect::<Vec<_>>());
        row(what, Some(of(|(begins, _)| *begins)), Some(of(|(_, takes)| *takes)), share);
    }
    row("the first of ten hears it".into(), Some(median(&counted.first_ms)), None, 1.0);
    row("the last of ten hears it".into(), Some(median(&counted.last_ms)), None, 1.0);
    let answer = median(&counted.answer_ms);
    row("its author has the answer".into(), Some(answer), None, 1.0);
    let mut functions: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for report in cloud.reports().into_iter().skip(reported) {
        functions.entry(report.function).or_default().push(report.duration_ms);
    }
    for (function, times) in functions {
        let takes = median(&times);
        row(format!("{function}, as reported"), None, Some(takes), times.len() as f64 / sends);
        row("… the answer less that: `local`, sockets, clients".into(), None, Some(answer - takes), 1.0);
    }
    Ok(table)
}

/// When the trips of each kind began after the send that they belong to was due, and how long they took, in the order in which they begin.
fn by_stage(due: &[Instant], trips: &[Trip]) -> Vec<(String, Vec<(f64, f64)>)> {
    let mut seen: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    let mut stages: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for trip in trips {
        let Some(send) = due.partition_point(|due| *due <= trip.asked).checked_sub(1) else { continue };
        let nth = seen.entry((send, &trip.what)).or_default();
        *nth += 1;
        let name = if *nth == 1 { trip.what.clone() } else { format!("{} ({nth})", trip.what) };
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        stages.entry(name).or_default().push((ms(trip.asked - due[send]), ms(trip.answered - trip.asked)));
    }
    let mut stages: Vec<_> = stages.into_iter().collect();
    let begins = |times: &[(f64, f64)]| median(&times.iter().map(|(begins, _)| *begins).collect::<Vec<_>>());
    stages.sort_by(|(_, one), (_, other)| begins(one).total_cmp(&begins(other)));
    stages
}
