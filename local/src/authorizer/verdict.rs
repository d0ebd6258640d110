//! What a function that decides may answer: `{principalId, policyDocument, context, usageIdentifierKey}`.

use serde_json::{Map, Value};

use super::policy;
use crate::gateway::answer::Malformed;
use crate::iam::{Decision, decide};
use crate::model::Statement;

/// Bytes of an answer. API Gateway's quotas: 8 KB.
const LARGEST: usize = 8 * 1024;

/// A well-formed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) principal: String,
    policy: Vec<Statement>,
    /// What the function has to say to those behind it, as it said it.
    pub(crate) context: Map<String, Value>,
    pub(crate) usage_key: Option<String>,
}

impl Verdict {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let malformed = |why: &str| Err(Malformed(why.to_owned()));
        if bytes.len() > LARGEST {
            return malformed("the answer is larger than 8 KB");
        }
        let Ok(Value::Object(mut answer)) = serde_json::from_slice(bytes) else {
            return malformed("the answer is not a JSON object");
        };
        let principal = match answer.remove("principalId") {
            Some(Value::String(principal)) => principal,
            Some(Value::Number(principal)) => principal.to_string(),
            _ => return malformed("the answer has no principalId"),
        };
        let policy = match answer.get("policyDocument") {
            Some(document) => policy::parse(document)?,
            None => return malformed("the answer has no policyDocument"),
        };
        let context = match answer.remove("context").unwrap_or_default() {
            Value::Null => Map::new(),
            Value::Object(context) => context,
            _ => return malformed("context is not an object"),
        };
        let usage_key = match answer.remove("usageIdentifierKey").unwrap_or_default() {
            Value::Null => None,
            Value::String(key) => Some(key),
            _ => return malformed("usageIdentifierKey is not a text"),
        };
        Ok(Self { principal, policy, context, usage_key })
    }

    /// Whether the request may go on.
    pub(crate) fn on(&self, resource: &str) -> Decision {
        decide(&self.policy, super::INVOKE, resource)
    }

    /// The context as functions behind a WebSocket API see it: texts only.
    pub(crate) fn texts(&self) -> Result<Map<String, Value>, Malformed> {
        let text = |(name, value): (&String, &Value)| match value {
            Value::String(_) => Ok((name.clone(), value.clone())),
            Value::Number(_) | Value::Bool(_) => Ok((name.clone(), value.to_string().into())),
            _ => Err(Malformed(format!("context.{name} is neither a text nor a number nor a truth value"))),
        };
        self.context.iter().map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer() -> Value {
        let statement = json!({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"});
        json!({"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}})
    }

    #[test]
    fn a_malformed_verdict_says_what_is_wrong_with_it() {
        for (key, value, complaint) in [
            ("principalId", Value::Null, "principalId"),
            ("policyDocument", Value::Null, "policyDocument"),
            ("policyDocument", json!("{}"), "policyDocument"),
            ("context", json!([]), "context"),
            ("usageIdentifierKey", json!(1), "usageIdentifierKey"),
            ("padding", json!("x".repeat(LARGEST)), "8 KB"),
        ] {
            let mut answer = answer();
            answer[key] = value;
            match Verdict::parse(answer.to_string().as_bytes()) {
                Err(Malformed(why)) => assert!(why.contains(complaint), "{key}: {why}"),
                Ok(_) => panic!("{key} was taken"),
            }
        }
        for bytes in ["null", "{", "\"Unauthorized\"", "[]"] {
            assert!(Verdict::parse(bytes.as_bytes()).is_err(), "{bytes}");
        }
    }

    #[test]
    fn a_context_becomes_texts_and_holds_nothing_nested() {
        let with = |context: Value| {
            let mut answer = answer();
            answer["context"] = context;
            Verdict::parse(answer.to_string().as_bytes()).and_then(|verdict| verdict.texts())
        };
        let texts = with(json!({"a": "b", "n": 1.5, "t": true})).map(Value::Object);
        assert_eq!(texts, Ok(json!({"a": "b", "n": "1.5", "t": "true"})));
        assert_eq!(with(Value::Null), Ok(Map::new()));
        for nested in [json!({"a": []}), json!({"a": {}}), json!({"a": null})] {
            assert!(with(nested.clone()).is_err(), "{nested}");
        }
    }
}
