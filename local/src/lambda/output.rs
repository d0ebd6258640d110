//! What CloudWatch would show of an environment: the process's own lines between START and END, and the REPORT.
//!
//! One task per environment reads both pipes. The marks of an invocation reach it through a queue, so that the invocation never
//! waits for its log; a process has written its lines before it answers, so an end first takes what is in the pipes.

use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::unconstrained;
use tokio::time::Instant;

use super::environment::OUT_OF_MEMORY;
use super::memory;
use crate::log::Log;

/// Bytes of one log event. CloudWatch's quotas: 256 KB; a longer line is cut into several.
const LONGEST_LINE: usize = 256 * 1024;
/// Bytes of a log that an invocation may ask for with `X-Amz-Log-Type: Tail`.
const TAIL: usize = 4 * 1024;
/// Bytes that are read at once.
const READ: usize = 8 * 1024;
/// Bytes that a pipe holds, on Linux.
const PIPE: usize = 64 * 1024;
/// How old the figure for the memory may be; the peak only rises.
const MEMORY_MEASURED: Duration = Duration::from_secs(1);

/// Asks for the tail of an invocation's log.
pub(super) type Tail = oneshot::Sender<String>;

/// Something that `local` adds to the lines of the process.
#[derive(Debug)]
pub(super) enum Mark {
    Start { request_id: String },
    Line(String),
    End { report: Report, tail: Option<Tail> },
}

/// The figures at the end of an invocation.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) duration: Duration,
    pub(super) init: Option<Duration>,
    /// `timeout` or `error`, if it ended in one.
    pub(super) status: Option<&'static str>,
    /// Which error, if it was one of the environment.
    pub(super) error: Option<&'static str>,
}

/// Follows the output of a new process until the returned sender is dropped.
pub(super) fn follow(out: ChildStdout, err: ChildStderr, of: Process, log: Log) -> UnboundedSender<Mark> {
    let (marks, waiting) = unbounded_channel();
    let follower = Follower {
        marks: waiting,
        out: Pipe::new(out),
        err: Pipe::new(err),
        scribe: Scribe { of, log, request_id: String::new(), tail: String::new(), memory: None },
    };
    tokio::spawn(follower.run());
    marks
}

/// Whose output it is.
#[derive(Debug, Clone)]
pub(super) struct Process {
    pub(super) function: String,
    pub(super) memory_mb: u32,
    pub(super) pid: u32,
}

struct Follower {
    marks: UnboundedReceiver<Mark>,
    out: Pipe<ChildStdout>,
    err: Pipe<ChildStderr>,
    scribe: Scribe,
}

impl Follower {
    async fn run(mut self) {
        loop {
            tokio::select! {
                biased;
                mark = self.marks.recv() => {
                    if !matches!(mark, Some(Mark::Start { .. })) {
                        self.out.drain(&mut self.scribe);
                        self.err.drain(&mut self.scribe);
                    }
                    let Some(mark) = mark else { return };
                    self.scribe.mark(mark);
                }
                () = self.out.fill(), if self.out.open => self.out.emit(&mut self.scribe),
                () = self.err.fill(), if self.err.open => self.err.emit(&mut self.scribe),
            }
        }
    }
}

struct Pipe<R> {
    end: R,
    open: bool,
    held: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    fn new(end: R) -> Self {
        Self { end, open: true, held: Vec::new() }
    }

    async fn fill(&mut self) {
        self.held.reserve(READ);
        if matches!(self.end.read_buf(&mut self.held).await, Ok(0) | Err(_)) {
            self.open = false;
        }
    }

    /// Takes what is in the pipe, and no more than a pipe holds: a process may write faster than anybody reads.
    fn drain(&mut self, scribe: &mut Scribe) {
        let mut taken = 0;
        while self.open && taken < PIPE {
            let before = self.held.len();
            // Not a task's turn but an answer waits for this.
            if unconstrained(self.fill()).now_or_never().is_none() {
                return;
            }
            taken += self.held.len() - before;
            self.emit(scribe);
        }
    }

    fn emit(&mut self, scribe: &mut Scribe) {
        let mut from = 0;
        while let Some(length) = self.held[from..].iter().position(|byte| *byte == b'\n') {
            scribe.line(&String::from_utf8_lossy(&self.held[from..from + length]));
            from += length + 1;
        }
        self.held.drain(..from);
        if self.held.len() >= LONGEST_LINE || !self.open && !self.held.is_empty() {
            scribe.line(&String::from_utf8_lossy(&self.held));
            self.held.clear();
        }
    }
}

struct Scribe {
    of: Process,
    log: Log,
    request_id: String,
    tail: String,
    memory: Option<(Instant, u64)>,
}

impl Scribe {
    fn mark(&mut self, mark: Mark) {
        match mark {
            Mark::Start { request_id } => {
                self.tail.clear();
                self.request_id = request_id;
                self.add(&format!("START RequestId: {} Version: $LATEST", self.request_id));
            }
            Mark::Line(line) => self.line(&line),
            Mark::End { report, tail } => {
                let text = self.report(&report);
                self.add(&format!("END RequestId: {}", self.request_id));
                self.add(&text);
                if let Some(tail) = tail {
                    let _ = tail.send(self.tail[self.last()..].to_owned());
                }
            }
        }
    }

    /// What the process wrote as one line. The clients of managed runtimes write `\r` for a line break within one event.
    fn line(&mut self, line: &str) {
        line.trim_end_matches('\r').split('\r').for_each(|part| self.part(part));
    }

    /// A line, with the beginning of the request's id, which tells apart what runs at the same time.
    fn part(&mut self, line: &str) {
        self.keep(line);
        if !self.log.is_silent() {
            let short = self.request_id.get(..8).unwrap_or("init");
            self.log.of(&self.of.function, &self.request_id, short, line);
        }
    }

    fn add(&mut self, line: &str) {
        self.keep(line);
        if !self.log.is_silent() {
            self.log.of(&self.of.function, &self.request_id, "", line);
        }
    }

    fn keep(&mut self, line: &str) {
        if self.tail.len() > 16 * TAIL {
            self.tail.drain(..self.last());
        }
        self.tail.push_str(line);
        self.tail.push('\n');
    }

    /// Where the last 4 KB begin.
    fn last(&self) -> usize {
        self.tail.ceil_char_boundary(self.tail.len().saturating_sub(TAIL))
    }

    fn report(&mut self, report: &Report) -> String {
        let ms = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let billed = ms(report.duration) + report.init.map_or(0.0, ms);
        // Whoever was killed for it had all, and is no longer there to be asked.
        let whole = report.error == Some(OUT_OF_MEMORY);
        let peak = if whole { u64::from(self.of.memory_mb) } else { self.peak_mb() };
        let mut text = format!(
            "REPORT RequestId: {}\tDuration: {:.2} ms\tBilled Duration: {:.0} ms\tMemory Size: {} MB\tMax Memory Used: {} MB",
            self.request_id,
            ms(report.duration),
            billed.ceil(),
            self.of.memory_mb,
            peak,
        );
        if let Some(init) = report.init {
            text.push_str(&format!("\tInit Duration: {:.2} ms", ms(init)));
        }
        if let Some(status) = report.status {
            text.push_str(&format!("\tStatus: {status}"));
        }
        if let Some(error) = report.error {
            text.push_str(&format!("\tError Type: {error}"));
        }
        text
    }

    /// The peak of the resident memory, where the system tells it (Linux).
    fn peak_mb(&mut self) -> u64 {
        if let Some((at, memory)) = self.memory
            && at.elapsed() < MEMORY_MEASURED
        {
            return memory;
        }
        let memory = memory::peak_mb(self.of.pid).unwrap_or_else(|| self.memory.map_or(0, |(_, last)| last));
        self.memory = Some((Instant::now(), memory));
        memory
    }
}
