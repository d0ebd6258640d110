//! Queues, topics and event buses that do not exist on a laptop: what they would have got is a line of JSON in a file of the data folder.
//! Events hold what people sent, passwords too. So the files are for their owner alone.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::iam::Iam;
use crate::ids;
use crate::log::Log;
use crate::model::Target;

/// Where the files are.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    pub(super) folder: Option<PathBuf>,
    pub(super) iam: Iam,
    pub(super) log: Log,
}

/// What is known of an event besides its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attributes<'a> {
    pub(super) request_id: &'a str,
    /// The status and the first kilobyte of the message of a failure, for a dead-letter queue.
    pub(super) failure: Option<(u16, &'a str)>,
}

impl Outbox {
    /// Puts a text there, and says so.
    pub(super) fn put(&self, target: &Target, text: &str, attributes: Attributes<'_>) {
        let id = ids::lambda_request();
        let attributes = told(attributes);
        let (kind, name, message) = match target {
            Target::Function(_) => return,
            Target::Queue(name) => {
                ("queue", name, json!({"MessageId": id, "Body": text, "MessageAttributes": attributes}))
            }
            Target::Topic(name) => {
                let arn = self.iam.arn("sns", name);
                (
                    "topic",
                    name,
                    json!({"MessageId": id, "TopicArn": arn, "Message": text, "MessageAttributes": attributes}),
                )
            }
            Target::Bus(name) => {
                let detail: Value = serde_json::from_str(text).unwrap_or_default();
                let succeeded = detail["requestContext"]["condition"] == "Success";
                let kind =
                    format!("Lambda Function Invocation Result - {}", if succeeded { "Success" } else { "Failure" });
                ("bus", name, json!({"id": id, "source": "lambda", "detail-type": kind, "detail": detail}))
            }
        };
        let shown = match self.append(kind, name, &message) {
            Ok(Some(path)) => format!("a line in {}", path.display()),
            Ok(None) => "kept nowhere".to_owned(),
            Err(error) => format!("not written: {error}"),
        };
        self.log.line(format!("{kind} {name} would have got an event ({shown})"));
    }

    fn append(&self, kind: &str, name: &str, message: &Value) -> std::io::Result<Option<PathBuf>> {
        let Some(folder) = self.folder.as_ref().map(|folder| folder.join(format!("{kind}s"))) else { return Ok(None) };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        std::fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
        let plain = |letter: char| if letter.is_ascii_alphanumeric() || "-_".contains(letter) { letter } else { '_' };
        let path = folder.join(format!("{}.jsonl", name.chars().map(plain).collect::<String>()));
        let mut file = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&path)?;
        // Also one that an earlier version made.
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(format!("{message}\n").as_bytes())?;
        Ok(Some(path))
    }
}

fn told(attributes: Attributes<'_>) -> Value {
    let Some((status, message)) = attributes.failure else { return json!({}) };
    let attribute = |kind: &str, value: &str| json!({"DataType": kind, "StringValue": value});
    let end = (0..=message.len().min(1024)).rev().find(|at| message.is_char_boundary(*at)).unwrap_or_default();
    json!({
        "RequestID": attribute("String", attributes.request_id),
        "ErrorCode": attribute("Number", &status.to_string()),
        "ErrorMessage": attribute("String", &message[..end]),
    })
}
