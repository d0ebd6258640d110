//! `local logs`: what the run has kept of its log, and what comes.

use http::Method;
use serde_json::Value;

use super::{Paint, accepted, client, say, segment};
use crate::cli::Logs;
use crate::control::Client;
use crate::progress::Progress;

pub(super) async fn run(options: &Logs) -> anyhow::Result<i32> {
    let client = client(&options.of)?;
    let paint = Paint::new(options.of.color);
    let mut query = String::new();
    for (name, value) in [("of", &options.function), ("since", &options.since)] {
        query.extend(value.iter().map(|value| format!("&{name}={}", segment(value))));
    }
    let mut last = 0;
    let mut held: Vec<Value> = vec![];
    loop {
        let page = page(&client, &format!("logs?after={last}{query}")).await?;
        last = page.last;
        if page.lines.is_empty() {
            break;
        }
        match options.lines {
            // Which ones are the latest is known when all have come.
            Some(most) => {
                held.extend(page.lines);
                held.drain(..held.len().saturating_sub(most));
            }
            None if !print(paint, options.json, &page.lines) => return Ok(0),
            None => {}
        }
    }
    if !print(paint, options.json, &held) || !options.follow {
        return Ok(0);
    }
    loop {
        // What is followed has ended.
        let Ok(page) = page(&client, &format!("logs?after={last}{query}&wait=1")).await else { return Ok(0) };
        let first = page.lines.first().and_then(|line| line["number"].as_u64()).unwrap_or_default();
        // Between lines that were chosen there are gaps.
        if query.is_empty() && first > last + 1 {
            Progress::to_stderr(options.of.color)
                .warn(format!("{} lines came too fast and are lost", first - last - 1));
        }
        last = page.last;
        if !print(paint, options.json, &page.lines) {
            return Ok(0);
        }
    }
}

/// Lines, and the number of the latest one that was looked at.
struct Page {
    lines: Vec<Value>,
    last: u64,
}

async fn page(client: &Client, path: &str) -> anyhow::Result<Page> {
    let answer = accepted(client.call(Method::GET, path, "").await?)?;
    let lines = answer["lines"].as_array().cloned().unwrap_or_default();
    Ok(Page { lines, last: answer["last"].as_u64().unwrap_or_default() })
}

/// Whether somebody still reads.
fn print(paint: Paint, as_json: bool, lines: &[Value]) -> bool {
    lines.iter().all(|line| {
        if as_json {
            return say(&line.to_string());
        }
        let text = |name: &str| line[name].as_str().unwrap_or_default();
        let request = text("requestId").get(..8).unwrap_or_default();
        let space = if request.is_empty() { "" } else { " " };
        let (time, source) = (paint.dim(text("time")), paint.paint("36", text("source")));
        say(&format!("{time} {source} {}{space}{}", paint.dim(request), text("message")))
    })
}
