//! Lambda: the functions, by logical id and by name, and what it means to invoke one.
//!
//! An invocation runs in a task of its own and goes on when nobody waits for it any more, as in the cloud, where a gateway that gave
//! up has not stopped the function.

mod environment;
mod events;
mod faults;
mod figures;
mod invoke_api;
mod memory;
mod outbox;
mod output;
mod pool;
mod program;
mod remote;
mod response_stream;
mod runtime_api;
mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use serde_json::json;
use tokio::time::Instant;

use self::figures::Figures;
pub(crate) use self::figures::{Told, milliseconds};
pub(crate) use self::invoke_api::serve;
pub(crate) use self::memory::is_known as memory_is_known;
use self::outbox::Outbox;
use self::pool::Pool;
use self::program::Program;
use self::remote::Remote;
pub(crate) use self::runtime_api::{PRELUDE_END, STREAMED_HTTP};
pub(crate) use self::variables::Variables;
use crate::chaos::{FunctionFaults, Storm};
use crate::iam::Iam;
use crate::ids;
use crate::limits::Limits;
use crate::log::Log;
use crate::model;
use crate::record::{Invoked, Recorder};

/// All functions of a template. Clones are the same Lambda.
#[derive(Debug, Clone)]
pub(crate) struct Lambda(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    functions: RwLock<BTreeMap<String, Arc<Function>>>,
    /// Those that the latest change has taken away, for requests that were routed to them before.
    gone: RwLock<BTreeMap<String, Arc<Function>>>,
    /// Those that were replaced and may still be at something.
    retired: Mutex<Vec<Arc<Pool>>>,
    limits: Arc<Limits>,
    log: Log,
    iam: Iam,
    outbox: Outbox,
    in_flight: AtomicUsize,
    recorder: Option<Recorder>,
}

/// One function, ready to be invoked.
#[derive(Debug)]
struct Function {
    model: model::Function,
    runs: Runs,
    faults: Option<Arc<FunctionFaults>>,
    figures: Arc<Figures>,
    launch: String,
}

/// Where invocations go.
#[derive(Debug)]
enum Runs {
    Here(Arc<Pool>),
    Elsewhere(Box<Remote>),
}

/// What is invoked with.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    pub(crate) payload: Bytes,
    /// `Root=1-…`, if the request already has one.
    pub(crate) trace_root: Option<String>,
    /// The JSON that the header of that name has in base64.
    pub(crate) client_context: Option<String>,
    /// Whether [`Outcome::tail`] is wanted.
    pub(crate) tail: bool,
    /// The id of the request, if it already has one.
    pub(crate) request_id: Option<String>,
    /// Where a response goes that the function streams. Without it such a response is collected first.
    pub(crate) stream: Option<Stream>,
}

/// The end of a streamed response that the function writes to.
pub(crate) type Stream = tokio::sync::mpsc::Sender<Streamed>;

/// Both ends. A function waits when so many parts were not taken.
pub(crate) fn stream() -> (Stream, tokio::sync::mpsc::Receiver<Streamed>) {
    tokio::sync::mpsc::channel(16)
}

/// A part of a streamed response, in this order.
#[derive(Debug)]
pub(crate) enum Streamed {
    /// The `Content-Type` that the function gave it.
    Begins(String),
    /// What comes next.
    Data(Bytes),
}

impl Invocation {
    pub(crate) fn of(payload: impl Into<Bytes>) -> Self {
        Self {
            payload: payload.into(),
            trace_root: None,
            client_context: None,
            tail: false,
            request_id: None,
            stream: None,
        }
    }
}

/// What came of an invocation.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) request_id: String,
    pub(crate) result: Result<Bytes, Failure>,
    /// The last 4 KB of the invocation's log, if they were asked for.
    pub(crate) tail: Option<String>,
    /// How long the process that took it needed to start, if it was its first.
    pub(crate) init: Option<Duration>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The function failed, crashed or took too long; the object with `errorMessage` and `errorType` that Lambda returns.
    Function(Bytes),
    /// The concurrency is used up.
    Throttled,
    /// The function could not be reached at all.
    Unavailable(String),
}

impl Failure {
    /// A failure of the environment and not of the function's code.
    fn runtime(kind: &str, message: &str) -> Self {
        Self::Function(json!({"errorType": kind, "errorMessage": message}).to_string().into())
    }

    /// One line for the log.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Function(error) => String::from_utf8_lossy(error).into_owned(),
            Self::Throttled => "throttled: the function's concurrency is used up".into(),
            Self::Unavailable(why) => why.clone(),
        }
    }
}

/// What the functions of one run need beyond the template.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) programs: BTreeMap<String, PathBuf>,
    pub(crate) invoke: Option<String>,
    pub(crate) variables: Variables,
    pub(crate) limits: Arc<Limits>,
    pub(crate) log: Log,
    pub(crate) iam: Iam,
    pub(crate) data: Option<PathBuf>,
    pub(crate) storm: Option<Storm>,
    pub(crate) recorder: Option<Recorder>,
}

impl Lambda {
    /// Starts no process yet: the first invocation of each function does.
    pub(crate) fn new(functions: &BTreeMap<String, model::Function>, options: &Options) -> Result<Self> {
        let mut ready = BTreeMap::new();
        for (id, function) in functions {
            ready.insert(id.clone(), Arc::new(Function::new(function, options)?));
        }
        let limits = Arc::clone(&options.limits);
        Ok(Self(Arc::new(Inner {
            functions: RwLock::new(ready),
            gone: RwLock::default(),
            retired: Mutex::default(),
            limits,
            log: options.log.clone(),
            iam: options.iam.clone(),
            outbox: Outbox { folder: options.data.clone(), iam: options.iam.clone(), log: options.log.clone() },
            in_flight: AtomicUsize::new(0),
            recorder: options.recorder.clone(),
        })))
    }

    /// Who may do what.
    pub(crate) fn iam(&self) -> &Iam {
        &self.0.iam
    }

    /// Invokes the function with this logical id, waits for it, and repeats nothing.
    pub(crate) async fn invoke(&self, function: &str, invocation: Invocation) -> Outcome {
        let gone = || self.0.gone.read().unwrap_or_else(PoisonError::into_inner).get(function).cloned();
        match self.function(function).or_else(gone) {
            Some(function) => self.run(function, invocation).await,
            None => failed(Failure::Unavailable(format!("there is no function {function}"))),
        }
    }

    /// The region of every ARN.
    pub(crate) fn region(&self) -> &str {
        self.0.iam.region()
    }

    /// Goes on with these functions. What has not changed keeps its processes, unless its code is among `stale`; of the others what is under
    /// way is finished by the old ones. Tells what became of which function.
    pub(crate) fn replace(
        &self,
        functions: &BTreeMap<String, model::Function>,
        options: &Options,
        stale: &BTreeSet<String>,
    ) -> Result<Vec<String>> {
        let mut told = Vec::new();
        let mut ready = BTreeMap::new();
        for (id, function) in functions {
            let old = self.function(id);
            let kept = old.clone().filter(|old| !stale.contains(id) && old.launch == launch(function, options));
            let new = match (kept, &old) {
                (Some(kept), _) => kept,
                (None, Some(old)) => {
                    told.push(format!("{id} changed"));
                    Arc::new(Function { figures: Arc::clone(&old.figures), ..Function::new(function, options)? })
                }
                (None, None) => {
                    told.push(format!("{id} is new"));
                    Arc::new(Function::new(function, options)?)
                }
            };
            ready.insert(id.clone(), new);
        }
        let is_gone = |(id, _): &(String, Arc<Function>)| !ready.contains_key(id);
        let mut all = self.0.functions.write().unwrap_or_else(PoisonError::into_inner);
        let gone = all.clone().into_iter().filter(is_gone).collect();
        // Before they are gone, so that at no time they are nowhere.
        *self.0.gone.write().unwrap_or_else(PoisonError::into_inner) = gone;
        let before = std::mem::replace(&mut *all, ready);
        drop(all);
        let mut retired = self.0.retired.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, old) in before {
            let new = self.function(&id);
            if new.is_none() {
                told.push(format!("{id} is gone"));
            }
            if let Runs::Here(pool) = &old.runs
                && !new.is_some_and(|new| Arc::ptr_eq(&new, &old))
            {
                pool.retire();
                retired.push(Arc::clone(pool));
            }
        }
        Ok(told)
    }

    /// How many environments of a function there are, and their processes.
    pub(crate) fn environments(&self, function: &str) -> Vec<u32> {
        self.function(function).map(|function| function.processes()).unwrap_or_default()
    }

    /// Kills one process, as a crash would.
    pub(crate) fn kill(&self, pid: u32) -> bool {
        self.pools().iter().any(|pool| pool.kill(pid))
    }

    /// Kills every process and what it has started, and waits for nothing.
    pub(crate) fn kill_all(&self) {
        let processes = self.pools().into_iter().flat_map(|pool| pool.processes());
        processes.for_each(environment::kill_group);
    }

    /// Ends every process; later invocations fail.
    pub(crate) async fn shut_down(&self) {
        let pools = self.pools();
        pools.iter().for_each(|pool| pool.close());
        for pool in pools {
            pool.emptied().await;
        }
    }

    /// Ends environments that have been idle for long. For a task that calls it now and then.
    pub(crate) fn retire_idle(&self) {
        self.pools().iter().for_each(|pool| pool.retire_idle());
        self.0.retired.lock().unwrap_or_else(PoisonError::into_inner).retain(|pool| !pool.is_empty());
    }

    /// What is known of each function's invocations, in the order of the logical ids.
    pub(crate) fn told(&self) -> Vec<Told> {
        self.all().iter().map(|function| function.told()).collect()
    }

    fn pools(&self) -> Vec<Arc<Pool>> {
        let of = |function: Arc<Function>| match &function.runs {
            Runs::Here(pool) => Some(Arc::clone(pool)),
            Runs::Elsewhere(_) => None,
        };
        let retired = self.0.retired.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let gone: Vec<_> = self.0.gone.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        self.all().into_iter().chain(gone).filter_map(of).chain(retired).collect()
    }

    /// The function with this logical id.
    fn function(&self, id: &str) -> Option<Arc<Function>> {
        self.0.functions.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn all(&self) -> Vec<Arc<Function>> {
        self.0.functions.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    async fn run(&self, function: Arc<Function>, invocation: Invocation) -> Outcome {
        self.perhaps_again(&function, &invocation);
        self.run_once(function, invocation).await
    }

    async fn run_once(&self, function: Arc<Function>, invocation: Invocation) -> Outcome {
        let slot = AccountSlot::take(&self.0);
        let Some(slot) = slot else {
            let outcome = failed(Failure::Throttled);
            function.figures.count(&outcome, Duration::ZERO);
            return outcome;
        };
        let recorder = self.0.recorder.clone();
        let running = tokio::spawn(async move {
            let began = Instant::now();
            let event = recorder.is_some().then(|| invocation.payload.clone());
            let outcome = match &function.runs {
                Runs::Here(pool) => pool.invoke(invocation, slot).await,
                Runs::Elsewhere(remote) => {
                    let _slot = slot;
                    remote.invoke(invocation).await
                }
            };
            let took = began.elapsed();
            function.figures.count(&outcome, took);
            // What was throttled was not given to the function.
            if let (Some(recorder), Some(event)) = (&recorder, event)
                && !matches!(outcome.result, Err(Failure::Throttled))
            {
                recorder.invoked(Invoked::new(&function.model.logical_id, event, &outcome, took));
            }
            outcome
        });
        running.await.unwrap_or_else(|_| failed(Failure::Unavailable("the invocation was ended".into())))
    }
}

impl Function {
    fn new(function: &model::Function, options: &Options) -> Result<Self> {
        let id = &function.logical_id;
        let program = options.programs.get(id);
        let faults = options.storm.as_ref().map(|storm| Arc::new(storm.function(id)));
        let runs = match &options.invoke {
            Some(endpoint) => Runs::Elsewhere(Box::new(Remote::new(endpoint, function, program, &options.limits)?)),
            None => {
                let path = program.with_context(|| format!("the function {id} has no executable"))?;
                let program = Program::new(path.clone(), function, options.variables.of(function));
                Runs::Here(Pool::new(
                    function,
                    options.variables.region(),
                    program,
                    Arc::clone(&options.limits),
                    options.log.clone(),
                    faults.clone(),
                ))
            }
        };
        let launch = launch(function, options);
        Ok(Self { model: function.clone(), runs, faults, figures: Arc::default(), launch })
    }
}

/// All that a function is made of but its code; its URL is no part of it.
fn launch(function: &model::Function, options: &Options) -> String {
    let made_of = model::Function { url: None, ..function.clone() };
    format!("{made_of:?} {:?} {:?}", options.programs.get(&function.logical_id), options.variables.of(function))
}

/// One of the account's concurrent executions, given back when dropped.
#[derive(Debug)]
struct AccountSlot(Arc<Inner>);

impl AccountSlot {
    fn take(inner: &Arc<Inner>) -> Option<Self> {
        let slot = Self(Arc::clone(inner));
        let before = inner.in_flight.fetch_add(1, Ordering::Relaxed);
        (before < inner.limits.account_concurrency).then_some(slot)
    }
}

impl Drop for AccountSlot {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

fn failed(failure: Failure) -> Outcome {
    Outcome { request_id: ids::lambda_request(), result: Err(failure), tail: None, init: None }
}

/// Where the parts of `local` listen, as functions are told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Endpoints {
    /// API ids and the address of each API.
    pub(crate) apis: BTreeMap<String, SocketAddr>,
    /// Ids of function URLs and the address of each.
    pub(crate) urls: BTreeMap<String, SocketAddr>,
    /// `http://127.0.0.1:…` of the Invoke API.
    pub(crate) lambda: String,
    /// `http://127.0.0.1:…` of S3, if there is a bucket.
    pub(crate) s3: Option<String>,
    /// `http://127.0.0.1:…/stage` of the only WebSocket API, if there is just one.
    pub(crate) management: Option<String>,
    /// Custom domains and the address of the API that each leads to.
    pub(crate) domains: BTreeMap<String, SocketAddr>,
    /// Variables that have TLS libraries trust the APIs.
    pub(crate) trust: BTreeMap<&'static str, String>,
}
