//! The command line of `local`.

use std::process::ExitCode;

use clap::Parser as _;
use local::cli::{Cli, Command};
use local::progress::Progress;
use local::up::{End, up};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let options = match cli.command {
        Some(Command::Up(options)) => options,
        None => cli.up,
    };
    let progress = Progress::to_stderr(options.color);
    let code = match up(&options, &progress).await {
        Ok(End::Stopped) => 0,
        // As a shell counts a program that ended by Ctrl-C.
        Ok(End::Interrupted) => 130,
        Err(error) => {
            format!("{error:#}").lines().for_each(|line| progress.fail(line));
            1
        }
    };
    // Not by returning: that would wait for whatever still blocks a thread.
    std::process::exit(code)
}
