//! `local status`: what runs, where, and how it does.

use http::Method;
use serde_json::Value;

use super::{Paint, accepted, client, say, table};
use crate::cli::Status;

pub(super) async fn run(options: &Status) -> anyhow::Result<i32> {
    let client = client(&options.of)?;
    let mut status = accepted(client.call(Method::GET, "status", "").await?)?;
    status["page"] = client.page().into();
    if options.json {
        say(&serde_json::to_string_pretty(&status)?);
        return Ok(0);
    }
    let paint = Paint::new(options.of.color);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |what: &str, told: &str| say(&format!("{}  {told}", paint.bold(&format!("{what:>10}"))));
    let about = &status["about"];
    line("template", &text(&about["template"]));
    line(
        "running",
        &format!(
            "local {}, process {}, since {}",
            text(&about["version"]),
            about["process"],
            text(&about["startedAt"])
        ),
    );
    for (what, name) in [("HTTP", "http"), ("WebSocket", "websocket"), ("URL", "urls")] {
        for (whose, address) in status["addresses"][name].as_object().into_iter().flatten() {
            line(what, &format!("{}  {whose}", text(address)));
        }
    }
    line("Invoke", &text(&status["addresses"]["lambda"]));
    if let Some(s3) = status["addresses"]["s3"].as_str() {
        line("S3", s3);
    }
    if let Some(site) = status["addresses"]["site"].as_str() {
        line("site", site);
    }
    line("page", &text(&status["page"]));
    line("sockets", &format!("{} open", status["connections"]));
    say("");
    let functions = status["functions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let rows: Vec<Vec<String>> = functions.iter().map(row).collect();
    let head = ["FUNCTION", "INVOCATIONS", "ERRORS", "THROTTLED", "COLD STARTS", "P50", "P99", "INIT", "PROCESSES"];
    table(paint, &head, &rows, true);
    Ok(0)
}

fn row(function: &Value) -> Vec<String> {
    let number = |name: &str| function[name].as_u64().unwrap_or_default().to_string();
    let time = |name: &str| function[name].as_f64().map_or("-".to_owned(), |ms| format!("{ms:.1} ms"));
    let processes = function["processes"].as_array().map_or(0, Vec::len).to_string();
    vec![
        function["function"].as_str().unwrap_or_default().to_owned(),
        number("invocations"),
        number("errors"),
        number("throttles"),
        number("coldStarts"),
        time("p50Ms"),
        time("p99Ms"),
        time("initMs"),
        processes,
    ]
}
