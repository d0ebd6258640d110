//! A run: the load with its faults, the quiet after it, and what is recorded of both.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::FutureExt;
use http::Method;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout};

use super::client::{Client, Event, Report, Shared};
use super::database::Data;
use super::faults::{self, Fault};
use super::ledger::CatchUp;
use super::random::Random;
use super::record::{Log, Record, Room, TroubleKind};
use super::settings::Settings;
use super::stage::Stage;
use super::wire::Page;

/// Without a single answer for so long the load is given up.
const STANDSTILL: Duration = Duration::from_secs(90);

/// How long everybody may take to be level when all is quiet: the longest lease, a time-out and a database that has just come back.
const CALM: Duration = Duration::from_secs(75);

const LOOK: Duration = Duration::from_millis(10);

/// What came of a run.
pub(crate) struct Outcome {
    pub(crate) settings: Settings,
    pub(crate) record: Record,
    pub(crate) catch_ups: Vec<CatchUp>,
    /// How often each fault happened.
    pub(crate) faults: BTreeMap<String, u64>,
    pub(crate) load: Duration,
    pub(crate) calm: Duration,
    /// The end of the log of `local`.
    pub(crate) log: Vec<String>,
}

struct Conductor {
    shared: Arc<Shared>,
    stage: Stage,
    data: Data,
    random: Random,
    done: BTreeMap<String, u64>,
    frozen: JoinSet<()>,
}

/// Runs it all. `tell` hears how far it is, now and then.
pub(crate) async fn run(
    settings: Settings,
    programs: &BTreeMap<String, PathBuf>,
    mut tell: impl FnMut(String),
) -> Result<Outcome> {
    let stage = Stage::set(&settings, programs).await?;
    let (rooms, people) = stage.fill(&settings).await?;
    let data = Data::of(stage.servers.uri(), &stage.database).await?;
    let shared = Arc::new(Shared::new(settings.clone(), stage.socket_url(), stage.http.clone(), rooms));
    let (inboxes, outboxes): (Vec<_>, Vec<_>) = people.iter().map(|_| unbounded_channel()).unzip();
    let _ = shared.inboxes.set(inboxes);
    let mut clients = JoinSet::new();
    for (person, inbox) in people.into_iter().zip(outboxes) {
        clients.spawn(Client::new(Arc::clone(&shared), person).live(inbox));
    }
    let random = Random::new(settings.seed).fork(2);
    let mut conductor = Conductor { shared, stage, data, random, done: BTreeMap::new(), frozen: JoinSet::new() };
    let began = Instant::now();
    conductor.load(&mut tell).await?;
    let load = began.elapsed();
    conductor.stage.running.calm();
    while conductor.frozen.join_next().await.is_some() {}
    let calmed = Instant::now();
    conductor.level().await;
    let calm = calmed.elapsed();
    tell("reading what is there".to_owned());
    for client in 0..settings.clients {
        conductor.shared.tell(client, Event::End);
    }
    let mut logs: Vec<Log> = clients.join_all().await.into_iter().flatten().collect();
    logs.sort_by_key(|log| (log.client, log.room, log.began_at));
    let rooms = conductor.rooms().await?;
    let Conductor { shared, stage, mut done, .. } = conductor;
    let of_local = stage.running.faults().into_iter().filter(|(_, times)| *times > 0);
    done.extend(of_local.map(|(name, times)| (Fault::Chaos(name).name(), times)));
    let log = stage.log.lines();
    stage.running.shutdown().await;
    let mut ledger = std::mem::take(&mut *shared.ledger());
    let troubles = std::mem::take(&mut ledger.troubles);
    let inexcusable = inexcusable(&settings.faults);
    let record = Record { rooms, asks: ledger.asks, logs, reads: ledger.reads, troubles, inexcusable };
    Ok(Outcome { settings, record, catch_ups: ledger.catch_ups, faults: done, load, calm, log })
}

/// What may not happen to a client whatever is done, and what only when nothing is.
fn inexcusable(faults: &[Fault]) -> Vec<TroubleKind> {
    let excuses = |names: &[&'static str]| names.iter().any(|name| faults.contains(&Fault::Chaos(name)));
    let mut kinds = Vec::new();
    if !excuses(&["cut", "clock"]) {
        kinds.push(TroubleKind::Dropped);
    }
    if !excuses(&["gone"]) {
        kinds.push(TroubleKind::TakenOut);
    }
    if faults.is_empty() {
        kinds.extend([TroubleKind::Gap, TroubleKind::Overdue, TroubleKind::Unanswered]);
    }
    kinds
}

impl Conductor {
    async fn load(&mut self, tell: &mut impl FnMut(String)) -> Result<()> {
        let Settings { changes, clients, ref faults, cut_every, .. } = self.shared.settings;
        let now_and_then = |(_, fault): &(usize, Fault)| *fault != Fault::Cut || cut_every.is_none();
        let due = faults::schedule(Random::new(self.shared.settings.seed).fork(3), changes, faults);
        let mut due = due.into_iter().filter(now_and_then).peekable();
        let began = Instant::now();
        let mut cuts = cut_every.map(|period| interval(period / u32::try_from(clients).unwrap_or(u32::MAX)));
        let mut in_turn = (0..clients).cycle();
        let (mut moved, mut last, mut told) = (began, 0, began);
        loop {
            let (answered, asked) = {
                let ledger = self.shared.ledger();
                (ledger.answered, changes - ledger.left)
            };
            if answered >= changes && due.peek().is_none() {
                return Ok(());
            }
            if answered > last {
                (moved, last) = (Instant::now(), answered);
            }
            if moved.elapsed() > STANDSTILL || began.elapsed() > self.shared.settings.longest() {
                tell(format!("nothing happens any more: {answered} of {changes} answered"));
                return Ok(());
            }
            if told.elapsed() > Duration::from_secs(5) {
                told = Instant::now();
                tell(format!("{answered} of {changes} changes, {:.0} s", began.elapsed().as_secs_f64()));
            }
            while let Some((_, fault)) = due.next_if(|(at, _)| *at <= asked) {
                if self.does(fault).await? {
                    *self.done.entry(fault.name()).or_default() += 1;
                }
            }
            while let Some(cuts) = &mut cuts
                && cuts.tick().now_or_never().is_some()
                && let Some(client) = in_turn.next()
            {
                self.shared.tell(client, Event::Cut);
                *self.done.entry(Fault::Cut.name()).or_default() += 1;
            }
            sleep(LOOK).await;
        }
    }

    /// Whether there was something to do it to.
    async fn does(&mut self, fault: Fault) -> Result<bool> {
        match fault {
            Fault::Chaos(_) => Ok(false),
            Fault::Cut => {
                let client = self.random.below(self.shared.settings.clients);
                self.shared.tell(client, Event::Cut);
                Ok(true)
            }
            Fault::Kill => Ok(self.process().is_some_and(|process| self.stage.running.kill(process))),
            Fault::Freeze => Ok(self.freeze(50, 3_000)),
            Fault::LongFreeze => Ok(self.freeze(10_500, 13_000)),
            Fault::Crash => {
                self.stage.servers.crash().await?;
                self.back_again().await
            }
            Fault::Stop => {
                self.stage.servers.stop().await?;
                self.back_again().await
            }
            Fault::Replace => {
                let functions: Vec<String> = self.stage.programs.keys().cloned().collect();
                let any = self.random.one_of(&functions).cloned();
                let function = any.filter(|_| self.random.per_mille(500)).unwrap_or_else(|| "Message".to_owned());
                self.stage.replace(&function).map(|()| true)
            }
        }
    }

    async fn back_again(&mut self) -> Result<bool> {
        sleep(Duration::from_millis(self.random.between(0, 2_000))).await;
        self.stage.servers.start_again().await?;
        Ok(true)
    }

    /// Mostly one of the function that carries messages.
    fn process(&mut self) -> Option<u32> {
        let functions = ["Message", "Message", "Message", "Message", "Connect", "Disconnect", "History"];
        let function = self.random.one_of(&functions)?;
        let processes = self.stage.running.processes(function);
        self.random.one_of(&processes).copied()
    }

    fn freeze(&mut self, from: u64, to: u64) -> bool {
        let process = self.process().and_then(|process| Pid::from_raw(i32::try_from(process).ok()?));
        let Some(process) = process.filter(|process| kill_process(*process, Signal::STOP).is_ok()) else {
            return false;
        };
        let wait = Duration::from_millis(self.random.between(from, to));
        self.frozen.spawn(async move {
            sleep(wait).await;
            let _ = kill_process(process, Signal::CONT);
        });
        true
    }

    /// Waits until every client has everything, or until it should have.
    async fn level(&self) {
        let deadline = Instant::now() + CALM;
        // A database that has just come back may fail once more.
        while !self.is_level().await.unwrap_or_default() && Instant::now() < deadline {
            sleep(LOOK * 10).await;
        }
    }

    async fn is_level(&self) -> Result<bool> {
        let mut heads = Vec::new();
        for room in &self.shared.rooms {
            let standing = self.data.standing(room).await?;
            if standing.settled != standing.head {
                return Ok(false);
            }
            heads.push(standing.head);
        }
        let (sender, mut reports) = unbounded_channel();
        let clients = self.shared.settings.clients;
        (0..clients).for_each(|client| self.shared.tell(client, Event::Report(sender.clone())));
        for _ in 0..clients {
            let report = timeout(Duration::from_secs(10), reports.recv()).await.ok().flatten();
            let Report { pending, positions } = report.context("a client does not answer")?;
            if pending > 0 || positions.iter().any(|(room, position)| *position != heads[*room]) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What the history and the database say of every room.
    async fn rooms(&self) -> Result<Vec<Room>> {
        let body = serde_json::json!({ "name": "person-0", "password": super::client::PASSWORD });
        let session: super::wire::Session = self.stage.http.insist(Method::POST, "/login", None, Some(&body)).await?;
        let mut rooms = Vec::new();
        for id in &self.shared.rooms {
            let mut history: Vec<super::record::Message> = Vec::new();
            loop {
                let after = history.last().map_or(0, |message| message.seq);
                let path = format!("/rooms/{id}/messages?limit=100&after={after}");
                let token = Some(session.access_token.as_str());
                let page: Page = self.stage.http.insist(Method::GET, &path, token, None).await?;
                let nothing = page.messages.is_empty();
                history.extend(page.messages.into_iter().map(Into::into));
                if !page.after || nothing {
                    break;
                }
            }
            let standing = self.data.standing(id).await?;
            let places = self.data.places(id).await?;
            rooms.push(Room { id: id.clone(), head: standing.head, settled: standing.settled, places, history });
        }
        Ok(rooms)
    }
}
