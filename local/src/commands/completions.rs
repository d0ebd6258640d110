//! `local completions`: made from the command line as it is defined, so that it knows every option.

use std::io::Write as _;
use std::path::PathBuf;

use clap::CommandFactory as _;
use clap_complete::{generate, shells};

use crate::cli::{Cli, Shell};

pub(super) fn print(shell: Shell) -> i32 {
    let mut script = Vec::new();
    let mut command = Cli::command();
    // Completions are for the name under which it is called.
    let called = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
    let name = called.file_name().and_then(|name| name.to_str()).unwrap_or_else(|| command.get_name()).to_owned();
    match shell {
        Shell::Bash => generate(shells::Bash, &mut command, name, &mut script),
        Shell::Zsh => generate(shells::Zsh, &mut command, name, &mut script),
        Shell::Fish => generate(shells::Fish, &mut command, name, &mut script),
    }
    // Nobody reads any more, which is up to them.
    let _gone = std::io::stdout().write_all(&script);
    0
}
