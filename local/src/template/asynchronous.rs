//! What becomes of asynchronous events: `EventInvokeConfig` and `DeadLetterQueue` of a function, and `AWS::Lambda::EventInvokeConfig`.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use super::fields::Fields;
use super::scope::{Resource, Scope, is_function};
use super::yaml::{Mark, Node};
use crate::model::{Asynchronous, Function, Target};

/// The bounds that Lambda sets.
const RETRIES: u64 = 2;
const AGE: std::ops::RangeInclusive<u64> = 60..=21_600;

/// Reads what a function says itself.
pub(super) fn read(fields: &mut Fields<'_>, function: &str, scope: &Scope<'_>) -> Asynchronous {
    let mut events = Asynchronous::default();
    if let Some(mut config) = fields.inner("EventInvokeConfig") {
        settings(&mut config, &mut events);
        if let Some(mut destinations) = config.inner("DestinationConfig") {
            events.on_success = destination(&mut destinations, "OnSuccess", function, scope);
            events.on_failure = destination(&mut destinations, "OnFailure", function, scope);
            destinations.finish();
        }
        config.finish();
    }
    events.dead_letters = dead_letters(fields, "DeadLetterQueue", scope);
    events
}

/// Where a function's events go that are given up.
pub(super) fn dead_letters(fields: &mut Fields<'_>, key: &str, scope: &Scope<'_>) -> Option<Target> {
    let mut queue = fields.inner(key)?;
    let kind = queue.text("Type");
    let found = target(&mut queue, "TargetArn", kind.as_deref(), scope);
    queue.finish();
    found
}

/// Gives a function of the template what a resource of its own says.
pub(super) fn apply(resource: &Resource, functions: &mut BTreeMap<String, Function>, scope: &Scope<'_>) {
    let Some(properties) = scope.resolve(&resource.properties) else { return };
    let mut fields = Fields::of(properties, format!("the configuration `{}`", resource.id), scope.report);
    fields.mark = resource.mark;
    let name = fields.text("FunctionName").or_else(|| fields.missing("FunctionName"));
    fields.accept(&["Qualifier"]);
    let mut events = Asynchronous::default();
    settings(&mut fields, &mut events);
    if let Some(mut destinations) = fields.inner("DestinationConfig") {
        for (key, to) in [("OnSuccess", &mut events.on_success), ("OnFailure", &mut events.on_failure)] {
            if let Some(mut inner) = destinations.inner(key) {
                *to = target(&mut inner, "Destination", None, scope);
                inner.finish();
            }
        }
        destinations.finish();
    }
    fields.finish();
    let Some(name) = name else { return };
    let own = name.rsplit(':').next().unwrap_or(&name);
    match functions.values_mut().find(|function| function.name == own || scope.function_arn(&function.name) == name) {
        Some(function) => {
            events.dead_letters = function.asynchronous.dead_letters.take();
            function.asynchronous = events;
        }
        None => scope
            .report
            .warn(resource.mark, format!("FunctionName of `{}` is no function of this template", resource.id)),
    }
}

fn settings(fields: &mut Fields<'_>, events: &mut Asynchronous) {
    if let Some(retries) = fields.number("MaximumRetryAttempts", 0..=RETRIES) {
        events.retries = retries as u8;
    }
    events.age = fields.number("MaximumEventAgeInSeconds", AGE).map(Duration::from_secs);
}

/// One of SAM's destinations, which makes the queue or topic itself that is not named.
fn destination(fields: &mut Fields<'_>, key: &str, function: &str, scope: &Scope<'_>) -> Option<Target> {
    let mut inner = fields.inner(key)?;
    let kind = inner.text("Type").or_else(|| inner.missing("Type"));
    let named = target(&mut inner, "Destination", kind.as_deref(), scope);
    let made = format!("{function}{key}");
    let found = named.or_else(|| match kind.as_deref() {
        Some("SQS") => Some(Target::Queue(made)),
        Some("SNS") => Some(Target::Topic(made)),
        _ => inner.missing("Destination"),
    });
    inner.finish();
    found
}

/// What an ARN names; `kind` is SAM's word for it, if there is one.
fn target(fields: &mut Fields<'_>, key: &str, kind: Option<&str>, scope: &Scope<'_>) -> Option<Target> {
    let node = fields.take(key)?;
    let mark = node.mark;
    let found = node.as_text().and_then(|arn| named(arn, kind, scope));
    if found.is_none() {
        unknown(fields, key, mark, &node);
    }
    found
}

fn unknown(fields: &Fields<'_>, key: &str, mark: Mark, node: &Node) {
    let said = node.as_text().unwrap_or("something else");
    let known = "a function of this template, a queue, a topic or an event bus";
    fields.report.error(mark, format!("{key} of {} is {said}; `local` knows {known}", fields.whose));
}

/// The logical id of the function that an ARN names, with or without a qualifier.
pub(super) fn function_of(arn: &str, scope: &Scope<'_>) -> Option<String> {
    for resource in scope.resources.values().filter(|resource| is_function(&resource.kind)) {
        let own = scope.function_name(resource).ok().map(|name| scope.function_arn(&name))?;
        if arn == own || arn.strip_prefix(&own).is_some_and(|qualifier| qualifier.starts_with(':')) {
            return Some(resource.id.clone());
        }
    }
    None
}

/// What takes a message, beside functions.
const RECEIVERS: [&str; 3] = ["AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::Events::EventBus"];

fn named(arn: &str, kind: Option<&str>, scope: &Scope<'_>) -> Option<Target> {
    if let Some(function) = function_of(arn, scope) {
        return Some(Target::Function(function));
    }
    let own = scope.resources.values().find(|one| {
        let names = [scope.absent_reference(one), scope.absent_attribute(one, "Arn")];
        RECEIVERS.contains(&one.kind.as_str()) && names.into_iter().flatten().any(|name| name == arn)
    });
    let name = own.map_or_else(|| arn.rsplit([':', '/']).next().unwrap_or(arn), |own| own.id.as_str());
    let of_resource = scope.resources.get(name).map(|resource| resource.kind.as_str());
    let service = kind.or(of_resource).or_else(|| arn.split(':').nth(2))?;
    let name = name.to_owned();
    Some(match service {
        "SQS" | "sqs" | "AWS::SQS::Queue" => Target::Queue(name),
        "SNS" | "sns" | "AWS::SNS::Topic" => Target::Topic(name),
        "EventBridge" | "events" | "AWS::Events::EventBus" => Target::Bus(name),
        _ => return None,
    })
}
