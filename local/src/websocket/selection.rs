//! Route selection expressions: `$request.body.action`, `${request.body.room.kind}/${request.body.action}`, `\$default`.
//!
//! The expression is evaluated once for a message and its text compared with the route keys. A variable that is not in the message is
//! empty. A message that is no JSON has no variables at all and goes to `$default`.

use std::fmt::Write;

use anyhow::{Result, bail};
use serde_json::Value;

/// A parsed expression.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selection(Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Body(Vec<Step>),
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

impl Selection {
    pub(super) fn parse(expression: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = expression;
        while let Some(first) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("\\$") {
                literal.push('$');
                rest = after;
            } else if let Some(after) = rest.strip_prefix("${") {
                let Some((variable, after)) = after.split_once('}') else { bail!("{expression} has an open brace") };
                flush(&mut parts, &mut literal);
                parts.push(Part::Body(path(variable, expression)?));
                rest = after;
            } else if let Some(after) = rest.strip_prefix('$') {
                let end = bare_end(after);
                flush(&mut parts, &mut literal);
                parts.push(Part::Body(path(&after[..end], expression)?));
                rest = &after[end..];
            } else {
                literal.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        flush(&mut parts, &mut literal);
        Ok(Self(parts))
    }

    /// The route key that a message asks for, if it asks for one.
    pub(super) fn select(&self, message: &str) -> Option<String> {
        let needs_body = self.0.iter().any(|part| matches!(part, Part::Body(_)));
        let body: Value = if needs_body { serde_json::from_str(message).ok()? } else { Value::Null };
        let mut key = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(text) => key.push_str(text),
                Part::Body(steps) => {
                    let value = steps.iter().try_fold(&body, |value, step| match step {
                        Step::Key(key) => value.get(key),
                        Step::Index(index) => value.get(index),
                    });
                    write(&mut key, value.unwrap_or(&Value::Null));
                }
            }
        }
        Some(key)
    }
}

/// Where a variable without braces ends: at a character that no name has, outside of brackets.
fn bare_end(text: &str) -> usize {
    let mut inside = false;
    let end = text.find(|c: char| {
        inside = c == '[' || inside && c != ']';
        !inside && (c.is_whitespace() || "/$\\".contains(c))
    });
    end.unwrap_or(text.len())
}

fn flush(parts: &mut Vec<Part>, literal: &mut String) {
    if !literal.is_empty() {
        parts.push(Part::Literal(std::mem::take(literal)));
    }
}

/// `request.body.a['b c'][0]`
fn path(variable: &str, expression: &str) -> Result<Vec<Step>> {
    let Some(mut rest) = variable.strip_prefix("request.body") else {
        bail!("{expression} may only look at request.body, not at {variable}");
    };
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            if end == 0 {
                bail!("{expression} has an empty name");
            }
            steps.push(Step::Key(after[..end].to_owned()));
            rest = &after[end..];
        } else if let Some((inside, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let quoted = ['\'', '"'].into_iter().find_map(|quote| inside.strip_prefix(quote)?.strip_suffix(quote));
            steps.push(match (quoted, inside.parse()) {
                (Some(key), _) => Step::Key(key.to_owned()),
                (None, Ok(index)) => Step::Index(index),
                (None, Err(_)) => bail!("{expression}: [{inside}] is neither a name in quotes nor a number"),
            });
            rest = after;
        } else {
            bail!("{expression} is not understood from {rest} on");
        }
    }
    Ok(steps)
}

/// As Java would print it, which is what shows at AWS.
fn write(text: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::String(value) => text.push_str(value),
        Value::Array(values) => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                write(text, value);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            for (index, (key, value)) in fields.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                text.push_str(key);
                text.push('=');
                write(text, value);
            }
            text.push('}');
        }
        other => {
            let _ = write!(text, "{other}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, message: &str, expected: Option<&str>) {
        let selection = Selection::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error:#}"));
        assert_eq!(selection.select(message).as_deref(), expected, "{expression} of {message}");
    }

    #[test]
    fn an_expression_that_is_not_understood_is_refused() {
        for expression in [
            "$request.header.x",
            "${request.body.a",
            "$request.body..a",
            "$request.body[x]",
            "$context.routeKey",
            "$request.bodyguard",
        ] {
            assert!(Selection::parse(expression).is_err(), "{expression}");
        }
    }

    #[test]
    fn a_message_that_is_no_json_selects_nothing() {
        for message in ["", "hello", "{", "{\"action\":"] {
            check("$request.body.action", message, None);
        }
        check("$request.body.action", &"[".repeat(10_000), None);
    }

    #[test]
    fn a_path_leads_to_a_value_or_to_nothing() {
        let message = r#"{"action":"join","a":{"b c":[{"d":"deep"}],"n":1.5,"t":true,"z":null},"list":["x",2]}"#;
        for (expression, key) in [
            ("$request.body.action", "join"),
            ("${request.body.action}", "join"),
            ("$request.body.a['b c'][0].d", "deep"),
            ("$request.body.missing", ""),
            ("$request.body.action.deeper", ""),
            ("$request.body.a.n", "1.5"),
            ("$request.body.a.t", "true"),
            ("$request.body.a.z", ""),
            ("$request.body.list", "[x, 2]"),
            ("$request.body.list[1]", "2"),
            ("${request.body.action}-${request.body.missing}", "join-"),
            ("v1/${request.body.action}", "v1/join"),
            ("$request.body.action/$request.body.a.t", "join/true"),
        ] {
            check(expression, message, Some(key));
        }
    }

    #[test]
    fn a_static_expression_does_not_look_at_the_message() {
        check("\\$default", "not json", Some("$default"));
        check("chat", "not json", Some("chat"));
    }
}
