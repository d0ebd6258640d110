//! Where the lines go that CloudWatch would show.
//!
//! An invocation must not wait for a terminal: lines are handed to one thread that writes them, and when it is ten thousand lines
//! behind, further ones are counted instead of kept.

mod recent;

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

pub use self::recent::Line;
pub(crate) use self::recent::{Recent, Wanted};

/// Lines that may wait for the terminal.
const WAITING: usize = 10_000;

/// A sink of lines; its clones write to the same place.
#[derive(Debug, Clone)]
pub struct Log {
    sink: Sink,
    recent: Option<Arc<Recent>>,
}

#[derive(Debug, Clone)]
enum Sink {
    Nothing,
    Captured(Arc<Mutex<Vec<String>>>),
    Writer { lines: SyncSender<Message>, dropped: Arc<AtomicU64> },
}

#[derive(Debug)]
enum Message {
    Line(String),
    Flush(SyncSender<()>),
}

impl Log {
    /// Lines go to standard output.
    pub fn stdout() -> Self {
        Self::to(std::io::stdout())
    }

    /// Lines go to `target`, from a thread of their own.
    pub fn to(target: impl Write + Send + 'static) -> Self {
        let (lines, waiting) = sync_channel(WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&dropped);
        std::thread::spawn(move || write_all(&waiting, target, &counter));
        Self::into(Sink::Writer { lines, dropped })
    }

    /// Lines are kept, for [`Log::lines`].
    pub fn captured() -> Self {
        Self::into(Sink::Captured(Arc::default()))
    }

    /// Lines are forgotten.
    pub fn nothing() -> Self {
        Self::into(Sink::Nothing)
    }

    fn into(sink: Sink) -> Self {
        Self { sink, recent: None }
    }

    /// The same, but the latest lines are kept beside, for those who ask for them while it runs.
    #[must_use]
    pub fn kept(self) -> Self {
        Self { recent: Some(Arc::default()), ..self }
    }

    /// Writes one line, or several separated by line breaks.
    ///
    /// The first word is whose line it is.
    pub fn line(&self, text: String) {
        if let Some(recent) = &self.recent {
            let (of, message) = text.split_once(' ').unwrap_or(("", &text));
            recent.push(of, None, message, &text);
        }
        self.write(text);
    }

    /// Writes a line of an invocation; `mark` stands between the function's name and what is said.
    pub(crate) fn of(&self, function: &str, request_id: &str, mark: &str, message: &str) {
        let space = if mark.is_empty() { "" } else { " " };
        let text = format!("{function} {mark}{space}{message}");
        if let Some(recent) = &self.recent {
            recent.push(function, Some(request_id).filter(|id| !id.is_empty()), message, &text);
        }
        self.write(text);
    }

    fn write(&self, text: String) {
        match &self.sink {
            Sink::Nothing => {}
            Sink::Captured(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).push(text),
            Sink::Writer { lines, dropped } => {
                if lines.try_send(Message::Line(text)).is_err() {
                    dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    /// The lines so far, if they are captured.
    pub fn lines(&self) -> Vec<String> {
        match &self.sink {
            Sink::Captured(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            _ => Vec::new(),
        }
    }

    /// Blocks until every line so far has been written.
    pub fn flush(&self) {
        if let Sink::Writer { lines, .. } = &self.sink {
            let (done, wait) = sync_channel(1);
            if lines.send(Message::Flush(done)).is_ok() {
                let _ = wait.recv();
            }
        }
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.recent.is_none() && matches!(self.sink, Sink::Nothing)
    }

    /// The latest lines, if they are kept.
    pub(crate) fn recent(&self) -> Option<&Recent> {
        self.recent.as_deref()
    }
}

/// Ends when the last `Log` is gone, or nobody reads what it writes.
fn write_all(waiting: &Receiver<Message>, target: impl Write, dropped: &AtomicU64) {
    let mut out = std::io::BufWriter::with_capacity(64 * 1024, target);
    while let Ok(first) = waiting.recv() {
        for message in std::iter::once(first).chain(waiting.try_iter()) {
            let written = match message {
                Message::Line(line) => writeln!(out, "{line}"),
                Message::Flush(done) => {
                    let written = out.flush();
                    let _ = done.send(());
                    written
                }
            };
            if written.is_err() {
                return;
            }
        }
        let missing = dropped.swap(0, Ordering::Relaxed);
        if missing > 0
            && writeln!(out, "({missing} lines were dropped: the output is slower than the functions)").is_err()
        {
            return;
        }
        if out.flush().is_err() {
            return;
        }
    }
}
