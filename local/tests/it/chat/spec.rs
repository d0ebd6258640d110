//! Holds what really comes back against docs/openapi.json and docs/asyncapi.json, more strictly than a client should: whatever is not
//! described fails.

use std::sync::LazyLock;

use http::Method;
use jsonschema::Validator;
use parlour::wire::Frame;
use serde_json::{Value, json};

use super::client::Answer;
use super::leaks::leaks;
use super::world::root;

static OPENAPI: LazyLock<Value> = LazyLock::new(|| document("openapi.json"));
static FRAME: LazyLock<Validator> = LazyLock::new(|| {
    let schema = json!({ "$ref": "#/components/schemas/Frame", "components": document("asyncapi.json")["components"] });
    jsonschema::validator_for(&closed(schema)).unwrap()
});

fn document(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(root().join("docs").join(name)).unwrap()).unwrap()
}

/// The schema with every object closed to fields that it does not name. One that refers to another and adds fields (the tag of a frame) is
/// merged with it first, because the other is closed too.
fn closed(schema: Value) -> Value {
    let components = schema["components"]["schemas"].clone();
    close(schema, &components)
}

fn close(schema: Value, components: &Value) -> Value {
    match schema {
        Value::Object(mut fields) => {
            if let (Some(Value::String(name)), true) = (fields.get("$ref").cloned(), fields.contains_key("properties"))
            {
                let referred = &components[name.rsplit('/').next().unwrap()];
                let properties = fields["properties"].as_object_mut().unwrap();
                properties.extend(referred["properties"].as_object().unwrap().clone());
                let required = referred["required"].as_array().unwrap().clone();
                fields.entry("required").or_insert(json!([])).as_array_mut().unwrap().extend(required);
                fields.remove("$ref");
            }
            let is_object = fields.contains_key("properties");
            let fields = fields.into_iter().map(|(name, value)| (name, close(value, components)));
            let mut fields: serde_json::Map<_, _> = fields.collect();
            if is_object {
                fields.insert("unevaluatedProperties".to_owned(), json!(false));
            }
            Value::Object(fields)
        }
        Value::Array(items) => items.into_iter().map(|item| close(item, components)).collect(),
        other => other,
    }
}

/// The operation of the document that a request is, by its path's pattern.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap();
    let matches = |pattern: &str| {
        let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
        pattern.len() == path.len()
            && pattern.iter().zip(&path).all(|(wanted, found)| wanted == found || wanted.starts_with('{'))
    };
    let paths = OPENAPI["paths"].as_object()?;
    let exact = paths.get(path);
    let item = exact.or_else(|| paths.iter().find(|(pattern, _)| matches(pattern)).map(|(_, item)| item))?;
    item.get(method.as_str().to_lowercase())
}

/// Checks an answer of a route that is in the document; what API Gateway answers by itself is not.
pub(super) fn check_answer(method: &Method, path: &str, answer: &Answer) {
    if let Some(leak) = leaks(&String::from_utf8_lossy(&answer.body)) {
        panic!("{method} {path} answered {} and tells {leak}", answer.status);
    }
    let Some(operation) = operation(method, path) else { return };
    let by_the_gateway =
        answer.status == 413 || answer.json().get("type").is_none() && answer.json().get("message").is_some();
    if by_the_gateway {
        return;
    }
    let response = &operation["responses"][answer.status.to_string()];
    assert!(!response.is_null(), "{method} {path} answered with {}, which is not documented", answer.status);
    let reference = response["$ref"].as_str().unwrap_or_default();
    let response =
        OPENAPI.pointer(reference.trim_start_matches('#')).filter(|_| !reference.is_empty()).unwrap_or(response);
    let schema = &response["content"]["application/json"]["schema"];
    if schema.is_null() {
        assert!(answer.body.is_empty(), "{method} {path} answered {} with a body", answer.status);
        return;
    }
    let mut whole = schema.clone();
    whole["components"] = OPENAPI["components"].clone();
    let validator = jsonschema::validator_for(&closed(whole)).unwrap();
    if let Err(error) = validator.validate(&answer.json()) {
        panic!(
            "{method} {path} answered {} with {}, which is not as documented: {error}",
            answer.status,
            answer.json()
        );
    }
}

/// Checks a frame, and reads it; none if it is one of API Gateway's own.
pub(super) fn check_frame(text: &str) -> Option<Frame> {
    if let Some(leak) = leaks(text) {
        panic!("the frame {text} tells {leak}");
    }
    let value: Value = serde_json::from_str(text).unwrap();
    if value.get("type").is_none() && value.get("connectionId").is_some() {
        return None;
    }
    if let Err(error) = FRAME.validate(&value) {
        panic!("the frame {text} is not as documented: {error}");
    }
    Some(serde_json::from_value(value).unwrap())
}
