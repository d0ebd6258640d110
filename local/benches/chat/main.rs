//! The benchmark: `cargo bench -p local`, in less than three minutes once everything is compiled. It prints one table, in Markdown.
//!
//! `cargo bench -p local --bench chat -- rooms` measures one part; `cargo bench -p local --bench chat -- --help` tells what else can be asked for. Use a machine that does nothing else:
//! the first line says how busy it was. Every run begins with a check that the checker of deliveries finds what is lost, doubled and out of order.
//!
//! What runs is what would be deployed: the function binaries, compiled with the profile `bench`, a throw-away `mongod` with majority writes and a
//! journal, sockets over the loopback interface. `local` is a process of its own, this program again, serving as `cargo local` does, log
//! included; the clients are one thread of this process, with a WebSocket reader of their own that leaves the processor to what is measured.
//! Clients, `local`, functions and `mongod` share the machine, so a load that saturates it says what the whole takes, and the split by process says who.
//!
//! - **Invocations.** A function that does nothing but to say for how many nanoseconds it had the event is called a few thousand times, one after another, by
//!   the Invoke API, an HTTP route and a WebSocket message. What the client waited beyond that is what `local` added, the loopback and the
//!   client's own system calls included. Memory of an idle socket: the growth of `local`'s resident memory over two thousand open ones.
//! - **Starts.** Each function's processes are killed and the function is invoked, five times. *Init* is what `local` reports: from before the process is
//!   started until its first `/next`, which it asks for when MongoDB has answered it. *First answer* is what the caller waited.
//! - **Database.** MongoDB's profiler counts the operations of a fixed number of sends. How many of them are waited for one after another is told by a
//!   delay: the functions reach `mongod` by a detour that holds every answer back for 10 ms and then for 40 ms, and what a send takes longer, divided
//!   by the difference, is the number of round trips. A round trip that runs beside another one costs nothing and is not counted.
//! - **Rooms.** Of 10, 100 and 1,000 sockets, with ten that write lines of some eighty letters. *Saturated*: 64 messages are under way at any time, and one is under
//!   way until its author has the answer and every member has heard it, so no backlog flatters the rate. *Open loop*: half of that rate, sent
//!   by the clock; latency counts from when a send was due, so that a stall shows in everything that it delayed. *One writer*:
//!   sends when it is answered. And twenty rooms of ten, 25 messages a second in all, by the clock. Everything is counted between two moments after a warm-up.
//!   Every message is expected once at every socket, its author's included, in the order of the room's positions, and each position with the same message at
//!   everybody; messages before and after the measured time are held against that, too. A post is a frame to one socket.
//!   *Cost* of a million delivered messages is what was counted, at the list prices of `cost`.
//! - **Signals.** The same twenty rooms and 25 messages a second, in which everybody looks, types for three seconds before they say something, and says what they have read,
//!   as often as the web client does and within the limits of a deployment. What is counted is frames, once the first allowance of the rooms is used up.
//! - **Connections** (`--connections 10000`). So many sockets, each the member of a room; how long it takes to open them, what each takes of `local`'s memory, and whether
//!   everybody is reached.
//! - **Search** (`--search 1000000`). So many messages in the rooms of one person, put there beforehand; how long a search takes, and a page of history.
//! - **Profile** (`--profile`). One send after another in a room of ten, seen from outside and, at the detour, from the database: what happens when. For what a process does
//!   meanwhile, `perf record -g -p PID` on one of the processes that it names.
//! - **Beside** (`--socketio…`). Another chat and ours under the same loads, in turns. What it has to offer is written in `peer`. Started by the benchmark, on the same throw-away
//!   `mongod`, and ended with it:
//!
//!   ```sh
//!   cargo bench -p local --bench chat -- --socketio-command 'node server.js' --socketio-dir DIR --runs 3
//!   ```
//!
//!   or by hand, with a `mongod --replSet` of one's own in which both make their databases:
//!
//!   ```sh
//!   MONGODB_URI='mongodb://127.0.0.1:27017/peer?replicaSet=rs0&w=majority' PORT=4000 JWT_SECRET=… BCRYPT_COST=4 node server.js &
//!   cargo bench -p local --bench chat -- --mongodb 'mongodb://127.0.0.1:27017/?replicaSet=rs0' --socketio http://127.0.0.1:4000 --runs 3
//!   ```
//!
//!   `--only beside` leaves out everything else. Latency counts from when a send was due, for both. Processor time is ours: functions and `local`; theirs: the process that
//!   listens and its children. Order is held against what the other members heard (one order for all) and against the stored order (position, or ObjectId).
#![allow(clippy::disallowed_methods, reason = "a benchmark looks at the database and its own environment")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program that prints")]

mod beside;
mod check;
mod cloud;
mod connections;
mod cost;
mod crowd;
mod database;
mod dialect;
mod echo;
mod figures;
mod http;
mod machine;
mod options;
mod peer;
mod people;
mod profile;
mod rooms;
mod search;
mod signals;
mod socket;
mod tally;
mod writer;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser as _;
use local::mongod::Mongod;
use local::programs::{self, Profile};
use mongodb::Client;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use self::beside::Beside;
use self::cloud::{Cloud, Plan};
use self::crowd::{Crowd, Load};
use self::database::{Detour, Profiler};
use self::dialect::Dialect;
use self::figures::{Table, percentile};
use self::http::Http;
use self::options::{Options, Part};
use self::peer::Peer;
use self::writer::Pace;

/// Nothing that is measured takes this long. What was started ends with this process.
const GIVE_UP: Duration = Duration::from_secs(10 * 60);

/// How many warm invocations of each kind.
const INVOCATIONS: usize = 3_000;

const IDLE_SOCKETS: usize = 2_000;

/// In rooms, if it is not said how many.
const CONNECTIONS: usize = 10_000;

/// Messages, if it is not said how many.
const SEARCHED: usize = 1_000_000;

const STARTS: usize = 5;

/// What the detour adds to every answer of the database, at first and then.
const DELAYS_MS: [u64; 2] = [10, 40];

/// What the parts share.
struct Bench {
    runtime: Runtime,
    options: Options,
    /// Ours, unless another one was named.
    mongod: Option<Mongod>,
    mongodb: String,
    programs: BTreeMap<String, PathBuf>,
    table: Table,
}

fn main() -> ExitCode {
    let done = match (std::env::var("AWS_LAMBDA_RUNTIME_API"), std::env::var(cloud::ROLE)) {
        // The runtime goes away when `local` ends it.
        (Ok(runtime_api), _) => {
            let _ended_by_local = echo::run(&runtime_api);
            Ok(())
        }
        (_, Ok(plan)) => cloud::run(&plan),
        _ => measure(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<()> {
    let options = Options::parse();
    check::check()?;
    let asked_in_vain = options.wants(Part::Beside) && !options.has_peer();
    ensure!(!asked_in_vain, "beside what? Use --socketio or --socketio-command");
    let runtime = Runtime::new()?;
    let programs = runtime.block_on(programs::build(&cloud::chat()?, Profile::Bench))?;
    let give_up = GIVE_UP * u32::try_from(options.runs.max(1))?;
    std::thread::spawn(move || {
        std::thread::sleep(give_up);
        eprintln!("it took longer than {} s", give_up.as_secs());
        std::process::exit(1);
    });
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    let (mongod, mongodb) = match &options.mongodb {
        Some(uri) => (None, uri.clone()),
        None => {
            let mongod = runtime.block_on(Mongod::throwaway())?;
            let uri = mongod.uri().to_owned();
            (Some(mongod), uri)
        }
    };
    println!("{}\nMongoDB: {mongodb}", machine::described());
    let began = Instant::now();
    let mut bench = Bench { runtime, options, mongod, mongodb, programs, table: Table::default() };
    let measured = bench.parts();
    println!("\n{}\n{:.0} s", bench.table.to_markdown(), began.elapsed().as_secs_f64());
    bench.clean_up().and(measured)
}

impl Bench {
    fn parts(&mut self) -> Result<()> {
        let wants = |part| self.options.wants(part);
        let [invocations, database, starts, rooms, signals, connections, search, profile, beside] = [
            Part::Invocations,
            Part::Database,
            Part::Starts,
            Part::Rooms,
            Part::Signals,
            Part::Connections,
            Part::Search,
            Part::Profile,
            Part::Beside,
        ]
        .map(wants);
        if invocations {
            self.invocations()?;
        }
        if database {
            self.database()?;
        }
        let measured = Duration::from_secs_f64(self.options.seconds);
        let under_way = self.options.under_way;
        if starts || rooms {
            let mut cloud = self.chat("bench")?;
            if starts {
                self.starts(&mut cloud)?;
            }
            if rooms {
                let mongod = self.runtime.block_on(database::process(&self.mongodb))?;
                rooms::measure(&mut cloud, mongod, measured, under_way, &mut self.table)?;
            }
            self.memory(&mut cloud)?;
            cloud.stop()?;
        }
        if signals {
            let cloud = self.chat("signals")?;
            signals::measure(&cloud, &mut self.table)?;
            cloud.stop()?;
        }
        if connections {
            let mut cloud = self.chat("connections")?;
            connections::measure(&mut cloud, self.options.connections.unwrap_or(CONNECTIONS), &mut self.table)?;
            cloud.stop()?;
        }
        if search {
            let cloud = self.chat("search")?;
            let messages = self.options.search.unwrap_or(SEARCHED);
            let (token, rooms) = search::rooms(&cloud)?;
            self.runtime.block_on(search::fill(&self.database_uri("search"), &rooms, messages))?;
            search::measure(&cloud, &token, &rooms, messages, &mut self.table)?;
            cloud.stop()?;
        }
        if profile {
            self.profile()?;
        }
        if beside {
            self.beside(measured)?;
        }
        Ok(())
    }

    /// A database of this run.
    fn database_uri(&self, name: &str) -> String {
        let (address, options) = self.mongodb.split_once('?').unwrap_or((&self.mongodb, ""));
        let hosts = address.split('/').nth(2).unwrap_or_default();
        let scheme = address.split('/').next().unwrap_or_default();
        format!("{scheme}//{hosts}/{}?{options}", database_name(name))
    }

    /// The chat, on a database.
    fn chat(&self, database: &str) -> Result<Cloud> {
        self.chat_at(self.database_uri(database))
    }

    fn chat_at(&self, uri: String) -> Result<Cloud> {
        let variables = cloud::VARIABLES.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Cloud::start(&Plan {
            chat: true,
            programs: self.programs.clone(),
            environment: variables.into_iter().chain([("MONGODB_URI".to_owned(), uri)]).collect(),
            extra_environment: self.options.environment.iter().cloned().collect(),
        })
    }

    /// The chat, whose functions reach the database by a detour.
    fn chat_by_detour(&self) -> Result<(Cloud, Detour)> {
        let hosts = self.mongodb.split('/').nth(2).unwrap_or_default();
        let port = hosts.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let detour =
            self.runtime.block_on(Detour::to(port.with_context(|| format!("one host and port, not {hosts}"))?))?;
        let uri = format!("mongodb://127.0.0.1:{}/{}?directConnection=true", detour.port, database_name("detour"));
        Ok((self.chat_at(uri)?, detour))
    }

    fn profile(&mut self) -> Result<()> {
        let (mut cloud, detour) = self.chat_by_detour()?;
        let table = profile::measure(&mut cloud, &detour)?;
        println!("\n{}", table.to_markdown());
        cloud.stop()
    }

    fn beside(&mut self, measured: Duration) -> Result<()> {
        let mut cloud = self.chat("beside")?;
        let peer = match (&self.options.socketio, &self.options.socketio_command) {
            (Some(url), _) => Peer::at(url)?,
            (None, command) => {
                let command = command.as_deref().unwrap_or_default();
                Peer::start(command, self.options.socketio_dir.as_deref(), &self.database_uri("peer"))?
            }
        };
        let mut table = Table::of(&["same load on both", "Parlour", "Socket.IO", "ratio"]);
        let mongod = self.runtime.block_on(database::process(&self.mongodb))?;
        let (under_way, turns) = (self.options.under_way, self.options.runs.max(1));
        let done = Beside { cloud: &mut cloud, peer: &peer, mongod, measured, under_way, turns }.measure(&mut table);
        println!("\n{}", table.to_markdown());
        cloud.stop()?;
        done
    }

    /// Nothing is left.
    fn clean_up(mut self) -> Result<()> {
        if let Some(mongod) = &mut self.mongod {
            return self.runtime.block_on(mongod.stop());
        }
        self.runtime.block_on(async {
            let client = Client::with_uri_str(&self.mongodb).await?;
            for name in ["bench", "signals", "connections", "search", "detour", "beside", "peer"] {
                client.database(&database_name(name)).drop().await?;
            }
            Ok(())
        })
    }

    fn invocations(&mut self) -> Result<()> {
        let programs = [("Echo".to_owned(), std::env::current_exe()?)].into();
        let cloud = Cloud::start(&Plan {
            chat: false,
            programs,
            environment: BTreeMap::new(),
            extra_environment: BTreeMap::new(),
        })?;
        let event = json!({ "text": "x".repeat(1000) }).to_string();
        let mut invoke = Http::to(&cloud.lambda)?;
        self.warm("Invoke API", || {
            let answer: Value = invoke.ask("POST", "/2015-03-31/functions/Echo/invocations", None, &event)?;
            own_time(answer["body"].as_str())
        })?;
        let mut http = Http::to(&cloud.http)?;
        self.warm("HTTP route", || {
            let answer = http.call("POST", "/echo", None, &event)?;
            own_time(Some(&String::from_utf8_lossy(&answer.body)))
        })?;
        let mut stream = socket::open(&cloud.websocket, None)?;
        let mut held = Vec::new();
        self.warm("WebSocket message", || {
            socket::write(&stream, &event)?;
            let mut own = None;
            while own.is_none() {
                let mut chunk = [0; 4096];
                let length = stream.read(&mut chunk)?;
                socket::texts(&mut held, &chunk[..length], |text| own = own_time(std::str::from_utf8(text).ok()).ok())?;
            }
            own.context("no answer")
        })?;
        // A few hundred first, so that what is set up once is not counted.
        let _some = people::open(200, &cloud.websocket, |_| None)?;
        std::thread::sleep(Duration::from_millis(300));
        let (before, _) = machine::memory(cloud.pid());
        let _sockets = people::open(IDLE_SOCKETS, &cloud.websocket, |_| None)?;
        std::thread::sleep(Duration::from_millis(300));
        let (after, _) = machine::memory(cloud.pid());
        let each = after.saturating_sub(before) as f64 / IDLE_SOCKETS as f64;
        self.table.row(
            format!("`local`: memory of an idle socket, of {IDLE_SOCKETS}"),
            format!("{each:.1} KB"),
            "12 KB",
        );
        cloud.stop()
    }

    /// What a call takes beyond the time that it says the function had it.
    fn warm(&mut self, how: &str, mut call: impl FnMut() -> Result<Duration>) -> Result<()> {
        let mut added = Vec::with_capacity(INVOCATIONS);
        for at in 0..INVOCATIONS + 200 {
            let began = Instant::now();
            let own = call()?;
            if at >= 200 {
                added.push(began.elapsed().saturating_sub(own).as_secs_f64() * 1000.0);
            }
        }
        let (p50, p99) = (percentile(&mut added, 0.5), percentile(&mut added, 0.99));
        self.table.row(
            format!("warm invocation, added by `local`: {how}"),
            format!("p50 {p50:.2} ms, p99 {p99:.2} ms"),
            "p99 1 ms",
        );
        Ok(())
    }

    fn starts(&mut self, cloud: &mut Cloud) -> Result<()> {
        let mut http = Http::to(&cloud.lambda)?;
        for function in self.programs.keys() {
            let path = format!("/2015-03-31/functions/{function}/invocations");
            let mut answers = Vec::new();
            for at in 0..=STARTS {
                cloud.kill(function)?;
                let began = Instant::now();
                // Whatever it makes of that.
                http.call("POST", &path, None, "{}")?;
                if at > 0 {
                    answers.push(began.elapsed().as_secs_f64() * 1000.0);
                }
            }
            std::thread::sleep(Duration::from_millis(50));
            let reports = cloud.reports().into_iter().filter(|report| report.function.contains(function.as_str()));
            let mut inits: Vec<f64> = reports.filter_map(|report| report.init_ms).collect();
            inits.drain(..inits.len().saturating_sub(STARTS));
            self.table.row(
                format!("start of {function}, {STARTS} times"),
                format!(
                    "init p50 {:.1} ms, most {:.1} ms; first answer p50 {:.1} ms",
                    percentile(&mut inits, 0.5),
                    percentile(&mut inits, 1.0),
                    percentile(&mut answers, 0.5)
                ),
                "init 30 ms",
            );
        }
        Ok(())
    }

    fn database(&mut self) -> Result<()> {
        let (cloud, detour) = self.chat_by_detour()?;
        let mut crowd = Crowd::of(vec![people::room(&cloud, "detour", 10)?], Dialect::Parlour)?;
        let load = |ms| Load {
            pace: Pace::Waiting,
            writers: 1,
            warm_up: Duration::from_millis(ms / 4),
            measured: Duration::from_millis(ms),
        };
        crowd.talk(&load(500), || Ok(()))?;
        let profiler = self.runtime.block_on(Profiler::start(&self.mongodb, &database_name("detour")))?;
        let said = crowd.talk(&load(800), || Ok(()))?.counted.stored;
        let operations = self.runtime.block_on(profiler.stop())?;
        let [mut fast, mut slow] = DELAYS_MS.map(|delay| {
            detour.delay(delay);
            crowd.talk(&load(2_500), || Ok(())).map(|outcome| outcome.counted)
        });
        let (fast, slow) = (
            fast.as_mut().map_err(|error| anyhow!("{error:#}"))?,
            slow.as_mut().map_err(|error| anyhow!("{error:#}"))?,
        );
        let mut trips = |latencies: fn(&mut tally::Counted) -> &mut Vec<f64>| {
            (percentile(latencies(slow), 0.5) - percentile(latencies(fast), 0.5)) / (DELAYS_MS[1] - DELAYS_MS[0]) as f64
        };
        let before = trips(|counted| &mut counted.delivery_ms);
        let answered = trips(|counted| &mut counted.answer_ms);
        self.table.row(
            "database round trips, one after another, until a message is heard",
            format!("{before:.2}"),
            "3",
        );
        self.table.row("… until its author has the answer", format!("{answered:.2}"), "");
        let each = |count: usize| count as f64 / said as f64;
        let list: Vec<String> = operations.iter().map(|(name, count)| format!("{name} {:.2}", each(*count))).collect();
        self.table.row(
            "database operations of a send, to 10 sockets",
            format!("{:.2}: {}", each(operations.values().sum()), list.join(", ")),
            "",
        );
        cloud.stop()
    }

    /// Of every function that was used.
    fn memory(&mut self, cloud: &mut Cloud) -> Result<()> {
        for (function, processes) in cloud.processes()? {
            let of: Vec<(u64, u64)> = processes.iter().map(|pid| machine::memory(*pid)).collect();
            let most = |which: fn(&(u64, u64)) -> u64| of.iter().map(which).max().unwrap_or_default() as f64 / 1024.0;
            let value = format!(
                "{:.1} MB, at its peak {:.1} MB (most of {})",
                most(|(now, _)| *now),
                most(|(_, peak)| *peak),
                of.len()
            );
            self.table.row(format!("memory of {function}"), value, "25 MB");
        }
        let (now, peak) = machine::memory(cloud.pid());
        self.table.row(
            "memory of `local`",
            format!("{:.1} MB, at its peak {:.1} MB", now as f64 / 1024.0, peak as f64 / 1024.0),
            "",
        );
        Ok(())
    }
}

/// A name that no other run uses.
fn database_name(name: &str) -> String {
    format!("parlour-bench-{}-{name}", std::process::id())
}

fn own_time(body: Option<&str>) -> Result<Duration> {
    let nanoseconds = body.and_then(|body| body.parse().ok());
    nanoseconds.map(Duration::from_nanos).with_context(|| format!("{body:?} is no time"))
}
