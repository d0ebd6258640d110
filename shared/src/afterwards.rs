//! Work that goes on after an answer. Lambda sends an answer on as soon as it has it, and freezes an environment only when that asks for its
//! next event: what is done in between is waited for by nobody, and is as certain to be done as anything before the answer.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;
use tracing::Instrument;

/// What an invocation has begun and not waited for.
#[derive(Debug, Clone, Default)]
pub struct Afterwards(Arc<Mutex<JoinSet<()>>>);

impl Afterwards {
    /// Begins something.
    pub fn begin(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).spawn(work.in_current_span());
    }

    /// Waits until all that was begun is done.
    pub async fn done(&self) {
        loop {
            let mut begun = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
            if begun.is_empty() {
                return;
            }
            while let Some(ended) = begun.join_next().await {
                if let Err(error) = ended {
                    tracing::error!(%error, "what went on after an answer did not get to its end");
                }
            }
        }
    }
}
