//! A database that was named in `MONGODB_URI`: looked at once, so that a wrong address is a sentence now and not a riddle later.
//!
//! The connection string holds a password. It is never shown, nor is anything that the driver says about parsing it.

use std::time::Duration;

use anyhow::{Context as _, bail};
use mongodb::Client;
use mongodb::bson::doc;
use mongodb::error::ErrorKind;
use mongodb::options::ClientOptions;

/// Enough for Atlas from another continent, name resolution included.
const DEADLINE: Duration = Duration::from_secs(5);

/// The hosts of a connection string, which may be shown.
///
/// # Errors
/// It is no connection string, cannot be reached within five seconds, refuses the credentials, or is a server that cannot confirm
/// a write by majority.
pub async fn check(uri: &str) -> anyhow::Result<String> {
    const FORM: &str = "MONGODB_URI is not a connection string: it begins with mongodb:// or mongodb+srv://, and special letters in \
                        the password are percent-encoded";
    if !uri.starts_with("mongodb://") && !uri.starts_with("mongodb+srv://") {
        bail!(FORM);
    }
    let parsed = tokio::time::timeout(DEADLINE, ClientOptions::parse(uri)).await;
    let mut options = match parsed {
        Ok(Ok(options)) => options,
        Ok(Err(error)) if matches!(&*error.kind, ErrorKind::DnsResolve { .. }) => {
            bail!("the host in MONGODB_URI has no address: check its name and the network")
        }
        Ok(Err(_)) => bail!(FORM),
        Err(_) => bail!("the host in MONGODB_URI could not be looked up within {} s: check the network", DEADLINE.as_secs()),
    };
    let hosts = options.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    options.server_selection_timeout = Some(DEADLINE);
    options.connect_timeout = Some(DEADLINE);
    let client = Client::with_options(options).context("MONGODB_URI cannot be used")?;
    let hello = tokio::time::timeout(DEADLINE * 2, client.database("admin").run_command(doc! { "hello": 1 })).await;
    let hello = match hello {
        Ok(Ok(hello)) => hello,
        Ok(Err(error)) if is_refusal(&error) => {
            bail!("the database at {hosts} refuses the name or the password in MONGODB_URI")
        }
        Ok(Err(_)) | Err(_) => bail!(
            "the database at {hosts} (MONGODB_URI) cannot be reached within {} s: start it, or check the address, the network and \
             who may connect",
            DEADLINE.as_secs()
        ),
    };
    client.shutdown().immediate(true).await;
    let sharded = hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid");
    if hello.get_str("setName").is_err() && !sharded {
        bail!(
            "the database at {hosts} (MONGODB_URI) is a single server and not a replica set, so that no write can be confirmed by a \
             majority: start it with --replSet and initiate it, or leave MONGODB_URI out and `local` starts one"
        );
    }
    Ok(hosts)
}

fn is_refusal(error: &mongodb::error::Error) -> bool {
    matches!(&*error.kind, ErrorKind::Authentication { .. }) || error.to_string().contains("Authentication failed")
}
