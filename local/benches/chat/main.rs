//! The benchmark: `cargo bench -p local`, in less than three minutes once everything is compiled. It prints one table, in Markdown.
//!
//! `cargo bench -p local -- rooms` measures one part (`invocations`, `starts`, `database`, `rooms`); `PARLOUR_BENCH_SECONDS` is how long each load
//! of a room is measured (3). Use a machine that does nothing else: the first line says how busy it was.
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
//!   *Cost* is that of docs/ARCHITECTURE.md for a million delivered messages.
#![allow(clippy::disallowed_methods, reason = "a benchmark looks at the database and its own environment")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program that prints")]

mod cloud;
mod crowd;
mod database;
mod echo;
mod figures;
mod http;
mod machine;
mod people;
mod rooms;
mod socket;
mod tally;
mod writer;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use local::mongod::Mongod;
use local::programs::{self, Profile};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use self::cloud::{Cloud, Plan};
use self::crowd::{Crowd, Load};
use self::database::{Detour, Profiler};
use self::figures::{Table, percentile};
use self::http::Http;
use self::writer::Pace;

/// Nothing that is measured takes this long. What was started ends with this process.
const GIVE_UP: Duration = Duration::from_secs(10 * 60);

const PARTS: [&str; 4] = ["invocations", "starts", "database", "rooms"];

/// How many warm invocations of each kind.
const INVOCATIONS: usize = 3_000;

const IDLE_SOCKETS: usize = 2_000;

const STARTS: usize = 5;

/// What the detour adds to every answer of the database, at first and then.
const DELAYS_MS: [u64; 2] = [10, 40];

/// What the parts share.
struct Bench {
    runtime: Runtime,
    mongod: Mongod,
    programs: BTreeMap<String, PathBuf>,
    table: Table,
    seconds: f64,
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
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if let Some(unknown) = wanted.iter().find(|part| !PARTS.contains(&part.as_str())) {
        bail!("there is no part {unknown}: there are {}", PARTS.join(", "));
    }
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == part);
    let runtime = Runtime::new()?;
    let programs = runtime.block_on(programs::build(&cloud::chat()?, Profile::Bench))?;
    std::thread::spawn(|| {
        std::thread::sleep(GIVE_UP);
        eprintln!("it took longer than {} s", GIVE_UP.as_secs());
        std::process::exit(1);
    });
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    let mongod = runtime.block_on(Mongod::throwaway())?;
    let seconds = std::env::var("PARLOUR_BENCH_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(3.0);
    let began = Instant::now();
    println!("{}", machine::described());
    let mut bench = Bench { runtime, mongod, programs, table: Table::default(), seconds };
    if wants("invocations") {
        bench.invocations()?;
    }
    if wants("database") {
        bench.database()?;
    }
    if wants("starts") || wants("rooms") {
        let mut cloud = bench.chat(&bench.mongod.uri().replace("/?", "/bench?"))?;
        if wants("starts") {
            bench.starts(&mut cloud)?;
        }
        if wants("rooms") {
            let mongod = bench.runtime.block_on(database::process(bench.mongod.uri()))?;
            rooms::measure(&mut cloud, mongod, Duration::from_secs_f64(bench.seconds), &mut bench.table)?;
        }
        bench.memory(&mut cloud)?;
        cloud.stop()?;
    }
    println!("\n{}\n{:.0} s", bench.table.to_markdown(), began.elapsed().as_secs_f64());
    bench.runtime.block_on(bench.mongod.stop())
}

impl Bench {
    /// The chat, on a database.
    fn chat(&self, uri: &str) -> Result<Cloud> {
        let environment =
            [("MONGODB_URI", uri), ("JWT_SECRET", "the secret of the benchmark, 32 bytes"), ("BCRYPT_COST", "4")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Cloud::start(&Plan { chat: true, programs: self.programs.clone(), environment })
    }

    fn invocations(&mut self) -> Result<()> {
        let programs = [("Echo".to_owned(), std::env::current_exe()?)].into();
        let cloud = Cloud::start(&Plan { chat: false, programs, environment: BTreeMap::new() })?;
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
        let port = self
            .mongod
            .uri()
            .rsplit_once(':')
            .and_then(|(_, rest)| rest.split('/').next())
            .and_then(|port| port.parse().ok());
        let detour = self.runtime.block_on(Detour::to(port.context("a port in the URI")?))?;
        let cloud = self.chat(&format!("mongodb://127.0.0.1:{}/detour?directConnection=true", detour.port))?;
        let mut crowd = Crowd::of(vec![people::room(&cloud, "detour", 10)?])?;
        let load = |ms| Load {
            pace: Pace::Waiting,
            writers: 1,
            warm_up: Duration::from_millis(ms / 4),
            measured: Duration::from_millis(ms),
        };
        crowd.talk(&load(500), || Ok(()))?;
        let profiler = self.runtime.block_on(Profiler::start(self.mongod.uri(), "detour"))?;
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

fn own_time(body: Option<&str>) -> Result<Duration> {
    let nanoseconds = body.and_then(|body| body.parse().ok());
    nanoseconds.map(Duration::from_nanos).with_context(|| format!("{body:?} is no time"))
}
