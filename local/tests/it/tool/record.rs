//! `--record`: events as fixtures.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use super::{connect, run, run_with};
use crate::project::{Project, eventually};

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn where_nothing_can_be_recorded_is_told_before_anything_starts() {
    let project = Project::new();
    project.write("file", "");
    for place in ["file/events.jsonl", "file/", "missing/events.jsonl"] {
        let ports = ["--http-port", "0", "--websocket-port", "0", "--lambda-port", "0"];
        let (code, said) = project.run(&[&ports[..], &["--record", place]].concat());
        assert!(code == 1 && said.contains(&format!("error nothing can be recorded to {place}: ")), "{code}\n{said}");
    }
}

#[tokio::test]
async fn every_event_is_recorded_as_the_function_got_it_and_can_be_given_again() {
    let project = Project::with_echo();
    let mut running = project.start(&["--record", "events.jsonl"]);
    let (mut socket, id) = connect(&running).await;
    socket.say("a \"word\"\nand another").await.unwrap();
    let got = socket.hear_json().await.unwrap();
    run_with(&project, &["invoke", "Echo", "-e", "-"], "{\"do\":\n\"error\"}");
    let http = asked(&format!("{}/hello/me?x=1", running.told("HTTP"))).await;
    running.signal("INT");
    assert_eq!(running.ends(), Some(0));

    let file = project.path().join("events.jsonl");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "events hold secrets");
    let recorded = lines(&file);
    let told = |line: &Value| ["function", "api", "route", "connection"].map(|key| line[key].clone());
    let expected = [
        [json!("Hello"), json!("WebSocketApi"), json!("$connect"), json!(id)],
        [json!("Echo"), json!("WebSocketApi"), json!("$default"), json!(id)],
        [json!("Echo"), json!("WebSocketApi"), json!("$default"), json!(id)],
        [json!("Echo"), Value::Null, Value::Null, Value::Null],
        [json!("Hello"), json!("HttpApi"), json!("GET /hello/{name}"), Value::Null],
    ];
    assert_eq!(recorded.iter().map(told).collect::<Vec<_>>(), expected);
    // The function answers with its event, so that each record shows whether it has what the function was given.
    assert_eq!(recorded[2]["event"], got);
    for index in [0, 1, 2, 4] {
        let answered: Value = serde_json::from_str(recorded[index]["response"]["body"].as_str().unwrap()).unwrap();
        assert_eq!(recorded[index]["event"], answered, "{index}");
    }
    assert_eq!(recorded[4]["event"], http);
    assert_eq!(recorded[3]["error"], json!({"errorType": "Oops", "errorMessage": "it went wrong"}));
    assert!(recorded[3].get("response").is_none() && recorded[2].get("error").is_none());
    let cold: Vec<bool> = recorded.iter().map(|line| line["initMs"].is_number()).collect();
    assert_eq!(cold, [true, true, false, false, false]);
    assert!(recorded.iter().all(|line| line["durationMs"].as_f64() > Some(0.0) && line["requestId"].is_string()));

    let _again = project.start(&["--record", "events.jsonl"]);
    let replayed = run(&project, &["invoke", "--event", "events.jsonl", "--line", "3"]).fine().json();
    assert_eq!(serde_json::from_str::<Value>(replayed["body"].as_str().unwrap()).unwrap(), got);
    run(&project, &["invoke", "--event", "events.jsonl"]).refused(1, "error events.jsonl has ");
    let other = run(&project, &["invoke", "Hello", "--event", "events.jsonl", "--line", "3", "--json"]).fine().json();
    assert_eq!(other["function"], "Hello", "whoever names another function gets it");
}

#[tokio::test]
async fn a_folder_gets_a_file_for_each_event_and_goes_on_counting() {
    let project = Project::with_echo();
    for expected in [&["000001-Echo-event.json"][..], &["000001-Echo-event.json", "000002-Echo-event.json"]] {
        let mut running = project.start(&["--record", "events/"]);
        run(&project, &["invoke", "Echo"]).fine();
        running.signal("INT");
        assert_eq!(running.ends(), Some(0));
        let folder = std::fs::read_dir(project.path().join("events")).unwrap();
        let mut names: Vec<String> = folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, expected);
    }
    let _running = project.start(&[]);
    run(&project, &["invoke", "--event", "events/000002-Echo-event.json"]).fine();
}

#[tokio::test]
async fn what_cannot_be_recorded_is_told_and_the_next_event_is_tried_again() {
    let project = Project::with_echo();
    // A file that another run has made meanwhile.
    let _running = project.start(&["--record", "events/"]);
    run(&project, &["invoke", "Echo"]).fine();
    let path = |name: &str| project.path().join("events").join(name);
    eventually("the first event", || path("000001-Echo-event.json").exists());
    project.write("events/000002-Echo-event.json", "another's");
    run(&project, &["invoke", "Echo"]).fine();
    eventually("the next number", || path("000003-Echo-event.json").exists());
    assert_eq!(std::fs::read_to_string(path("000002-Echo-event.json")).unwrap(), "another's");

    // A folder that is gone for a while.
    std::fs::rename(project.path().join("events"), project.path().join("away")).unwrap();
    for _ in 0..3 {
        run(&project, &["invoke", "Echo"]).fine();
    }
    let told = || told(&project, "record events cannot be written to events/: No such file or directory");
    eventually("what is wrong", || told() > 0);
    std::fs::rename(project.path().join("away"), project.path().join("events")).unwrap();
    run(&project, &["invoke", "Echo"]).fine();
    eventually("the event after", || path("000007-Echo-event.json").exists());
    assert_eq!(told(), 1, "of several in a row it is told once");
}

#[tokio::test]
async fn a_full_disk_ends_neither_the_run_nor_its_recording() {
    let project = Project::with_echo();
    std::fs::write(project.path().join("events.jsonl"), "").unwrap();
    std::fs::set_permissions(project.path().join("events.jsonl"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let before = project.path().join("events.jsonl").metadata().unwrap().permissions().mode() & 0o777;
    let mut running = project.start(&["--record", "events.jsonl"]);
    let after = project.path().join("events.jsonl").metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((before, after), (0o644, 0o600), "a file that was there");
    running.signal("INT");
    assert_eq!(running.ends(), Some(0));

    let mut running = project.start(&["--record", "/dev/full"]);
    for _ in 0..2 {
        run(&project, &["invoke", "Echo"]).fine();
    }
    let told = || told(&project, "record events cannot be written to /dev/full: No space left on device");
    eventually("what is wrong", || told() > 0);
    run(&project, &["invoke", "Echo"]).fine();
    assert_eq!(told(), 1, "it is told once");
    running.signal("INT");
    assert_eq!(running.ends(), Some(0));
}

#[tokio::test]
async fn a_line_that_an_earlier_run_left_torn_takes_no_event_with_it() {
    let project = Project::with_echo();
    project.write("events.jsonl", "{\"function\":\"Ec");
    for expected in [2, 3] {
        let mut running = project.start(&["--record", "events.jsonl"]);
        run(&project, &["invoke", "Echo"]).fine();
        running.signal("INT");
        assert_eq!(running.ends(), Some(0));
        let recorded = std::fs::read_to_string(project.path().join("events.jsonl")).unwrap();
        let lines: Vec<&str> = recorded.lines().collect();
        assert_eq!((lines.len(), lines[0]), (expected, "{\"function\":\"Ec"), "{recorded}");
        for line in &lines[1..] {
            assert_eq!(serde_json::from_str::<Value>(line).unwrap()["function"], "Echo");
        }
    }
}

/// How many lines of the log say this.
fn told(project: &Project, what: &str) -> usize {
    run(project, &["logs"]).fine().out.lines().filter(|line| line.contains(what)).count()
}

/// The body of the answer to a GET.
async fn asked(url: &str) -> Value {
    crate::gateway::client::json(&crate::gateway::client::get(url).await.unwrap())
}
