//! What is to be done in a run, and the command that repeats it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::faults::{self, Fault};

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    /// How many messages, edits and deletions.
    pub(crate) changes: usize,
    pub(crate) clients: usize,
    pub(crate) rooms: usize,
    /// Edits and deletions among the changes, in a thousand.
    pub(crate) edits: u64,
    pub(crate) faults: Vec<Fault>,
    /// Nodes of the database.
    pub(crate) nodes: usize,
    /// Changes a second that all clients ask for together; otherwise each asks for the next when one is answered.
    pub(crate) rate: Option<u32>,
    /// Each client's sockets are cut so often, one client after the other, instead of now and then.
    pub(crate) cut_every: Option<Duration>,
}

/// Several runs, one for each seed from `run.seed` on.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) run: Settings,
    pub(crate) seeds: u64,
    /// A folder with the functions' programs, by logical id, instead of building them: for those that are wrong on purpose.
    pub(crate) programs: Option<PathBuf>,
}

impl Settings {
    /// How long the load may take before the run is given up.
    pub(crate) fn longest(&self) -> Duration {
        let changes = u32::try_from(self.changes).unwrap_or(u32::MAX);
        let each =
            Duration::from_millis(40).max(self.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(2) / rate));
        Duration::from_secs(180) + each * changes
    }

    /// How many changes may have been asked for after that time.
    pub(crate) fn due(&self, elapsed: Duration) -> usize {
        self.rate.map_or(self.changes, |rate| (elapsed.as_secs_f64() * f64::from(rate)) as usize)
    }

    /// What repeats this run alone.
    pub(crate) fn command(&self) -> String {
        let Self { seed, changes, clients, rooms, edits, faults, nodes, rate, cut_every } = self;
        let mut command = format!(
            "cargo bench -p local --bench check -- --seed {seed} --seeds 1 --changes {changes} --clients {clients} \
             --rooms {rooms} --edits {edits} --nodes {nodes} --faults {}",
            faults::named(faults)
        );
        command.extend(rate.iter().map(|rate| format!(" --rate {rate}")));
        command.extend(cut_every.iter().map(|period| format!(" --cut-every {}", period.as_secs())));
        command
    }
}

impl Command {
    /// Reads `--name value` pairs; `--bench`, which cargo adds, is nothing.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut run = Settings {
            seed: 1,
            changes: 10_000,
            clients: 50,
            rooms: 5,
            edits: 150,
            faults: faults::parse("all")?,
            nodes: 1,
            rate: None,
            cut_every: None,
        };
        let mut seeds = 1;
        let mut programs = None;
        let mut arguments = arguments.into_iter().filter(|argument| argument != "--bench");
        while let Some(name) = arguments.next() {
            let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
            let number = || value.parse::<usize>().with_context(|| format!("{name} needs a number, and not {value}"));
            match name.as_str() {
                "--seed" => run.seed = number()? as u64,
                "--seeds" => seeds = number()? as u64,
                "--changes" => run.changes = number()?,
                "--clients" => run.clients = number()?.max(2),
                "--rooms" => run.rooms = number()?.max(1),
                "--edits" => run.edits = number()? as u64,
                "--nodes" => run.nodes = number()?,
                "--rate" => run.rate = Some(u32::try_from(number()?.max(1))?),
                "--cut-every" => run.cut_every = Some(Duration::from_secs(number()?.max(1) as u64)),
                "--programs" => programs = Some(PathBuf::from(&value)),
                "--faults" => run.faults = faults::parse(&value)?,
                _ => bail!("there is no {name}"),
            }
        }
        if run.cut_every.is_some() && !run.faults.contains(&Fault::Cut) {
            run.faults.push(Fault::Cut);
        }
        Ok(Self { run, seeds, programs })
    }
}
