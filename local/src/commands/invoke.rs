//! `local invoke`: a function's answer on stdout, its error on stderr. As `sam local invoke`, but in the run that is there, with its
//! warm processes and its variables.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use http::Method;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{REFUSED, accepted, client, say, segment};
use crate::cli::Invoke;
use crate::control::Client;
use crate::progress::Progress;

/// An event, and the function that it was recorded of, if it was.
#[derive(Debug, PartialEq)]
struct Event {
    text: String,
    function: Option<String>,
}

/// A line of `--record`.
#[derive(Debug, Deserialize)]
struct Recorded<'a> {
    #[serde(borrow)]
    event: &'a RawValue,
    function: String,
    #[serde(rename = "recorded")]
    _at: String,
}

pub(super) async fn run(options: &Invoke) -> anyhow::Result<i32> {
    let client = client(&options.of)?;
    let event = match &options.event {
        None => Event { text: "{}".to_owned(), function: None },
        Some(path) => read(path, options.line)?,
    };
    let function = match options.function.clone().or(event.function) {
        Some(named) => named,
        None => only(&client).await?,
    };
    let mut path = format!("functions/{}/invocations", segment(&function));
    if options.asynchronous {
        path.push_str("?async=1");
    } else if options.log || options.json {
        path.push_str("?log=1");
    }
    let mut told = accepted(client.call(Method::POST, &path, event.text).await?)?;
    let progress = Progress::to_stderr(options.of.color);
    if options.asynchronous {
        if options.json {
            say(&told.to_string());
        } else {
            progress.say("invoke", format!("{function} has taken the event; `local logs {function}` tells more"));
        }
        return Ok(0);
    }
    let failed = told.get("error").is_some();
    if options.json {
        for name in ["payload", "error"] {
            // As JSON, if it is that.
            if let Some(parsed) = told[name].as_str().and_then(|text| serde_json::from_str(text).ok()) {
                told[name] = parsed;
            }
        }
        say(&serde_json::to_string_pretty(&without_nulls(told))?);
        return Ok(if failed { REFUSED } else { 0 });
    }
    if options.log
        && let Some(log) = told["log"].as_str()
    {
        progress.text(log);
    }
    match (told["error"].as_str(), told["payload"].as_str()) {
        (Some(error), _) => progress.text(error),
        (None, payload) => {
            say(payload.unwrap_or("null"));
        }
    }
    Ok(if failed { REFUSED } else { 0 })
}

fn without_nulls(mut told: Value) -> Value {
    if let Some(told) = told.as_object_mut() {
        told.retain(|name, value| !value.is_null() || name == "payload");
    }
    told
}

/// The function of a template that has only one.
async fn only(client: &Client) -> anyhow::Result<String> {
    let status = accepted(client.call(Method::GET, "status", "").await?)?;
    let all = status["functions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = all.iter().filter_map(|function| function["function"].as_str()).collect();
    match names.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => bail!("the template has no function"),
        several => bail!("which function? There are: {}", several.join(", ")),
    }
}

fn read(path: &Path, line: Option<u32>) -> anyhow::Result<Event> {
    let (name, text) = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("stdin cannot be read as text")?;
        ("stdin".to_owned(), text)
    } else {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| format!("the event {name} cannot be read"))?;
        (name, text)
    };
    chosen(&name, &text, line)
}

/// A file with one event is that; of recorded lines one is chosen.
fn chosen(name: &str, text: &str, line: Option<u32>) -> anyhow::Result<Event> {
    let whole = serde_json::from_str::<Value>(text);
    let text = match (&whole, line) {
        (Ok(_), None | Some(1)) => text,
        (_, Some(number)) => {
            let found = text.lines().filter(|line| !line.trim().is_empty()).nth(number as usize - 1);
            found.with_context(|| format!("{name} has no line {number}"))?
        }
        (Err(error), None) => {
            let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
            if lines.len() > 1 && lines.iter().all(|line| serde_json::from_str::<Value>(line).is_ok()) {
                bail!("{name} has {} events: choose one with --line NUMBER", lines.len());
            }
            bail!("{name}:{}:{}: not JSON: {error}", error.line(), error.column());
        }
    };
    Ok(match serde_json::from_str::<Recorded<'_>>(text) {
        Ok(Recorded { event, function, .. }) => Event { text: event.get().to_owned(), function: Some(function) },
        Err(_) => Event { text: text.to_owned(), function: None },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, line: Option<u32>) -> String {
        chosen("f.json", text, line).map_or_else(|error| format!("{error:#}"), |event| panic!("{event:?}"))
    }

    #[test]
    fn what_is_no_event_is_told_with_its_place() {
        assert!(refused("{\n  \"a\": 1,\n}", None).starts_with("f.json:3:1: not JSON: "));
        assert!(refused("", None).starts_with("f.json:1:0: not JSON"));
        assert_eq!(refused("{}\n{}\n", None), "f.json has 2 events: choose one with --line NUMBER");
        assert_eq!(refused("{}\n{}\n", Some(3)), "f.json has no line 3");
    }

    #[test]
    fn a_recorded_line_is_its_event_and_its_function() -> anyhow::Result<()> {
        let line = r#"{"recorded":"2024-02-09T18:11:43.123Z","function":"F","event":{"b":1,"a":2},"response":{}}"#;
        let event = chosen("f", &format!("{{}}\n{line}\n"), Some(2))?;
        assert_eq!(event, Event { text: r#"{"b":1,"a":2}"#.to_owned(), function: Some("F".to_owned()) });
        assert_eq!(chosen("f", line, None)?, event);
        let plain = r#"{ "event": 1 }"#;
        assert_eq!(chosen("f", plain, None)?, Event { text: plain.to_owned(), function: None });
        Ok(())
    }
}
