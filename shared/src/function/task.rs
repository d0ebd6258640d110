//! Functions that other functions or a schedule invoke.

use std::process::ExitCode;

use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{End, Function, Handler};
use crate::error::Source;

/// Serves a function that is given JSON and answers with JSON, until Lambda ends its environment. A failure is a failed invocation.
pub fn serve<F>() -> ExitCode
where
    F: Function<Event: DeserializeOwned + 'static, Answer: Serialize + Send + 'static>,
{
    super::run::<F>(|handler, end| Box::pin(run(handler, end)))
}

async fn run<E, A>(handler: Handler<E, A>, end: End) -> std::result::Result<(), lambda_runtime::Error>
where
    E: DeserializeOwned + Send + 'static,
    A: Serialize + Send + 'static,
{
    let handler = lambda_runtime::service_fn(move |event: LambdaEvent<E>| {
        let answered = handler(event.payload);
        async move {
            answered.await.map_err(|error| {
                error.log();
                Source::from(error)
            })
        }
    });
    super::live(lambda_runtime::Runtime::new(handler), end).await
}
