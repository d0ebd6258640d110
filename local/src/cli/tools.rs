//! What the commands are told that talk to a `local` that runs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::progress::Color;

const EXIT: &str = "\
Exit codes: 0 it is done; 1 it was refused, and stderr says why; 2 something is wrong with the command line; 3 no `local` runs here.";

const EXIT_INVOKE: &str = "\
Exit codes: 0 the function answered, or its event was taken; 1 it failed, and stderr has its error; 2 something is wrong with the command \
line; 3 no `local` runs here.";

const COMPLETIONS: &str = "\
They complete the name under which they were asked for; bash and zsh have a `local` of their own, so that it is `cargo-local` there:\n\
bash: cargo-local completions bash > ~/.local/share/bash-completion/completions/cargo-local\n\
zsh:  cargo-local completions zsh > _cargo-local, in a folder of $fpath, before compinit runs\n\
fish: local completions fish > ~/.config/fish/completions/local.fish";

/// Which run is meant.
#[derive(Debug, Clone, Args)]
pub struct Where {
    /// The template of the run [default: template.yaml in this folder or one above]
    #[arg(long, value_name = "FILE", help_heading = "Which `local`")]
    pub template: Option<PathBuf>,
    /// The data folder of the run [default: .local beside the template]
    #[arg(long, value_name = "DIR", help_heading = "Which `local`")]
    pub data: Option<PathBuf>,
    /// When to use colors: auto, always or never
    #[arg(long, value_enum, value_name = "WHEN", hide_possible_values = true, default_value_t)]
    pub color: Color,
}

/// What `invoke` is told.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXIT_INVOKE)]
pub struct Invoke {
    /// Its logical id, its name or its ARN; not needed if there is just one, or if the event was recorded
    pub function: Option<String>,
    /// A file with the event as JSON, or a line of `local up --record`; - is stdin [default: {}]
    #[arg(long, short = 'e', value_name = "FILE")]
    pub event: Option<PathBuf>,
    /// Which line of a file that has several recorded events
    #[arg(long, value_name = "NUMBER", requires = "event", value_parser = clap::value_parser!(u32).range(1..))]
    pub line: Option<u32>,
    /// Do not wait: as an asynchronous event, which is repeated when it fails
    #[arg(long = "async", conflicts_with = "log")]
    pub asynchronous: bool,
    /// Print the end of the invocation's log to stderr (4 KB)
    #[arg(long)]
    pub log: bool,
    /// Print one JSON object: payload or error, requestId, durationMs, initMs, log
    #[arg(long)]
    pub json: bool,
    /// Which run is meant.
    #[command(flatten)]
    pub of: Where,
}

/// What `connections` is told.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXIT)]
pub struct Connections {
    /// Print a JSON array
    #[arg(long)]
    pub json: bool,
    /// Which run is meant.
    #[command(flatten)]
    pub of: Where,
}

/// What `post` is told.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXIT)]
pub struct Post {
    /// The connection
    #[arg(allow_hyphen_values = true)]
    pub id: String,
    /// The message; - is stdin
    #[arg(default_value = "-", allow_hyphen_values = true)]
    pub text: String,
    /// Which run is meant.
    #[command(flatten)]
    pub of: Where,
}

/// What `disconnect` is told.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXIT)]
pub struct Disconnect {
    /// The connection
    #[arg(allow_hyphen_values = true)]
    pub id: String,
    /// Which run is meant.
    #[command(flatten)]
    pub of: Where,
}

/// What `logs` is told.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXIT)]
pub struct Logs {
    /// Only of this function or API
    pub function: Option<String>,
    /// Go on until Ctrl-C
    #[arg(long, short)]
    pub follow: bool,
    /// Print one JSON object a line: number, time, source, requestId, message
    #[arg(long)]
    pub json: bool,
    /// Not older than so long (90s, 5m, 2h, 1d), or than a time in UTC (2024-02-09T18:11)
    #[arg(long, value_name = "WHEN", value_parser = since)]
    pub since: Option<String>,
    /// So many of the latest lines [default: all that are kept, 10,000 or 4 MB at most]
    #[arg(long, short = 'n', value_name = "NUMBER")]
    pub lines: Option<usize>,
    /// Which run is meant.
    #[command(flatten)]
    pub of: Where,
}

/// What `status` is told.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXIT)]
pub struct Status {
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
    /// Which run is meant.
    #[command(flatten)]
    pub of: Where,
}

/// What `completions` is told.
#[derive(Debug, Clone, Args)]
#[command(after_help = COMPLETIONS)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// The shells whose completions are known to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
}

/// A time as log lines have it, or the beginning of one.
fn since(text: &str) -> Result<String, String> {
    let unit = text.chars().last().and_then(|unit| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3600),
        'd' => Some(86_400),
        _ => None,
    });
    if let Some(unit) = unit
        && let Ok(number) = text[..text.len() - 1].parse::<u32>()
    {
        let ago = u64::from(number) * unit * 1000;
        return Ok(crate::time::iso(crate::time::now_ms().saturating_sub(ago)).trim_end_matches('Z').to_owned());
    }
    let form = "0000-00-00T00:00:00.000";
    let time = text.strip_suffix('Z').unwrap_or(text);
    let fits = |(given, wanted): (char, char)| if wanted == '0' { given.is_ascii_digit() } else { given == wanted };
    if time.len() >= "0000-00-00".len() && time.len() <= form.len() && time.chars().zip(form.chars()).all(fits) {
        Ok(time.to_owned())
    } else {
        Err("write 90s, 5m, 2h or 1d, or a time in UTC as 2024-02-09T18:11".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::since;

    #[test]
    fn a_moment_is_a_time_or_how_long_ago_it_was() {
        for wrong in
            ["", "5", "m", "-5m", "5w", "yesterday", "2024", "2024-2-9", "2024-02-09 18:11", "2024-02-09T18:11:43.1234"]
        {
            assert!(since(wrong).is_err(), "{wrong}");
        }
        for time in ["2024-02-09", "2024-02-09T18:11", "2024-02-09T18:11:43", "2024-02-09T18:11:43.123"] {
            assert_eq!(since(time).as_deref(), Ok(time));
            assert_eq!(since(&format!("{time}Z")).as_deref(), Ok(time));
        }
        let (day, hour, now) = (since("1d"), since("60m"), since("0s"));
        assert!(day.is_ok() && day < hour && hour < now, "{day:?} {hour:?} {now:?}");
    }
}
