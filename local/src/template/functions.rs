//! `AWS::Serverless::Function`, and the routes that its events add to HTTP APIs.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::fields::Fields;
use super::function_url;
use super::http_access::{self, Wanted};
use super::kinds;
use super::runtime;
use super::scope::{HTTP_API, IMPLICIT_HTTP_API, Resource, Scope, api_id};
use super::throttle;
use super::yaml::{Entry, Mark, Node};
use super::{asynchronous, schedule};
use crate::model::{Function, HttpRoute, Schedule, Throttle};

/// Lambda's own defaults.
const TIMEOUT: u64 = 3;
const MEMORY_MB: u64 = 128;

/// Properties that change nothing for one function on a laptop.
const ACCEPTED: [&str; 23] = [
    "Description",
    "Policies",
    "Role",
    "RolePath",
    "PermissionsBoundary",
    "AssumeRolePolicyDocument",
    "Tags",
    "PropagateTags",
    "Tracing",
    "LoggingConfig",
    "KmsKeyArn",
    "SourceKMSKeyArn",
    "CodeSigningConfigArn",
    "AutoPublishAliasAllProperties",
    "AutoPublishCodeSha256",
    "VersionDescription",
    "VersionDeletionPolicy",
    "DeploymentPreference",
    "EphemeralStorage",
    "RuntimeManagementConfig",
    "RecursiveLoop",
    "SnapStart",
    "VpcConfig",
];

/// What SAM lets invoke a function, and nothing here does.
const EVENTS: [&str; 14] = [
    "AlexaSkill",
    "CloudWatchEvent",
    "CloudWatchLogs",
    "Cognito",
    "DocumentDB",
    "DynamoDB",
    "EventBridgeRule",
    "IoTRule",
    "Kinesis",
    "MQ",
    "MSK",
    "SNS",
    "SQS",
    "SelfManagedKafka",
];

/// A route that an event adds to an HTTP API.
pub(super) struct Event {
    /// The API's logical id.
    pub(super) api: String,
    pub(super) route: HttpRoute,
    pub(super) wanted: Wanted,
    /// `RouteSettings`
    pub(super) throttle: Option<Throttle>,
    pub(super) mark: Mark,
}

/// Reads one function.
pub(super) fn read(resource: &Resource, scope: &Scope<'_>, folder: &Path) -> Option<(Function, Vec<Event>)> {
    let id = &resource.id;
    let properties = scope.resolve(&resource.properties)?;
    let mut fields = Fields::of(properties, format!("the function `{id}`"), scope.report);
    fields.mark = resource.mark;

    let common = common(&mut fields, id);
    let alias = fields.text("AutoPublishAlias");
    let asynchronous = asynchronous::read(&mut fields, id, scope);
    let (events, schedules) = fields.take("Events").map(|node| events(node, id, scope)).unwrap_or_default();
    let url = function_url::read(&mut fields, id, alias.as_ref(), scope);
    let managed = runtime::read(&mut fields, scope);
    let inline = managed.as_ref().is_some_and(|managed| managed.inline.is_some());
    let code = fields.text("CodeUri");
    let code = if inline { Some(String::new()) } else { code.or_else(|| fields.missing("CodeUri")) };
    let binary = runtime::binary(resource, managed.as_ref(), scope);
    fields.accept(&ACCEPTED);
    fields.warn("Layers", runtime::NO_LAYERS);
    fields.warn("ProvisionedConcurrencyConfig", "environments are started as they are needed");
    fields.finish();

    let function =
        Function { code: folder.join(code?), binary, alias, asynchronous, schedules, url, managed, ..common };
    Some((function, events))
}

/// What is said in the same words of a function that is written out.
pub(super) fn common(fields: &mut Fields<'_>, id: &str) -> Function {
    let name = fields.text("FunctionName").unwrap_or_else(|| id.to_owned());
    let timeout = fields.number("Timeout", 1..=900).unwrap_or(TIMEOUT);
    let memory = fields.number("MemorySize", 128..=10_240).unwrap_or(MEMORY_MB);
    let reserved = fields.number("ReservedConcurrentExecutions", 0..=1_000_000);
    let environment = match fields.inner("Environment") {
        Some(mut inner) => {
            let variables = inner.variables("Variables").into_iter().collect();
            inner.finish();
            variables
        }
        None => BTreeMap::new(),
    };
    Function {
        logical_id: id.to_owned(),
        name,
        timeout: Duration::from_secs(timeout),
        memory_mb: memory as u32,
        reserved_concurrency: reserved.map(|reserved| reserved as u32),
        environment,
        ..Function::default()
    }
}

fn events(node: Node, function: &str, scope: &Scope<'_>) -> (Vec<Event>, Vec<Schedule>) {
    let fields = Fields::of(node, format!("Events of the function `{function}`"), scope.report);
    let (mut routes, mut schedules) = (Vec::new(), Vec::new());
    for entry in fields.rest() {
        match event(entry, function, scope) {
            Some(Source::Route(event)) => routes.push(event),
            Some(Source::Schedule(schedule)) => schedules.push(schedule),
            None => {}
        }
    }
    (routes, schedules)
}

/// What invokes a function.
enum Source {
    Route(Event),
    Schedule(Schedule),
}

fn event(entry: Entry, function: &str, scope: &Scope<'_>) -> Option<Source> {
    let (name, mark) = (entry.key, entry.mark);
    let mut fields = Fields::of(entry.value, format!("the event `{name}` of `{function}`"), scope.report);
    fields.mark = mark;
    let kind = fields.text("Type").or_else(|| fields.missing("Type"))?;
    match kind.as_str() {
        "HttpApi" => {}
        "Schedule" | "ScheduleV2" => {
            let properties = fields.take("Properties").unwrap_or_else(|| Node::map(mark, vec![]));
            fields.finish();
            let mut fields = Fields::of(properties, format!("the event `{name}` of `{function}`"), scope.report);
            fields.mark = mark;
            let (key, by_scheduler) = match kind.as_str() {
                "Schedule" => ("Schedule", false),
                _ => ("ScheduleExpression", true),
            };
            return schedule::read(&name, key, by_scheduler, fields).map(Source::Schedule);
        }
        // Read with its bucket.
        "S3" => return None,
        "Api" => {
            let message =
                format!("{} is of a REST API, which `local` does not run: it never invokes the function", fields.whose);
            scope.report.warn(mark, message);
            return None;
        }
        other if EVENTS.contains(&other) => {
            scope
                .report
                .warn(mark, format!("{}: nothing sends {other} events locally; the Invoke API can", fields.whose));
            return None;
        }
        other => {
            let known = EVENTS.iter().copied().chain(["HttpApi", "Schedule", "ScheduleV2", "S3", "Api"]);
            let meant = kinds::nearest(other, known).map_or_else(String::new, |meant| format!(": {meant} is meant"));
            scope
                .report
                .error(mark, format!("{} is of the type {other}, which SAM does not know{meant}", fields.whose));
            return None;
        }
    }
    let properties = fields.take("Properties").unwrap_or_else(|| Node::map(mark, vec![]));
    fields.finish();
    let mut fields = Fields::of(properties, format!("the event `{name}` of `{function}`"), scope.report);
    let api = fields.text("ApiId").map_or_else(|| Some(IMPLICIT_HTTP_API.to_owned()), |id| logical_id(&id, scope));
    if api.is_none() {
        scope.report.error(mark, format!("ApiId of {} names no HTTP API of this template", fields.whose));
    }
    let (path, method) = (fields.text("Path"), fields.text("Method"));
    let method = method.map_or_else(|| "ANY".to_owned(), |method| method.to_ascii_uppercase());
    let method = if method == "X-AMAZON-APIGATEWAY-ANY-METHOD" { "ANY".to_owned() } else { method };
    let path = path.unwrap_or_else(|| "$default".to_owned());
    if path != "$default" && !path.starts_with('/') {
        scope.report.error(mark, format!("Path of {} must begin with a slash", fields.whose));
    }
    if let Some(version) = fields.text("PayloadFormatVersion")
        && version != "2.0"
    {
        scope
            .report
            .error(mark, format!("PayloadFormatVersion of {} must be 2.0: `local` knows no other", fields.whose));
    }
    let wanted = fields.inner("Auth").map(http_access::wanted).unwrap_or_default();
    let timeout = fields.number("TimeoutInMillis", http_access::TIMEOUT).map(Duration::from_millis);
    let throttle = fields.inner("RouteSettings").and_then(|settings| throttle::one(settings, None));
    fields.finish();
    let route = HttpRoute { method, path, function: function.to_owned(), timeout, ..HttpRoute::default() };
    Some(Source::Route(Event { api: api?, route, wanted, throttle, mark }))
}

/// The logical id of the API that a resolved `ApiId` means: SAM takes the id and the name.
fn logical_id(given: &str, scope: &Scope<'_>) -> Option<String> {
    let apis = scope.resources.values().filter(|resource| resource.kind == HTTP_API);
    apis.map(|resource| &resource.id).find(|id| *id == given || api_id(id) == given).cloned()
}
