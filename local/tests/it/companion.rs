//! The MongoDB that `local` starts: it comes up, keeps what was stored, and never stays behind.

use std::time::{Duration, Instant};

use local::mongod::Mongod;
use mongodb::bson::{Document, doc};
use mongodb::{Client, Collection};

async fn notes(uri: &str) -> Collection<Document> {
    Client::with_uri_str(uri).await.expect("a client").database("test").collection("notes")
}

#[tokio::test]
async fn what_was_stored_survives_a_stop_and_a_crash() {
    let begun = Instant::now();
    let mut mongod = Mongod::throwaway().await.expect("a server");
    eprintln!("started in {:?}", begun.elapsed());
    let notes = notes(mongod.uri()).await;
    for n in 0..3 {
        notes.insert_one(doc! { "n": n as i64 }).await.expect("a write");
        let begun = Instant::now();
        if n == 0 {
            mongod.stop().await.expect("a clean end");
        } else {
            mongod.kill().await.expect("a crash");
        }
        eprintln!("ended in {:?}", begun.elapsed());
        let begun = Instant::now();
        mongod.start_again().await.expect("a start on the same data");
        eprintln!("again in {:?}", begun.elapsed());
        let found = tokio::time::timeout(Duration::from_secs(20), notes.count_documents(doc! {})).await;
        assert_eq!(found.expect("an answer in time").expect("an answer"), n + 1);
    }
}
