//! Makes a fresh `mongod` a replica set of one, which is what write concern majority, change streams and retryable writes want.

use std::time::Duration;

use anyhow::bail;
use mongodb::Client;
use mongodb::bson::{Document, doc};
use mongodb::options::ClientOptions;

/// The set's name, part of every connection string.
pub(super) const NAME: &str = "rs0";

/// Between two looks at a server that is starting.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// `AlreadyInitialized`
const ALREADY: i32 = 23;

/// Has the server at `port` be the writable primary of its own set, whatever the set's member was called before.
pub(super) async fn lead(port: u16) -> anyhow::Result<()> {
    let host = format!("127.0.0.1:{port}");
    let mut options = ClientOptions::parse(format!("mongodb://{host}/?directConnection=true")).await?;
    options.connect_timeout = Some(Duration::from_secs(2));
    options.server_selection_timeout = Some(Duration::from_secs(5));
    options.max_pool_size = Some(2);
    let client = Client::with_options(options)?;
    let admin = client.database("admin");
    let hello = || async { admin.run_command(doc! { "hello": 1 }).await };

    let mut tried = false;
    loop {
        let state = hello().await?;
        if state.get_bool("isWritablePrimary").unwrap_or(false) && state.get_str("me").is_ok_and(|me| me == host) {
            client.shutdown().immediate(true).await;
            return Ok(());
        }
        // It has no configuration, or one that does not mention its address. A set that was led under another port says the same.
        if !tried && state.get_bool("isreplicaset").unwrap_or(false) {
            tried = true;
            let members = vec![doc! { "_id": 0, "host": &host }];
            let config = doc! { "_id": NAME, "members": members };
            if let Err(error) = admin.run_command(doc! { "replSetInitiate": config }).await {
                match code(&error) {
                    Some(ALREADY) => rename(&admin, &host).await?,
                    _ => return Err(error.into()),
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Gives the only member of an existing set its new address.
async fn rename(admin: &mongodb::Database, host: &str) -> anyhow::Result<()> {
    let answer = admin.run_command(doc! { "replSetGetConfig": 1 }).await?;
    let mut config = answer.get_document("config")?.clone();
    let mut members: Vec<Document> = config.get_array("members")?.iter().filter_map(|one| one.as_document().cloned()).collect();
    let [member] = members.as_mut_slice() else {
        bail!("the data belongs to a replica set of {} servers; `local` starts sets of one", members.len());
    };
    member.insert("host", host);
    config.insert("members", members);
    config.insert("version", config.get_i32("version").unwrap_or(1) + 1);
    admin.run_command(doc! { "replSetReconfig": config, "force": true }).await?;
    Ok(())
}

fn code(error: &mongodb::error::Error) -> Option<i32> {
    match &*error.kind {
        mongodb::error::ErrorKind::Command(command) => Some(command.code),
        _ => None,
    }
}
