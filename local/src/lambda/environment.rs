//! One execution environment: a process, its Runtime API, and what it is doing.
//!
//! The stage says which of the two sides moves next. The process moves by its calls (`/next`, `/response`, `/error`, or by ending),
//! the pool by giving work and by killing. Whoever moves holds the lock for that one step, and takes no other lock while it does.
//!
//! An answer goes back at once, but the invocation is over when the process asks for more: until then it counts for the function's
//! concurrency and its time runs.

use std::os::unix::process::ExitStatusExt;
use std::pin::pin;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};

use super::faults::Freezer;
use super::memory;
use super::output::{Mark, Report, Tail};
use super::pool::{Pool, Slot};
use super::program::Version;
use super::{AccountSlot, Failure, Stream, runtime_api};
use crate::time;

/// What Lambda calls the end of a process that took too much memory.
pub(super) const OUT_OF_MEMORY: &str = "Runtime.OutOfMemory";

/// A process of a function.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) pid: u32,
    pub(super) version: Option<Version>,
    pub(super) arn: String,
    pub(super) payload_limit: usize,
    pub(super) stream_limit: usize,
    pub(super) marks: UnboundedSender<Mark>,
    pub(super) freezer: Freezer,
    memory_mb: Option<u32>,
    timeout: Duration,
    pool: Weak<Pool>,
    started: Instant,
    /// Microseconds; zero once it has been reported.
    init: AtomicU64,
    stage: Mutex<Stage>,
    work_given: Notify,
    end_wanted: Notify,
}

#[derive(Debug)]
enum Stage {
    /// Before the first `/next`; what `/init/error` said, if it was called.
    Starting(Option<Bytes>),
    Idle(Instant),
    Given(Box<Work>),
    Busy {
        reply: oneshot::Sender<Reply>,
        stream: Option<Stream>,
        under_way: UnderWay,
    },
    /// Has answered, but not asked for more.
    Finishing(UnderWay),
    Gone,
}

/// One invocation, as the process gets it.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) payload: Bytes,
    pub(super) deadline_ms: u64,
    pub(super) trace: String,
    pub(super) client_context: Option<String>,
    pub(super) stream: Option<Stream>,
    pub(super) reply: oneshot::Sender<Reply>,
    pub(super) under_way: UnderWay,
}

/// An invocation, from the moment that an environment has it until that environment is free again.
#[derive(Debug)]
pub(super) struct UnderWay {
    pub(super) request_id: String,
    pub(super) began: Instant,
    /// The start of the process, if this is its first.
    pub(super) init: Option<Duration>,
    /// Who waits for the end of the log.
    pub(super) tail: Option<Tail>,
    /// The executions that it counts as, given back when this is dropped.
    _slots: (Slot, AccountSlot),
    /// How the report shows what was answered.
    status: Status,
}

/// The status that a report shows, and the error.
type Status = (Option<&'static str>, Option<&'static str>);

impl UnderWay {
    pub(super) fn new(request_id: String, tail: Option<Tail>, slots: (Slot, AccountSlot)) -> Self {
        Self { request_id, began: Instant::now(), init: None, tail, _slots: slots, status: (None, None) }
    }
}

/// What a process is handed for [`Work`].
pub(super) struct Given {
    pub(super) request_id: String,
    pub(super) payload: Bytes,
    pub(super) deadline_ms: u64,
    pub(super) trace: String,
    pub(super) client_context: Option<String>,
}

/// How an invocation ended.
#[derive(Debug)]
pub(super) enum Reply {
    Answered(Bytes),
    /// The function reported an error: its JSON.
    Failed(Bytes),
    /// The answer was larger than Lambda allows: the limit.
    TooLarge(usize),
    /// There was none in time: what is said of it.
    TimedOut(String),
    /// The process ended: what Lambda calls that, and what it says of it.
    Exited(&'static str, String),
}

/// What Lambda calls an answer that is too large.
pub(super) const TOO_LARGE: &str = "Function.ResponseSizeTooLarge";

impl Reply {
    fn status(&self) -> Status {
        match self {
            Self::Answered(_) | Self::Failed(_) => (None, None),
            Self::TooLarge(_) => (Some("error"), Some(TOO_LARGE)),
            Self::TimedOut(_) => (Some("timeout"), None),
            Self::Exited(kind, _) => (Some("error"), Some(kind)),
        }
    }
}

/// A call of the process that does not fit its stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutOfTurn {
    /// `/next` while an invocation is unanswered.
    StillBusy,
    /// An answer to an invocation that is not the current one.
    OtherRequest,
}

/// What a new environment is made of.
pub(super) struct Made {
    pub(super) pid: u32,
    pub(super) version: Option<Version>,
    pub(super) arn: String,
    pub(super) payload_limit: usize,
    /// The memory that it may take, if that is watched.
    pub(super) memory_mb: Option<u32>,
    pub(super) stream_limit: usize,
    /// How long an invocation may take.
    pub(super) timeout: Duration,
    pub(super) marks: UnboundedSender<Mark>,
    pub(super) pool: Weak<Pool>,
    pub(super) started: Instant,
}

impl Environment {
    pub(super) fn new(made: Made) -> Arc<Self> {
        let Made { pid, version, arn, payload_limit, stream_limit, memory_mb, timeout, marks, pool, started } = made;
        Arc::new(Self {
            pid,
            version,
            arn,
            payload_limit,
            stream_limit,
            marks,
            freezer: Freezer::default(),
            memory_mb,
            timeout,
            pool,
            started,
            init: AtomicU64::new(0),
            stage: Mutex::new(Stage::Starting(None)),
            work_given: Notify::new(),
            end_wanted: Notify::new(),
        })
    }

    /// Serves the Runtime API and watches the process until it has ended, for whatever reason.
    pub(super) async fn live(self: Arc<Self>, mut child: Child, api: TcpListener, init_limit: Duration) {
        let serving = tokio::spawn(runtime_api::serve(api, Arc::clone(&self)));
        let mut freezing = pin!(self.freezer.run(self.pid));
        let mut too_much = pin!(async {
            match self.memory_mb {
                Some(limit) => memory::exceeded(&self, limit).await,
                None => std::future::pending().await,
            }
        });
        let mut out_of_memory = false;
        let start_ends = self.started + init_limit;
        let mut due = start_ends.min(self.started + self.timeout);
        let exit = loop {
            tokio::select! {
                exit = child.wait() => break exit.ok(),
                () = self.end_wanted.notified() => {}
                () = &mut freezing => continue,
                () = &mut too_much => out_of_memory = true,
                () = sleep_until(due) => if let Some(later) = self.look_at_the_time(start_ends) {
                    due = later;
                    continue;
                },
            }
            kill_group(self.pid);
            let _ = child.start_kill();
            break child.wait().await.ok();
        };
        serving.abort();
        self.ended(exit, init_limit, if out_of_memory { OUT_OF_MEMORY } else { "Runtime.ExitError" });
    }

    /// Ends the process. What it was doing fails when it is gone.
    pub(super) fn end(&self) {
        self.end_wanted.notify_one();
    }

    /// Gives work to an idle process, or gives it back if the process is no longer idle.
    pub(super) fn give(&self, mut work: Box<Work>) -> Result<(), Box<Work>> {
        work.under_way.began = Instant::now();
        work.deadline_ms = time::now_ms() + u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX);
        let mut stage = self.stage();
        if !matches!(*stage, Stage::Idle(_)) {
            return Err(work);
        }
        *stage = Stage::Given(work);
        drop(stage);
        self.work_given.notify_one();
        Ok(())
    }

    /// `/next`: the process is free, and waits for work as long as it takes.
    pub(super) async fn next(self: &Arc<Self>) -> Result<Given, OutOfTurn> {
        self.free()?;
        loop {
            let given = self.work_given.notified();
            if let Some(work) = self.take() {
                return Ok(work);
            }
            given.await;
        }
    }

    /// `/response` and `/error`.
    pub(super) fn answered(&self, request_id: &str, answer: Reply) -> Result<(), OutOfTurn> {
        let mut stage = self.stage();
        match &*stage {
            Stage::Busy { under_way, .. } if under_way.request_id == request_id => {}
            _ => return Err(OutOfTurn::OtherRequest),
        }
        if let Stage::Busy { reply, mut under_way, .. } = std::mem::replace(&mut *stage, Stage::Gone) {
            under_way.status = answer.status();
            *stage = Stage::Finishing(under_way);
            drop(stage);
            let _ = reply.send(answer);
        }
        Ok(())
    }

    /// Whether `request_id` is the invocation that the process is at and has not answered.
    pub(super) fn is_at(&self, request_id: &str) -> bool {
        matches!(&*self.stage(), Stage::Busy { under_way, .. } if under_way.request_id == request_id)
    }

    /// Where the response to this invocation goes while it is made, if somebody listens.
    pub(super) fn stream(&self, request_id: &str) -> Option<Stream> {
        match &*self.stage() {
            Stage::Busy { stream, under_way, .. } if under_way.request_id == request_id => stream.clone(),
            _ => None,
        }
    }

    /// `/init/error`.
    pub(super) fn init_failed(&self, error: Bytes) {
        if let Stage::Starting(said) = &mut *self.stage() {
            *said = Some(error);
        }
    }

    /// The duration of the start, once.
    pub(super) fn take_init(&self) -> Option<Duration> {
        let micros = self.init.swap(0, Ordering::Relaxed);
        (micros > 0).then(|| Duration::from_micros(micros))
    }

    pub(super) fn idle_for(&self) -> Option<Duration> {
        match *self.stage() {
            Stage::Idle(since) => Some(since.elapsed()),
            _ => None,
        }
    }

    /// Whether the process has answered and will ask for more in a moment.
    pub(super) fn is_finishing(&self) -> bool {
        matches!(*self.stage(), Stage::Finishing(_))
    }

    /// For the pool, which knows of it in the same moment and drops what was under way when it holds no lock.
    pub(super) fn become_idle(&self) -> Result<Asks, OutOfTurn> {
        let mut stage = self.stage();
        match &*stage {
            Stage::Starting(_) | Stage::Finishing(_) => {}
            Stage::Idle(_) | Stage::Given(_) => return Ok(Asks::Again),
            Stage::Busy { .. } | Stage::Gone => return Err(OutOfTurn::StillBusy),
        }
        let Stage::Finishing(mut under_way) = std::mem::replace(&mut *stage, Stage::Idle(Instant::now())) else {
            let micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.init.store(micros, Ordering::Relaxed);
            return Ok(Asks::First);
        };
        let status = under_way.status;
        self.report(&mut under_way, status);
        Ok(Asks::AfterWork(under_way))
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn free(self: &Arc<Self>) -> Result<(), OutOfTurn> {
        self.pool.upgrade().map_or(Err(OutOfTurn::StillBusy), |pool| pool.freed(self))
    }

    fn take(&self) -> Option<Given> {
        let mut stage = self.stage();
        if !matches!(*stage, Stage::Given(_)) {
            return None;
        }
        let Stage::Given(work) = std::mem::replace(&mut *stage, Stage::Gone) else { return None };
        let Work { payload, deadline_ms, trace, client_context, stream, reply, under_way } = *work;
        let request_id = under_way.request_id.clone();
        *stage = Stage::Busy { reply, stream, under_way };
        Some(Given { request_id, payload, deadline_ms, trace, client_context })
    }

    /// When to look again, or `None` if the process has taken too long for what it is at, and shall be killed for it.
    fn look_at_the_time(&self, start_ends: Instant) -> Option<Instant> {
        let now = Instant::now();
        let mut stage = self.stage();
        let ends = match &*stage {
            // Whatever it is given from now on may take so long.
            Stage::Starting(_) => return (now < start_ends).then(|| start_ends.min(now + self.timeout)),
            Stage::Idle(_) | Stage::Gone => return Some(now + self.timeout),
            Stage::Given(work) => work.under_way.began + self.timeout,
            Stage::Busy { under_way, .. } | Stage::Finishing(under_way) => under_way.began + self.timeout,
        };
        if now < ends {
            return Some(ends);
        }
        let (reply, mut under_way) = std::mem::replace(&mut *stage, Stage::Gone).into_work()?;
        drop(stage);
        let seconds = self.timeout.as_secs_f64();
        let at = time::iso(time::now_ms());
        let message = format!("{at} {} Task timed out after {seconds:.2} seconds", under_way.request_id);
        let _ = self.marks.send(Mark::Line(message.clone()));
        let timed_out = Reply::TimedOut(message);
        self.report(&mut under_way, timed_out.status());
        reply.and_then(|reply| reply.send(timed_out).err());
        None
    }

    fn report(&self, under_way: &mut UnderWay, (status, error): Status) {
        let report = Report { duration: under_way.began.elapsed(), init: under_way.init, status, error };
        let _ = self.marks.send(Mark::End { report, tail: under_way.tail.take() });
    }

    fn ended(self: &Arc<Self>, exit: Option<ExitStatus>, init_limit: Duration, kind: &'static str) {
        let last = std::mem::replace(&mut *self.stage(), Stage::Gone);
        let Some(pool) = self.pool.upgrade() else { return };
        pool.gone(self);
        let how = told(exit);
        if let Stage::Starting(said) = last {
            let in_time = self.started.elapsed() < init_limit;
            pool.start_failed(match said {
                Some(error) => Failure::Function(error),
                None if in_time => Failure::runtime(kind, &format!("Error: {how}")),
                None => {
                    let limit = init_limit.as_secs_f64();
                    Failure::runtime("Sandbox.Timedout", &format!("Error: Init timed out after {limit:.2} seconds"))
                }
            });
        } else if let Some((reply, mut under_way)) = last.into_work() {
            let message = format!("RequestId: {} Error: {how}", under_way.request_id);
            let _ = self.marks.send(Mark::Line(message.clone()));
            let exited = Reply::Exited(kind, message);
            self.report(&mut under_way, exited.status());
            reply.and_then(|reply| reply.send(exited).err());
        }
    }
}

/// How a process came to `/next`.
#[derive(Debug)]
pub(super) enum Asks {
    First,
    /// What it had to do is over.
    AfterWork(UnderWay),
    /// It lost its connection meanwhile.
    Again,
}

impl Stage {
    /// What the process was at, and who waits for its answer.
    fn into_work(self) -> Option<(Option<oneshot::Sender<Reply>>, UnderWay)> {
        match self {
            Self::Given(work) => Some((Some(work.reply), work.under_way)),
            Self::Busy { reply, under_way, .. } => Some((Some(reply), under_way)),
            Self::Finishing(under_way) => Some((None, under_way)),
            Self::Starting(_) | Self::Idle(_) | Self::Gone => None,
        }
    }
}

/// Kills a process that was not waited for yet, and what it has started.
pub(super) fn kill_group(pid: u32) {
    if let Some(group) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// As Lambda says it.
fn told(exit: Option<ExitStatus>) -> String {
    let signal = exit.and_then(|exit| exit.signal());
    match (exit.and_then(|exit| exit.code()), signal) {
        (Some(0), _) => "Runtime exited without providing a reason".into(),
        (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
        (None, Some(6)) => "Runtime exited with error: signal: aborted".into(),
        (None, Some(9)) => "Runtime exited with error: signal: killed".into(),
        (None, Some(11)) => "Runtime exited with error: signal: segmentation fault".into(),
        (None, Some(15)) => "Runtime exited with error: signal: terminated".into(),
        (None, Some(signal)) => format!("Runtime exited with error: signal: {signal}"),
        (None, None) => "Runtime exited with an unknown status".into(),
    }
}
