//! What changes while `local` runs takes effect, and no socket notices.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::{connect, run, run_with};
use crate::gateway::client::Socket;
use crate::project::{Project, Running};

/// The fixture's template.
const TEMPLATE: &str = include_str!("../fixtures/template.yaml");

/// A variable of a function's process, by a socket that was open before.
async fn variable(socket: &mut Socket, name: &str) -> Value {
    socket.say(r#"{"do":"env"}"#).await.unwrap();
    serde_json::from_str::<Value>(&socket.hear().await.unwrap()).unwrap()[name].take()
}

/// That the socket is the same connection as ever.
async fn still(socket: &mut Socket, id: &str, project: &Project) {
    assert_eq!(socket.id().await.unwrap(), id);
    let listed = run(project, &["connections", "--json"]).fine().json();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["id"]), (1, &Value::from(id)));
}

fn write(project: &Project, running: &mut Running, name: &str, text: &str, says: &[&str]) {
    project.write(name, text);
    running.says(&format!("reload {name} changed"));
    says.iter().for_each(|part| drop(running.says(part)));
}

#[tokio::test]
async fn a_template_that_cannot_run_changes_nothing_and_says_why() {
    let project = Project::with_echo();
    let mut running = project.start(&[]);
    let (mut socket, id) = connect(&running).await;
    let kept = "reload what ran before goes on";
    let broken = TEMPLATE.replace("Timeout: 5", "Timeout: soon").replace("GREETING: hello", "GREETING: wrong");
    let said = ["error template.yaml:99: Timeout of the function `Echo` must be a whole number", kept];
    write(&project, &mut running, "template.yaml", &broken, &said);
    let stage = TEMPLATE.replace("StageName: !Ref Stage", "StageName: v2");
    let said = [
        "error another API, stage or function URL needs a restart: WebSocketApi with the stage v2 is new; WebSocketApi with the stage v1 is gone",
        kept,
    ];
    write(&project, &mut running, "template.yaml", &stage, &said);
    let url = TEMPLATE.replace("    Timeout: 5\n", "    Timeout: 5\n      FunctionUrlConfig: { AuthType: NONE }\n");
    assert_ne!(url, TEMPLATE);
    let said = [
        "error another API, stage or function URL needs a restart: the function URL of Echo (smkyrxzonz2tvftm8pqr5k39zr3zqljk) is new",
        kept,
    ];
    write(&project, &mut running, "template.yaml", &url, &said);
    write(&project, &mut running, ".env", "GREETING wrong\n", &["error .env:1: not a variable", kept]);
    std::fs::remove_file(project.path().join(".env")).unwrap();
    running.says("reload .env changed");
    running.says(kept);
    write(&project, &mut running, "local.toml", "[mongo]\n", &["error local.toml:1: unknown field `mongo`", kept]);
    assert_eq!(variable(&mut socket, "GREETING").await, "good evening");
    still(&mut socket, &id, &project).await;
    // Mended, it is taken, and what was wrong before does not stick.
    project.write("template.yaml", &TEMPLATE.replace("day|evening", "day|night"));
    project.write("local.toml", "[environment]\nDATABASE = \"none\"\n");
    running.says("Echo changed");
    assert_eq!(variable(&mut socket, "GREETING").await, "good night");
}

#[tokio::test]
async fn a_changed_template_takes_effect_and_sockets_stay_open() {
    let project = Project::with_echo();
    let mut running = project.start(&[]);
    let (mut socket, id) = connect(&running).await;
    let pid = |function: &str| {
        let answer = run_with(&project, &["invoke", function, "-e", "-"], r#"{"do":"pid"}"#).fine().json();
        answer["body"].as_str().unwrap().to_owned()
    };
    let before = (pid("Hello"), pid("Echo"));
    assert_eq!(variable(&mut socket, "GREETING").await, "good evening");

    let changed = TEMPLATE.replace("day|evening", "day|night");
    write(&project, &mut running, "template.yaml", &changed, &["reload Echo changed"]);
    assert_eq!(variable(&mut socket, "GREETING").await, "good night");
    assert_eq!(pid("Hello"), before.0, "what has not changed keeps its process");
    assert_ne!(pid("Echo"), before.1);
    let count = |function: &str| {
        let status = run(&project, &["status", "--json"]).fine().json();
        let all = status["functions"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["function"] == function).map(|one| one["invocations"].as_u64().unwrap())
    };
    assert!(count("Echo") > Some(3), "and is counted on");
    still(&mut socket, &id, &project).await;

    // A route of its own, by another selection, to a function that was not there.
    let more = changed
        .replace("$request.body.action", "$request.body.do")
        .replace("        $default:\n", "        tell: { FunctionArn: !GetAtt Third.Arn }\n        $default:\n")
        .replace(
            "  EchoLogs:",
            "  Third: { Type: AWS::Serverless::Function, Properties: { CodeUri: echo } }\n\n  EchoLogs:",
        );
    write(&project, &mut running, "template.yaml", &more, &["Third is new, WebSocketApi changed"]);
    socket.say(r#"{"do":"tell"}"#).await.unwrap();
    running_until(|| count("Third") == Some(1));
    still(&mut socket, &id, &project).await;
    write(&project, &mut running, "template.yaml", &changed, &["Third is gone, WebSocketApi changed"]);
    assert_eq!(count("Third"), None);

    // Variables from beside the template, and an HTTP route.
    write(&project, &mut running, ".env", "GREETING=\"from the file\"\n", &["Echo changed"]);
    assert_eq!(variable(&mut socket, "GREETING").await, "from the file");
    let http = running.told("HTTP").to_owned();
    let status =
        async |path: &str| crate::gateway::client::get(&format!("{http}{path}")).await.unwrap().status().as_u16();
    assert_eq!((status("/hello/x").await, status("/hi/x").await), (200, 404));
    write(
        &project,
        &mut running,
        "template.yaml",
        &changed.replace("/hello/{name}", "/hi/{name}"),
        &["HttpApi changed"],
    );
    assert_eq!((status("/hello/x").await, status("/hi/x").await), (404, 200));
    still(&mut socket, &id, &project).await;
}

fn running_until(is: impl Fn() -> bool) {
    crate::project::eventually("it is so", is);
}

#[tokio::test]
async fn what_is_under_way_when_a_function_changes_is_finished_by_the_old_one() {
    let project = Project::with_echo();
    let slow = TEMPLATE.replace("Timeout: 5", "Timeout: 60");
    project.write("template.yaml", &slow);
    let mut running = project.start(&[]);
    let (mut socket, _) = connect(&running).await;
    socket.say(r#"{"do":"pid"}"#).await.unwrap();
    let old = socket.hear().await.unwrap();
    socket.say(r#"{"do":"sleep","ms":8000}"#).await.unwrap();
    write(&project, &mut running, "template.yaml", &slow.replace("day|evening", "day|night"), &["Echo changed"]);
    assert_eq!(variable(&mut socket, "GREETING").await, "good night", "others are with the new one already");
    assert_eq!(socket.hear().await.unwrap(), "slept");
    running_until(|| !Command::new("kill").args(["-s", "0", &old]).stderr(Stdio::null()).status().unwrap().success());
    running.signal("INT");
    assert_eq!(running.ends(), Some(0));
}

#[tokio::test]
async fn a_file_of_a_function_that_runs_as_it_is_starts_it_anew() {
    let project = Project::with_echo();
    project.write("hello/words.txt", "one");
    let mut running = project.start(&[]);
    let pid = || run_with(&project, &["invoke", "Hello", "-e", "-"], r#"{"do":"pid"}"#).fine().out;
    let before = pid();
    assert_eq!(pid(), before);
    write(&project, &mut running, "hello/words.txt", "two", &["reload Hello changed"]);
    assert_ne!(pid(), before);
}

#[tokio::test]
async fn whoever_does_not_want_it_keeps_what_was_there_at_the_start() {
    let project = Project::with_echo();
    let running = project.start(&["--no-reload"]);
    let (mut socket, _) = connect(&running).await;
    project.write("template.yaml", &TEMPLATE.replace("day|evening", "day|night"));
    let other = project.start(&["--data", "other"]);
    // The other one was started later and has read it; the first has had all that time.
    let (mut newer, _) = connect(&other).await;
    assert_eq!(variable(&mut newer, "GREETING").await, "good night");
    assert_eq!(variable(&mut socket, "GREETING").await, "good evening");
}

/// The source of a function that says two words, of which `word.rs` has the first. Without a dependency, so that Cargo builds it in a moment.
fn program(word: &str) -> String {
    format!(
        "mod word;\nuse std::io::{{Read, Write}};\nfn main() {{\n    let api = std::env::var(\"AWS_LAMBDA_RUNTIME_API\").unwrap();\n    loop {{\n        \
         let head = ask(&api, \"GET\", \"next\", \"\");\n        let id = head.split(\"lambda-runtime-aws-request-id: \").nth(1).unwrap();\n        \
             let id = id.split('\\r').next().unwrap().to_owned();\n        ask(&api, \"POST\", &format!(\"{{id}}/response\"), &format!(\"\\\"{{}} {word}\\\"\", word::WORD));\n    }}\n}}\n\
         fn ask(api: &str, method: &str, call: &str, body: &str) -> String {{\n    let mut api_stream = std::net::TcpStream::connect(api).unwrap();\n    \
         write!(api_stream, \"{{method}} /2018-06-01/runtime/invocation/{{call}} HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\nContent-Length: {{}}\\r\\n\\r\\n{{body}}\", body.len()).unwrap();\n    \
         let mut answer = String::new();\n    api_stream.read_to_string(&mut answer).unwrap();\n    answer\n}}\n"
    )
}

fn manifest(name: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n")
}

#[tokio::test]
async fn a_changed_source_is_built_and_replaces_what_runs() {
    let project = Project::new();
    std::fs::remove_file(project.path().join("echo/bootstrap")).unwrap();
    project.write("echo/Cargo.toml", &manifest("echo"));
    project.write("echo/src/main.rs", &program("a"));
    project.write("echo/src/word.rs", "pub const WORD: &str = \"one\";\n");
    project.write("echo/README.md", "nothing\n");
    let mut running = project.start(&[]);
    let says = || run(&project, &["invoke", "Echo"]).fine().out;
    assert_eq!(says(), "\"one a\"\n");
    project.write("echo/README.md", "something\n");
    project.write("echo/src/word.rs", "pub const WORD: &str = \"two\";\n");
    running.says("reload echo/src/word.rs changed");
    running.says("reload Echo changed");
    assert_eq!(says(), "\"two a\"\n");

    // What does not compile changes nothing, and what was missing is noticed when it comes.
    project.write("echo/src/main.rs", &format!("mod other;\n{}", program("b")));
    running.says("error the functions could not be compiled: cargo says above why");
    running.says("reload what ran before goes on");
    assert_eq!(says(), "\"two a\"\n");
    project.write("echo/src/other.rs", "");
    running.says("reload Echo changed");
    assert_eq!(says(), "\"two b\"\n");
    assert!(!running.heard("README"), "it is not what the program is made of");
}

#[tokio::test]
async fn what_is_edited_while_the_first_build_is_under_way_is_built_again() {
    let project = Project::new();
    for function in ["hello", "echo"] {
        std::fs::remove_file(project.path().join(function).join("bootstrap")).unwrap();
        project.write(&format!("{function}/Cargo.toml"), &manifest(function));
        project.write(&format!("{function}/src/main.rs"), &program("a"));
        project.write(&format!("{function}/src/word.rs"), "pub const WORD: &str = \"one\";\n");
    }
    // The second one is built behind the first, and waits there.
    let go = project.path().join("go");
    let waits = "std::thread::sleep(std::time::Duration::from_millis(10));";
    let build = format!("fn main() {{ while !std::path::Path::new({go:?}).exists() {{ {waits} }} }}\n");
    project.write("hello/build.rs", &build);
    let mut running = project.launch(&[]);
    running_until(|| project.path().join("echo/target/debug/echo").is_file());
    project.write("echo/src/word.rs", "pub const WORD: &str = \"two\";\n");
    project.write("go", "");
    running.says("Ctrl-C stops everything");
    running.says("reload echo/src/word.rs changed");
    running.says("reload Echo changed");
    assert_eq!(run(&project, &["invoke", "Echo"]).fine().out, "\"two a\"\n");
}

#[tokio::test]
async fn a_template_waits_for_a_new_program_that_does_not_compile() {
    let project = Project::with_echo();
    let mut running = project.start(&[]);
    let (mut socket, id) = connect(&running).await;
    project.write("third/Cargo.toml", &manifest("third"));
    project.write("third/src/main.rs", &program("c"));
    let third = "  Third: { Type: AWS::Serverless::Function, Properties: { CodeUri: third } }\n\n  EchoLogs:";
    let changed = TEMPLATE.replace("day|evening", "day|night").replace("  EchoLogs:", third);
    let said = ["error the functions could not be compiled: cargo says above why", "reload what ran before goes on"];
    write(&project, &mut running, "template.yaml", &changed, &said);
    assert_eq!(variable(&mut socket, "GREETING").await, "good evening");
    // It is noticed where nothing was looked at before, and the template that waited for it is the one that runs.
    project.write("third/src/word.rs", "pub const WORD: &str = \"three\";\n");
    running.says("reload Echo changed, Third is new");
    assert_eq!(variable(&mut socket, "GREETING").await, "good night");
    assert_eq!(run(&project, &["invoke", "Third"]).fine().out, "\"three c\"\n");
    still(&mut socket, &id, &project).await;
}

#[tokio::test]
async fn what_changed_together_with_something_that_fails_is_not_forgotten() {
    let project = Project::with_echo();
    project.write("hello/words.txt", "one");
    std::fs::remove_file(project.path().join("echo/bootstrap")).unwrap();
    project.write("echo/Cargo.toml", &manifest("echo"));
    project.write("echo/src/main.rs", &program("a"));
    project.write("echo/src/word.rs", "pub const WORD: &str = \"one\";\n");
    let mut running = project.start(&[]);
    let pid = || run_with(&project, &["invoke", "Hello", "-e", "-"], r#"{"do":"pid"}"#).fine().out;
    let before = pid();
    project.write("hello/words.txt", "two");
    project.write("echo/src/main.rs", "fn main() {");
    running.says("reload what ran before goes on");
    assert_eq!(pid(), before);
    project.write("echo/src/main.rs", &program("b"));
    running.says("reload Echo changed, Hello changed");
    assert_ne!(pid(), before);
    assert_eq!(run(&project, &["invoke", "Echo"]).fine().out, "\"one b\"\n");

    // A template that cannot run does not keep code from it.
    let before = pid();
    project.write("template.yaml", &TEMPLATE.replace("Timeout: 5", "Timeout: soon"));
    project.write("hello/words.txt", "three");
    running.says("Timeout of the function `Echo` must be a whole number");
    running.says("reload Hello changed");
    assert_ne!(pid(), before);
}

#[tokio::test]
async fn what_is_doubtful_about_a_template_is_said_again_when_it_changes() {
    let project = Project::with_echo();
    let mut running = project.start(&[]);
    let api = TEMPLATE
        .replace("      StageName: !Ref Stage\n", "      StageName: !Ref Stage\n      Auth: { AuthType: AWS_IAM }\n");
    assert_ne!(api, TEMPLATE);
    let said = ["`WebSocketApi` asks for signatures (AWS_IAM)", "reload WebSocketApi changed"];
    write(&project, &mut running, "template.yaml", &api, &said);
    write(
        &project,
        &mut running,
        "local.toml",
        "[environment]\nDATABASE = \"none\"\nOTHER = \"x\"\n",
        &["no function declares OTHER"],
    );
    let bucket = api.replace("  EchoLogs:", "  Files: { Type: AWS::S3::Bucket }\n\n  EchoLogs:");
    assert_ne!(bucket, api);
    let said = ["what is new about buckets takes effect at the next start"];
    write(&project, &mut running, "template.yaml", &bucket, &said);
}
