//! `--record`: every event that a function is given, with what came of it, as JSON that a test can be given again.
//!
//! The event is the very text that the function got. What it belongs to is read from the event itself, so that whatever is invoked in
//! whatever way is recorded. A thread of its own writes, so that no invocation waits for a disk. Events hold what people sent: passwords, cookies,
//! tokens. So the files are for their owner alone.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::lambda::{Outcome, milliseconds};
use crate::time;

/// Where events are recorded. Clones write to the same place.
#[derive(Debug, Clone)]
pub struct Recorder {
    to: Sender<Message>,
    apis: Arc<BTreeMap<String, String>>,
}

#[derive(Debug)]
enum Message {
    Invoked(Record),
    Flush(Sender<()>),
}

/// What is written of an invocation.
#[derive(Debug)]
struct Record {
    /// Of a file for it alone.
    name: String,
    line: String,
}

/// One invocation that is over.
#[derive(Debug)]
pub(crate) struct Invoked {
    /// The logical id.
    pub(crate) function: String,
    pub(crate) request_id: String,
    pub(crate) event: Bytes,
    /// What it answered, or the error.
    pub(crate) answer: Result<Bytes, String>,
    pub(crate) duration_ms: f64,
    pub(crate) init_ms: Option<f64>,
}

impl Invoked {
    pub(crate) fn new(function: &str, event: Bytes, outcome: &Outcome, took: Duration) -> Self {
        Self {
            function: function.to_owned(),
            request_id: outcome.request_id.clone(),
            event,
            answer: outcome.result.clone().map_err(|failure| failure.told()),
            duration_ms: milliseconds(took),
            init_ms: outcome.init.map(milliseconds),
        }
    }
}

/// What an event of API Gateway says about itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Event {
    request_context: Context,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Context {
    api_id: Option<String>,
    route_key: Option<String>,
    connection_id: Option<String>,
}

#[derive(Debug)]
enum Place {
    /// A line each.
    File(BufWriter<File>),
    /// A file each.
    Folder(PathBuf, u64),
}

impl Recorder {
    /// Records to a folder if `path` is one or ends with a slash, a file each event, and else to a file, a line each, behind what is there
    /// already.
    ///
    /// # Errors
    /// Nothing can be written there.
    pub fn to(path: &Path) -> Result<Self> {
        let cannot = || format!("nothing can be recorded to {}", path.display());
        let place = if path.is_dir() || path.as_os_str().to_string_lossy().ends_with('/') {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(cannot)?;
            Place::Folder(path.to_owned(), last(path).with_context(cannot)?)
        } else {
            let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path).with_context(cannot)?;
            Place::File(BufWriter::new(file))
        };
        let (to, waiting) = channel();
        std::thread::spawn(move || write_all(&waiting, place));
        Ok(Self { to, apis: Arc::default() })
    }

    /// The same, with the logical ids of APIs by the ids that events have.
    #[must_use]
    pub(crate) fn knowing(self, apis: BTreeMap<String, String>) -> Self {
        Self { apis: Arc::new(apis), ..self }
    }

    pub(crate) fn invoked(&self, invoked: &Invoked) {
        let Event { request_context: context } = serde_json::from_slice(&invoked.event).unwrap_or_default();
        let api = context.api_id.and_then(|id| self.apis.get(&id));
        let head = json!({
            "recorded": time::iso(time::now_ms()),
            "function": invoked.function,
            "api": api,
            "route": context.route_key,
            "connection": context.connection_id,
            "requestId": invoked.request_id,
            "durationMs": invoked.duration_ms,
            "initMs": invoked.init_ms,
        });
        let _ended = self.to.send(Message::Invoked(Record { name: name(&head), line: line(&head, invoked) }));
    }

    /// Blocks until everything so far is written.
    pub fn flush(&self) {
        let (done, wait) = channel();
        if self.to.send(Message::Flush(done)).is_ok() {
            let _ = wait.recv();
        }
    }
}

/// `Echo-$default` without what a file's name may not have.
fn name(head: &Value) -> String {
    let parts = ["function", "route"].map(|part| head[part].as_str().unwrap_or("event"));
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "$-_".contains(letter);
    parts.join("-").chars().take(100).map(|letter| if fits(letter) { letter } else { '_' }).collect()
}

/// The number of the latest file in a folder.
fn last(folder: &Path) -> io::Result<u64> {
    let names = std::fs::read_dir(folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter_map(|name| name.split('-').next()?.parse().ok()).max().unwrap_or(0))
}

fn write_all(waiting: &Receiver<Message>, mut place: Place) {
    while let Ok(first) = waiting.recv() {
        for message in std::iter::once(first).chain(waiting.try_iter()) {
            match message {
                Message::Invoked(record) => {
                    if place.write(&record).is_err() {
                        return;
                    }
                }
                Message::Flush(done) => {
                    let _ = place.flush();
                    let _ = done.send(());
                }
            }
        }
        if place.flush().is_err() {
            return;
        }
    }
}

impl Place {
    fn write(&mut self, Record { name, line }: &Record) -> io::Result<()> {
        match self {
            Self::File(file) => writeln!(file, "{line}"),
            Self::Folder(folder, number) => {
                *number += 1;
                let path = folder.join(format!("{number:06}-{name}.json"));
                let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
                writeln!(file, "{line}")
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Folder(..) => Ok(()),
        }
    }
}

/// The whole record in one line, the event and the answer as they were.
fn line(head: &Value, invoked: &Invoked) -> String {
    let head = head.to_string();
    let head = head.strip_suffix('}').unwrap_or(&head);
    let event = in_one_line(&invoked.event);
    let (key, answer) = match &invoked.answer {
        Ok(answer) => ("response", in_one_line(answer)),
        Err(error) => ("error", in_one_line(error.as_bytes())),
    };
    format!("{head},\"event\":{event},\"{key}\":{answer}}}")
}

/// JSON as it is but for its line breaks, which stand between its values only; what is no JSON as a string.
fn in_one_line(json: &[u8]) -> String {
    let text = String::from_utf8_lossy(json);
    match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
        Ok(_) => text.replace(['\r', '\n'], " "),
        Err(_) => Value::from(text).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_and_an_answer_are_recorded_as_they_were() {
        for (event, answer, expected) in [
            ("{\n \"b\": 1,\n \"a\": 1.0}", Ok("{}"), r#""event":{  "b": 1,  "a": 1.0},"response":{}}"#),
            (r#""a\nb""#, Ok("no\njson"), r#""event":"a\nb","response":"no\njson"}"#),
            ("{}", Err("throttled"), r#""event":{},"error":"throttled"}"#),
            ("{}", Err(r#"{"errorType":"Oops"}"#), r#""event":{},"error":{"errorType":"Oops"}}"#),
        ] {
            let invoked = Invoked {
                function: "F".into(),
                request_id: String::new(),
                event: event.into(),
                answer: answer.map(Bytes::from).map_err(str::to_owned),
                duration_ms: 1.0,
                init_ms: None,
            };
            let line = line(&json!({"function": "F"}), &invoked);
            assert_eq!(line, format!(r#"{{"function":"F",{expected}"#));
            assert!(serde_json::from_str::<Value>(&line).is_ok() && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn a_name_of_a_file_has_nothing_of_a_path() {
        let name = |route| name(&json!({"function": "F", "route": route}));
        assert_eq!([name("$default"), name("GET /a/../b"), name("..\\é")], ["F-$default", "F-GET__a____b", "F-____"]);
    }
}
