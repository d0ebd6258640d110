//! The entries of `Resources`, with the globals merged in, and the names of what SAM makes of them.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use super::scope::{FUNCTION, HTTP_API, IMPLICIT_HTTP_API, Resource, WEBSOCKET_API};
use super::yaml::{Content, Entry, Mark, Node};

/// Attributes of a resource that say nothing about how it runs.
const ATTRIBUTES: [&str; 7] = [
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "UpdatePolicy",
    "CreationPolicy",
    "Connectors",
    "DependsOn",
    // Not documented, and in templates of AWS.
    "Description",
];

/// Reads the resources, none of them resolved.
pub(super) fn declared(root: &Node, report: &Report) -> BTreeMap<String, Resource> {
    let Some(section) = root.get("Resources") else {
        report.error(root.mark, "the template has no Resources, so that there is nothing to run");
        return BTreeMap::new();
    };
    let globals = root.get("Globals");
    let Some(entries) = section.entries() else {
        report.error(section.mark, "Resources must be a mapping");
        return BTreeMap::new();
    };
    let mut resources: BTreeMap<String, Resource> =
        entries.iter().filter_map(|entry| resource(entry, globals, report)).map(|one| (one.id.clone(), one)).collect();
    for entry in entries {
        for name in depends_on(&entry.value) {
            if !resources.contains_key(name) && !made(&resources).contains(name) {
                report.error(entry.mark, format!("`{}` depends on `{name}`, which does not exist", entry.key));
            }
        }
    }
    if !resources.contains_key(IMPLICIT_HTTP_API) && resources.values().any(wants_implicit_api) {
        let properties = with_globals(HTTP_API, None, None, globals, section.mark);
        resources.insert(
            IMPLICIT_HTTP_API.into(),
            Resource {
                id: IMPLICIT_HTTP_API.into(),
                mark: section.mark,
                kind: HTTP_API.into(),
                properties,
                metadata: None,
                condition: None,
                depends_on: vec![],
            },
        );
    }
    resources
}

fn depends_on(resource: &Node) -> impl Iterator<Item = &str> {
    let names = resource.get("DependsOn").map(|node| node.as_list().unwrap_or(std::slice::from_ref(node)));
    names.unwrap_or_default().iter().filter_map(Node::as_text)
}

fn resource(entry: &Entry, globals: Option<&Node>, report: &Report) -> Option<Resource> {
    let (id, node) = (&entry.key, &entry.value);
    let Some(kind) = node.get("Type").and_then(Node::as_text) else {
        report.error(entry.mark, format!("the resource `{id}` has no Type"));
        return None;
    };
    for other in node.entries().unwrap_or_default() {
        let known = ["Type", "Properties", "Metadata", "Condition", "IgnoreGlobals"].contains(&other.key.as_str());
        if !known && !ATTRIBUTES.contains(&other.key.as_str()) {
            report.error(
                other.mark,
                format!("the resource `{id}` has an attribute `{}` that `local` does not know: remove it", other.key),
            );
        }
    }
    Some(Resource {
        id: id.clone(),
        mark: entry.mark,
        kind: kind.to_owned(),
        properties: with_globals(kind, node.get("Properties"), node.get("IgnoreGlobals"), globals, entry.mark),
        metadata: node.get("Metadata").cloned(),
        condition: node.get("Condition").and_then(|name| Some((name.as_text()?.to_owned(), name.mark))),
        depends_on: depends_on(node).map(str::to_owned).collect(),
    })
}

/// The logical ids that SAM adds: a stack may refer to them although the template declares none.
pub(super) fn made(resources: &BTreeMap<String, Resource>) -> BTreeSet<String> {
    let mut made = BTreeSet::new();
    for resource in resources.values() {
        let Resource { id, kind, properties, .. } = resource;
        let keys = |name: &str| properties.get(name).and_then(Node::entries).unwrap_or_default().iter();
        match kind.as_str() {
            FUNCTION => {
                if has_made_role(resource) {
                    made.insert(format!("{id}Role"));
                }
                made.extend([format!("{id}EventInvokeConfig"), format!("{id}Url")]);
                made.extend(keys("Events").map(|event| format!("{id}{}Permission", event.key)));
            }
            HTTP_API => {
                made.insert(format!("{id}Stage"));
                made.extend(stage_of(resource));
            }
            WEBSOCKET_API => {
                made.extend(stage_of(resource));
                made.extend([format!("{id}ConnectAuthorizer"), format!("{id}AuthorizerPermission")]);
                for route in keys("Routes") {
                    let route = route_name(id, &route.key);
                    made.extend(["Route", "Integration", "Permission"].map(|suffix| format!("{route}{suffix}")));
                }
            }
            _ => {}
        }
    }
    // What the template declares is what it says.
    made.retain(|name| !resources.contains_key(name));
    made
}

/// Whether SAM makes a role for a function: unless it has one, or one in a case only.
pub(super) fn has_made_role(function: &Resource) -> bool {
    let role = function.properties.get("Role");
    role.is_none_or(|role| role.intrinsic().is_some_and(|(name, _)| name == "Fn::If"))
}

/// The logical id of the stage that SAM makes of an API.
pub(super) fn stage_of(api: &Resource) -> Option<String> {
    let (id, given) = (&api.id, api.properties.get("StageName"));
    match (api.kind.as_str(), given, given.and_then(Node::as_text)) {
        (HTTP_API, None, _) | (HTTP_API, _, Some("$default")) => Some(format!("{id}ApiGatewayDefaultStage")),
        (WEBSOCKET_API, None, _) | (WEBSOCKET_API, _, Some("default")) => Some(format!("{id}DefaultStage")),
        (HTTP_API | WEBSOCKET_API, _, Some(stage)) => Some(format!("{id}{stage}Stage")),
        (HTTP_API | WEBSOCKET_API, _, None) => Some(format!("{id}Stage")),
        _ => None,
    }
}

/// How SAM begins the logical ids of a route: the key capitalized as Python does it, the rest in lower case.
pub(super) fn route_name(api: &str, key: &str) -> String {
    let key = key.trim_start_matches('$');
    let mut letters = key.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{api}{first}{}", letters.as_str().to_lowercase())
}

fn wants_implicit_api(resource: &Resource) -> bool {
    resource.kind == FUNCTION
        && resource.properties.get("Events").and_then(Node::entries).unwrap_or_default().iter().any(|event| {
            event.value.get("Type").and_then(Node::as_text) == Some("HttpApi")
                && event.value.get("Properties").is_none_or(|properties| properties.get("ApiId").is_none())
        })
}

fn with_globals(kind: &str, own: Option<&Node>, ignored: Option<&Node>, globals: Option<&Node>, at: Mark) -> Node {
    let own = own.cloned().unwrap_or_else(|| Node::map(at, vec![]));
    let section = kind.strip_prefix("AWS::Serverless::").and_then(|section| globals?.get(section));
    let Some(Content::Map(mut entries)) = section.map(|section| section.content.clone()) else { return own };
    match ignored.map(|ignored| (ignored.as_text(), ignored.as_list().unwrap_or_default())) {
        Some((Some("*"), _)) => return own,
        Some((_, names)) => entries.retain(|entry| !names.iter().any(|name| name.as_text() == Some(&entry.key))),
        None => {}
    }
    merged(Node::map(at, entries), own, "")
}

/// Merges as SAM does: mappings by key, lists one after the other, anything else (an intrinsic function, too) is replaced.
fn merged(global: Node, own: Node, key: &str) -> Node {
    if global.intrinsic().is_some() || own.intrinsic().is_some() {
        return own;
    }
    match (global.content, own.content) {
        (Content::Map(mut all), Content::Map(entries)) => {
            for entry in entries {
                match all.iter().position(|other| other.key == entry.key) {
                    Some(at) => {
                        let other = all.swap_remove(at);
                        let value = merged(other.value, entry.value, &entry.key);
                        all.push(Entry { value, ..entry });
                    }
                    None => all.push(entry),
                }
            }
            Node::map(own.mark, all)
        }
        (Content::List(mut all), Content::List(items)) if key != "Architectures" => {
            all.extend(items);
            Node::list(own.mark, all)
        }
        (_, content) => Node { mark: own.mark, content },
    }
}
