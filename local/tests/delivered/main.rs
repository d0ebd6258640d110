//! Short runs of the checker, with fixed seeds, and the tests of its judge. They are a program of their own, so that nothing else is tested beside
//! them: a run in which nothing is to go wrong waits for nothing either. The long runs are `cargo bench -p local --bench check`.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test says what it expects")]

#[path = "../checker/checker.rs"]
mod checker;
mod judge;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

use local::programs::{self, Profile};
use tokio::runtime::Runtime;

use self::checker::run::run;
use self::checker::settings::Command;
use self::checker::stage;
use self::checker::verdict::Verdict;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static PROGRAMS: LazyLock<BTreeMap<String, PathBuf>> =
    LazyLock::new(|| RUNTIME.block_on(programs::build(&stage::cloud().unwrap(), Profile::Dev)).unwrap());
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Everything is delivered, once and in order.
fn is_delivered(arguments: &str) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let parsed = Command::parse(arguments.split_whitespace().map(str::to_owned)).unwrap();
    let Command { run: settings, seeds: 1, programs: None } = parsed else {
        panic!("{arguments} is more than one run")
    };
    let programs = LazyLock::force(&PROGRAMS);
    let outcome = RUNTIME.block_on(run(settings, programs, |_| {})).unwrap();
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
