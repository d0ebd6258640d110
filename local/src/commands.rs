//! The command line: `up`, and the commands that talk to a `local` that runs: one call of its control interface each, and what comes of it on stdout, for people or
//! with `--json` for programs. What went wrong is one sentence on stderr.

mod completions;
mod connections;
mod invoke;
mod logs;
mod status;

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};

use anyhow::bail;
use clap::Parser as _;

use crate::cli::{Cli, Command, Up, Where};
use crate::control::{Absent, Answer, Client, Instance};
use crate::progress::{Color, Progress};
use crate::project::data_folder;
use crate::up::{End, up};

/// Something was refused, or the function failed.
const REFUSED: i32 = 1;
/// There is no `local` to talk to.
const NOT_RUNNING: i32 = 3;

/// Does what the command line says and gives the exit code. The caller exits with it at once: returning from `main` would wait for whatever
/// still blocks a thread.
pub async fn main(arguments: Vec<OsString>) -> i32 {
    let cli = Cli::parse_from(arguments);
    match cli.command {
        Some(Command::Up(options)) => start(&options).await,
        None => start(&cli.up).await,
        Some(other) => run(&other).await,
    }
}

async fn start(options: &Up) -> i32 {
    let progress = Progress::to_stderr(options.color);
    match up(options, &progress).await {
        Ok(End::Stopped) => 0,
        // As a shell counts a program that ended by Ctrl-C.
        Ok(End::Interrupted) => 130,
        Err(error) => {
            format!("{error:#}").lines().for_each(|line| progress.fail(line));
            REFUSED
        }
    }
}

async fn run(command: &Command) -> i32 {
    let (of, done) = match command {
        Command::Up(options) => return start(options).await,
        Command::Completions(options) => return completions::print(options.shell),
        Command::Invoke(options) => (&options.of, invoke::run(options).await),
        Command::Connections(options) => (&options.of, connections::list(options).await),
        Command::Post(options) => (&options.of, connections::post(options).await),
        Command::Disconnect(options) => (&options.of, connections::disconnect(options).await),
        Command::Logs(options) => (&options.of, logs::run(options).await),
        Command::Status(options) => (&options.of, status::run(options).await),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            let progress = Progress::to_stderr(of.color);
            format!("{error:#}").lines().for_each(|line| progress.fail(line));
            if error.is::<Absent>() { NOT_RUNNING } else { REFUSED }
        }
    }
}

/// The run that is meant.
fn client(of: &Where) -> Result<Client, Absent> {
    let data = data_folder(of.template.as_deref(), of.data.as_deref())
        .map_err(|error| Absent(format!("{error:#}, or name the folder of its data with --data")))?;
    Client::new(&Instance::find(&data)?)
}

/// What was answered, unless it is a refusal.
fn accepted(answer: Answer) -> anyhow::Result<serde_json::Value> {
    if !answer.status.is_success() {
        bail!("{}", answer.message());
    }
    Ok(answer.value)
}

/// Prints a line. Whether somebody still reads.
fn say(line: &str) -> bool {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).is_ok()
}

/// Colors on stdout.
#[derive(Debug, Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn new(color: Color) -> Self {
        Self(color.on(std::io::stdout().is_terminal()))
    }

    fn paint(self, color: &str, text: &str) -> String {
        if self.0 && !text.is_empty() { format!("\x1b[{color}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }
}

/// Prints rows under a head, each column as wide as its widest cell; with `figures` all but the first stand to the right.
fn table(paint: Paint, head: &[&str], rows: &[Vec<String>], figures: bool) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].len()]).max().unwrap_or_default()
    };
    let aligned = |cells: Vec<&str>| {
        let cells = cells.into_iter().enumerate().map(|(column, cell)| {
            let width = width(column);
            if figures && column > 0 { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    say(&paint.dim(&aligned(head.to_vec())));
    for row in rows {
        if !say(&aligned(row.iter().map(String::as_str).collect())) {
            return;
        }
    }
}

/// A part of a path, with everything that is not a letter, a digit, `-` or `_` in hexadecimal.
fn segment(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
