//! What `local` says while it starts: one line a step, and how long it has been at it while that lasts.
//!
//! Everything goes to stderr, so that stdout holds the log of the invocations. On a terminal the last line counts the seconds; in a
//! file a line now and then says that something still goes on. Steps may run at the same time.

use std::fmt::Display;
use std::future::Future;
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a terminal's seconds are counted.
const TICK: Duration = Duration::from_millis(250);
/// Shorter than this is not worth a line that moves.
const SOON: Duration = Duration::from_millis(700);
/// What is left of eighty columns beside the name of the step.
const WIDTH: usize = 68;
/// When a log file is told that a step goes on, and how often again.
const LATE: Duration = Duration::from_secs(3);
const REMINDER: Duration = Duration::from_secs(15);

/// Whether to use colors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether there are colors where this is written, which is a terminal or not. <https://no-color.org>
    #[must_use]
    pub fn on(self, terminal: bool) -> bool {
        let wanted = || std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        match self {
            Self::Auto => terminal && wanted(),
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Tells a person what is going on.
#[derive(Debug, Clone)]
pub struct Progress {
    out: Option<Arc<Mutex<Shown>>>,
    terminal: bool,
    color: bool,
}

/// What the moving line is about.
#[derive(Debug, Default)]
struct Shown {
    running: Vec<(u64, String, Instant)>,
    next: u64,
    /// Steps that write to the terminal themselves; no line moves meanwhile.
    noisy: usize,
}

impl Progress {
    /// Writes to stderr.
    #[must_use]
    pub fn to_stderr(color: Color) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { out: Some(Arc::default()), terminal, color: color.on(terminal) }
    }

    /// Says nothing, for tests and libraries.
    #[must_use]
    pub fn silent() -> Self {
        Self { out: None, terminal: false, color: false }
    }

    /// Whether colors are wanted.
    #[must_use]
    pub fn colored(&self) -> bool {
        self.color
    }

    /// One line about `what`.
    pub fn say(&self, what: &str, line: impl Display) {
        self.write(&format!("{} {line}", self.paint("1;36", &format!("{what:>10}"))));
    }

    /// Something a person should know, although it goes on.
    pub fn warn(&self, line: impl Display) {
        self.write(&format!("{} {line}", self.paint("1;33", "   warning")));
    }

    /// Something because of which it does not go on.
    pub fn fail(&self, line: impl Display) {
        self.write(&format!("{} {line}", self.paint("1;31", "     error")));
    }

    /// A text as it is.
    pub fn text(&self, text: &str) {
        self.write(text.trim_end_matches('\n'));
    }

    /// Runs one step, whose result is the line to say when it is done.
    ///
    /// # Errors
    /// The step's own.
    pub async fn step<T>(
        &self,
        what: &str,
        doing: &str,
        work: impl Future<Output = anyhow::Result<(T, String)>>,
    ) -> anyhow::Result<T> {
        let begun = Instant::now();
        let id = self.begin(doing);
        let mut work = std::pin::pin!(work);
        let mut reminder = begun + LATE;
        let result = loop {
            match tokio::time::timeout(TICK, &mut work).await {
                Ok(result) => break result,
                Err(_) if self.terminal => self.tick(),
                Err(_) if Instant::now() >= reminder => {
                    reminder += REMINDER;
                    self.say(what, format!("{doing} … ({} s)", begun.elapsed().as_secs()));
                }
                Err(_) => {}
            }
        };
        self.end(id);
        let (value, done) = result?;
        let seconds = begun.elapsed().as_secs_f64();
        self.say(what, if seconds < 0.1 { done } else { format!("{done} ({seconds:.1} s)") });
        Ok(value)
    }

    /// Runs something that writes to the terminal itself.
    pub async fn noisy<T>(&self, work: impl Future<Output = T>) -> T {
        self.with(|shown| shown.noisy += 1);
        let result = work.await;
        self.with(|shown| shown.noisy -= 1);
        result
    }

    fn begin(&self, doing: &str) -> u64 {
        let mut id = 0;
        self.with(|shown| {
            shown.next += 1;
            id = shown.next;
            shown.running.push((id, doing.to_owned(), Instant::now()));
        });
        id
    }

    fn end(&self, id: u64) {
        self.with(|shown| shown.running.retain(|(running, ..)| *running != id));
    }

    fn tick(&self) {
        let mut line = String::new();
        self.with(|shown| {
            let slow = shown.running.iter().filter(|(_, _, begun)| shown.noisy == 0 && begun.elapsed() > SOON);
            let slow: Vec<String> =
                slow.map(|(_, doing, begun)| format!("{doing} … {} s", begun.elapsed().as_secs())).collect();
            // A line that wraps could not be taken back.
            line = slow.join(" · ").chars().take(WIDTH).collect();
        });
        if !line.is_empty() {
            self.raw(&format!("\r\x1b[K{:>10} {line}", ""));
        }
    }

    fn write(&self, line: &str) {
        self.raw(&format!("{}{line}\n", if self.terminal { "\r\x1b[K" } else { "" }));
    }

    fn raw(&self, text: &str) {
        if self.out.is_some() {
            let mut stderr = std::io::stderr().lock();
            // Nobody is left to be told when stderr is gone.
            let _gone = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
        }
    }

    fn paint(&self, color: &str, text: &str) -> String {
        if self.color { format!("\x1b[{color}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn with(&self, change: impl FnOnce(&mut Shown)) {
        if let Some(shown) = &self.out {
            change(&mut shown.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}
