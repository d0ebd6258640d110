//! What a function behind a Lambda proxy integration answers: `{statusCode, headers, multiValueHeaders, cookies, body,
//! isBase64Encoded}`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};

/// A well-formed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// 100 to 599.
    pub(crate) status: u16,
    /// `headers` and then `multiValueHeaders`, each in the order of the answer; a name that occurs in both is taken from the second.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) cookies: Vec<String>,
    /// Already decoded, if it was base64.
    pub(crate) body: Option<Bytes>,
}

/// Why an answer is none: the sentence for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) String);

/// What a WebSocket API allows; `cookies` belong to HTTP APIs.
const KEYS: [&str; 5] = ["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"];

impl Answer {
    /// Reads the object that has a `statusCode`. A number may be a string, as AWS has always taken it.
    pub(crate) fn parse(mut object: Map<String, Value>) -> Result<Self, Malformed> {
        let status = status(object.get("statusCode"))?;
        let mut headers = Vec::new();
        let multi = fields(object.remove("multiValueHeaders"), "multiValueHeaders")?;
        for (name, value) in fields(object.remove("headers"), "headers")? {
            if !multi.keys().any(|other| other.eq_ignore_ascii_case(&name)) {
                headers.push((name, scalar(value, "headers")?));
            }
        }
        for (name, values) in multi {
            for value in list(values, "multiValueHeaders")? {
                headers.push((name.clone(), scalar(value, "multiValueHeaders")?));
            }
        }
        let cookies = list(object.remove("cookies").unwrap_or_default(), "cookies")?
            .into_iter()
            .map(|cookie| scalar(cookie, "cookies"))
            .collect::<Result<_, _>>()?;
        let encoded = match object.get("isBase64Encoded") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(encoded)) => *encoded,
            Some(_) => return Err(Malformed("isBase64Encoded is not a boolean".into())),
        };
        let body = match object.remove("body").unwrap_or_default() {
            Value::Null => None,
            Value::String(text) if encoded => Some(
                STANDARD
                    .decode(text)
                    .map_err(|_| Malformed("the body is not base64, as isBase64Encoded says".into()))?
                    .into(),
            ),
            Value::String(text) => Some(text.into()),
            _ => return Err(Malformed("the body is not a string".into())),
        };
        Ok(Self { status, headers, cookies, body })
    }

    /// As [`Answer::parse`], from an answer's bytes, with the strictness of WebSocket APIs: an object, with a `statusCode`, and no
    /// key beside the known ones.
    pub(crate) fn strict(bytes: &[u8]) -> Result<Self, Malformed> {
        let object: Map<String, Value> =
            serde_json::from_slice(bytes).map_err(|_| Malformed("the answer is not a JSON object".into()))?;
        if let Some(key) = object.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(Malformed(format!("the answer has an unknown key, {key}")));
        }
        Self::parse(object)
    }

    /// The first value of a header, by its name in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

fn status(value: Option<&Value>) -> Result<u16, Malformed> {
    let number = match value {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    number
        .and_then(|number| u16::try_from(number).ok())
        .filter(|status| (100..600).contains(status))
        .ok_or_else(|| Malformed("statusCode is missing, or not a status".into()))
}

fn fields(value: Option<Value>, key: &str) -> Result<Map<String, Value>, Malformed> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(fields)) => Ok(fields),
        Some(_) => Err(Malformed(format!("{key} is not an object"))),
    }
}

fn list(value: Value, key: &str) -> Result<Vec<Value>, Malformed> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(list) => Ok(list),
        _ => Err(Malformed(format!("{key} holds something other than a list"))),
    }
}

fn scalar(value: Value, key: &str) -> Result<String, Malformed> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        _ => Err(Malformed(format!("{key} holds something other than text"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_answer_says_what_is_wrong_with_it() {
        for (answer, complaint) in [
            ("null", "not a JSON object"),
            ("\"hello\"", "not a JSON object"),
            ("{", "not a JSON object"),
            ("{}", "statusCode"),
            (r#"{"statusCode":"abc"}"#, "statusCode"),
            (r#"{"statusCode":42}"#, "statusCode"),
            (r#"{"statusCode":200,"message":"hi"}"#, "unknown key, message"),
            (r#"{"statusCode":200,"cookies":["a=b"]}"#, "unknown key, cookies"),
            (r#"{"statusCode":200,"body":{"a":1}}"#, "body"),
            (r#"{"statusCode":200,"body":"%","isBase64Encoded":true}"#, "base64"),
            (r#"{"statusCode":200,"isBase64Encoded":"yes"}"#, "isBase64Encoded"),
            (r#"{"statusCode":200,"headers":[]}"#, "headers"),
            (r#"{"statusCode":200,"headers":{"a":["b"]}}"#, "headers"),
            (r#"{"statusCode":200,"multiValueHeaders":{"a":"b"}}"#, "multiValueHeaders"),
        ] {
            let Err(Malformed(said)) = Answer::strict(answer.as_bytes()) else { panic!("{answer} was taken") };
            assert!(said.contains(complaint), "{answer}: {said}");
        }
    }

    #[test]
    fn what_the_rust_runtime_sends_is_understood() {
        let sent =
            br#"{"statusCode":201,"headers":{},"multiValueHeaders":{"Sec-WebSocket-Protocol":["chat"],"x":["1","2"]},
            "body":"aGk=","isBase64Encoded":true}"#;
        let answer = Answer::strict(sent).unwrap_or_else(|Malformed(why)| panic!("{why}"));
        assert_eq!(answer.status, 201);
        assert_eq!(answer.header("sec-websocket-protocol"), Some("chat"));
        assert_eq!(answer.headers.iter().filter(|(name, _)| name == "x").count(), 2);
        assert_eq!(answer.body.as_deref(), Some(&b"hi"[..]));
    }

    #[test]
    fn a_multi_value_header_wins_over_the_single_one_of_its_name() {
        let answer = Answer::strict(br#"{"statusCode":"200","headers":{"X":"1"},"multiValueHeaders":{"x":["2"]}}"#);
        assert_eq!(answer.map(|answer| answer.headers), Ok(vec![("x".to_owned(), "2".to_owned())]));
    }
}
