//! Who gets into the control interface.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::Value;

use super::run;
use crate::project::Project;

/// The status and the rest of the answer to a request with these headers.
fn ask(address: &str, line: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!("{line} HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: 2\r\n\r\n{{}}");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no status in {answer}")), answer)
}

#[test]
fn only_who_knows_the_token_and_comes_from_here_gets_in() {
    let project = Project::with_echo();
    let running = project.start(&[]);
    let (address, token) = running.told("status").trim_start_matches("http://").split_once("/#").unwrap();
    let port = address.rsplit(':').next().unwrap();
    let bearer = format!("Bearer {token}");
    let (here, mine) = (("Host", address), ("Authorization", bearer.as_str()));
    let (same, by_name) = (format!("http://{address}"), format!("localhost:{port}"));
    let (other_port, rebound, close) = ("127.0.0.1:1", format!("evil.example:{port}"), &bearer[..bearer.len() - 1]);
    let longer = format!("{bearer}A");
    let invoke = "POST /api/functions/Echo/invocations";
    for (expected, headers) in [
        // The token is right in these, so that it is not why they are refused.
        (403, &[("Host", rebound.as_str()), mine][..]),
        (403, &[("Host", "127.0.0.1"), mine]),
        (403, &[("Host", other_port), mine]),
        (403, &[("Host", "localhost"), mine]),
        (403, &[here, mine, ("Origin", "https://evil.example")]),
        (403, &[here, mine, ("Origin", "null")]),
        (403, &[here, mine, ("Origin", "http://127.0.0.1:1")]),
        (403, &[here, mine, ("Origin", "https://127.0.0.1")]),
        // And in these it is.
        (401, &[here]),
        (401, &[here, ("Origin", &same)]),
        (401, &[here, ("Authorization", "Bearer ")]),
        (401, &[here, ("Authorization", close)]),
        (401, &[here, ("Authorization", &longer)]),
        (401, &[here, ("Authorization", token)]),
        (401, &[here, ("Cookie", &format!("token={token}"))]),
    ] {
        for line in [invoke, "GET /api/status", "GET /api/logs", "DELETE /api/connections/x"] {
            let (status, answer) = ask(address, line, headers);
            assert_eq!(status, expected, "{line} {headers:?}\n{answer}");
            assert!(!answer.contains(token) && !answer.contains("Echo"), "{answer}");
            assert!(!answer.to_lowercase().contains("access-control-allow"), "{answer}");
        }
    }
    assert_eq!(
        ask(address, &format!("{invoke}?token={token}"), &[here]).0,
        401,
        "an address is written down everywhere"
    );
    let status = run(&project, &["status", "--json"]).fine().json();
    assert!(status["functions"].as_array().unwrap().iter().all(|function| function["invocations"] == 0), "{status}");
    assert!(!status.to_string().replace(running.told("status"), "").contains(token));
    for headers in [&[here, mine][..], &[here, mine, ("Origin", &same)], &[("Host", &by_name), mine]] {
        assert_eq!(ask(address, invoke, headers).0, 200, "{headers:?}");
    }
    assert_eq!(ask(address, "POST /api/status", &[here, mine]).0, 404);
}

#[test]
fn the_file_with_the_token_is_for_its_owner_and_goes_with_the_run() {
    let project = Project::with_echo();
    let file = project.path().join(".local/running.json");
    let mut running = project.start(&[]);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let told: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(
        format!("{}/#{}", told["address"].as_str().unwrap(), told["token"].as_str().unwrap()),
        running.told("status")
    );
    running.signal("INT");
    assert_eq!(running.ends(), Some(0));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "");

    // One that was killed leaves it behind, which deceives nobody: neither commands nor the next run, which has another token.
    let mut killed = project.start(&[]);
    let before = std::fs::read_to_string(&file).unwrap();
    killed.signal("KILL");
    assert_eq!(killed.ends(), None);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    run(&project, &["status"]).refused(3, "error no `local` runs with the data in .local: start it with `local up`");
    let next = project.start(&[]);
    assert_ne!(next.told("status").split('#').nth(1), killed.told("status").split('#').nth(1));
    run(&project, &["status"]).fine();
}

#[test]
fn a_second_run_with_the_same_data_is_not_the_one_that_commands_reach() {
    let project = Project::with_echo();
    let first = project.start(&[]);
    let second = project.start(&[]);
    assert!(second.heard("warning another `local` uses .local: commands such as `local logs` reach that one"));
    let page = |arguments: &[&str]| run(&project, arguments).fine().json()["page"].as_str().unwrap().to_owned();
    assert_eq!(page(&["status", "--json"]), first.told("status"));
    assert_ne!(second.told("status"), first.told("status"), "it has a page all the same");
    let third = project.start(&["--data", "other"]);
    assert_eq!(page(&["status", "--json", "--data", "other"]), third.told("status"));
    // A command that looks does not keep a run from being found.
    assert_eq!(page(&["status", "--json"]), first.told("status"));
}
