//! What a person sees who does something wrong, and what is left when everything ends.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use mongodb::bson::{Document, doc};

use crate::project::{Project, ended, eventually};

/// One sentence, an exit code of 1, and nothing of Rust's own.
fn check((code, said): &(i32, String), expected: &[&str]) {
    assert_eq!(*code, 1, "{said}");
    for part in expected {
        assert!(said.contains(part), "expected {part:?} in:\n{said}");
    }
    for part in ["Caused by", "Error:", "panicked", "os error 2)\n\n"] {
        assert!(!said.contains(part), "{part:?} in:\n{said}");
    }
}

#[test]
fn wrong_usage_is_told_by_the_exit_code_2() {
    let project = Project::new();
    for arguments in [
        &["--colour"][..],
        &["--http-port", "many"],
        &["--env", "A"],
        &["down"],
        &["--invoke-endpoint", "x"],
        &["--chaos", "drop=1"],
    ] {
        let (code, said) = project.run(arguments);
        assert!(code == 2 && said.contains("error:"), "{arguments:?}: {code}\n{said}");
    }
}

#[test]
fn a_missing_template_is_one_sentence() {
    let project = Project::new();
    check(
        &project.run(&["--template", "other.yaml"]),
        &["error the template other.yaml does not exist: mend --template"],
    );
    std::fs::remove_file(project.path().join("template.yaml")).unwrap();
    check(&project.run(&[]), &["error there is no template.yaml in "]);
}

#[test]
fn every_mistake_of_a_template_is_told_with_its_line() {
    let project = Project::new();
    let template = include_str!("fixtures/template.yaml")
        .replace("Timeout: 5", "Timeout: soon")
        .replace("!Ref Origins", "!Ref Origin");
    project.write("template.yaml", &template);
    check(
        &project.run(&[]),
        &[
            "error template.yaml:54: there is no parameter and no resource `Origin`",
            "error template.yaml:99: Timeout of the function `Echo` must be a whole number",
            "error the template cannot be run",
        ],
    );
    project.write("template.yaml", "Resources:\n  Thing:\n    Type: AWS::ApiGatewayV2::VpcLink\n");
    check(
        &project.run(&[]),
        &["error template.yaml:2: `Thing` is of the type AWS::ApiGatewayV2::VpcLink, which `local` does not know"],
    );
}

#[test]
fn a_mistake_in_local_toml_is_told_with_its_place() {
    let project = Project::new();
    for (text, expected) in [
        ("[mongo]\n", "error local.toml:1: unknown field `mongo`"),
        ("[parameters]\nStages = \"a\"\n", "error template.yaml: declares no parameter `Stages`"),
        (
            "[parameters]\nStage = \"{stage}\"\n",
            "error local.toml: Stage under [parameters]: {stage} is not a placeholder",
        ),
        ("[environment]\nDATABASE = \"{http:Http}\"\n", "the template has no HTTP API `Http`; it has: HttpApi"),
        ("[environment]\nDATABASE = \"{mongodb}\"\n", "{mongodb} needs a database: add a section [mongodb]"),
    ] {
        project.write("local.toml", text);
        check(&project.run(&[]), &[expected]);
    }
}

#[test]
fn a_variable_that_only_the_cloud_knows_is_told_before_anything_starts() {
    let project = Project::new();
    project.write("local.toml", "");
    check(
        &project.run(&[]),
        &["error the variable DATABASE of Echo, Hello is {{resolve:secretsmanager:echo/database}}"],
    );
    project.write(".env", "DATABASE=\"postgres\nOTHER 5\n");
    check(&project.run(&[]), &["error .env:1: not a variable"]);
}

#[test]
fn a_taken_port_is_named() {
    let project = Project::new();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let others = ["--websocket-port", "0", "--lambda-port", "0", "--site-port", "0", "--mongodb-port"];
    check(&project.run(&[&others[..6], &["--http-port", &port]].concat()), &[&port, "taken"]);
    project.write("local.toml", "[environment]\nDATABASE = \"{mongodb}\"\n[mongodb]\n");
    check(
        &project.run(&[&others[..], &[&port, "--http-port", "0"]].concat()),
        &[&format!("port {port}, meant for MongoDB, is taken")],
    );
}

#[test]
fn a_function_without_a_program_is_told() {
    let project = Project::new();
    std::fs::remove_file(project.path().join("echo/bootstrap")).unwrap();
    let free = ["--http-port", "0", "--websocket-port", "0", "--lambda-port", "0"];
    check(&project.run(&free), &["CodeUri of the function `Echo`, ", "is not the folder of a Cargo package"]);
}

#[test]
fn a_database_out_of_reach_is_told_without_its_password() {
    let project = Project::with_mongodb();
    let free = ["--http-port", "0", "--websocket-port", "0", "--lambda-port", "0", "--site-port", "0"];
    for (uri, expected) in [
        (
            "mongodb://me:hunter2@127.0.0.1:1/?tls=false",
            "the database at 127.0.0.1:1 (MONGODB_URI) cannot be reached within 5 s",
        ),
        ("mongodb://me:hunt%er2@127.0.0.1/", "MONGODB_URI is not a connection string"),
        ("postgres://me:hunter2@127.0.0.1/", "MONGODB_URI is not a connection string"),
    ] {
        let ended = ended(project.command(&free).env("MONGODB_URI", uri).output().unwrap());
        check(&ended, &[expected]);
        assert!(!ended.1.contains("hunt"), "{}", ended.1);
    }
}

#[test]
fn no_color_is_respected_and_color_can_be_forced() {
    let project = Project::new();
    let arguments = ["--template", "other.yaml"];
    assert!(!project.run(&arguments).1.contains('\x1b'), "stderr is no terminal here");
    assert!(project.run(&[&arguments[..], &["--color", "always"]].concat()).1.contains('\x1b'));
}

#[test]
fn ctrl_c_ends_everything_and_the_data_is_there_again() {
    let project = Project::with_mongodb();
    for (n, signal) in ["INT", "TERM"].iter().enumerate() {
        let mut running = project.start(&[]);
        let uri = running.mongodb();
        assert_eq!(
            store_and_count(&uri),
            n as u64 + 1,
            "each run gets another port, and finds what the one before stored"
        );
        let second =
            project.run(&["--http-port", "0", "--websocket-port", "0", "--lambda-port", "0", "--site-port", "0"]);
        check(&second, &["error another `local` uses the data in", "--data"]);
        running.signal(signal);
        assert_eq!(running.ends(), Some(0));
        assert!(TcpStream::connect(address(&uri)).is_err(), "the database ended before local did");
    }
}

#[test]
fn a_killed_local_leaves_no_database_behind_and_loses_nothing() {
    let project = Project::with_mongodb();
    let mut running = project.start(&[]);
    let uri = running.mongodb();
    store_and_count(&uri);
    running.signal("KILL");
    assert_eq!(running.ends(), None);
    let running = project.start(&[]);
    assert_eq!(store_and_count(&running.mongodb()), 2);
    eventually("the database of the first one ends", || TcpStream::connect(address(&uri)).is_err());
}

#[test]
fn a_database_that_crashes_is_started_again() {
    let project = Project::with_mongodb();
    let mut running = project.start(&[]);
    let uri = running.mongodb();
    store_and_count(&uri);
    let process = std::fs::read_to_string(project.path().join(".local/mongodb/mongod.lock")).unwrap();
    assert!(std::process::Command::new("kill").args(["-s", "KILL", process.trim()]).status().unwrap().success());
    running.says("MongoDB ended by itself and is started again");
    assert_eq!(store_and_count(&uri), 2, "under the same address, with all that was stored");
    running.signal("INT");
    assert_eq!(running.ends(), Some(0));
}

#[test]
fn an_unknown_fault_is_refused_with_the_known_ones() {
    let (code, said) = Project::new().run(&["--chaos", "7,rain=1"]);
    assert!(code == 2 && said.contains("there is no fault `rain`; there are: drop, delay, "), "{code}\n{said}");
}

#[test]
fn a_chaos_kills_the_database_and_counts_what_it_did() {
    let project = Project::with_mongodb();
    let mut running = project.start(&["--chaos", "7,all=0,mongod=3s"]);
    assert!(running.heard("--chaos 7,drop=0,delay=0,"), "it can be repeated");
    let uri = running.mongodb();
    for _ in 0..4 {
        running.says("MongoDB was killed and is started again");
    }
    assert!(store_and_count(&uri) > 0, "more often than a database that ends by itself may do so");
    running.signal("INT");
    running.says("mongod ");
    assert_eq!(running.ends(), Some(0));
}

fn address(uri: &str) -> SocketAddr {
    let host = uri.trim_start_matches("mongodb://");
    host.split('/').next().unwrap().parse().unwrap()
}

#[tokio::main(flavor = "current_thread")]
async fn store_and_count(uri: &str) -> u64 {
    let client = mongodb::Client::with_uri_str(uri).await.unwrap();
    let notes = client.database("test").collection::<Document>("notes");
    let work = async {
        notes.insert_one(doc! { "kept": true }).await.unwrap();
        notes.count_documents(doc! {}).await.unwrap()
    };
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("the database answers")
}

#[test]
fn what_sam_deploys_with_is_what_local_runs_with() {
    let project = Project::new();
    let config = "version = 0.1\n[default.deploy.parameters]\nparameter_overrides = \"Size=tiny\"\n\
                  [prod.deploy.parameters]\nparameter_overrides = [\"Shape=round\"]\n";
    project.write("samconfig.toml", config);
    check(&project.run(&[]), &["the parameter `Size` is \"tiny\", but"]);
    // Whatever is nearer goes before it.
    check(&project.run(&["-p", "Size=wide"]), &["the parameter `Size` is \"wide\", but"]);
    check(&project.run(&["--config-env", "prod"]), &["declares no parameter `Shape`", "samconfig.toml: mend the name"]);
    project.write("samconfig.toml", "[default.deploy.parameters]\nparameter_overrides = [\"Size\"]\n");
    check(&project.run(&[]), &["error samconfig.toml", "write Name=value"]);
    std::fs::remove_file(project.path().join("samconfig.toml")).unwrap();
    check(&project.run(&["--config-env", "prod"]), &["there is no samconfig.toml beside the template"]);
}
