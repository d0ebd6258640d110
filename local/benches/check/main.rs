//! The long run of the checker: `cargo bench -p local --bench check -- --changes 100000 --clients 50 --seeds 10 --rate 150`. docs/VERIFICATION.md has the rest.
#![allow(clippy::disallowed_methods, reason = "a checker looks at the database")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program that prints")]

#[path = "../../tests/checker/checker.rs"]
mod checker;

use std::process::ExitCode;

use anyhow::Result;
use local::programs::{self, Profile};
use tokio::runtime::Runtime;

use self::checker::settings::{Command, Settings};
use self::checker::verdict::Verdict;
use self::checker::{run, stage};

fn main() -> ExitCode {
    match check() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every run kept every promise.
fn check() -> Result<bool> {
    let Command { run: settings, seeds, programs } = Command::parse(std::env::args().skip(1))?;
    let runtime = Runtime::new()?;
    let profile = if cfg!(debug_assertions) { Profile::Dev } else { Profile::Bench };
    let cloud = stage::cloud()?;
    let programs = match programs {
        Some(folder) => cloud.functions.keys().map(|id| (id.clone(), folder.join(id))).collect(),
        None => runtime.block_on(programs::build(&cloud, profile))?,
    };
    let mut bad = 0;
    for seed in settings.seed..settings.seed + seeds {
        let settings = Settings { seed, ..settings.clone() };
        println!("{}", settings.command());
        let outcome = runtime.block_on(run::run(settings, &programs, |line| println!("  … {line}")))?;
        let verdict = Verdict::of(&outcome);
        println!("{}", verdict.told);
        bad += usize::from(!verdict.is_good());
    }
    println!("{} of {seeds} runs kept every promise", seeds as usize - bad);
    Ok(bad == 0)
}
