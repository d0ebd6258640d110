//! The template's parameters: a value for each, from outside or by default.

use std::collections::BTreeMap;

use super::scope::CLOUD_ONLY;
use super::yaml::{Entry, Node};
use super::{Inputs, Report};

/// Gives every declared parameter its value. A value from outside for a parameter that is not declared is a mistake too.
pub(super) fn values(section: Option<&Node>, inputs: &Inputs, report: &Report) -> BTreeMap<String, Node> {
    let declared = match section {
        None => &[],
        Some(section) => section.entries().unwrap_or_else(|| {
            report.error(section.mark, "Parameters must be a mapping");
            &[]
        }),
    };
    for name in inputs.parameters.keys().filter(|name| !declared.iter().any(|entry| entry.key == **name)) {
        report.error_anywhere(format!(
            "declares no parameter `{name}`, but a value for it was given by --parameter, in local.toml or in samconfig.toml: mend the name"
        ));
    }
    declared.iter().map(|entry| (entry.key.clone(), value(entry, inputs, report))).collect()
}

fn value(entry: &Entry, inputs: &Inputs, report: &Report) -> Node {
    let (name, declaration) = (&entry.key, &entry.value);
    let faulty = |message: String| {
        report.error(entry.mark, message);
        Node::faulty(entry.mark)
    };
    let Some(kind) = declaration.get("Type").and_then(Node::as_text) else {
        return faulty(format!("the parameter `{name}` has no Type"));
    };
    for unknown in declaration.entries().unwrap_or_default().iter().filter(|entry| !KNOWN.contains(&&*entry.key)) {
        report
            .error(unknown.mark, format!("a parameter has no property `{}`: remove it or mend its name", unknown.key));
    }
    let given = inputs.parameters.get(name).map(String::as_str);
    let Some(text) = given.or_else(|| declaration.get("Default").map(|default| default.as_text().unwrap_or_default()))
    else {
        return faulty(format!(
            "the parameter `{name}` has no Default: give --parameter {name}=…, or {name} = \"…\" under [parameters] in local.toml"
        ));
    };
    if let Some(wrong) = violation(text, kind, declaration) {
        return faulty(format!("the parameter `{name}` is \"{text}\", but {wrong}"));
    }
    // A parameter that names an entry of the parameter store: the entry's value is given from outside, or is unknown here.
    if kind.starts_with("AWS::SSM::Parameter::Value<") && given.is_none() {
        return Node::text(entry.mark, format!("{CLOUD_ONLY}ssm:{text}}}}}"));
    }
    if kind == "CommaDelimitedList" || kind.contains("List<") {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        return Node::list(entry.mark, items.map(|item| Node::text(entry.mark, item)).collect());
    }
    Node::text(entry.mark, text)
}

const KNOWN: [&str; 11] = [
    "Type",
    "Default",
    "AllowedValues",
    "AllowedPattern",
    "ConstraintDescription",
    "Description",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
    "NoEcho",
];

/// The rule that a value breaks. `AllowedPattern` is left to the deployment: it is a regular expression in Java's dialect.
fn violation(text: &str, kind: &str, declaration: &Node) -> Option<String> {
    if let Some(allowed) = declaration.get("AllowedValues").and_then(Node::as_list) {
        let allowed: Vec<&str> = allowed.iter().filter_map(Node::as_text).collect();
        if !allowed.contains(&text) {
            return Some(format!("AllowedValues are {}", allowed.join(", ")));
        }
    }
    let bound = |name: &str| declaration.get(name).and_then(Node::as_text)?.parse::<f64>().ok();
    if kind == "Number" {
        let Ok(number) = text.parse::<f64>() else { return Some("its Type is Number".into()) };
        if bound("MinValue").is_some_and(|least| number < least) || bound("MaxValue").is_some_and(|most| number > most)
        {
            return Some("that is not between MinValue and MaxValue".into());
        }
    }
    let length = text.chars().count() as f64;
    if bound("MinLength").is_some_and(|least| length < least) || bound("MaxLength").is_some_and(|most| length > most) {
        return Some("its length is not between MinLength and MaxLength".into());
    }
    None
}
