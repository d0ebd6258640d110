//! `local connections`, `local post` and `local disconnect`.

use std::io::{IsTerminal as _, Read as _};

use anyhow::Context as _;
use http::Method;

use super::{Paint, accepted, client, say, segment, table};
use crate::cli::{Connections, Disconnect, Post};
use crate::progress::Progress;

pub(super) async fn list(options: &Connections) -> anyhow::Result<i32> {
    let connections = accepted(client(&options.of)?.call(Method::GET, "connections", "").await?)?;
    if options.json {
        say(&serde_json::to_string_pretty(&connections)?);
        return Ok(0);
    }
    let all = connections.as_array().map(Vec::as_slice).unwrap_or_default();
    if all.is_empty() {
        Progress::to_stderr(options.of.color).say("connections", "none is open");
        return Ok(0);
    }
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap_or("-").to_owned();
            let second = |name: &str| text(name).chars().take("2024-02-09T18:11:43".len()).collect::<String>() + "Z";
            let agent: String = text("userAgent").chars().filter(|c| !c.is_control()).take(40).collect();
            vec![
                text("id"),
                text("api"),
                second("connectedAt"),
                second("lastActiveAt"),
                text("sourceIp"),
                text("lastRoute"),
                agent,
            ]
        })
        .collect();
    let head = ["ID", "API", "SINCE", "LAST ACTIVE", "IP", "LAST ROUTE", "USER AGENT"];
    table(Paint::new(options.of.color), &head, &rows, false);
    Ok(0)
}

pub(super) async fn post(options: &Post) -> anyhow::Result<i32> {
    let client = client(&options.of)?;
    let data = if options.text == "-" {
        if std::io::stdin().is_terminal() {
            Progress::to_stderr(options.of.color).say("post", "what you write now is sent, up to Ctrl-D");
        }
        let mut data = Vec::new();
        std::io::stdin().read_to_end(&mut data).context("stdin cannot be read")?;
        data
    } else {
        options.text.clone().into_bytes()
    };
    accepted(client.call(Method::POST, &format!("connections/{}", segment(&options.id)), data).await?)?;
    Ok(0)
}

pub(super) async fn disconnect(options: &Disconnect) -> anyhow::Result<i32> {
    let path = format!("connections/{}", segment(&options.id));
    accepted(client(&options.of)?.call(Method::DELETE, &path, "").await?)?;
    Ok(0)
}
