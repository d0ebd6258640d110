//! `local` as a gateway, beside serverless-offline: `cargo bench -p local --bench gateway -- --serverless DIR`, where DIR is a folder in which
//! `npm install serverless@3 serverless-offline@13` was run. Without one, `local` is measured alone.
//!
//! Both serve the same WebSocket API: `$connect`, `$disconnect` and a `$default` that answers with the connection's id, in the language in which each runs
//! functions: a program in a process of its own here, a handler in JavaScript there. serverless-offline is measured twice: as it is unless told otherwise, when
//! handlers have a thread of their own, and with `--useInProcess`, when they run in the server's, which spares it the invocation of anything. Neither
//! server writes its log to a terminal. Clients are threads of this program with a WebSocket reader that costs next to nothing. One after the other,
//! echoes and posts at one server and the others at a new one each:
//!
//! The processor time is that of the server and its functions; the clients take about as much, which no server can spare them.
//!
//! - *Start*: from the command until a first client has an echo, the start of the function included.
//! - *Connections*: sixteen clients open sockets, one after another, for which `$connect` is invoked each time.
//! - *Echoes*: sixteen sockets each send when they have heard.
//! - *Posts*: sixteen clients post to `@connections`, each to a socket that reads; one is under way for each.
//! - *Memory*: the growth of the server's resident memory with two thousand idle sockets, and for `local` with twenty thousand.
#![allow(clippy::disallowed_methods, reason = "a benchmark looks at its own environment")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program that prints")]

#[path = "../chat/figures.rs"]
#[allow(dead_code, reason = "shared with the other benchmark")]
mod figures;
#[path = "../chat/http.rs"]
#[allow(dead_code, reason = "shared with the other benchmark")]
mod http;
mod load;
#[path = "../chat/machine.rs"]
#[allow(dead_code, reason = "shared with the other benchmark")]
mod machine;
mod server;
#[path = "../chat/socket.rs"]
#[allow(dead_code, reason = "shared with the other benchmark")]
mod socket;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;

use self::figures::Table;
use self::http::Http;
use self::load::Measured;
use self::server::Server;

/// Idle sockets whose memory is measured at both, and at `local`, if so many files may be open.
const IDLE: usize = 2_000;
const MANY: usize = 20_000;

/// Files that so many sockets need, in this program and in the server, and those that are none.
const FILES: u64 = 65_536;
const OTHER_FILES: usize = 500;

/// Measures `local` as a gateway, alone or beside serverless-offline
#[derive(Debug, Parser)]
#[command(name = "cargo bench -p local --bench gateway --", max_term_width = 100)]
struct Options {
    /// A folder in which serverless and serverless-offline are installed
    #[arg(long, value_name = "DIR")]
    serverless: Option<PathBuf>,
    /// How long each load is measured
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// What `cargo bench` says
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let done = match std::env::var("AWS_LAMBDA_RUNTIME_API") {
        // The runtime goes away when `local` ends it.
        Ok(runtime_api) => {
            let _ended_by_local = echo(&runtime_api);
            Ok(())
        }
        Err(_) => measure(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The function: answers with the id of the connection.
fn echo(runtime_api: &str) -> Result<()> {
    let mut api = Http::to(&format!("http://{runtime_api}/2018-06-01/runtime"))?;
    loop {
        let event = api.call("GET", "/invocation/next", None, "")?;
        let id = event.header("lambda-runtime-aws-request-id").context("no request id")?;
        let path = format!("/invocation/{id}/response");
        let event: Value = serde_json::from_slice(&event.body)?;
        let connection = event["requestContext"]["connectionId"].as_str().unwrap_or_default();
        api.call("POST", &path, None, &format!(r#"{{"statusCode":200,"body":"{connection}"}}"#))?;
    }
}

fn measure() -> Result<()> {
    let options = Options::parse();
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: Some(FILES), maximum: limit.maximum.map(|most| most.max(FILES)) };
    // Only root may raise what it may have at most.
    setrlimit(Resource::Nofile, raised)
        .or_else(|_| setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }))?;
    let files = getrlimit(Resource::Nofile).current.and_then(|files| usize::try_from(files).ok());
    let many = files.map_or(MANY, |files| MANY.min(files.saturating_sub(OTHER_FILES)));
    println!("{}\n", machine::described());
    let length = Duration::from_secs_f64(options.seconds);
    let ours = load::measure(Server::local, IDLE, length).context("local")?;
    let server = Server::local()?;
    let many_kb = load::idle(&server, many).context("many idle sockets")?;
    drop(server);
    let theirs = match &options.serverless {
        Some(folder) => {
            let measured = |in_process| {
                let start = || Server::serverless_offline(folder, in_process);
                load::measure(start, IDLE, length).context("serverless-offline")
            };
            Some((measured(false)?, measured(true)?))
        }
        None => None,
    };
    println!("{}", told(&ours, (many, many_kb), theirs.as_ref()).to_markdown());
    Ok(())
}

fn told(ours: &Measured, (many, many_kb): (usize, f64), theirs: Option<&(Measured, Measured)>) -> Table {
    let mut table =
        Table::of(&["the same WebSocket API", "local", "serverless-offline", "ahead", "in its own thread", "ahead"]);
    let mut row = |what: &str, unit: &str, of: fn(&Measured) -> f64, more_is_better: bool| {
        let shown =
            |value: f64| if value < 100.0 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") };
        let our = of(ours);
        let mut cells = vec![what.to_owned(), shown(our)];
        for their in theirs.iter().flat_map(|(apart, within)| [of(apart), of(within)]) {
            let ahead = if more_is_better { our / their } else { their / our };
            cells.extend([shown(their), format!("{ahead:.1}")]);
        }
        cells.resize(6, String::new());
        table.cells(cells);
    };
    row("start to the first echo", "ms", |measured| measured.start.as_secs_f64() * 1e3, false);
    row("connections opened", "/s", |measured| measured.connections.a_second, true);
    row("… the server's processor time for each", "µs", |measured| measured.connections.micros, false);
    row("echoes on 16 sockets", "/s", |measured| measured.echoes.a_second, true);
    row("… the server's processor time for each", "µs", |measured| measured.echoes.micros, false);
    row("… one of them, p50", "ms", |measured| measured.echo_ms.0, false);
    row("… one of them, p99", "ms", |measured| measured.echo_ms.1, false);
    row("posts to `@connections`, 16 at once", "/s", |measured| measured.posts.a_second, true);
    row("… the server's processor time for each", "µs", |measured| measured.posts.micros, false);
    row("memory of each of 2,000 idle sockets", "KB", |measured| measured.idle_kb, false);
    let mut cells = vec![format!("memory of each of {many} idle sockets"), format!("{many_kb:.1} KB")];
    cells.resize(6, String::new());
    table.cells(cells);
    table
}
