//! The HTTP API, called by schemathesis with what docs/openapi.json allows and with what it does not: every answer has a documented status and
//! form, and none is a failure of ours.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::super::world::{root, story};
use crate::checks::{python, run};

const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// How long it tries, in seconds, each time; `FUZZ_SECONDS` says otherwise.
const SECONDS: u64 = 60;

/// Calls that cannot succeed: the one that deletes the account that the others need, those of admins, whom no request can make, and what is about
/// a message, which only a socket can say.
const NEVER_DONE: [&str; 4] = [
    "DELETE /account",
    "PUT /users/{user}/suspension",
    "DELETE /users/{user}/suspension",
    "GET /rooms/{room}/messages/{seq}/versions",
];

#[test]
fn no_request_of_a_stranger_is_answered_with_anything_undocumented() {
    let seen = fuzz("no");
    let open = ["POST /register", "POST /login", "POST /refresh", "POST /logout"];
    for (operation, statuses) in seen.iter().filter(|(operation, _)| !open.contains(&operation.as_str())) {
        assert!(statuses.iter().all(|status| *status >= 400), "{operation} was answered with {statuses:?}");
    }
}

#[test]
fn no_request_of_a_person_is_answered_with_anything_undocumented() {
    let seen = fuzz("yes");
    for (operation, statuses) in &seen {
        let has_succeeded = statuses.iter().any(|status| *status < 300);
        assert!(
            has_succeeded || NEVER_DONE.contains(&operation.as_str()),
            "{operation} was answered with {statuses:?} only: what lies behind its refusals was not reached"
        );
    }
    let document: Value = serde_json::from_slice(&std::fs::read(root().join("docs/openapi.json")).unwrap()).unwrap();
    let operations = document["paths"].as_object().unwrap().values().map(|item| item.as_object().unwrap().len());
    assert_eq!(seen.len(), operations.sum::<usize>(), "{seen:?}");
}

/// Runs it, signed in or not, and gives the statuses that each operation answered with.
fn fuzz(signed_in: &str) -> BTreeMap<String, Vec<u16>> {
    let packages = python(SCHEMATHESIS);
    let seen = tempfile::NamedTempFile::new().unwrap();
    let told = seen.path().to_owned();
    story(|world| async move {
        let api = world.running().addresses().http["HttpApi"].clone();
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/chat/fuzz");
        let seconds = super::time(SECONDS).as_secs().to_string();
        let mut command = Command::new("python3");
        command.args(["-m", "schemathesis.cli", "--config-file"]).arg(here.join("schemathesis.toml"));
        command.arg("run").arg(root().join("docs/openapi.json")).args(["--url", &api, "--max-time", &seconds]);
        command.args(["--checks", "all", "--exclude-checks", "unsupported_method", "--suppress-health-check", "all"]);
        command.args(["--seed", "7", "--workers", "1", "--continue-on-failure", "--generation-database", "none"]);
        command.env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1");
        // It leaves folders of its own where it runs.
        let folder = tempfile::tempdir().unwrap();
        command.current_dir(folder.path());
        command.env("SCHEMATHESIS_HOOKS", here.join("hooks.py")).env("PARLOUR_API", api);
        command.env("PARLOUR_SIGNED_IN", signed_in).env("PARLOUR_SEEN", told);
        tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap();
    });
    serde_json::from_slice(&std::fs::read(seen.path()).unwrap()).unwrap()
}
