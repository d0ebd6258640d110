//! The environments of one function: as many as there are invocations at once, the most recently used one first.
//!
//! An invocation without a free environment waits in line, and a process is started for it; but whichever environment is free first,
//! the new one or one that has finished, takes the first in line. So a start that takes long holds up nobody who could be served.
//!
//! A process is free at its next `/next`, not at its answer. For those few microseconds it counts as about to be free, or else a client
//! that sends one request after another would start a second process now and then.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use super::environment::{Asks, Environment, Made, OutOfTurn, Reply, TOO_LARGE, UnderWay, Work};
use super::faults::perhaps_hurt;
use super::output::{Mark, Process, follow};
use super::program::{Program, Version};
use super::{AccountSlot, Failure, Invocation, Outcome, failed};
use crate::chaos::FunctionFaults;
use crate::ids;
use crate::limits::Limits;
use crate::log::Log;
use crate::model::Function;
use crate::runtimes;

/// How long a process that has answered may take to ask for more before it is no longer counted on.
const ABOUT_TO_BE_FREE: Duration = Duration::from_millis(20);
/// Processes of one function that start at the same time; more would only slow each other down.
const STARTING_AT_ONCE: usize = 8;
/// How often the executable is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// The environments of one function.
#[derive(Debug)]
pub(super) struct Pool {
    function: Function,
    arn: String,
    program: Program,
    limits: Arc<Limits>,
    log: Log,
    faults: Option<Arc<FunctionFaults>>,
    state: Mutex<State>,
    empty: Notify,
    given_back: Notify,
}

#[derive(Debug)]
struct State {
    /// The last one was used last.
    idle: Vec<Arc<Environment>>,
    all: Vec<Arc<Environment>>,
    waiting: VecDeque<oneshot::Sender<Result<Arc<Environment>, Failure>>>,
    /// Processes that are being started or have not asked for work yet.
    starting: usize,
    /// All processes, those included that are just being started.
    living: usize,
    /// Invocations under way.
    in_flight: usize,
    version: Option<Version>,
    looked: Option<Instant>,
    closed: bool,
    /// Another pool has taken over: who is free ends.
    retired: bool,
}

impl Pool {
    pub(super) fn new(
        function: &Function,
        region: &str,
        program: Program,
        limits: Arc<Limits>,
        log: Log,
        faults: Option<Arc<FunctionFaults>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            function: function.clone(),
            arn: format!("arn:aws:lambda:{region}:{}:function:{}", ids::ACCOUNT, function.name),
            program,
            limits,
            log,
            faults,
            state: Mutex::new(State {
                idle: Vec::new(),
                all: Vec::new(),
                waiting: VecDeque::new(),
                starting: 0,
                living: 0,
                in_flight: 0,
                version: None,
                looked: None,
                closed: false,
                retired: false,
            }),
            empty: Notify::new(),
            given_back: Notify::new(),
        })
    }

    /// Runs one invocation until it is answered, and to the end of its log if that is asked for.
    pub(super) async fn invoke(self: &Arc<Self>, invocation: Invocation, account: AccountSlot) -> Outcome {
        let Some(slot) = self.slot().await else { return failed(Failure::Throttled) };
        let Invocation { payload, trace_root, client_context, tail, request_id, stream } = invocation;
        let request_id = request_id.unwrap_or_else(ids::lambda_request);
        let (reply, answer) = oneshot::channel();
        let (tail_sender, tail) = if tail { Some(oneshot::channel()).unzip() } else { (None, None) };
        let mut work = Box::new(Work {
            payload,
            deadline_ms: 0,
            trace: ids::trace(&trace_root.unwrap_or_else(ids::trace_root)),
            client_context,
            stream,
            reply,
            under_way: UnderWay::new(request_id.clone(), tail_sender, (slot, account)),
        });
        let (environment, init) = loop {
            let environment = match self.free_one().await {
                Ok(environment) => environment,
                Err(failure) => return Outcome { request_id, result: Err(failure), tail: None, init: None },
            };
            let _ = environment.marks.send(Mark::Start { request_id: request_id.clone() });
            let init = environment.take_init();
            work.under_way.init = init;
            match environment.give(work) {
                Ok(()) => break (environment, init),
                // It died between two steps; nothing has run yet.
                Err(returned) => work = returned,
            }
        };
        perhaps_hurt(self.faults.as_deref(), &environment, &request_id);
        let result = concluded(answer.await);
        let tail = match tail {
            Some(tail) => tail.await.ok(),
            None => None,
        };
        Outcome { request_id, result, tail, init }
    }

    /// One of the function's concurrent executions. A process that is about to be free counts as free, or else whoever invokes again as soon as
    /// it has its answer would be throttled now and then.
    async fn slot(self: &Arc<Self>) -> Option<Slot> {
        let patience = Instant::now() + ABOUT_TO_BE_FREE;
        loop {
            let given_back = self.given_back.notified();
            {
                let mut state = self.state();
                let reserved = self.function.reserved_concurrency.and_then(|reserved| usize::try_from(reserved).ok());
                if reserved.is_none_or(|reserved| state.in_flight < reserved) {
                    state.in_flight += 1;
                    return Some(Slot(Arc::downgrade(self)));
                }
                if !state.all.iter().any(|environment| environment.is_finishing()) {
                    return None;
                }
            }
            timeout_at(patience, given_back).await.ok()?;
        }
    }

    pub(super) fn processes(&self) -> Vec<u32> {
        self.state().all.iter().map(|environment| environment.pid).collect()
    }

    pub(super) fn kill(&self, pid: u32) -> bool {
        let state = self.state();
        let found = state.all.iter().find(|environment| environment.pid == pid);
        found.inspect(|environment| environment.end()).is_some()
    }

    /// Ends all processes and starts no more.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.waiting.clear();
        state.all.iter().for_each(|environment| environment.end());
    }

    /// Ends every process that is free, and the others when they are.
    pub(super) fn retire(&self) {
        let mut state = self.state();
        state.retired = true;
        state.idle.drain(..).for_each(|environment| environment.end());
    }

    /// Whether there is nothing left to end.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.state();
        state.living == 0 && state.in_flight == 0
    }

    /// Waits until no process is left.
    pub(super) async fn emptied(&self) {
        loop {
            let notified = self.empty.notified();
            if self.state().living == 0 {
                return;
            }
            notified.await;
        }
    }

    pub(super) fn retire_idle(&self) {
        let mut state = self.state();
        self.look(&mut state);
        let limit = self.limits.environment_idle;
        state.idle.retain(|environment| {
            let keep = environment.idle_for().is_some_and(|idle| idle < limit);
            if !keep {
                environment.end();
            }
            keep
        });
    }

    /// An environment asks for work.
    pub(super) fn freed(self: &Arc<Self>, environment: &Arc<Environment>) -> Result<(), OutOfTurn> {
        let mut state = self.state();
        let over = match environment.become_idle()? {
            Asks::First => {
                state.starting = state.starting.saturating_sub(1);
                None
            }
            Asks::AfterWork(under_way) => Some(under_way),
            Asks::Again => return Ok(()),
        };
        self.look(&mut state);
        let is_needed = !state.retired || !state.waiting.is_empty();
        if state.closed || !is_needed || environment.version != state.version {
            environment.end();
        } else {
            let mut offered = Some(Arc::clone(environment));
            while let Some(environment) = offered.take() {
                let Some(waiter) = state.waiting.pop_front() else {
                    state.idle.push(environment);
                    break;
                };
                offered = waiter.send(Ok(environment)).err().and_then(Result::ok);
            }
        }
        self.start_what_is_missing(&mut state, true);
        drop(state);
        drop(over);
        Ok(())
    }

    /// An environment's process has ended.
    pub(super) fn gone(self: &Arc<Self>, environment: &Arc<Environment>) {
        let mut state = self.state();
        state.all.retain(|other| !Arc::ptr_eq(other, environment));
        state.idle.retain(|other| !Arc::ptr_eq(other, environment));
        state.living = state.living.saturating_sub(1);
        if state.living == 0 {
            self.empty.notify_waiters();
        }
        self.start_what_is_missing(&mut state, true);
    }

    /// A process did not get as far as its first `/next`: the first in line learns why.
    pub(super) fn start_failed(self: &Arc<Self>, failure: Failure) {
        self.log.line(format!("{} init {}", self.function.name, failure.told()));
        if let Failure::Function(error) = &failure
            && let Some(hint) = runtimes::hint(&self.function, error)
        {
            self.log.line(format!("{} init hint: {hint}", self.function.name));
        }
        let mut state = self.state();
        state.starting = state.starting.saturating_sub(1);
        let mut told = Err(failure);
        while let Some(waiter) = state.waiting.pop_front() {
            match waiter.send(told) {
                Ok(()) => break,
                Err(returned) => told = returned,
            }
        }
        self.start_what_is_missing(&mut state, true);
    }

    async fn free_one(self: &Arc<Self>) -> Result<Arc<Environment>, Failure> {
        let closed = || Failure::Unavailable("local is shutting down".into());
        let mut answer = {
            let mut state = self.state();
            if state.closed {
                return Err(closed());
            }
            self.look(&mut state);
            if let Some(environment) = state.idle.pop() {
                return Ok(environment);
            }
            let (waiter, answer) = oneshot::channel();
            state.waiting.push_back(waiter);
            self.start_what_is_missing(&mut state, true);
            answer
        };
        if let Ok(free) = timeout(ABOUT_TO_BE_FREE, &mut answer).await {
            return free.unwrap_or_else(|_| Err(closed()));
        }
        self.start_what_is_missing(&mut self.state(), false);
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    fn start_what_is_missing(self: &Arc<Self>, state: &mut State, count_finishing: bool) {
        let most = self.function.reserved_concurrency.map_or(self.limits.environments, |reserved| {
            self.limits.environments.min(usize::try_from(reserved).unwrap_or(usize::MAX))
        });
        let unserved = state.waiting.len() > state.starting;
        let counted = unserved && count_finishing;
        let about_to_be_free = if counted { state.all.iter().filter(|one| one.is_finishing()).count() } else { 0 };
        while !state.closed
            && state.waiting.len() > state.starting + about_to_be_free
            && state.living < most
            && state.starting < STARTING_AT_ONCE
        {
            state.starting += 1;
            state.living += 1;
            tokio::spawn(Arc::clone(self).start());
        }
    }

    async fn start(self: Arc<Self>) {
        if let Err(error) = self.try_start().await {
            let mut state = self.state();
            state.living = state.living.saturating_sub(1);
            if state.living == 0 {
                self.empty.notify_waiters();
            }
            drop(state);
            self.start_failed(Failure::runtime("Runtime.InvalidEntrypoint", &format!("{error:#}")));
        }
    }

    async fn try_start(self: &Arc<Self>) -> Result<()> {
        let started = Instant::now();
        let api = TcpListener::bind(("127.0.0.1", 0)).await.context("no port for a Runtime API")?;
        let version = self.program.version();
        let mut child = self
            .program
            .start(api.local_addr()?)
            .await
            .with_context(|| format!("{} cannot be started", self.program.path().display()))?;
        let pid = child.id().context("the process ended at once")?;
        let (out, err) = child.stdout.take().zip(child.stderr.take()).context("the process has no output")?;
        let name = self.function.name.clone();
        let process = Process { function: name, memory_mb: self.function.memory_mb, pid };
        let marks = follow(out, err, process, self.log.clone());
        let environment = Environment::new(Made {
            pid,
            version: version.or_else(|| self.program.version()),
            arn: self.arn.clone(),
            payload_limit: self.limits.payload,
            memory_mb: self.limits.memory.then_some(self.function.memory_mb),
            stream_limit: self.limits.stream,
            timeout: self.function.timeout,
            marks,
            pool: Arc::downgrade(self),
            started,
        });
        let mut state = self.state();
        state.version = state.version.or(environment.version);
        state.all.push(Arc::clone(&environment));
        if state.closed {
            environment.end();
        }
        drop(state);
        tokio::spawn(environment.live(child, api, self.limits.init));
        Ok(())
    }

    /// Retires the idle environments of an executable that has been replaced; a busy one is retired when it is free again.
    fn look(&self, state: &mut State) {
        if state.looked.is_some_and(|at| at.elapsed() < LOOK) {
            return;
        }
        state.looked = Some(Instant::now());
        let Some(version) = self.program.version() else { return };
        if state.version.replace(version) != Some(version) {
            for environment in state.idle.extract_if(.., |environment| environment.version != Some(version)) {
                environment.end();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Dropped, it ends at once.
impl Drop for Pool {
    fn drop(&mut self) {
        self.close();
    }
}

/// The answer, or the failure that Lambda makes of its absence.
fn concluded(reply: Result<Reply, oneshot::error::RecvError>) -> Result<bytes::Bytes, Failure> {
    match reply {
        Ok(Reply::Answered(answer)) => Ok(answer),
        Ok(Reply::Failed(error)) => Err(Failure::Function(error)),
        Ok(Reply::TooLarge(limit)) => {
            let message = format!("Response payload size exceeded maximum allowed payload size ({limit} bytes).");
            Err(Failure::runtime(TOO_LARGE, &message))
        }
        Ok(Reply::TimedOut(message)) => {
            Err(Failure::Function(serde_json::json!({ "errorMessage": message }).to_string().into()))
        }
        Ok(Reply::Exited(kind, message)) => Err(Failure::runtime(kind, &message)),
        Err(_) => Err(Failure::Unavailable("local is shutting down".into())),
    }
}

/// One of the function's concurrent executions, given back when dropped.
#[derive(Debug)]
pub(super) struct Slot(Weak<Pool>);

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(pool) = self.0.upgrade() else { return };
        let mut state = pool.state();
        state.in_flight = state.in_flight.saturating_sub(1);
        drop(state);
        pool.given_back.notify_waiters();
    }
}
