//! Carries out what [`crate::chaos`] decides about invocations.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::Notify;

use super::environment::Environment;
use super::{Function, Invocation, Lambda};
use crate::chaos::{Fault, FunctionFaults, Storm};

impl Lambda {
    /// Gives the function the same event again, if that was decided. Nobody hears the answer.
    pub(super) fn perhaps_again(&self, function: &Arc<Function>, invocation: &Invocation) {
        let Some(faults) = &function.faults else { return };
        let Some(later) = faults.twice() else { return };
        let (storm, lambda) = (faults.storm.clone(), self.clone());
        let (function, invocation) = (Arc::clone(function), Invocation { stream: None, ..invocation.clone() });
        tokio::spawn(async move {
            storm.wait(later).await;
            if !storm.is_calm() {
                storm.happened(Fault::Twice, &function.model.name);
                lambda.run_once(function, invocation).await;
            }
        });
    }
}

/// Kills or freezes the process in the middle of an invocation that has just been given to it, if that was decided and the invocation
/// is not over by then.
pub(super) fn perhaps_hurt(faults: Option<&FunctionFaults>, environment: &Arc<Environment>, request_id: &str) {
    let Some(faults) = faults else { return };
    let Some(blow) = faults.blow() else { return };
    let (storm, environment, request_id) = (faults.storm.clone(), Arc::clone(environment), request_id.to_owned());
    tokio::spawn(async move {
        storm.wait(blow.after).await;
        if storm.is_calm() || !environment.is_at(&request_id) {
            return;
        }
        match blow.frozen {
            None => {
                storm.happened(Fault::Kill, &request_id);
                environment.end();
            }
            Some(time) => environment.freezer.freeze(Order { time, storm, request_id }),
        }
    });
}

/// Stops a process for a time and continues it.
#[derive(Debug, Default)]
pub(super) struct Freezer {
    order: Mutex<Option<Order>>,
    ordered: Notify,
}

#[derive(Debug)]
struct Order {
    time: Duration,
    storm: Storm,
    request_id: String,
}

impl Freezer {
    fn freeze(&self, order: Order) {
        *self.order.lock().unwrap_or_else(PoisonError::into_inner) = Some(order);
        self.ordered.notify_one();
    }

    /// Does what is ordered, for ever. Only the task that waits for the end of the process may run this: until it has, the id is that of
    /// the process and of no other.
    pub(super) async fn run(&self, pid: u32) {
        loop {
            self.ordered.notified().await;
            let order = self.order.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some(Order { time, storm, request_id }) = order else { continue };
            if let Some(_frozen) = Frozen::new(pid) {
                storm.happened(Fault::Freeze, request_id);
                storm.wait(time).await;
            }
        }
    }
}

/// A process, and what it has started, that goes on when this is dropped. If `local` is killed meanwhile, the system sends `SIGHUP` and `SIGCONT` to the
/// stopped process, whose group has lost its parent.
struct Frozen(Pid);

impl Frozen {
    fn new(pid: u32) -> Option<Self> {
        let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
        kill_process_group(pid, Signal::STOP).ok()?;
        Some(Self(pid))
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        // It may have been killed meanwhile.
        let _ = kill_process_group(self.0, Signal::CONT);
    }
}
