//! Where the lines go that CloudWatch would show.
//!
//! An invocation must not wait for a terminal: lines are handed to one thread that writes them, and when it is ten thousand lines
//! behind, further ones are counted instead of kept.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Lines that may wait for the terminal.
const WAITING: usize = 10_000;

/// A sink of lines; its clones write to the same place.
#[derive(Debug, Clone)]
pub struct Log(Sink);

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
        Self(Sink::Writer { lines, dropped })
    }

    /// Lines are kept, for [`Log::lines`].
    pub fn captured() -> Self {
        Self(Sink::Captured(Arc::default()))
    }

    /// Lines are forgotten.
    pub fn nothing() -> Self {
        Self(Sink::Nothing)
    }

    /// Writes one line, or several separated by line breaks.
    pub fn line(&self, text: String) {
        match &self.0 {
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
        match &self.0 {
            Sink::Captured(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            _ => Vec::new(),
        }
    }

    /// Blocks until every line so far has been written.
    pub fn flush(&self) {
        if let Sink::Writer { lines, .. } = &self.0 {
            let (done, wait) = sync_channel(1);
            if lines.send(Message::Flush(done)).is_ok() {
                let _ = wait.recv();
            }
        }
    }

    pub(crate) fn is_silent(&self) -> bool {
        matches!(self.0, Sink::Nothing)
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
