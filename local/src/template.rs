//! Reads a SAM template into a [`Cloud`].
//!
//! A template that is half understood misleads more than one that is refused, so everything in it has to be known: what would
//! behave differently than in the cloud is an error, what is merely not there locally (an alarm's topic, a table) is a warning,
//! and both say the line and what to do. All of them are found in one pass. Nothing here looks at the machine: whether a
//! function's folder exists is for whoever builds it.

mod access;
mod api_keys;
mod asynchronous;
mod bucket;
mod fields;
mod function_url;
mod functions;
mod http_access;
mod http_api;
mod intrinsics;
mod kinds;
mod mappings;
mod names;
mod parameters;
mod policies;
mod raw_api;
mod raw_function;
mod raw_http;
mod report;
mod resources;
mod rules;
mod runtime;
mod schedule;
mod scope;
#[cfg(test)]
mod tests;
mod throttle;
mod websocket_api;
mod yaml;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::model::Cloud;
use kinds::Kind;
pub use report::Problem;
use report::Report;
use scope::{
    BUCKET, EVENT_INVOKE_CONFIG, FUNCTION, HTTP_API, RAW_FUNCTION, ROUTE_RESPONSE, Resource, Scope, WEBSOCKET_API,
};
use yaml::{Content, Mark, Node};

/// How a value begins that only a deployed stack has: a dynamic reference, another stack's export, a queue's URL.
pub const CLOUD_ONLY: &str = scope::CLOUD_ONLY;

/// What a deployment adds to a template.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// Values for the template's parameters, before their defaults.
    pub parameters: BTreeMap<String, String>,
    /// `AWS::Region`
    pub region: String,
    /// `AWS::AccountId`
    pub account: String,
    /// `AWS::StackName`
    pub stack: String,
    /// Logical ids of resources that are left out, as if a condition said so.
    pub without: BTreeSet<String>,
}

impl Default for Inputs {
    fn default() -> Self {
        Self {
            parameters: BTreeMap::new(),
            region: "us-east-1".into(),
            account: "123456789012".into(),
            stack: "local".into(),
            without: BTreeSet::new(),
        }
    }
}

/// A template that can be run.
#[derive(Debug)]
pub struct Loaded {
    /// What it says.
    pub cloud: Cloud,
    /// What is not there locally.
    pub warnings: Vec<Problem>,
}

/// Reads a template file.
///
/// # Errors
/// Everything that is wrong with it, in the order of its lines.
pub fn load(path: &Path, inputs: &Inputs) -> Result<Loaded, Vec<Problem>> {
    let wrong = |message: String| vec![Problem { path: path.to_owned(), line: None, column: None, message }];
    let text = std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let text = String::from_utf8(text).map_err(|_| wrong("is not a text in UTF-8".into()))?;
    let folder = std::path::absolute(path).map_err(|error| wrong(format!("has no absolute path: {error}")))?;
    read(&text, path, folder.parent().unwrap_or(&folder), inputs)
}

/// Reads a template's text; `folder` is where its relative paths begin.
///
/// # Errors
/// Everything that is wrong with it, in the order of its lines.
pub fn read(text: &str, path: &Path, folder: &Path, inputs: &Inputs) -> Result<Loaded, Vec<Problem>> {
    let report = Report::new(path.to_owned());
    let cloud = match yaml::parse(text) {
        Ok(root) => assemble(&root, folder, inputs, &report),
        Err(fault) => {
            report.error(fault.mark, fault.message);
            Cloud::default()
        }
    };
    match report.close() {
        (errors, warnings) if errors.is_empty() => Ok(Loaded { cloud, warnings }),
        (errors, _) => Err(errors),
    }
}

fn assemble(root: &Node, folder: &Path, inputs: &Inputs, report: &Report) -> Cloud {
    sections(root, report);
    let named = |section: &str| -> BTreeMap<String, &Node> {
        let entries = root.get(section).and_then(Node::entries).unwrap_or_default();
        entries.iter().map(|entry| (entry.key.clone(), &entry.value)).collect()
    };
    let resources = resources::declared(root, report);
    let scope = Scope {
        report,
        inputs,
        parameters: parameters::values(root.get("Parameters"), inputs, report),
        conditions: named("Conditions"),
        mappings: named("Mappings"),
        made: resources::made(&resources),
        resources,
        decided: RefCell::default(),
        busy: RefCell::default(),
    };
    for id in inputs.without.iter().filter(|id| !scope.resources.contains_key(*id)) {
        report.error_anywhere(format!("has no resource `{id}` to be left out: mend --without"));
    }
    for (name, node) in &scope.conditions {
        let _decided_and_reported = scope.decide(name, node.mark);
    }
    let present: Vec<&Resource> = scope.resources.values().filter(|resource| scope.is_present(resource)).collect();
    let of = |kind: &'static str| present.iter().copied().filter(move |resource| resource.kind == kind);

    let mut cloud = Cloud::default();
    let mut events = vec![];
    for resource in of(FUNCTION) {
        if let Some((function, own)) = functions::read(resource, &scope, folder) {
            events.extend(own);
            cloud.functions.insert(resource.id.clone(), function);
            cloud.roles.insert(resource.id.clone(), policies::role(resource, &scope));
        }
    }
    for resource in of(RAW_FUNCTION) {
        if let Some(function) = raw_function::read(resource, &scope, folder) {
            cloud.functions.insert(resource.id.clone(), function);
            cloud.roles.insert(resource.id.clone(), policies::role(resource, &scope));
        }
    }
    rules::give(&present, &mut cloud.functions, &scope);
    function_url::give(&present, &mut cloud.functions, &scope);
    for resource in of(EVENT_INVOKE_CONFIG) {
        asynchronous::apply(resource, &mut cloud.functions, &scope);
    }
    for resource in of(BUCKET) {
        cloud.buckets.extend(bucket::read(resource, &scope).map(|bucket| (resource.id.clone(), bucket)));
    }
    bucket::check_names(&cloud.buckets, &scope);
    let buckets: Vec<&str> = cloud.buckets.values().map(|bucket| bucket.name.as_str()).collect();
    of(FUNCTION).for_each(|function| bucket::check(function, &buckets, &scope));
    events.sort_by_key(|event| event.mark.line);
    for resource in of(HTTP_API) {
        let api = http_api::read(resource, &events, &cloud.functions, &scope);
        cloud.http_apis.extend(api.map(|api| (resource.id.clone(), api)));
    }
    let responses = of(ROUTE_RESPONSE).filter_map(|resource| websocket_api::response(resource, &scope)).collect();
    for resource in of(WEBSOCKET_API) {
        let api = websocket_api::read(resource, &cloud.functions, &responses, &scope);
        cloud.websocket_apis.extend(api.map(|api| (resource.id.clone(), api)));
    }
    let (of_http, others) = raw_http::part(&present, &scope);
    let raw = raw_api::read(&others, &cloud.functions, &responses, &scope);
    cloud.websocket_apis.extend(raw.into_iter().map(|api| (api.logical_id.clone(), api)));
    let raw = raw_http::read(&of_http, &cloud.functions, &scope);
    cloud.http_apis.extend(raw.into_iter().map(|api| (api.logical_id.clone(), api)));
    api_keys::give(&present, &mut cloud.websocket_apis, &scope);
    mappings::give(&present, &mut cloud, &scope);
    policies::doubt_routes(&cloud, &present, &scope);
    told(&present, report);
    cloud.outputs = outputs(root, &scope);
    cloud
}

/// Says what of the template is not played: all of a kind in one line.
fn told(present: &[&Resource], report: &Report) {
    let (mut absent, mut foreign) = (Vec::new(), Vec::new());
    for resource in present.iter().copied() {
        match kinds::kind(&resource.kind) {
            Kind::Absent if rules::is_table(resource) => {}
            Kind::Run | Kind::Accepted => {}
            Kind::Absent => absent.push(resource),
            Kind::Foreign => foreign.push(resource),
            Kind::Unknown => {
                let (id, kind) = (&resource.id, &resource.kind);
                let told = match kinds::meant(kind) {
                    Some(meant) => format!("`{id}` is of the type {kind}, which there is not: {meant} is meant"),
                    None => format!(
                        "`{id}` is of the type {kind}, which `local` does not know: give it a Condition that is false on the laptop, or start \
                         with --without {id}"
                    ),
                };
                report.error(resource.mark, told);
            }
        }
    }
    if let Some((at, names)) = by_kind(&absent) {
        report.warn(at, format!("not there: {names}: functions reach what their settings name"));
    }
    if let Some((at, names)) = by_kind(&foreign) {
        report.warn(at, format!("not known, and left out: {names}"));
    }
}

/// `AWS::SNS::Topic (News, Alarms), …`, and where the first of them stands.
fn by_kind(resources: &[&Resource]) -> Option<(Mark, String)> {
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for resource in resources {
        kinds.entry(&resource.kind).or_default().push(&resource.id);
    }
    let names: Vec<String> = kinds.iter().map(|(kind, ids)| format!("{kind} ({})", ids.join(", "))).collect();
    let first = resources.iter().min_by_key(|resource| resource.mark.line)?;
    Some((first.mark, names.join(", ")))
}

/// The sections of a template that say something here, and those that do not.
fn sections(root: &Node, report: &Report) {
    let Some(entries) = root.entries() else {
        report.error(root.mark, format!("a template is a mapping, not {}", root.kind()));
        return;
    };
    for entry in entries {
        match entry.key.as_str() {
            "AWSTemplateFormatVersion"
            | "Description"
            | "Metadata"
            | "Parameters"
            | "Mappings"
            | "Conditions"
            | "Globals"
            | "Resources"
            | "Outputs" => {}
            "Transform" => {
                let names = entry.value.as_list().unwrap_or(std::slice::from_ref(&entry.value));
                for name in names.iter().filter(|name| name.as_text() != Some("AWS::Serverless-2016-10-31")) {
                    report
                        .error(name.mark, "`local` knows one transform, AWS::Serverless-2016-10-31: remove the others");
                }
            }
            "Rules" | "Hooks" => report.warn(entry.mark, format!("{} are for deployments: not looked at", entry.key)),
            other => {
                report.error(entry.mark, format!("a template has no section `{other}`: remove it or mend its name"));
            }
        }
    }
    let serverless =
        |node: &Node| node.get("Type").and_then(Node::as_text).is_some_and(|kind| kind.contains("::Serverless::"));
    let resources = root.get("Resources").and_then(Node::entries).unwrap_or_default();
    if root.get("Transform").is_none() && resources.iter().any(|entry| serverless(&entry.value)) {
        report.error(
            root.mark,
            "the template lacks \"Transform: AWS::Serverless-2016-10-31\", without which it cannot be deployed",
        );
    }
}

fn outputs(root: &Node, scope: &Scope<'_>) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    for entry in root.get("Outputs").and_then(Node::entries).unwrap_or_default() {
        let condition = entry.value.get("Condition").and_then(|node| Some((node.as_text()?, node.mark)));
        if condition.is_some_and(|(name, at)| !scope.decide(name, at).unwrap_or(false)) {
            continue;
        }
        match entry.value.get("Value").map(|value| (value.mark, scope.resolve(value).map(|node| node.content))) {
            Some((_, Some(Content::Text(text)))) => {
                outputs.insert(entry.key.clone(), text);
            }
            Some((_, Some(Content::Faulty))) => {}
            Some((at, _)) => scope.report.error(at, format!("the output `{}` must be a text", entry.key)),
            None => scope.report.error(entry.mark, format!("the output `{}` has no Value", entry.key)),
        }
    }
    outputs
}

/// The template of a folder: the first of the usual names that is there.
#[must_use]
pub fn find(folder: &Path) -> Option<PathBuf> {
    ["template.yaml", "template.yml", "template.json"].iter().map(|name| folder.join(name)).find(|path| path.is_file())
}
