//! Rooms of several sizes under several loads.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::cloud::Cloud;
use super::cost::{Lambda, Used};
use super::crowd::{Crowd, Load, Outcome};
use super::dialect::Dialect;
use super::figures::{Table, percentile};
use super::machine;
use super::people;
use super::writer::Pace;

const SIZES: [usize; 3] = [10, 100, 1000];

pub(crate) const WRITERS: usize = 10;

/// Twenty rooms of ten, in which 25 messages a second are said in all.
pub(crate) const QUIET_ROOMS: usize = 20;
pub(crate) const QUIET_RATE: f64 = 25.0;

/// Processor time so far, by who used it, and what Lambda would have billed.
#[derive(Default)]
pub(crate) struct Sample {
    pub(crate) client: Duration,
    pub(crate) local: Duration,
    pub(crate) functions: Duration,
    pub(crate) mongod: Duration,
    pub(crate) lambda: Lambda,
}

pub(crate) fn measure(
    cloud: &mut Cloud,
    mongod: u32,
    measured: Duration,
    under_way: usize,
    table: &mut Table,
) -> Result<()> {
    for size in SIZES {
        let mut crowd = Crowd::of(vec![people::room(cloud, &format!("room-of-{size}"), size)?], Dialect::Parlour)?;
        let mut run = |name: &str, pace, writers| {
            let load = Load { pace, writers, warm_up: Duration::from_millis(1500), measured };
            let outcome = crowd.talk(&load, || sample(cloud, mongod))?;
            report(table, &format!("room of {size}, {name}"), size, size, outcome)
        };
        let rate = run("saturated", Pace::Window(under_way), WRITERS)?;
        run("open loop", Pace::Rate((rate / 2.0).floor().max(1.0)), WRITERS)?;
        run("one writer", Pace::Waiting, 1)?;
    }
    let rooms = (0..QUIET_ROOMS).map(|at| people::room(cloud, &format!("quiet-{at}"), 10)).collect::<Result<_>>()?;
    let load = Load {
        pace: Pace::Rate(QUIET_RATE),
        writers: WRITERS,
        warm_up: Duration::from_secs(2),
        measured: measured * 3,
    };
    let outcome = Crowd::of(rooms, Dialect::Parlour)?.talk(&load, || sample(cloud, mongod))?;
    let name = format!("{QUIET_ROOMS} rooms of 10, {QUIET_RATE:.0} a second");
    report(table, &name, 10, QUIET_ROOMS * 10, outcome).map(drop)
}

pub(crate) fn sample(cloud: &mut Cloud, mongod: u32) -> Result<Sample> {
    let functions = cloud.processes()?.into_values().flatten().map(machine::processor).sum();
    Ok(Sample {
        client: machine::processor(std::process::id()),
        local: machine::processor(cloud.pid()),
        functions,
        mongod: machine::processor(mongod),
        lambda: Lambda::of(&cloud.reports()),
    })
}

/// What was used between the two samples, by so many sockets.
pub(crate) fn used(outcome: &Outcome<Sample>, sockets: usize) -> Used {
    let Outcome { counted, seconds, before, after } = outcome;
    Used {
        deliveries: counted.deliveries as f64,
        posts: counted.pieces as f64,
        // A request has one reply, and both are in the same second.
        requests: counted.replies as f64,
        replies: counted.replies as f64,
        lambda: after.lambda.since(before.lambda),
        connection_minutes: sockets as f64 * seconds / 60.0,
    }
}

/// Adds the rows of a load, and gives the sends a second.
fn report(table: &mut Table, name: &str, size: usize, sockets: usize, mut outcome: Outcome<Sample>) -> Result<f64> {
    let bill = used(&outcome, sockets).bill();
    let Outcome { counted, seconds, before, after } = &mut outcome;
    ensure!(counted.deliveries > 0, "nobody heard anything in {name}: {}", counted.refusal);
    let (deliveries, posts) = (counted.deliveries as f64, counted.posts as f64);
    let sends = counted.answers as f64 / *seconds;
    table.row(format!("{name}: sends, deliveries a second"), format!("{sends:.0}, {:.0}", deliveries / *seconds), "");
    let both = |values: &mut [f64]| (percentile(values, 0.5), percentile(values, 0.99));
    let ((heard, heard_99), (told, told_99)) = (both(&mut counted.delivery_ms), both(&mut counted.answer_ms));
    table.row("… send to delivery", format!("p50 {heard:.1} ms, p99 {heard_99:.1} ms"), "");
    table.row("… send to answer", format!("p50 {told:.1} ms, p99 {told_99:.1} ms"), "");
    let wrong = format!(
        "{}, {}, {} of {} × {size}{}",
        counted.lost,
        counted.doubled,
        counted.disordered + counted.unlike_stored,
        counted.stored,
        counted.failures()
    );
    table.row("… lost, doubled, out of order", wrong, "0, 0, 0");
    table.row(
        "… posts per delivered message; cost of a million",
        format!("{:.3}; {bill}", counted.pieces as f64 / deliveries),
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
