//! The commands that talk to a run.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader};
use std::process::Child;

use serde_json::{Value, json};

use super::{connect, run, run_with};
use crate::project::{Project, eventually};

const COMMANDS: [&[&str]; 6] =
    [&["invoke", "Echo"], &["connections"], &["post", "x", "y"], &["disconnect", "x"], &["logs"], &["status"]];

#[test]
fn without_a_run_every_command_says_so_and_exits_with_3() {
    let project = Project::new();
    for command in COMMANDS {
        run(&project, command).refused(3, "error no `local` runs with the data in .local: start it with `local up`");
        let elsewhere = [command, &["--data", "nowhere"]].concat();
        run(&project, &elsewhere).refused(3, "error no `local` runs with the data in nowhere");
    }
    std::fs::remove_file(project.path().join("template.yaml")).unwrap();
    for command in COMMANDS {
        run(&project, command).refused(3, "or name the folder of its data with --data");
    }
}

#[test]
fn the_help_of_each_command_tells_its_exit_codes() {
    let project = Project::new();
    for command in COMMANDS {
        let help = run(&project, &[command[0], "--help"]).fine();
        assert!(help.out.contains("Exit codes: 0 ") && help.out.contains("3 no `local` runs here"), "{}", help.out);
    }
    assert!(run(&project, &["--help"]).fine().out.contains("invoke"));
}

#[test]
fn a_function_is_invoked_from_the_shell() {
    let project = Project::with_echo();
    let running = project.start(&[]);
    run(&project, &["invoke", "Nobody"]).refused(1, "error there is no function `Nobody`; there are: Echo, Hello");
    run(&project, &["invoke"]).refused(1, "error which function? There are: Echo, Hello");
    run(&project, &["invoke", "Echo", "--event", "none.json"]).refused(1, "error the event none.json cannot be read");
    run_with(&project, &["invoke", "Echo", "-e", "-"], "{").refused(1, "error stdin:1:1: not JSON");
    assert_eq!(run(&project, &["invoke", "Echo", "--async", "--log"]).code, 2);
    assert_eq!(run(&project, &["invoke", "Echo", "--line", "1"]).code, 2);

    // Without an event it is {}, as for `sam local invoke`.
    let echo = |value: Value| json!({"statusCode": 200, "body": value.to_string()});
    assert_eq!(run(&project, &["invoke", "Echo"]).fine().json(), echo(json!({})));
    project.write("event.json", "{ \"a\":\n 1 }");
    for named in ["Echo", "local-echo", "arn:aws:lambda:us-east-1:123456789012:function:local-echo"] {
        let done = run(&project, &["invoke", named, "--event", "event.json"]).fine();
        assert_eq!((done.json(), done.err.as_str()), (echo(json!({"a": 1})), ""), "{named}");
    }
    let answered = run_with(&project, &["invoke", "Echo", "-e", "-"], r#"{"do":"answer","answer":"not JSON"}"#).fine();
    assert_eq!(answered.out, "not JSON\n");

    let failing = r#"{"do":"error"}"#;
    let failed = run_with(&project, &["invoke", "Echo", "-e", "-"], failing);
    assert_eq!((failed.code, failed.out.as_str()), (1, ""));
    let error = json!({"errorType": "Oops", "errorMessage": "it went wrong"});
    assert_eq!(serde_json::from_str::<Value>(&failed.err).unwrap(), error);
    let failed = run_with(&project, &["invoke", "Echo", "-e", "-", "--json"], failing);
    assert_eq!((failed.code, failed.json()["error"].clone()), (1, error));

    let logged = run_with(&project, &["invoke", "Echo", "-e", "-", "--log"], r#"{"do":"print"}"#).fine();
    assert_eq!(logged.json()["body"], "printed");
    for part in ["START RequestId: ", "one line\n", "and a complaint\n", "REPORT RequestId: "] {
        assert!(logged.err.contains(part), "{part}: {}", logged.err);
    }
    let told = run_with(&project, &["invoke", "Hello", "-e", "-", "--json"], r#"{"do":"pid"}"#).fine().json();
    assert_eq!((&told["function"], &told["payload"]["statusCode"]), (&json!("Hello"), &json!(200)));
    assert!(told["initMs"].as_f64() > Some(0.0) && told["durationMs"].as_f64() >= told["initMs"].as_f64(), "{told}");
    assert!(told["requestId"].as_str().unwrap().len() == 36 && told["log"].as_str().unwrap().contains("REPORT"));
    let again = run_with(&project, &["invoke", "Hello", "-e", "-", "--json"], r#"{"do":"pid"}"#).fine().json();
    assert_eq!((&again["payload"], again.get("initMs")), (&told["payload"], None), "the process is still warm");

    let taken = run_with(&project, &["invoke", "Echo", "-e", "-", "--async"], r#"{"do":"show","n":7}"#).fine();
    assert_eq!(taken.out, "");
    eventually("the event arrives", || run(&project, &["logs", "Echo"]).fine().out.contains(r#"{"do":"show","n":7}"#));
    drop(running);
}

#[tokio::test]
async fn connections_are_listed_posted_to_and_closed() {
    let project = Project::with_echo();
    let running = project.start(&[]);
    let empty = run(&project, &["connections"]).fine();
    assert_eq!((empty.out.as_str(), empty.err.contains("none is open")), ("", true));
    assert_eq!(run(&project, &["connections", "--json"]).fine().json(), json!([]));
    for id in ["eHrdFcnvvHcCE-w=", "-HrdFcnvvHcCE-w=", "x", "../status"] {
        let sentence = format!("error there is no connection {id}: `local connections` lists those that are open");
        run(&project, &["post", id, "hello"]).refused(1, &sentence);
        run(&project, &["disconnect", id]).refused(1, &sentence);
    }

    let (mut socket, id) = connect(&running).await;
    run_with(&project, &["post", &id], &"x".repeat(128 * 1024 + 1))
        .refused(1, "error a message has at most 131072 bytes");
    let listed = run(&project, &["connections", "--json"]).fine().json();
    let [one] = listed.as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!(
        [&one["id"], &one["api"], &one["stage"], &one["sourceIp"], &one["lastRoute"], &one["inFlight"]],
        [&json!(id), &json!("WebSocketApi"), &json!("v1"), &json!("127.0.0.1"), &json!("$default"), &json!(0)]
    );
    assert!(one["connectedAt"].as_str() <= one["lastActiveAt"].as_str(), "{one}");
    let table = run(&project, &["connections"]).fine().out;
    assert!(table.starts_with("ID ") && table.contains(&id) && table.contains("$default"), "{table}");

    run(&project, &["post", &id, "hello"]).fine();
    assert_eq!(socket.hear().await.unwrap(), "hello");
    run(&project, &["post", &id, "--json"]).fine();
    assert_eq!(socket.hear().await.unwrap(), "--json", "what a message is like is its own business");
    run_with(&project, &["post", &id, "-"], "grüße\n").fine();
    assert_eq!(socket.hear().await.unwrap(), "grüße\n");
    run_with(&project, &["post", &id], "").fine();
    assert_eq!(socket.hear().await.unwrap(), "");
    run(&project, &["disconnect", &id]).fine();
    assert_eq!(socket.closed().await.unwrap(), (1000, "Connection Closed Normally".to_owned()));
    run(&project, &["disconnect", &id]).refused(1, "error there is no connection");
}

#[test]
fn the_log_is_shown_chosen_and_followed() {
    let project = Project::with_echo();
    let mut running = project.start(&[]);
    run(&project, &["logs", "Nobody"]).refused(1, "error there is no function and no API `Nobody`");
    for since in ["yesterday", "5", "-5m"] {
        assert_eq!(run(&project, &["logs", "--since", since]).code, 2, "{since}");
    }
    for function in ["Echo", "Hello"] {
        run_with(&project, &["invoke", function, "-e", "-"], r#"{"do":"print"}"#).fine();
    }
    let whole = |arguments: &[&str]| run(&project, arguments).fine();
    eventually("both reports", || run(&project, &["logs"]).fine().out.matches("REPORT").count() == 2);
    let echo = whole(&["logs", "Echo"]).out;
    assert!(echo.contains("one line") && !echo.contains("Hello"), "{echo}");
    assert_eq!(whole(&["logs", "local-echo"]).out, echo, "by its name as well");
    let lines: Vec<Value> =
        whole(&["logs", "Echo", "--json"]).out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said = lines.iter().find(|line| line["message"] == "one line").unwrap();
    assert_eq!((said["source"].as_str(), said["requestId"].as_str().map(str::len)), (Some("local-echo"), Some(36)));
    assert!(lines.windows(2).all(|two| two[0]["number"].as_u64() < two[1]["number"].as_u64()));
    assert_eq!(whole(&["logs", "-n", "1"]).out.lines().count(), 1);
    assert_eq!(run(&project, &["logs", "--since", "2999-01-01"]).fine().out, "");
    assert_eq!(run(&project, &["logs", "--since", "1h", "Echo"]).fine().out, echo);

    let mut all = project.command(&["logs", "--follow", "-n", "0"]).spawn().unwrap();
    // What is said before a follower has asked is not what it follows; so it is said until it is heard.
    assert!(heard(&mut all, "Echo", &project).contains("local-echo"));
    let mut one = project.command(&["logs", "-f", "Hello", "-n", "0"]).spawn().unwrap();
    run_with(&project, &["invoke", "Echo", "-e", "-"], r#"{"do":"print"}"#).fine();
    assert!(heard(&mut one, "Hello", &project).contains(" Hello "));
    let _ended = (one.kill(), one.wait(), all.kill(), all.wait());
    running.signal("INT");
    assert_eq!(running.ends(), Some(0));
}

/// Lets a function print until the follower has a line of it.
fn heard(follower: &mut Child, function: &str, project: &Project) -> String {
    let (to, lines) = std::sync::mpsc::channel();
    let out = BufReader::new(follower.stdout.take().unwrap());
    std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| to.send(line)));
    let found = RefCell::new(String::new());
    eventually("a line for the follower", || {
        run_with(project, &["invoke", function, "-e", "-"], r#"{"do":"print"}"#).fine();
        lines.try_iter().find(|line| line.contains("one line")).is_some_and(|line| {
            found.replace(line);
            true
        })
    });
    found.into_inner()
}

#[test]
fn a_follower_ends_with_the_run() {
    let project = Project::with_echo();
    let mut running = project.start(&[]);
    let mut follower = project.command(&["logs", "-f"]).spawn().unwrap();
    run(&project, &["status"]).fine();
    running.signal("INT");
    assert_eq!(running.ends(), Some(0));
    assert_eq!(follower.wait().unwrap().code(), Some(0));
}

#[tokio::test]
async fn the_status_tells_what_runs_and_how_it_does() {
    let project = Project::with_echo();
    let running = project.start(&[]);
    let (_socket, _) = connect(&running).await;
    run_with(&project, &["invoke", "Echo", "-e", "-"], r#"{"do":"error"}"#);
    run_with(&project, &["invoke", "Echo", "-e", "-"], r#"{"do":"sleep","ms":300}"#).fine();
    let status = run(&project, &["status", "--json"]).fine().json();
    assert_eq!(status["addresses"]["websocket"]["WebSocketApi"], running.told("WebSocket"));
    assert_eq!(status["page"], running.told("status"));
    assert_eq!(status["connections"], 1);
    let echo = status["functions"].as_array().unwrap().iter().find(|one| one["function"] == "Echo").unwrap();
    let figure = |name: &str| echo[name].as_f64().unwrap();
    // One message asked for the socket's id.
    assert_eq!(["invocations", "errors", "throttles"].map(figure), [3.0, 1.0, 0.0], "{echo}");
    assert!(figure("coldStarts") >= 1.0 && figure("initMs") > 0.0, "{echo}");
    assert!(figure("p99Ms") >= 300.0 && figure("p50Ms") < figure("p99Ms"), "{echo}");
    assert!(echo["lastError"].as_str().unwrap().contains("it went wrong"));
    assert_eq!(echo["processes"].as_array().unwrap().len(), 1);
    let text = run(&project, &["status"]).fine().out;
    for part in ["template.yaml", "1 open", "FUNCTION", "Echo", "Hello", running.told("status")] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(!text.contains('\x1b'), "stdout is no terminal here");
    assert!(run(&project, &["status", "--color", "always"]).fine().out.contains('\x1b'));
}

#[tokio::test]
async fn what_stands_beside_the_template_counts_and_the_data_folder_belongs_into_no_repository() {
    let project = Project::with_echo();
    project.write("samconfig.toml", "version = 0.1\n[default.deploy.parameters]\nregion = \"eu-west-1\"\n");
    // An example that was copied sets nothing.
    project.write(".env", "AWS_REGION=\n");
    let _running = project.start(&[]);
    let answer = run_with(&project, &["invoke", "Echo", "-e", "-"], r#"{"do":"env"}"#).fine().json();
    let variables: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(variables["AWS_REGION"], "eu-west-1");
    assert_eq!(std::fs::read_to_string(project.path().join(".local/.gitignore")).unwrap(), "*\n");
}
