//! What turns the chat into Lambda functions; the only module that knows Lambda.
//!
//! A function is a struct whose fields are all it may touch. [`http`] serves one behind the HTTP API, [`socket`] one behind the WebSocket API.
//! Everything that takes time at the start (the database, the first TLS handshake) is done before the first event is asked for, when Lambda
//! gives a whole processor; an environment serves one event at a time, so one thread is enough.

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::layers::TracingLayer;
use lambda_runtime::tower::util::MapFutureLayer;
use lambda_runtime::{LambdaInvocation, Runtime, Service};
use tracing_subscriber::EnvFilter;

use crate::Result;

pub mod http;
mod settings;
pub mod socket;
pub mod task;

pub use settings::{Metrics, Settings};

/// A function: what it is made of, and what it does with an event.
pub trait Function: Sized + Send + Sync + 'static {
    /// What it is given.
    type Event: Send;
    /// What it answers.
    type Answer: Send;

    /// Builds it, once for each execution environment.
    fn from_env(settings: &Settings) -> impl Future<Output = Result<Self>> + Send;

    /// Handles one event.
    fn handle(&self, event: Self::Event) -> impl Future<Output = Result<Self::Answer>> + Send;

    /// Ends an invocation: it has been answered, and all that it began is done.
    fn end(&self) {}
}

/// What handles events, whichever function it is. One box for each event spares every function a Lambda runtime of its own, which took
/// most of its compile time.
type Handler<E, A> = Box<dyn Fn(E) -> Boxed<Result<A>> + Send + Sync>;

/// What ends an invocation.
type End = Arc<dyn Fn() -> Boxed<()> + Send + Sync>;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An environment's whole life.
type Life = Pin<Box<dyn Future<Output = std::result::Result<(), lambda_runtime::Error>>>>;

/// Runs an environment until Lambda ends it.
fn run<F: Function>(serve: fn(Handler<F::Event, F::Answer>, End) -> Life) -> ExitCode {
    environment(Box::pin(async move {
        let settings = Settings::from_env();
        let afterwards = settings.afterwards();
        let function = Arc::new(F::from_env(&settings).await?);
        let ending = Arc::clone(&function);
        let end: End = Arc::new(move || {
            let (function, afterwards) = (Arc::clone(&ending), afterwards.clone());
            Box::pin(async move {
                afterwards.done().await;
                function.end();
            })
        });
        let handler: Handler<F::Event, F::Answer> = Box::new(move |event| {
            let function = Arc::clone(&function);
            Box::pin(async move { function.handle(event).await })
        });
        serve(handler, end).await
    }))
}

/// Answers event after event. An invocation ends after its answer, before the next event is asked for.
async fn live<S>(runtime: Runtime<S>, end: End) -> std::result::Result<(), lambda_runtime::Error>
where
    S: Service<LambdaInvocation, Response = (), Error = lambda_runtime::Error>,
{
    let ending = MapFutureLayer::new(move |answering: S::Future| {
        let end = Arc::clone(&end);
        async move {
            let answered = answering.await;
            end().await;
            answered
        }
    });
    runtime.layer(ending).layer(TracingLayer::new()).run().await
}

fn environment(life: Life) -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).without_time().with_ansi(false).with_target(false).init();
    let started =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(lambda_runtime::Error::from);
    match started.and_then(|runtime| runtime.block_on(life)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = &*error, "the function cannot go on");
            ExitCode::FAILURE
        }
    }
}
