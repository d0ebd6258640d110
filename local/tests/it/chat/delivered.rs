//! Short runs of the checker, with fixed seeds: the long ones are `cargo bench -p local --bench check`.

use std::sync::{Mutex, PoisonError};

use super::world::{programs, wait_for};
use crate::checker::run::run;
use crate::checker::settings::Command;
use crate::checker::verdict::Verdict;

/// A run that waits for nothing needs the machine more or less for itself.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Everything is delivered, once and in order.
fn is_delivered(arguments: &str) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let programs = programs();
    let parsed = Command::parse(arguments.split_whitespace().map(str::to_owned)).unwrap();
    let Command { run: settings, seeds: 1, programs: None } = parsed else {
        panic!("{arguments} is more than one run")
    };
    let outcome = wait_for(run(settings, programs, |_| {})).unwrap();
    let verdict = Verdict::of(&outcome);
    assert!(verdict.is_good(), "{}", verdict.told);
}

#[test]
fn everything_is_delivered_once_in_order_and_by_itself_when_nothing_goes_wrong() {
    is_delivered("--seed 1 --changes 1000 --clients 20 --rooms 3 --faults none");
}

#[test]
fn everything_is_delivered_when_sockets_processes_and_the_database_go_and_come_back() {
    is_delivered(
        "--seed 2 --changes 1500 --clients 20 --rooms 3 --faults cut,kill,freeze,crash,chaos:drop,chaos:double,chaos:reorder",
    );
}

#[test]
fn nobody_notices_that_the_functions_are_replaced() {
    is_delivered("--seed 3 --changes 600 --clients 10 --rooms 2 --faults replace");
}
