//! The MongoDB that `local` starts: it comes up, keeps what was stored, and never stays behind.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use local::mongod::{Mongod, ReplicaSet, check, find_or_install, target_folder};
use local::progress::Progress;
use mongodb::bson::{Document, doc};
use mongodb::{Client, Collection};

use crate::project::eventually;

async fn notes(uri: &str) -> Collection<Document> {
    Client::with_uri_str(uri).await.expect("a client").database("test").collection("notes")
}

#[tokio::test]
async fn a_server_that_is_no_replica_set_is_refused() {
    let program = find_or_install(&target_folder(".".as_ref()), None, &Progress::silent()).await.expect("a server");
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = tokio::process::Command::new(&program.path)
        .args(["--bind_ip", "127.0.0.1", "--port", "0", "--nounixsocket", "--dbpath"])
        .arg(folder.path())
        .arg("--logpath")
        .arg(folder.path().join("log"))
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("a server");
    let log = || std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    let listening = || log().lines().find(|line| line.contains("Waiting for connections")).map(str::to_owned);
    eventually("it listens", || listening().is_some());
    let line: serde_json::Value = serde_json::from_str(&listening().expect("a line")).expect("JSON");
    let refused = check(&format!("mongodb://127.0.0.1:{}/", line["attr"]["port"])).await;
    let message = refused.expect_err("a refusal").to_string();
    assert!(message.contains("is a single server and not a replica set"), "{message}");
    server.kill().await.expect("its end");
}

#[tokio::test]
async fn a_database_of_ours_is_one_that_can_be_named() {
    let mongod = Mongod::throwaway().await.expect("a server");
    assert!(check(mongod.uri()).await.expect("a usable database").starts_with("127.0.0.1:"));
    let wrong = mongod.uri().replace("127.0.0.1", "me:hunter2@127.0.0.1");
    let message = check(&wrong).await.expect_err("a refusal").to_string();
    assert!(message.contains("refuses the name or the password") && !message.contains("hunter2"), "{message}");
}

#[tokio::test]
async fn what_was_stored_survives_a_stop_and_a_crash() {
    let mut mongod = Mongod::throwaway().await.expect("a server");
    let uri = mongod.uri().to_owned();
    let notes = notes(&uri).await;
    for n in 0..3 {
        notes.insert_one(doc! { "n": n as i64 }).await.expect("a write");
        if n == 0 {
            mongod.stop().await.expect("a clean end");
        } else {
            mongod.kill().await.expect("a crash");
        }
        assert!(TcpStream::connect(("127.0.0.1", port(&uri))).is_err(), "it is gone when stop returns");
        mongod.start_again().await.expect("a start on the same data");
        assert_eq!(mongod.uri(), uri, "clients that go on find it again");
        let found = tokio::time::timeout(Duration::from_secs(20), notes.count_documents(doc! {})).await;
        assert_eq!(found.expect("an answer in time").expect("an answer"), n + 1);
    }
}

#[tokio::test]
async fn a_throwaway_database_goes_with_its_folder_when_it_is_dropped() {
    let mongod = Mongod::throwaway().await.expect("a server");
    let (uri, log) = (mongod.uri().to_owned(), mongod.log());
    let folder = log.parent().map(PathBuf::from).expect("a folder");
    assert!(folder.is_dir());
    drop(mongod);
    eventually("the server ends and its folder is removed", || {
        TcpStream::connect(("127.0.0.1", port(&uri))).is_err() && !folder.exists()
    });

    let mut mongod = Mongod::throwaway().await.expect("a server");
    let folder = mongod.log().parent().map(PathBuf::from).expect("a folder");
    mongod.stop().await.expect("a clean end");
    assert!(folder.is_dir(), "it may be started again");
    drop(mongod);
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_killed_primary_is_replaced_and_follows_when_it_is_back() {
    let mut set = ReplicaSet::throwaway().await.expect("three servers");
    assert_eq!(check(set.uri()).await.expect("a usable database").split(", ").count(), 3);
    let notes = notes(set.uri()).await;
    notes.insert_one(doc! { "n": 0 }).await.expect("a write");
    let first = set.primary().await.expect("a primary");
    assert_eq!(set.kill_primary().await.expect("a crash"), first);
    assert!(TcpStream::connect(&first).is_err(), "nothing answers there any more");
    assert_ne!(set.primary().await.expect("another primary"), first);
    let written = tokio::time::timeout(Duration::from_secs(60), notes.insert_one(doc! { "n": 1 })).await;
    written.expect("an answer in time").expect("a write by two of three");
    set.start_again().await.expect("three servers");
    // All three are needed for this one.
    set.kill_primary().await.expect("another crash");
    let found = tokio::time::timeout(Duration::from_secs(60), notes.count_documents(doc! {})).await;
    assert_eq!(found.expect("an answer in time").expect("an answer"), 2);
    let hosts: Vec<String> =
        set.uri()["mongodb://".len()..].split('/').next().expect("hosts").split(',').map(str::to_owned).collect();
    drop(set);
    eventually("the servers end", || hosts.iter().all(|host| TcpStream::connect(host).is_err()));
}

fn port(uri: &str) -> u16 {
    let rest = uri.trim_start_matches("mongodb://127.0.0.1:");
    rest.split('/').next().expect("a port").parse().expect("a port")
}
