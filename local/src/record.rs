//! `--record`: every event that a function is given, with what came of it, as JSON that a test can be given again.
//!
//! The event is the very text that the function got. What it belongs to is read from the event itself, so that whatever is invoked in
//! whatever way is recorded. A thread of its own does all of it, so that no invocation waits for a disk; what comes while too much waits is left
//! out and counted. What cannot be written is told once, and the next event is tried again. Events hold what people sent: passwords, cookies,
//! tokens. So the files are for their owner alone.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::lambda::{Outcome, milliseconds};
use crate::log::Log;
use crate::time;

/// Events that may wait for the disk, and bytes that they and their answers may have together.
const WAITING: usize = 4096;
const WAITING_BYTES: usize = 64 * 1024 * 1024;

/// Where events are recorded. Clones write to the same place.
#[derive(Debug, Clone)]
pub struct Recorder {
    to: SyncSender<Message>,
    backlog: Arc<Backlog>,
    apis: Arc<BTreeMap<String, String>>,
}

/// What waits, and what could not.
#[derive(Debug, Default)]
struct Backlog {
    bytes: AtomicUsize,
    left_out: AtomicU64,
}

#[derive(Debug)]
enum Message {
    Invoked { invoked: Invoked, at: u64, apis: Arc<BTreeMap<String, String>> },
    Flush(SyncSender<()>),
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

    fn bytes(&self) -> usize {
        self.event.len() + self.answer.as_ref().map_or_else(String::len, Bytes::len)
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

/// The files.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    kind: Kind,
    /// Whether the last line may lack its end.
    is_torn: bool,
    /// Whether the latest event could not be written.
    fails: bool,
}

#[derive(Debug)]
enum Kind {
    /// A line each.
    File(File),
    /// A file each, and the number of the latest.
    Folder(u64),
}

impl Recorder {
    /// Records to a folder if `path` is one or ends with a slash, a file each event, and else to a file, a line each, behind what is there
    /// already. What goes wrong later is told in `log`.
    ///
    /// # Errors
    /// Nothing can be written there.
    pub fn to(path: &Path, log: Log) -> Result<Self> {
        let cannot = || format!("nothing can be recorded to {}", path.display());
        let mut is_torn = false;
        let kind = if path.is_dir() || path.as_os_str().to_string_lossy().ends_with('/') {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(cannot)?;
            Kind::Folder(last(path).with_context(cannot)?)
        } else {
            let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path).with_context(cannot)?;
            // Also one that was there. A terminal or the like stays as it is.
            if file.metadata().with_context(cannot)?.is_file() {
                file.set_permissions(Permissions::from_mode(0o600)).with_context(cannot)?;
                is_torn = ends_torn(path).with_context(cannot)?;
            }
            Kind::File(file)
        };
        let place = Place { path: path.to_owned(), kind, is_torn, fails: false };
        let (to, waiting) = sync_channel(WAITING);
        let backlog = Arc::new(Backlog::default());
        let seen = Arc::clone(&backlog);
        std::thread::spawn(move || write_all(&waiting, place, &seen, &log));
        Ok(Self { to, backlog, apis: Arc::default() })
    }

    /// The same, with the logical ids of APIs by the ids that events have.
    #[must_use]
    pub(crate) fn knowing(self, apis: BTreeMap<String, String>) -> Self {
        Self { apis: Arc::new(apis), ..self }
    }

    /// Never waits.
    pub(crate) fn invoked(&self, invoked: Invoked) {
        let bytes = invoked.bytes();
        let before = self.backlog.bytes.fetch_add(bytes, Ordering::Relaxed);
        let message = Message::Invoked { invoked, at: time::now_ms(), apis: Arc::clone(&self.apis) };
        if before > WAITING_BYTES || self.to.try_send(message).is_err() {
            self.backlog.bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.backlog.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Blocks until everything so far is written.
    pub fn flush(&self) {
        let (done, wait) = sync_channel(1);
        if self.to.send(Message::Flush(done)).is_ok() {
            let _ = wait.recv();
        }
    }
}

/// Ends when the last `Recorder` is gone.
fn write_all(waiting: &Receiver<Message>, mut place: Place, backlog: &Backlog, log: &Log) {
    while let Ok(message) = waiting.recv() {
        let left_out = backlog.left_out.swap(0, Ordering::Relaxed);
        if left_out > 0 {
            log.line(format!("record {left_out} events were left out: the disk is slower than the functions"));
        }
        match message {
            Message::Invoked { invoked, at, apis } => {
                let bytes = invoked.bytes();
                let head = head(&invoked, at, &apis);
                place.put(&name(&head), &line(&head, &invoked), log);
                drop(invoked);
                backlog.bytes.fetch_sub(bytes, Ordering::Relaxed);
            }
            Message::Flush(done) => drop(done.send(())),
        }
    }
}

impl Place {
    /// Writes a record, or says why it cannot; of several in a row that it cannot, once.
    fn put(&mut self, name: &str, line: &str, log: &Log) {
        let written = self.write(name, line);
        if let Err(error) = &written
            && !self.fails
        {
            let path = self.path.display();
            log.line(format!("record events cannot be written to {path}: {error}; those to come are tried again"));
        }
        self.fails = written.is_err();
    }

    fn write(&mut self, name: &str, line: &str) -> io::Result<()> {
        match &mut self.kind {
            Kind::File(file) => {
                let start = if self.is_torn { "\n" } else { "" };
                self.is_torn = true;
                file.write_all(format!("{start}{line}\n").as_bytes())?;
                self.is_torn = false;
            }
            Kind::Folder(number) => {
                let mut options = OpenOptions::new();
                options.create_new(true).write(true).mode(0o600);
                let mut file = loop {
                    *number += 1;
                    match options.open(self.path.join(format!("{number:06}-{name}.json"))) {
                        // Another run records here, too.
                        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                        opened => break opened?,
                    }
                };
                file.write_all(format!("{line}\n").as_bytes())?;
            }
        }
        Ok(())
    }
}

/// What is told of an invocation before its event.
fn head(invoked: &Invoked, at: u64, apis: &BTreeMap<String, String>) -> Value {
    let Event { request_context: context } = serde_json::from_slice(&invoked.event).unwrap_or_default();
    let api = context.api_id.and_then(|id| apis.get(&id));
    json!({
        "recorded": time::iso(at),
        "function": invoked.function,
        "api": api,
        "route": context.route_key,
        "connection": context.connection_id,
        "requestId": invoked.request_id,
        "durationMs": invoked.duration_ms,
        "initMs": invoked.init_ms,
    })
}

/// `Echo-$default` without what a file's name may not have.
fn name(head: &Value) -> String {
    let parts = ["function", "route"].map(|part| head[part].as_str().unwrap_or("event"));
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "$-_".contains(letter);
    parts.join("-").chars().take(100).map(|letter| if fits(letter) { letter } else { '_' }).collect()
}

/// Whether the last line lacks its end: a run was killed while it wrote.
fn ends_torn(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// The number of the latest file in a folder.
fn last(folder: &Path) -> io::Result<u64> {
    let names = std::fs::read_dir(folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter_map(|name| name.split('-').next()?.parse().ok()).max().unwrap_or(0))
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

    fn invoked(event: Bytes) -> Invoked {
        let (function, request_id) = ("F".to_owned(), String::new());
        Invoked { function, request_id, event, answer: Ok("{}".into()), duration_ms: 1.0, init_ms: None }
    }

    #[test]
    fn no_invocation_waits_and_what_is_left_out_is_counted() {
        // Nobody reads on the other side yet.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let reader = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let log = Log::captured();
        let recorder = Recorder::to(&path, log.clone()).unwrap();
        let event = Bytes::from(vec![b'1'; 1024 * 1024]);
        (0..80).for_each(|_| recorder.invoked(invoked(event.clone())));
        let reading = std::thread::spawn(move || io::copy(&mut &reader, &mut io::sink()));
        recorder.flush();
        let told = "events were left out: the disk is slower than the functions";
        assert!(log.lines().iter().any(|line| line.ends_with(told)), "{:?}", log.lines());
        assert!(!reading.is_finished());
    }

    #[test]
    fn a_name_of_a_file_has_nothing_of_a_path() {
        let name = |route| name(&json!({"function": "F", "route": route}));
        assert_eq!([name("$default"), name("GET /a/../b"), name("..\\é")], ["F-$default", "F-GET__a____b", "F-____"]);
    }
}
