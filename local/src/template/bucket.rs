//! `AWS::S3::Bucket`, and the functions that hear of its objects: by its own `NotificationConfiguration`, or by their `S3` events.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::asynchronous::function_of;
use super::fields::Fields;
use super::scope::{FUNCTION, Resource, Scope};
use super::yaml::{Content, Entry, Mark, Node};
use crate::model::{Bucket, CorsRule, Notification};

/// Properties that nobody notices on a laptop.
const ACCEPTED: [&str; 17] = [
    "AbacStatus",
    "AccelerateConfiguration",
    "AccessControl",
    "AnalyticsConfigurations",
    "BucketEncryption",
    "IntelligentTieringConfigurations",
    "InventoryConfigurations",
    "LifecycleConfiguration",
    "LoggingConfiguration",
    "MetadataConfiguration",
    "MetadataTableConfiguration",
    "MetricsConfigurations",
    "ObjectLockConfiguration",
    "ObjectLockEnabled",
    "OwnershipControls",
    "PublicAccessBlockConfiguration",
    "Tags",
];
/// What a function may hear of.
const KINDS: [&str; 2] = ["s3:ObjectCreated:", "s3:ObjectRemoved:"];

/// Reads one bucket.
pub(super) fn read(resource: &Resource, scope: &Scope<'_>) -> Option<Bucket> {
    let properties = scope.resolve(&resource.properties)?;
    let mut fields = Fields::of(properties, format!("the bucket `{}`", resource.id), scope.report);
    fields.mark = resource.mark;
    fields.accept(&["BucketName"]);
    let name = scope.bucket_name(resource).ok()?;
    if !is_name(&name) {
        let what = format!(
            "BucketName of the bucket `{}` is {name}: it has 3 to 63 letters in lower case, digits, dots (not two together) and hyphens, \
             and begins and ends with a letter or digit",
            resource.id
        );
        scope.report.error(fields.mark, what);
    }
    let mut bucket = Bucket { logical_id: resource.id.clone(), name, ..Bucket::default() };
    if let Some(mut cors) = fields.inner("CorsConfiguration") {
        let rules = list(cors.take("CorsRules"));
        bucket.cors = rules.into_iter().map(|rule| cors_rule(rule, &bucket.logical_id, scope)).collect();
        cors.finish();
    }
    if let Some(mut notices) = fields.inner("NotificationConfiguration") {
        for (number, node) in list(notices.take("LambdaConfigurations")).into_iter().enumerate() {
            let whose = format!("a LambdaConfiguration of the bucket `{}`", resource.id);
            let mut fields = Fields::of(node, whose, scope.report);
            let id = fields.text("Id").unwrap_or_else(|| format!("{}{number}", resource.id));
            let function = fields.text("Function").or_else(|| fields.missing("Function"));
            let mark = fields.mark;
            let found = function.as_deref().and_then(|arn| function_of(arn, scope));
            if found.is_none() {
                scope.report.error(mark, format!("Function of {} is no function of this template", fields.whose));
            }
            bucket.notifications.extend(notification(id, found, "Event", fields));
        }
        for other in ["QueueConfigurations", "TopicConfigurations", "EventBridgeConfiguration"] {
            notices.warn(other, "only functions hear of objects locally");
        }
        notices.finish();
    }
    fields.accept(&ACCEPTED);
    fields.warn("VersioningConfiguration", "objects have one version locally");
    fields.warn("WebsiteConfiguration", "buckets are no sites locally");
    fields.warn("ReplicationConfiguration", "objects are not replicated locally");
    fields.finish();
    for function in scope.resources.values().filter(|one| one.kind == FUNCTION && scope.is_present(one)) {
        bucket.notifications.extend(events(function, &bucket.name, scope));
    }
    Some(bucket)
}

/// Whether a bucket can be called this, and so its folder. Names are told to functions, signed and made parts of paths as they are.
fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| is_plain(byte) || byte == b'-' || byte == b'.')
        && name.bytes().next().is_some_and(is_plain)
        && name.bytes().last().is_some_and(is_plain)
        && !name.contains("..")
}

/// Says of buckets that have the name of another one.
pub(super) fn check_names(buckets: &BTreeMap<String, Bucket>, scope: &Scope<'_>) {
    let mut known = BTreeMap::new();
    for bucket in buckets.values() {
        if let (Some(other), Some(resource)) =
            (known.insert(&bucket.name, &bucket.logical_id), scope.resources.get(&bucket.logical_id))
        {
            let what = format!("the buckets `{other}` and `{}` have the same name, {}", bucket.logical_id, bucket.name);
            scope.report.error(resource.mark, what);
        }
    }
}

/// The `S3` events of a function that are about this bucket.
fn events(function: &Resource, bucket: &str, scope: &Scope<'_>) -> Vec<Notification> {
    let Some(properties) = scope.resolve(&function.properties) else { return vec![] };
    let entries = properties.get("Events").and_then(Node::entries).unwrap_or_default();
    let of_s3 = |entry: &&Entry| entry.value.get("Type").and_then(Node::as_text) == Some("S3");
    let mut found = vec![];
    for entry in entries.iter().filter(of_s3) {
        let properties = entry.value.get("Properties").cloned().unwrap_or_else(|| Node::map(entry.mark, vec![]));
        let whose = format!("the event `{}` of `{}`", entry.key, function.id);
        let mut fields = Fields::of(properties, whose, scope.report);
        fields.mark = entry.mark;
        if fields.text("Bucket").as_deref() == Some(bucket) {
            found.extend(notification(entry.key.clone(), Some(function.id.clone()), "Events", fields));
        }
    }
    found
}

/// Says of the `S3` events of a function that are about no bucket of the template.
pub(super) fn check(function: &Resource, buckets: &[&str], scope: &Scope<'_>) {
    let Some(properties) = scope.resolve(&function.properties) else { return };
    for entry in properties.get("Events").and_then(Node::entries).unwrap_or_default() {
        let bucket =
            entry.value.get("Properties").and_then(|properties| properties.get("Bucket")).and_then(Node::as_text);
        if entry.value.get("Type").and_then(Node::as_text) == Some("S3")
            && bucket.is_none_or(|name| !buckets.contains(&name))
        {
            let message = format!(
                "Bucket of the event `{}` of `{}` is no bucket of this template: !Ref one",
                entry.key, function.id
            );
            scope.report.error(entry.mark, message);
        }
    }
}

fn notification(id: String, function: Option<String>, key: &str, mut fields: Fields<'_>) -> Option<Notification> {
    let events = fields.texts(key).or_else(|| fields.missing(key)).unwrap_or_default();
    let known = |event: &String| KINDS.iter().any(|kind| event.starts_with(kind));
    for unknown in events.iter().filter(|event| !known(event)) {
        let said = format!(
            "{}: nothing sends {unknown} locally, only s3:ObjectCreated:* and s3:ObjectRemoved:*",
            fields.whose
        );
        fields.report.warn(fields.mark, said);
    }
    let (mut prefix, mut suffix) = (String::new(), String::new());
    if let Some(mut filter) = fields.inner("Filter") {
        let rules = filter.inner("S3Key").and_then(|mut key| {
            let rules = key.take("Rules");
            key.finish();
            rules
        });
        filter.finish();
        for rule in list(rules) {
            let mut rule = Fields::of(rule, format!("a rule of {}", fields.whose), fields.report);
            let (name, value) = (rule.text("Name"), rule.text("Value"));
            match (name.as_deref().map(str::to_ascii_lowercase).as_deref(), value) {
                (Some("prefix"), Some(value)) => prefix = value,
                (Some("suffix"), Some(value)) => suffix = value,
                _ => wrong(&rule, rule.mark),
            }
            rule.finish();
        }
    }
    fields.finish();
    Some(Notification { id, function: function?, events, prefix, suffix })
}

fn wrong(rule: &Fields<'_>, mark: Mark) {
    rule.report.error(mark, format!("{} has a Name, which is prefix or suffix, and a Value", rule.whose));
}

fn cors_rule(node: Node, bucket: &str, scope: &Scope<'_>) -> CorsRule {
    let mut fields = Fields::of(node, format!("a CorsRule of the bucket `{bucket}`"), scope.report);
    let rule = CorsRule {
        origins: fields.texts("AllowedOrigins").or_else(|| fields.missing("AllowedOrigins")).unwrap_or_default(),
        methods: fields.texts("AllowedMethods").or_else(|| fields.missing("AllowedMethods")).unwrap_or_default(),
        headers: fields.texts("AllowedHeaders").unwrap_or_default(),
        expose: fields.texts("ExposedHeaders").unwrap_or_default(),
        max_age: fields.number("MaxAge", 0..=u64::from(u32::MAX)),
    };
    fields.accept(&["Id"]);
    fields.finish();
    rule
}

/// The items of a list; a single one counts as a list of one.
fn list(node: Option<Node>) -> Vec<Node> {
    match node {
        Some(Node { content: Content::List(items), .. }) => items,
        Some(node) => vec![node],
        None => vec![],
    }
}
