//! Identity sources: parts of a request without which nobody is asked.

use serde_json::Value;

use crate::model::access::Source;

/// The values of an authorizer's identity sources, in their order. `None`: one of them is missing, or empty.
pub(crate) fn identity<'r>(sources: &[Source], find: impl Fn(&Source) -> Option<String> + 'r) -> Option<Vec<String>> {
    sources.iter().map(|source| find(source).filter(|value| !value.is_empty())).collect()
}

/// The value at a path such as `identity.sourceIp`.
pub(crate) fn at(context: &Value, path: &str) -> Option<String> {
    match path.split('.').try_fold(context, |value, name| value.get(name))? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
