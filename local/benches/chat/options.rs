//! What the benchmark may be told.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Warm invocations, and idle sockets
    Invocations,
    /// Round trips and operations of a send
    Database,
    /// Cold starts
    Starts,
    /// Rooms under load
    Rooms,
    /// What it costs to show who types and who has read what
    Signals,
    /// Thousands of sockets in rooms; only when asked for
    Connections,
    /// Search and history among very many messages; only when asked for
    Search,
    /// Where the time of one send goes; only when asked for
    Profile,
    /// Beside another chat; only when there is one
    Beside,
}

/// Measures Parlour. Without an argument: everything that needs no other chat, in some two minutes
#[derive(Debug, Parser)]
#[command(name = "cargo bench -p local --", max_term_width = 100)]
pub(crate) struct Options {
    /// These parts only
    #[arg(value_enum, value_name = "PART")]
    parts: Vec<Part>,
    /// The same, as an option
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<Part>,
    /// How long each load of a room is measured
    #[arg(long, env = "PARLOUR_BENCH_SECONDS", default_value_t = 3.0)]
    pub(crate) seconds: f64,
    /// How many messages are under way where writers do not wait
    #[arg(long, value_name = "MESSAGES", default_value_t = 64)]
    pub(crate) under_way: usize,
    /// A MongoDB (a replica set) on this machine, instead of a throw-away one; databases `parlour-bench-…` are made in it, and dropped
    #[arg(long, value_name = "URI")]
    pub(crate) mongodb: Option<String>,
    /// A variable for all functions, such as a limit that is to be raised
    #[arg(long = "env", short = 'e', value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) environment: Vec<(String, String)>,

    /// Measure this many sockets in rooms
    #[arg(long, value_name = "SOCKETS", num_args = 0..=1, default_missing_value = "10000")]
    pub(crate) connections: Option<usize>,
    /// Measure search and history among this many messages
    #[arg(long, value_name = "MESSAGES", num_args = 0..=1, default_missing_value = "1000000")]
    pub(crate) search: Option<usize>,
    /// Print where the time of one send goes
    #[arg(long)]
    profile: bool,

    /// A chat with Socket.IO that runs already, such as http://127.0.0.1:4000; it should use the same MongoDB
    #[arg(long, value_name = "URL", help_heading = "Another chat")]
    pub(crate) socketio: Option<String>,
    /// Start it by this command instead, such as 'node server.js'
    #[arg(long, value_name = "COMMAND", conflicts_with = "socketio", help_heading = "Another chat")]
    pub(crate) socketio_command: Option<String>,
    /// In this folder
    #[arg(long, value_name = "DIR", requires = "socketio_command", help_heading = "Another chat")]
    pub(crate) socketio_dir: Option<PathBuf>,
    /// Both are measured so many times, in turns, and the median is shown
    #[arg(long, value_name = "TURNS", default_value_t = 1, help_heading = "Another chat")]
    pub(crate) runs: usize,

    /// What `cargo bench` says
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    pub(crate) fn wants(&self, part: Part) -> bool {
        let named = self.parts.contains(&part) || self.only.contains(&part);
        let nothing_named = self.parts.is_empty() && self.only.is_empty();
        let asked_for = match part {
            Part::Connections => self.connections.is_some(),
            Part::Search => self.search.is_some(),
            Part::Profile => self.profile,
            Part::Beside => self.has_peer(),
            _ => nothing_named,
        };
        named || asked_for
    }

    pub(crate) fn has_peer(&self) -> bool {
        self.socketio.is_some() || self.socketio_command.is_some()
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}
