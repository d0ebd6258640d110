//! What a function's role may do: `Policies` of the function, or the role that `Role` names, and what other resources attach to either.
//!
//! Only statements count, and managed policies and SAM's policy templates that grant something of what `local` plays. What cannot be
//! decided here becomes a doubt, to be told to whoever has permissions checked; nobody else has to hear of it.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::function_url;
use super::raw_api;
use super::scope::{FUNCTION, Resource, Scope, cloud_only, made_id};
use super::yaml::{Content, Node};
use crate::model::{Cloud, Patterns, Role, Statement};

const ROLE: &str = "AWS::IAM::Role";
const PERMISSION: &str = "AWS::Lambda::Permission";
const MANAGED_POLICY: &str = "AWS::IAM::ManagedPolicy";
/// What attaches statements to roles by their names.
const ATTACHED: [&str; 3] = ["AWS::IAM::Policy", MANAGED_POLICY, "AWS::IAM::RolePolicy"];

/// The policies of AWS that grant something that `local` asks about: names, actions and resources.
const GRANTING: [(&str, &[&str], &str); 9] = [
    ("AdministratorAccess", &["*"], "*"),
    ("PowerUserAccess", &["*"], "*"),
    (
        "AmazonAPIGatewayInvokeFullAccess",
        &["execute-api:Invoke", "execute-api:ManageConnections"],
        "arn:aws:execute-api:*:*:*",
    ),
    ("AWSLambda_FullAccess", &["lambda:*"], "*"),
    ("AWSLambdaFullAccess", &["lambda:*", "s3:*"], "*"),
    ("AWSLambdaRole", &["lambda:InvokeFunction"], "*"),
    ("AmazonS3FullAccess", &["s3:*", "s3-object-lambda:*"], "*"),
    ("AmazonS3ReadOnlyAccess", &["s3:Get*", "s3:List*", "s3:Describe*"], "*"),
    ("AWSLambdaExecute", &["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::*"),
];

/// Policies of AWS that grant nothing of the kind.
const IRRELEVANT: [&str; 14] = [
    "AmazonAPIGatewayAdministrator",
    "AmazonAPIGatewayPushToCloudWatchLogs",
    "AmazonDynamoDBFullAccess",
    "AmazonDynamoDBReadOnlyAccess",
    "AmazonSNSFullAccess",
    "AmazonSQSFullAccess",
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaDynamoDBExecutionRole",
    "AWSLambdaKinesisExecutionRole",
    "AWSLambdaSQSQueueExecutionRole",
    "AWSLambdaVPCAccessExecutionRole",
    "AWSXRayDaemonWriteAccess",
    "CloudWatchLambdaInsightsExecutionRolePolicy",
    "SecretsManagerReadWrite",
];

/// The role of a function.
pub(super) fn role(function: &Resource, scope: &Scope<'_>) -> Role {
    let id = &function.id;
    let mut role = Role { name: format!("{}-{id}Role", scope.inputs.stack), ..Role::default() };
    let Some(properties) = scope.resolve(&function.properties) else { return role };
    match properties.get("Role").and_then(Node::as_text) {
        None => {
            items(properties.get("Policies")).for_each(|policy| add(&mut role, policy, scope));
            attached(&mut role, &[made_id(&format!("{id}Role"))], scope);
        }
        Some(arn) => return given(arn, id, scope),
    }
    if properties.get("PermissionsBoundary").is_some() {
        role.doubts.push(format!("the permissions boundary of `{id}` is not looked at"));
    }
    role
}

/// Warns of functions that nothing lets API Gateway invoke. SAM lets it; in an API that is written out that is forgotten easily, and
/// then every route is an internal error in the cloud.
pub(super) fn doubt_routes(cloud: &Cloud, present: &[&Resource], scope: &Scope<'_>) {
    let permitted: Vec<String> = present
        .iter()
        .filter(|resource| resource.kind == PERMISSION)
        .filter_map(|resource| scope.resolve(&resource.properties))
        .filter(|all| all.get("Principal").and_then(Node::as_text).is_some_and(|who| who.contains("apigateway")))
        .filter_map(|all| all.get("FunctionName").and_then(Node::as_text).map(|name| function_url::arn(name, scope)))
        .collect();
    // A role of the integration's own needs no permission of the function.
    let by_role: Vec<String> = present
        .iter()
        .filter(|resource| resource.kind == raw_api::INTEGRATION)
        .filter_map(|resource| scope.resolve(&resource.properties))
        .filter(|all| all.get("CredentialsArn").is_some())
        .filter_map(|all| all.get("IntegrationUri").and_then(Node::as_text).map(str::to_owned))
        .collect();
    let apis = cloud.websocket_apis.values();
    let written_out =
        apis.filter(|api| scope.resources.get(&api.logical_id).is_some_and(|one| one.kind == raw_api::API));
    let mut doubted = BTreeSet::new();
    for route in written_out.flat_map(|api| api.routes.values()) {
        let Some(function) = cloud.functions.get(&route.function) else { continue };
        let arn = scope.function_arn(&function.name);
        let is_of =
            |name: &String| name.strip_prefix(&arn).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
        let has_role = |uri: &String| uri.contains(&format!("{arn}/")) || uri.contains("stageVariables");
        if !permitted.iter().any(is_of) && !by_role.iter().any(has_role) {
            doubted.insert(&route.function);
        }
    }
    for function in present.iter().filter(|resource| doubted.contains(&resource.id)) {
        let message = format!(
            "no AWS::Lambda::Permission lets API Gateway invoke `{}`: its routes fail in the cloud",
            function.id
        );
        scope.report.warn(function.mark, message);
    }
}

/// A role that the template declares itself, or that is somewhere else.
fn given(arn: &str, function: &str, scope: &Scope<'_>) -> Role {
    let mut others = scope.resources.values();
    if let Some(resource) =
        others.clone().find(|one| one.kind == ROLE && names(one, scope).iter().any(|name| is(arn, name)))
    {
        return declared(resource, scope);
    }
    let made = others.find(|one| one.kind == FUNCTION && arn == cloud_only(&format!("{}Role.Arn", one.id)));
    // SAM makes none for a function that has one, so that this is no circle.
    let is_made = |other: &&Resource| other.id != function && own_role(other, scope).is_none();
    if let Some(other) = made.filter(is_made) {
        return self::role(other, scope);
    }
    let doubt = format!("the Role of `{function}` is not in the template: it may do everything here");
    Role {
        name: arn.rsplit('/').next().unwrap_or(arn).to_owned(),
        statements: vec![Statement::allow(&["*"], &["*"])],
        doubts: vec![doubt],
    }
}

/// What a function names as its role.
fn own_role(function: &Resource, scope: &Scope<'_>) -> Option<String> {
    let role = scope.resolve(function.properties.get("Role")?)?;
    role.as_text().map(str::to_owned)
}

fn declared(resource: &Resource, scope: &Scope<'_>) -> Role {
    let names = names(resource, scope);
    let own = names.last().filter(|name| !name.contains('{'));
    let name = own.cloned().unwrap_or_else(|| format!("{}-{}", scope.inputs.stack, resource.id));
    let mut role = Role { name, ..Role::default() };
    let Some(properties) = scope.resolve(&resource.properties) else { return role };
    for policy in items(properties.get("Policies")).filter_map(|policy| policy.get("PolicyDocument")) {
        document(&mut role, policy);
    }
    items(properties.get("ManagedPolicyArns")).for_each(|policy| add(&mut role, policy, scope));
    if properties.get("PermissionsBoundary").is_some() {
        role.doubts.push(format!("the permissions boundary of `{}` is not looked at", resource.id));
    }
    attached(&mut role, &names, scope);
    role
}

/// What others may call a role of the template: its markers, and its name if it has one, which is the last.
fn names(role: &Resource, scope: &Scope<'_>) -> Vec<String> {
    let mut names = vec![cloud_only(&format!("{}.Arn", role.id)), cloud_only(&role.id)];
    let name = role.properties.get("RoleName").and_then(|name| scope.resolve(name));
    names.extend(name.as_ref().and_then(Node::as_text).map(str::to_owned));
    names
}

fn is(arn: &str, name: &str) -> bool {
    arn == name || arn.contains(":role/") && arn.rsplit('/').next() == Some(name)
}

/// Adds what policies of their own attach to the role of one of these names.
fn attached(role: &mut Role, names: &[String], scope: &Scope<'_>) {
    for resource in scope.resources.values().filter(|one| ATTACHED.contains(&one.kind.as_str())) {
        let Some(properties) = scope.resolve(&resource.properties) else { continue };
        let mut roles = items(properties.get("Roles")).chain(properties.get("RoleName"));
        if roles.any(|role| role.as_text().is_some_and(|role| names.iter().any(|name| name == role))) {
            properties.get("PolicyDocument").into_iter().for_each(|policy| document(role, policy));
        }
    }
}

/// Adds one entry of `Policies`: a document, one of SAM's policy templates, or the name of a managed policy.
fn add(role: &mut Role, policy: &Node, scope: &Scope<'_>) {
    if let Some(name) = policy.as_text() {
        managed(role, name, scope);
    } else if policy.get("Statement").is_some() {
        document(role, policy);
    } else {
        for template in policy.entries().unwrap_or_default() {
            let value = |name: &str| template.value.get(name).and_then(Node::as_text);
            let bucket = || format!("arn:aws:s3:::{}", value("BucketName").unwrap_or_default());
            let (actions, resources): (&[&str], _) = match template.key.as_str() {
                "LambdaInvokePolicy" => {
                    let function = format!("function:{}*", value("FunctionName").unwrap_or_default());
                    (&["lambda:InvokeFunction"], vec![scope.arn("lambda", &function)])
                }
                "S3ReadPolicy" => (
                    &["s3:GetObject", "s3:ListBucket", "s3:GetObjectVersion"],
                    vec![bucket(), format!("{}/*", bucket())],
                ),
                "S3WritePolicy" => (&["s3:PutObject", "s3:PutObjectAcl"], vec![bucket(), format!("{}/*", bucket())]),
                "S3CrudPolicy" | "S3FullAccessPolicy" => (
                    &["s3:GetObject", "s3:ListBucket", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject"],
                    vec![bucket(), format!("{}/*", bucket())],
                ),
                // The others are about services that `local` does not play.
                _ => continue,
            };
            let resources: Vec<&str> = resources.iter().map(String::as_str).collect();
            role.statements.push(Statement::allow(actions, &resources));
        }
    }
}

fn managed(role: &mut Role, given: &str, scope: &Scope<'_>) {
    let own = scope.resources.values().find(|one| {
        let ours = one.kind == MANAGED_POLICY;
        ours && [cloud_only(&one.id), cloud_only(&format!("{}.PolicyArn", one.id))].iter().any(|name| name == given)
    });
    if let Some(own) = own {
        let properties = scope.resolve(&own.properties);
        return properties.iter().filter_map(|all| all.get("PolicyDocument")).for_each(|policy| document(role, policy));
    }
    let name = given.rsplit('/').next().unwrap_or(given);
    match GRANTING.iter().find(|(granting, ..)| *granting == name) {
        Some((_, actions, resource)) => role.statements.push(Statement::allow(actions, &[resource])),
        None if IRRELEVANT.contains(&name) => {}
        None => role.doubts.push(format!("the managed policy {name} is not known to `local`: it grants nothing here")),
    }
}

fn document(role: &mut Role, policy: &Node) {
    for statement in items(policy.get("Statement")) {
        let allows = statement.get("Effect").and_then(Node::as_text) == Some("Allow");
        let patterns = |name: &str, other: &str| match (statement.get(name), statement.get(other)) {
            (Some(_), _) => Patterns::AnyOf(texts(statement.get(name))),
            (None, Some(_)) => Patterns::NoneOf(texts(statement.get(other))),
            (None, None) => Patterns::AnyOf(vec![]),
        };
        if statement.get("Condition").is_some() {
            let taken = if allows { "it counts as fulfilled" } else { "the denial is left out" };
            role.doubts.push(format!(
                "a statement of the role {} has a Condition, at line {}: {taken}",
                role.name, statement.mark.line
            ));
            if !allows {
                continue;
            }
        }
        let (actions, resources) = (patterns("Action", "NotAction"), patterns("Resource", "NotResource"));
        role.statements.push(Statement { allows, actions, resources });
    }
}

/// The items of a list; a single one counts as a list of one.
fn items(node: Option<&Node>) -> impl Iterator<Item = &Node> {
    let items = node.map(|node| node.as_list().unwrap_or(std::slice::from_ref(node))).unwrap_or_default();
    items.iter().filter(|item| !matches!(item.content, Content::Null | Content::Faulty))
}

fn texts(node: Option<&Node>) -> Vec<String> {
    items(node).filter_map(Node::as_text).map(str::to_owned).collect()
}
