//! Makes fresh servers a replica set, of one or of several, which is what write concern majority, change streams and retryable writes want.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use mongodb::Client;
use mongodb::bson::{Document, doc};
use mongodb::options::ClientOptions;
use tokio::net::TcpStream;

/// The set's name, part of every connection string.
pub(super) const NAME: &str = "rs0";

/// Between two looks at a server that is starting.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// `AlreadyInitialized`
const ALREADY: i32 = 23;

/// What a member says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Primary,
    Secondary,
    /// Or nothing answers.
    Neither,
}

/// Whether the server that answers at `port`, if one does, is the one on this data.
pub(super) async fn serves(port: u16, data: &Path) -> bool {
    if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
        return false;
    }
    let Ok(options) = ask(&format!("127.0.0.1:{port}"), doc! { "getCmdLineOpts": 1 }).await else { return false };
    let path = options.get_document("parsed").and_then(|parsed| parsed.get_document("storage"));
    let Ok(path) = path.and_then(|storage| storage.get_str("dbPath")) else { return false };
    matches!((Path::new(path).canonicalize(), data.canonicalize()), (Ok(its), Ok(ours)) if its == ours)
}

/// What the member at `port` is just now.
pub(super) async fn state(port: u16) -> State {
    match ask(&format!("127.0.0.1:{port}"), doc! { "hello": 1 }).await {
        Ok(hello) if hello.get_bool("isWritablePrimary").unwrap_or(false) => State::Primary,
        Ok(hello) if hello.get_bool("secondary").unwrap_or(false) => State::Secondary,
        _ => State::Neither,
    }
}

/// Makes servers that are in no set one set, in which a silent primary is replaced after `election`.
pub(super) async fn gather(hosts: &[String], election: Duration) -> anyhow::Result<()> {
    let members: Vec<Document> =
        (0..).zip(hosts).map(|(id, host): (i32, _)| doc! { "_id": id, "host": host }).collect();
    let election = i32::try_from(election.as_millis())?;
    let settings = doc! { "electionTimeoutMillis": election, "heartbeatIntervalMillis": election / 5 };
    let config = doc! { "_id": NAME, "members": members, "settings": settings };
    ask(&hosts[0], doc! { "replSetInitiate": config }).await?;
    Ok(())
}

/// One command to one server.
async fn ask(host: &str, command: Document) -> anyhow::Result<Document> {
    let client = direct(host).await?;
    let answer = client.database("admin").run_command(command).await;
    client.shutdown().immediate(true).await;
    Ok(answer?)
}

async fn direct(host: &str) -> anyhow::Result<Client> {
    let mut options = ClientOptions::parse(format!("mongodb://{host}/?directConnection=true")).await?;
    options.connect_timeout = Some(Duration::from_secs(2));
    options.server_selection_timeout = Some(Duration::from_secs(5));
    options.max_pool_size = Some(2);
    Ok(Client::with_options(options)?)
}

/// Has the server at `port` be the writable primary of its own set, whatever the set's member was called before.
pub(super) async fn lead(port: u16) -> anyhow::Result<()> {
    let host = format!("127.0.0.1:{port}");
    let client = direct(&host).await?;
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
    let mut members: Vec<Document> =
        config.get_array("members")?.iter().filter_map(|one| one.as_document().cloned()).collect();
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
