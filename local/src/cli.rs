//! The command line.

mod tools;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use self::tools::{Completions, Connections, Disconnect, Invoke, Logs, Post, Shell, Status, Where};
use crate::chaos::Chaos;
use crate::progress::Color;

/// Runs a SAM template with a WebSocket API on this machine: the functions' own programs, API Gateway, @connections, Lambda's Invoke API
/// and a static site.
#[derive(Debug, Parser)]
#[command(name = "local", version, args_conflicts_with_subcommands = true, max_term_width = 110, after_help = AFTER)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Without a command: `up`.
    #[command(flatten)]
    pub up: Up,
}

const AFTER: &str = "\
Variables of functions come from --env, the shell, the .env file, local.toml and the template, the first of these that has a value. \
MONGODB_URI names a database instead of the one that local starts. MONGOD names a mongod program. Ctrl-C stops everything.\n\n\
It exits with 0 after Ctrl-C, 1 when something is wrong with the project, 2 when something is wrong with the command line, and 130 when it \
was interrupted before it was up or a second time. `local help COMMAND` tells what the other commands exit with.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build what is stale and run everything until Ctrl-C (what happens without a command)
    Up(Box<Up>),
    /// Call a function of the `local` that runs here, and print what it answers
    Invoke(Invoke),
    /// List the open WebSocket connections
    Connections(Connections),
    /// Send a message to a connection
    Post(Post),
    /// Close a connection
    Disconnect(Disconnect),
    /// Show what functions print
    Logs(Logs),
    /// Tell what runs: addresses, functions, invocations, latencies, errors
    Status(Status),
    /// Print what completes commands and options in a shell; the help tells where it goes
    Completions(Completions),
}

/// What `up` is told.
#[derive(Debug, Clone, Args)]
pub struct Up {
    /// The template [default: template.yaml in this folder or one above]
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// What the project says beyond its template [default: local.toml beside it, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where data is kept between runs [default: .local beside the template]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Leave this resource of the template out, by its logical id; can be repeated
    #[arg(long, value_name = "ID")]
    pub without: Vec<String>,

    /// Port of the site, the address to open in a browser [default: 8800]
    #[arg(long, value_name = "PORT", help_heading = "Ports (0 is any free one)")]
    pub site_port: Option<u16>,
    /// Port of the first HTTP API; further ones and function URLs take the next numbers from 8811 on, or behind the port that is given here [default: 8801]
    #[arg(long, value_name = "PORT", help_heading = "Ports (0 is any free one)")]
    pub http_port: Option<u16>,
    /// Port of the first WebSocket API and its @connections; further ones as with --http-port [default: 8802]
    #[arg(long, value_name = "PORT", help_heading = "Ports (0 is any free one)")]
    pub websocket_port: Option<u16>,
    /// Port of Lambda's Invoke API [default: 8803]
    #[arg(long, value_name = "PORT", help_heading = "Ports (0 is any free one)")]
    pub lambda_port: Option<u16>,
    /// Port of S3, if the template has a bucket [default: 8804]
    #[arg(long, value_name = "PORT", help_heading = "Ports (0 is any free one)")]
    pub s3_port: Option<u16>,
    /// Port of the status page, which commands use as well
    #[arg(long, value_name = "PORT", default_value_t = 0, help_heading = "Ports (0 is any free one)")]
    pub control_port: u16,
    /// Port of the MongoDB that local starts [default: local.toml's, or 27117]
    #[arg(long, value_name = "PORT", help_heading = "Ports (0 is any free one)")]
    pub mongodb_port: Option<u16>,

    /// The environment of samconfig.toml whose stack_name and parameter_overrides are taken [default: default]
    #[arg(long, value_name = "NAME")]
    pub config_env: Option<String>,
    /// A parameter of the template, before local.toml, samconfig.toml and its default
    #[arg(long = "parameter", short = 'p', value_name = "NAME=VALUE", value_parser = pair)]
    pub parameters: Vec<(String, String)>,
    /// A variable for all functions, before all other sources
    #[arg(long = "env", short = 'e', value_name = "NAME=VALUE", value_parser = pair)]
    pub environment: Vec<(String, String)>,
    /// A file of variables [default: .env beside the template, if there is one]
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,

    /// Compile the functions as they are deployed
    #[arg(long)]
    pub release: bool,
    /// Run what was built before: neither cargo nor the site's build is called
    #[arg(long)]
    pub no_build: bool,
    /// Do not watch: changes of the template, of variables and of sources take effect at the next start
    #[arg(long)]
    pub no_reload: bool,
    /// Neither build nor serve the site
    #[arg(long)]
    pub no_site: bool,
    /// Send invocations to another Invoke endpoint, for example http://localhost:9000 of `cargo lambda watch`
    #[arg(long, value_name = "URL", value_parser = url)]
    pub invoke_endpoint: Option<String>,

    /// Check the signatures of requests to @connections, to the Invoke API and to routes with AWS_IAM, and whether the template grants the caller's role what it
    /// asks for. Each function has credentials of its own; on the command line AWS_ACCESS_KEY_ID=local and AWS_SECRET_ACCESS_KEY=local may
    /// do everything
    #[arg(long)]
    pub iam: bool,
    /// Kill a process that takes more memory than its function's MemorySize, as Lambda does (Linux)
    #[arg(long)]
    pub memory_limits: bool,
    /// Record every event of every function with its answer: to a file, one JSON object a line, or to a folder, one file each. Events hold what
    /// people sent, passwords included
    #[arg(long, value_name = "FILE|DIR")]
    pub record: Option<PathBuf>,

    /// Let things go wrong, as networks, clouds and databases do. SEED is a whole number; the same one decides the same again. NAME=0
    /// switches a fault off, all=0 all that are not named behind it. Probabilities per frame: drop, delay, reorder, double; per post to
    /// @connections: gone, throttle, fail, hang, lie (delivered, but answered with 500); per closed socket: lose_disconnect; per invocation:
    /// twice, kill, freeze. Mean times, such as 15s: cut (the life of a socket), mongod (between two kills). clock: how many times faster a
    /// socket's idle and lifetime limits are reached and failed events are run again. For example 7,drop=0.1,cut=0,mongod=30s
    #[arg(long, value_name = "SEED[,NAME=VALUE…]", value_parser = Chaos::parse)]
    pub chaos: Option<Chaos>,

    /// When to use colors: auto, always or never
    #[arg(long, value_enum, value_name = "WHEN", hide_possible_values = true, default_value_t)]
    pub color: Color,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

fn url(text: &str) -> Result<String, String> {
    if text.starts_with("http://") { Ok(text.to_owned()) } else { Err("write http://host:port".to_owned()) }
}
