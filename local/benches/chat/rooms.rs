//! Rooms of several sizes under several loads.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::cloud::Cloud;
use super::crowd::{Crowd, Load, Outcome};
use super::figures::{Table, percentile};
use super::machine;
use super::people;
use super::writer::Pace;

const SIZES: [usize; 3] = [10, 100, 1000];

/// How many messages are under way when a room is saturated.
const UNDER_WAY: usize = 64;

const WRITERS: usize = 10;

/// Twenty rooms of ten, in which 25 messages a second are said in all.
const QUIET_ROOMS: usize = 20;
const QUIET_RATE: f64 = 25.0;

/// Memory of `Message` in the template, in GB, and list prices of a second of one GB (arm64) and of a million requests and messages, in dollars.
const GIGABYTES: f64 = 0.5;
const GIGABYTE_SECOND: f64 = 0.000_013_333_4;
const REQUESTS: f64 = 0.20;
const MESSAGES: f64 = 1.00;

/// Processor time so far, by who used it, and what Lambda would have billed.
#[derive(Default)]
struct Sample {
    client: Duration,
    local: Duration,
    functions: Duration,
    mongod: Duration,
    billed_ms: f64,
}

pub(crate) fn measure(cloud: &mut Cloud, mongod: u32, measured: Duration, table: &mut Table) -> Result<()> {
    for size in SIZES {
        let mut crowd = Crowd::of(vec![people::room(cloud, &format!("room-of-{size}"), size)?])?;
        let mut run = |name: &str, pace, writers| {
            let load = Load { pace, writers, warm_up: Duration::from_millis(1500), measured };
            let outcome = crowd.talk(&load, || sample(cloud, mongod))?;
            report(table, &format!("room of {size}, {name}"), size, outcome)
        };
        let rate = run("saturated", Pace::Window(UNDER_WAY), WRITERS)?;
        run("open loop", Pace::Rate((rate / 2.0).floor().max(1.0)), WRITERS)?;
        run("one writer", Pace::Waiting, 1)?;
    }
    let rooms = (0..QUIET_ROOMS).map(|at| people::room(cloud, &format!("quiet-{at}"), 10)).collect::<Result<_>>()?;
    let load =
        Load { pace: Pace::Rate(QUIET_RATE), writers: 10, warm_up: Duration::from_secs(2), measured: measured * 3 };
    let outcome = Crowd::of(rooms)?.talk(&load, || sample(cloud, mongod))?;
    report(table, &format!("{QUIET_ROOMS} rooms of 10, {QUIET_RATE:.0} a second"), 10, outcome).map(drop)
}

fn sample(cloud: &mut Cloud, mongod: u32) -> Result<Sample> {
    let functions = cloud.processes()?.into_values().flatten().map(machine::processor).sum();
    Ok(Sample {
        client: machine::processor(std::process::id()),
        local: machine::processor(cloud.pid()),
        functions,
        mongod: machine::processor(mongod),
        billed_ms: cloud
            .reports()
            .iter()
            .filter(|report| report.function.contains("Message"))
            .map(|report| report.duration_ms)
            .sum(),
    })
}

/// Adds the rows of a load, and gives the sends a second.
fn report(table: &mut Table, name: &str, size: usize, outcome: Outcome<Sample>) -> Result<f64> {
    let Outcome { mut counted, seconds, before, after } = outcome;
    ensure!(counted.deliveries > 0, "nobody heard anything in {name}: {}", counted.refusal);
    let (deliveries, posts) = (counted.deliveries as f64, counted.posts as f64);
    let sends = counted.answers as f64 / seconds;
    table.row(format!("{name}: sends, deliveries a second"), format!("{sends:.0}, {:.0}", deliveries / seconds), "");
    let both = |values: &mut [f64]| (percentile(values, 0.5), percentile(values, 0.99));
    let ((heard, heard_99), (told, told_99)) = (both(&mut counted.delivery_ms), both(&mut counted.answer_ms));
    table.row("… send to delivery", format!("p50 {heard:.1} ms, p99 {heard_99:.1} ms"), "");
    table.row("… send to answer", format!("p50 {told:.1} ms, p99 {told_99:.1} ms"), "");
    let wrong = format!(
        "{}, {}, {} of {} × {size}{}",
        counted.lost,
        counted.doubled,
        counted.disordered,
        counted.stored,
        if counted.refused > 0 { format!("; {} refused: {}", counted.refused, counted.refusal) } else { String::new() }
    );
    table.row("… lost, doubled, out of order", wrong, "0, 0, 0");
    let lambda = (after.billed_ms - before.billed_ms) / 1000.0 * GIGABYTES * GIGABYTE_SECOND / deliveries * 1e6;
    let (coalesced, members) = (deliveries / posts, size as f64);
    let invocations = if size > 250 { 1 + size.div_ceil(250) } else { 1 } as f64;
    let cost = MESSAGES / coalesced + MESSAGES / members + REQUESTS * invocations / members + lambda;
    table.row(
        "… posts per delivered message; cost of a million",
        format!("{:.2}; ${cost:.2} (Lambda's seconds ${lambda:.2})", 1.0 / coalesced),
        "",
    );
    let per = |from: Duration, to: Duration, of: f64| to.saturating_sub(from).as_secs_f64() * 1e6 / of;
    table.row(
        "… processor time of a delivery: functions, `local`, mongod, clients",
        format!(
            "{:.1}, {:.1}, {:.1}, {:.1} µs",
            per(before.functions, after.functions, deliveries),
            per(before.local, after.local, deliveries),
            per(before.mongod, after.mongod, deliveries),
            per(before.client, after.client, deliveries)
        ),
        "",
    );
    table.row(
        "… of a post: functions, `local`",
        format!(
            "{:.1}, {:.1} µs",
            per(before.functions, after.functions, posts),
            per(before.local, after.local, posts)
        ),
        if size >= 100 { "25 µs" } else { "" },
    );
    Ok(sends)
}
