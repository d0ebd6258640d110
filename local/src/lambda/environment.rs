//! One execution environment: a process, its Runtime API, and what it is doing.
//!
//! The stage says which of the two sides moves next. The process moves by its calls (`/next`, `/response`, `/error`, or by ending),
//! the pool by giving work and by killing. Whoever moves holds the lock for that one step, and takes no other lock while it does.

use std::os::unix::process::ExitStatusExt;
use std::pin::pin;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep};

use super::faults::Freezer;
use super::memory;
use super::output::Mark;
use super::pool::Pool;
use super::program::Version;
use super::{Failure, runtime_api};

/// What Lambda calls the end of a process that took too much memory.
pub(super) const OUT_OF_MEMORY: &str = "Runtime.OutOfMemory";

/// A process of a function.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) pid: u32,
    pub(super) version: Option<Version>,
    pub(super) arn: String,
    pub(super) payload_limit: usize,
    pub(super) marks: UnboundedSender<Mark>,
    pub(super) freezer: Freezer,
    memory_mb: Option<u32>,
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
        request_id: String,
        reply: oneshot::Sender<Reply>,
    },
    /// Has answered, but not asked for more.
    Finishing,
    Gone,
}

/// One invocation, as the process gets it.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) request_id: String,
    pub(super) payload: Bytes,
    pub(super) deadline_ms: u64,
    pub(super) trace: String,
    pub(super) client_context: Option<String>,
    pub(super) reply: oneshot::Sender<Reply>,
}

/// What a process is handed for [`Work`]: all but the way back.
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
    /// The answer was larger than Lambda allows.
    TooLarge,
    /// The process ended: what Lambda calls that, and how it did.
    Exited(&'static str, String),
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
    pub(super) marks: UnboundedSender<Mark>,
    pub(super) pool: Weak<Pool>,
    pub(super) started: Instant,
}

impl Environment {
    pub(super) fn new(made: Made) -> Arc<Self> {
        let Made { pid, version, arn, payload_limit, memory_mb, marks, pool, started } = made;
        Arc::new(Self {
            pid,
            version,
            arn,
            payload_limit,
            marks,
            freezer: Freezer::default(),
            memory_mb,
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
                Some(limit) => memory::exceeded(self.pid, limit).await,
                None => std::future::pending().await,
            }
        });
        let (mut too_slow, mut out_of_memory) = (false, false);
        let exit = loop {
            tokio::select! {
                exit = child.wait() => break exit.ok(),
                () = self.end_wanted.notified() => {}
                () = &mut freezing => continue,
                () = &mut too_much => out_of_memory = true,
                () = sleep(init_limit), if !too_slow => {
                    too_slow = true;
                    if !matches!(*self.stage(), Stage::Starting(_)) {
                        continue;
                    }
                }
            }
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
    pub(super) fn give(&self, work: Box<Work>) -> Result<(), Box<Work>> {
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
            Stage::Busy { request_id: current, .. } if current == request_id => {}
            _ => return Err(OutOfTurn::OtherRequest),
        }
        if let Stage::Busy { reply, .. } = std::mem::replace(&mut *stage, Stage::Finishing) {
            drop(stage);
            let _ = reply.send(answer);
        }
        Ok(())
    }

    /// Whether `request_id` is the invocation that the process is at.
    pub(super) fn is_at(&self, request_id: &str) -> bool {
        matches!(&*self.stage(), Stage::Busy { request_id: current, .. } if current == request_id)
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
        matches!(*self.stage(), Stage::Finishing)
    }

    /// For the pool, which knows of it in the same moment: whether the process asks for the first time, or `None` if it asks again,
    /// because it lost its connection.
    pub(super) fn become_idle(&self) -> Result<Option<bool>, OutOfTurn> {
        let mut stage = self.stage();
        let first = match *stage {
            Stage::Starting(_) => true,
            Stage::Finishing => false,
            Stage::Idle(_) | Stage::Given(_) => return Ok(None),
            Stage::Busy { .. } | Stage::Gone => return Err(OutOfTurn::StillBusy),
        };
        *stage = Stage::Idle(Instant::now());
        if first {
            let micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.init.store(micros, Ordering::Relaxed);
        }
        Ok(Some(first))
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
        let Work { request_id, payload, deadline_ms, trace, client_context, reply } = *work;
        *stage = Stage::Busy { request_id: request_id.clone(), reply };
        Some(Given { request_id, payload, deadline_ms, trace, client_context })
    }

    fn ended(self: &Arc<Self>, exit: Option<ExitStatus>, init_limit: Duration, kind: &'static str) {
        let last = std::mem::replace(&mut *self.stage(), Stage::Gone);
        let Some(pool) = self.pool.upgrade() else { return };
        pool.gone(self);
        let how = told(exit);
        match last {
            Stage::Starting(said) => {
                let in_time = self.started.elapsed() < init_limit;
                pool.start_failed(match said {
                    Some(error) => Failure::Function(error),
                    None if in_time => Failure::runtime(kind, &format!("Error: {how}")),
                    None => {
                        let limit = init_limit.as_secs_f64();
                        Failure::runtime("Sandbox.Timedout", &format!("Error: Init timed out after {limit:.2} seconds"))
                    }
                });
            }
            Stage::Given(work) => {
                let _ = work.reply.send(Reply::Exited(kind, how));
            }
            Stage::Busy { reply, .. } => {
                let _ = reply.send(Reply::Exited(kind, how));
            }
            Stage::Idle(_) | Stage::Finishing | Stage::Gone => {}
        }
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
