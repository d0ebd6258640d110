//! What a client sent, as far as it can be read: the `id` is found even where the rest is wrong, so that the refusal can name it.

use parlour::text::{Invalid, Rule};
use parlour::wire;
use serde_json::Value;

/// The longest `id`, in characters.
const ID_LENGTH: usize = 64;

/// A request or what is wrong with it.
pub struct Request {
    /// The request's, if it has one that can be repeated.
    pub id: Option<String>,
    /// What is asked.
    pub action: Result<wire::Request, Invalid>,
}

impl Request {
    /// Reads a frame.
    pub fn parse(body: &str) -> Self {
        match wire::parse_json(body.as_bytes()) {
            Err(invalid) => Self { id: None, action: Err(invalid) },
            Ok(value) => {
                let id = value
                    .get("id")
                    .and_then(Value::as_str)
                    .filter(|id| !id.is_empty() && id.chars().count() <= ID_LENGTH);
                Self { id: id.map(str::to_owned), action: action(value) }
            }
        }
    }
}

fn action(mut value: Value) -> Result<wire::Request, Invalid> {
    let Some(fields) = value.as_object_mut() else { return Err(Invalid::new("body", Rule::Type)) };
    let action = match fields.remove("action") {
        None => return Err(Invalid::new("action", Rule::Required)),
        Some(Value::String(action)) => action,
        Some(_) => return Err(Invalid::new("action", Rule::Type)),
    };
    match fields.get("id").and_then(Value::as_str) {
        Some("") => return Err(Invalid::bounded("id", Rule::TooShort, 1)),
        Some(id) if id.chars().count() > ID_LENGTH => return Err(Invalid::bounded("id", Rule::TooLong, ID_LENGTH)),
        _ => {}
    }
    match action.as_str() {
        "send" => wire::parse_value(value).map(wire::Request::Send),
        "edit" => wire::parse_value(value).map(wire::Request::Edit),
        "delete" => wire::parse_value(value).map(wire::Request::Delete),
        "react" => wire::parse_value(value).map(wire::Request::React),
        "pin" => wire::parse_value(value).map(wire::Request::Pin),
        "sync" => wire::parse_value(value).map(wire::Request::Sync),
        "ping" => wire::parse_value(value).map(wire::Request::Ping),
        "look" => wire::parse_value(value).map(wire::Request::Look),
        "typing" => wire::parse_value(value).map(wire::Request::Typing),
        "read" => wire::parse_value(value).map(wire::Request::Read),
        _ => Err(Invalid::new("action", Rule::Unknown)),
    }
}
