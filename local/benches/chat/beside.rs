//! Parlour and a peer under the same loads, in one run, on one `mongod`: the same rooms, people, writers, texts, rates and warm-up, and the same code that
//! counts. While one is loaded, the other one's sockets are open and silent; they take turns, and of several turns the median is shown.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::cloud::Cloud;
use super::cost::Bill;
use super::crowd::{Crowd, Load, Outcome};
use super::dialect::Dialect;
use super::figures::{Table, median, percentile};
use super::machine;
use super::peer::Peer;
use super::people;
use super::rooms::{self, QUIET_RATE, QUIET_ROOMS, Sample, WRITERS};
use super::writer::Pace;

/// A load that both bear.
struct Scenario {
    name: String,
    rooms: usize,
    size: usize,
    pace: Pace,
    writers: usize,
    /// In which of the figures it is told how fast it went.
    told: Told,
}

enum Told {
    Rates,
    Latencies,
    Sends,
}

/// One figure of one turn, and how it is shown.
struct Figure {
    name: &'static str,
    value: f64,
    kind: Kind,
}

enum Kind {
    /// With so many decimals; the median of the turns, and the ratio.
    Measured(usize),
    /// The sum of the turns.
    Counted,
}

/// How it is measured.
pub(crate) struct Beside<'b> {
    pub(crate) cloud: &'b mut Cloud,
    pub(crate) peer: &'b Peer,
    pub(crate) mongod: u32,
    pub(crate) measured: Duration,
    pub(crate) under_way: usize,
    pub(crate) turns: usize,
}

fn scenarios(under_way: usize) -> Vec<Scenario> {
    let flood = |size| Scenario {
        name: format!("room of {size}, {WRITERS} writers who do not wait ({under_way} under way)"),
        rooms: 1,
        size,
        pace: Pace::Window(under_way),
        writers: WRITERS,
        told: Told::Rates,
    };
    let one = |what: &str, pace| Scenario {
        name: format!("room of 10, one writer who waits for {what}"),
        rooms: 1,
        size: 10,
        pace,
        writers: 1,
        told: Told::Sends,
    };
    let quiet = Scenario {
        name: format!("{QUIET_ROOMS} rooms of 10, {QUIET_RATE:.0} a second in all"),
        rooms: QUIET_ROOMS,
        size: 10,
        pace: Pace::Rate(QUIET_RATE),
        writers: WRITERS,
        told: Told::Latencies,
    };
    vec![
        flood(100),
        flood(1000),
        quiet,
        one("the answer", Pace::Waiting),
        one("the answer or the message itself", Pace::Knowing),
    ]
}

impl Beside<'_> {
    /// Adds the rows of every scenario; the columns are what, ours, theirs, and ours ÷ theirs.
    pub(crate) fn measure(&mut self, table: &mut Table) -> Result<()> {
        for (at, scenario) in scenarios(self.under_way).iter().enumerate() {
            let names = (0..scenario.rooms).map(|room| format!("beside-{at}-{room}"));
            let ours = names.clone().map(|name| people::room(self.cloud, &name, scenario.size));
            let mut ours = Crowd::of(ours.collect::<Result<_>>()?, Dialect::Parlour)?;
            let theirs = names.map(|name| self.peer.room(&name, scenario.size));
            let mut theirs = Crowd::of(theirs.collect::<Result<_>>()?, Dialect::SocketIo)?;
            let load = Load {
                pace: scenario.pace,
                writers: scenario.writers,
                warm_up: Duration::from_millis(1500),
                measured: if matches!(scenario.told, Told::Latencies) { self.measured * 3 } else { self.measured },
            };
            let (mut our_turns, mut their_turns) = (Vec::new(), Vec::new());
            for _ in 0..self.turns {
                let outcome = ours.talk(&load, || rooms::sample(self.cloud, self.mongod))?;
                let bill = rooms::used(&outcome, scenario.rooms * scenario.size).bill();
                our_turns.push(figures(scenario, outcome, Some(&bill))?);
                let outcome = theirs.talk(&load, || Ok(self.their_sample()))?;
                their_turns.push(figures(scenario, outcome, None)?);
            }
            rows(table, scenario, &our_turns, &their_turns);
        }
        Ok(())
    }

    fn their_sample(&self) -> Sample {
        Sample {
            client: machine::processor(std::process::id()),
            local: machine::family(self.peer.pid()),
            mongod: machine::processor(self.mongod),
            ..Sample::default()
        }
    }
}

/// The figures of one turn; who is not billed by AWS has no bill.
fn figures(scenario: &Scenario, outcome: Outcome<Sample>, bill: Option<&Bill>) -> Result<Vec<Figure>> {
    let Outcome { mut counted, seconds, before, after } = outcome;
    ensure!(counted.deliveries > 0, "nobody heard anything in {}: {}", scenario.name, counted.refusal);
    let deliveries = counted.deliveries as f64;
    let mut figures = Vec::new();
    let mut measured = |name, decimals, value| figures.push(Figure { name, value, kind: Kind::Measured(decimals) });
    match scenario.told {
        Told::Rates => measured("deliveries a second", 0, deliveries / seconds),
        Told::Sends => measured("sends a second", 0, counted.answers as f64 / seconds),
        Told::Latencies => {}
    }
    measured("send to delivery, p50, ms", 2, percentile(&mut counted.delivery_ms, 0.5));
    measured("send to delivery, p99, ms", 2, percentile(&mut counted.delivery_ms, 0.99));
    measured("send to answer, p50, ms", 2, percentile(&mut counted.answer_ms, 0.5));
    measured("send to answer or own message, p50, ms", 2, percentile(&mut counted.known_ms, 0.5));
    let per = |from: Duration, to: Duration| to.saturating_sub(from).as_secs_f64() * 1e6 / deliveries;
    let server = per(before.functions + before.local, after.functions + after.local);
    measured("processor time of a delivery, server, µs", 1, server);
    let functions = if bill.is_some() { per(before.functions, after.functions) } else { f64::NAN };
    measured("… of it functions, µs", 1, functions);
    measured("processor time of a delivery, mongod, µs", 1, per(before.mongod, after.mongod));
    measured("processor time of a delivery, clients, µs", 1, per(before.client, after.client));
    measured("frames per delivery", 3, counted.posts as f64 / deliveries);
    let dollars = |of: fn(&Bill) -> f64| bill.map_or(f64::NAN, of);
    measured("list price of a million deliveries, $", 3, dollars(Bill::total));
    measured("… of it posts, $", 3, dollars(|bill| bill.posts));
    measured("… requests and replies, $", 3, dollars(|bill| bill.requests + bill.replies));
    measured("… invocations and seconds of Lambda, $", 3, dollars(|bill| bill.invocations + bill.seconds));
    let counts = [
        ("messages stored", counted.stored),
        ("lost", counted.lost),
        ("doubled", counted.doubled),
        ("not in the order of the others", counted.disordered),
        ("not in the order of the history", counted.unlike_stored),
        ("refused", counted.refused),
        ("never answered", counted.unanswered),
    ];
    figures.extend(counts.map(|(name, value)| Figure { name, value: value as f64, kind: Kind::Counted }));
    Ok(figures)
}

fn rows(table: &mut Table, scenario: &Scenario, ours: &[Vec<Figure>], theirs: &[Vec<Figure>]) {
    table.cells(vec![format!("**{}**", scenario.name), String::new(), String::new(), String::new()]);
    for (at, Figure { name, kind, .. }) in ours.first().into_iter().flatten().enumerate() {
        let [ours, theirs] = [ours, theirs].map(|turns| turns.iter().map(|turn| turn[at].value).collect::<Vec<f64>>());
        let cells = match kind {
            Kind::Measured(decimals) => {
                let (ours, theirs) = (median(&ours), median(&theirs));
                let shown = |value: f64| if value.is_nan() { String::new() } else { format!("{value:.decimals$}") };
                let ratio = if theirs > 0.0 { format!("{:.2}", ours / theirs) } else { String::new() };
                [shown(ours), shown(theirs), ratio]
            }
            Kind::Counted => {
                [ours.iter().sum::<f64>().to_string(), theirs.iter().sum::<f64>().to_string(), String::new()]
            }
        };
        table.cells([format!("… {name}")].into_iter().chain(cells).collect());
    }
}
