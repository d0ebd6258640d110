//! What no answer may tell. The clients of the stories ask here about everything that they receive.
//!
//! A refusal is our own words, and of the chat always the same for the same thing; besides, nothing in it may look like a stack, a path, a source line, or the words of the driver or of Rust. Of what is no
//! refusal only the kinds that nobody says by accident are looked for, because people may talk about paths; that it has no field too many is for
//! `spec` to see.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use parlour::Error;
use parlour::text::{self, Invalid};
use parlour::wire::{self, Failure};
use regex::Regex;
use serde_json::Value;

/// Signs that are looked for in every answer.
const ALWAYS: [&str; 2] = ["hash of a password", "key of AWS"];

struct Telltale {
    sign: &'static str,
    pattern: Regex,
}

static TELLTALES: LazyLock<Vec<Telltale>> = LazyLock::new(|| {
    let lines = include_str!("telltales.txt").lines().filter(|line| !line.starts_with('#'));
    let telltale = |line: &'static str| {
        let (sign, pattern) = line.split_once('\t').unwrap();
        Telltale { sign, pattern: Regex::new(pattern).unwrap() }
    };
    lines.map(telltale).collect()
});

/// What we say when nothing about a value is wrong: of each refusal that there is, as the tests of its shape have it.
static OURS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let shapes =
        include_str!("../../../../shared/src/wire/snapshots/parlour__wire__tests__every_refusal_has_its_shape.snap");
    let shapes = shapes.splitn(3, "---\n").nth(2).unwrap();
    let shapes: Vec<Value> = serde_json::from_str(shapes).unwrap();
    shapes.iter().map(|shape| shape["body"]["message"].as_str().unwrap().to_owned()).collect()
});

const RULES: [text::Rule; 14] = [
    text::Rule::Required,
    text::Rule::Type,
    text::Rule::TooShort,
    text::Rule::TooLong,
    text::Rule::TooManyBytes,
    text::Rule::TooSmall,
    text::Rule::TooLarge,
    text::Rule::TooFew,
    text::Rule::TooMany,
    text::Rule::Characters,
    text::Rule::Format,
    text::Rule::Unknown,
    text::Rule::Common,
    text::Rule::Json,
];

/// Whether a refusal of the chat says what it says about such a thing always, so that there is nothing of anybody else in it.
fn is_our_own(refusal: &Failure) -> bool {
    match (refusal.rule, &refusal.field, refusal.limit) {
        (Some(rule), Some(field), limit) => {
            let rule = RULES.into_iter().find(|one| wire::Rule::from(*one) == rule);
            let said = |rule| Invalid { field: field.clone().into(), rule, limit }.to_string();
            rule.map(said).as_ref() == Some(&refusal.message)
        }
        (None, None, Some(limit)) => Error::TooLarge { limit }.to_string() == refusal.message,
        (None, None, None) => OURS.contains(&refusal.message),
        _ => false,
    }
}

/// What an answer tells that it should not, if it does.
pub(super) fn leaks(body: &str) -> Option<String> {
    let parsed: Value = serde_json::from_str(body).unwrap_or_default();
    if parsed["type"] == "error"
        && !serde_json::from_value::<Failure>(parsed.clone()).is_ok_and(|refusal| is_our_own(&refusal))
    {
        return Some(format!("words that are not ours: {}", parsed["message"]));
    }
    let is_refusal = parsed["type"] == "error" || parsed["type"].is_null() && parsed.get("message").is_some();
    // What is no JSON should not be there at all, and is looked at as a refusal is.
    let is_ours = is_refusal || parsed.is_null();
    let told = if is_refusal { without_what_was_sent(&parsed) } else { body.to_owned() };
    TELLTALES.iter().filter(|telltale| is_ours || ALWAYS.contains(&telltale.sign)).find_map(|telltale| {
        telltale.pattern.find(&told).map(|found| format!("{}: {:?}", telltale.sign, found.as_str()))
    })
}

/// A refusal repeats the id of the request and names the wrong field, which may be a key of the client's choice.
fn without_what_was_sent(refusal: &Value) -> String {
    let mut rest = refusal.clone();
    let field = refusal["field"].as_str().unwrap_or_default();
    if !field.is_empty() {
        rest["message"] = refusal["message"].as_str().unwrap_or_default().replace(field, "").into();
    }
    rest.as_object_mut().map(|fields| ["id", "field"].map(|name| fields.remove(name)));
    rest.to_string()
}

#[cfg(test)]
mod tests {
    use super::leaks;

    #[test]
    fn what_we_say_ourselves_tells_nothing() {
        for body in [
            "",
            r#"{"message":"Not Found"}"#,
            r#"{"message": "Internal server error", "connectionId":"a=", "requestId":"b="}"#,
            r#"{"type":"error","code":"internal","message":"Something went wrong on our side."}"#,
            r#"{"type":"error","code":"invalid","message":"The name may have at most 32 characters.","field":"name","rule":"too_long","limit":32}"#,
            r#"{"type":"error","id":"$where /etc/passwd","code":"invalid","message":"The rooms.$where is of the wrong type.","field":"rooms.$where","rule":"type"}"#,
            r#"{"type":"sent","message":{"text":"see /etc/anna/notes.txt, line main.rs:7, and E11000"}}"#,
        ] {
            assert_eq!(leaks(body), None, "{body}");
        }
    }

    #[test]
    fn what_is_inside_is_noticed() {
        for (sign, told) in [
            ("stack trace", "Error\\n    at handler (/var/task/index.js:3:9)"),
            ("panic", "thread 'main' panicked at src/lib.rs:7"),
            ("source line", "src\\\\lib.rs:7"),
            ("file path", "/var/task/bootstrap"),
            ("driver", "Kind: An error occurred: connection refused"),
            ("driver", "E11000 duplicate key error collection: parlour.users"),
            ("driver", "MongoServerError"),
            ("driver", "ServerSelection { message: no primary }"),
            ("driver", "unknown operator: $where"),
            ("field of the database", "index: name_key_1"),
            ("Rust", "Some(\\\"anna\\\")"),
            ("Rust", "parlour::store::Account"),
            ("serde", "invalid type: map, expected a string at line 1 column 9"),
            ("hash of a password", "$2b$12$abcdefghijklmnopqrstuv"),
        ] {
            let body = format!(r#"{{"message":"{told}"}}"#);
            assert!(leaks(&body).is_some_and(|found| found.starts_with(sign)), "{told}: {:?}", leaks(&body));
        }
        assert!(leaks(r#"{"user":{"id":"0","name":"anna","password":"$2b$12$abcdefghijklmnopqrstuv"}}"#).is_some());
        assert!(leaks("thread 'main' panicked at src/main.rs:1:1").is_some());
        for told in [
            r#"{"type":"error","code":"conflict","message":"anna has that name. Please choose another.","reason":"name_taken"}"#,
            r#"{"type":"error","code":"invalid","message":"The name may have at most 33 characters.","field":"name","rule":"too_long","limit":32}"#,
            r#"{"type":"error","code":"invalid","message":"The name of anna is missing.","field":"name","rule":"required"}"#,
        ] {
            assert!(leaks(told).is_some_and(|found| found.starts_with("words")), "{told}");
        }
    }
}
