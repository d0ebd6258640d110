//! An HTTP API as CloudFormation has it: `AWS::ApiGatewayV2::Api` of the protocol `HTTP` with its routes, integrations, authorizers, stage and deployment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::access::{AUTHORIZER, function_at};
use super::http_access::{TIMEOUT, written};
use super::http_api::cors;
use super::raw_api::{
    API, DEPLOYMENT, INTEGRATION, ROUTE, STAGE, Stage, deployments, fields_of, is_deployed, stage, stage_of,
};
use super::scope::{Resource, Scope, api_id, made_id};
use super::websocket_api::function_of;
use super::yaml::Mark;
use crate::model::access::{HttpAuthorizer, RouteAccess};
use crate::model::{Function, HttpApi, HttpRoute};

/// Takes what belongs to HTTP APIs out of what is written out.
pub(super) fn part<'p>(present: &[&'p Resource], scope: &Scope<'_>) -> (Vec<&'p Resource>, Vec<&'p Resource>) {
    let text = |resource: &Resource, key: &str| {
        let node = resource.properties.get(key).and_then(|node| scope.resolve(node));
        node.and_then(|node| node.as_text().map(str::to_owned))
    };
    let is_http = |resource: &&&Resource| {
        resource.kind == API && text(resource, "ProtocolType").is_some_and(|protocol| protocol == "HTTP")
    };
    let apis: BTreeSet<String> = present.iter().filter(is_http).map(|resource| api_id(&resource.id)).collect();
    if apis.is_empty() {
        return (vec![], present.to_vec());
    }
    present.iter().copied().partition(|resource| match resource.kind.as_str() {
        API => apis.contains(&api_id(&resource.id)),
        ROUTE | INTEGRATION | STAGE | DEPLOYMENT | AUTHORIZER => {
            text(resource, "ApiId").is_some_and(|api| apis.contains(&api))
        }
        _ => false,
    })
}

struct Integration {
    mark: Mark,
    whose: String,
    /// The function's ARN, or an address of it, with the stage variables as they are written.
    uri: String,
    timeout: Option<Duration>,
}

struct Route {
    id: String,
    mark: Mark,
    whose: String,
    api: String,
    method: String,
    path: String,
    /// The id of its integration.
    target: String,
    authorization: String,
    authorizer: Option<String>,
    scopes: Vec<String>,
}

/// Reads all HTTP APIs that are written out. `present` is what belongs to them.
pub(super) fn read(present: &[&Resource], functions: &BTreeMap<String, Function>, scope: &Scope<'_>) -> Vec<HttpApi> {
    let of = |kind: &'static str| present.iter().copied().filter(move |resource| resource.kind == kind);
    let integrations: BTreeMap<String, Integration> =
        of(INTEGRATION).filter_map(|one| Some((made_id(&one.id), integration(one, scope)?))).collect();
    let authorizers: BTreeMap<String, HttpAuthorizer> = of(AUTHORIZER)
        .filter_map(|one| {
            let fields = fields_of(one, "authorizer", scope)?;
            Some((made_id(&one.id), written(&one.id, fields, functions, scope)?))
        })
        .collect();
    let routes: Vec<Route> = of(ROUTE).filter_map(|one| route(one, scope)).collect();
    let stages: Vec<Stage> = of(STAGE).filter_map(|one| stage(one, false, scope)).collect();
    let deployments = deployments(present, scope);
    of(API)
        .filter_map(|resource| {
            let mut api = api(resource, functions, scope)?;
            let quick = !api.routes.is_empty();
            let mine: Vec<&Route> = routes.iter().filter(|route| route.api == api.id).collect();
            // An API with a target has a stage `$default` by itself.
            if !quick || stages.iter().any(|stage| stage.api == api.id) {
                let stage = stage_of(resource, &stages, scope)?;
                let named = mine.iter().map(|route| (route.id.as_str(), route.whose.as_str()));
                is_deployed(stage, named, "which is then not found in the cloud", &deployments, scope);
                api.stage.clone_from(&stage.name);
                api.stage_variables.clone_from(&stage.variables);
                api.throttle = stage.throttles.default;
                api.route_throttles.clone_from(&stage.throttles.routes);
            }
            for route in mine {
                let Some(read) = integrated(route, &integrations, &authorizers, &api, functions, scope) else {
                    continue;
                };
                if api.routes.iter().any(|other| other.key() == read.key()) {
                    scope.report.error(route.mark, format!("{} is there twice", route.whose));
                } else {
                    api.routes.push(read);
                }
            }
            if let Some(stage) = stages.iter().find(|stage| stage.api == api.id) {
                stage.knows(api.routes.iter().map(HttpRoute::key), scope);
            }
            api.authorizers.clone_from(&authorizers);
            Some(api)
        })
        .collect()
}

fn api(resource: &Resource, functions: &BTreeMap<String, Function>, scope: &Scope<'_>) -> Option<HttpApi> {
    let mut fields = fields_of(resource, "API", scope)?;
    let cors = fields
        .take("CorsConfiguration")
        .and_then(|node| cors(node, &format!("CorsConfiguration of the HTTP API `{}`", resource.id), scope));
    let target = fields.text("Target");
    let key = fields.text("RouteKey").unwrap_or_else(|| "$default".to_owned());
    fields.accept(&[
        "Name",
        "ProtocolType",
        "Description",
        "Tags",
        "Version",
        "DisableExecuteApiEndpoint",
        "IpAddressType",
        "RouteSelectionExpression",
        "CredentialsArn",
        "FailOnWarnings",
    ]);
    for body in ["Body", "BodyS3Location", "BasePath"] {
        fields.refuse(body, "`local` takes routes from resources and from the events of functions, not from OpenAPI");
    }
    let (mark, whose) = (fields.mark, fields.whose.clone());
    fields.finish();
    let mut routes = vec![];
    if let Some(target) = target {
        let (Some(function), Some((method, path))) = (function_of(&target, functions, scope), split(&key)) else {
            let what = format!("Target and RouteKey of {whose} lead to no function that `local` runs: {key}, {target}");
            scope.report.error(mark, what);
            return None;
        };
        routes.push(HttpRoute { method, path, function, ..HttpRoute::default() });
    }
    Some(HttpApi {
        logical_id: resource.id.clone(),
        id: api_id(&resource.id),
        stage: "$default".into(),
        stage_variables: BTreeMap::new(),
        routes,
        cors,
        throttle: None,
        route_throttles: BTreeMap::new(),
        authorizers: BTreeMap::new(),
        mappings: Vec::new(),
    })
}

/// `GET /rooms/{room}`, or `$default`.
fn split(key: &str) -> Option<(String, String)> {
    if key == "$default" {
        return Some(("ANY".into(), key.into()));
    }
    let (method, path) = key.split_once(' ')?;
    let is_method = !method.is_empty() && method.bytes().all(|letter| letter.is_ascii_uppercase());
    (is_method && path.starts_with('/')).then(|| (method.to_owned(), path.to_owned()))
}

fn integration(resource: &Resource, scope: &Scope<'_>) -> Option<Integration> {
    let mut fields = fields_of(resource, "integration", scope)?;
    let kind = fields.text("IntegrationType").or_else(|| fields.missing("IntegrationType"));
    let uri = fields.text("IntegrationUri").or_else(|| fields.missing("IntegrationUri"));
    let timeout = fields.number("TimeoutInMillis", TIMEOUT).map(Duration::from_millis);
    let format = fields.text("PayloadFormatVersion").or_else(|| fields.missing("PayloadFormatVersion"));
    for mapping in ["RequestParameters", "ResponseParameters", "IntegrationSubtype", "TlsConfig", "ConnectionId"] {
        fields.refuse(mapping, "`local` runs functions, and maps nothing");
    }
    fields.accept(&["ApiId", "Description", "IntegrationMethod", "CredentialsArn", "ConnectionType"]);
    let whose = fields.whose.clone();
    fields.finish();
    let mark = resource.mark;
    if let Some(kind) = kind.filter(|kind| kind != "AWS_PROXY") {
        scope.report.error(mark, format!("{whose} is of the type {kind}; `local` runs functions: AWS_PROXY"));
        return None;
    }
    if let Some(format) = format.filter(|format| format != "2.0") {
        let what = format!("PayloadFormatVersion of {whose} is {format}: `local` knows no other than 2.0");
        scope.report.error(mark, what);
        return None;
    }
    Some(Integration { mark, whose, uri: uri?, timeout })
}

fn route(resource: &Resource, scope: &Scope<'_>) -> Option<Route> {
    let mut fields = fields_of(resource, "route", scope)?;
    let api = fields.text("ApiId").or_else(|| fields.missing("ApiId"));
    let key = fields.text("RouteKey").or_else(|| fields.missing("RouteKey"));
    let target = fields.text("Target").or_else(|| fields.missing("Target"));
    let authorization = fields.text("AuthorizationType").unwrap_or_else(|| "NONE".to_owned());
    let authorizer = fields.text("AuthorizerId");
    let scopes = fields.texts("AuthorizationScopes").unwrap_or_default();
    fields.accept(&["OperationName", "ApiKeyRequired"]);
    let (mark, whose) = (fields.mark, fields.whose.clone());
    fields.finish();
    let (key, target) = (key?, target?);
    let Some((method, path)) = split(&key) else {
        let what =
            format!("RouteKey of {whose} is {key:?}: it is a method and a path, such as GET /rooms, or $default");
        scope.report.error(mark, what);
        return None;
    };
    let Some(target) = target.strip_prefix("integrations/") else {
        let what = format!("{whose} has the target {target:?}: it is \"integrations/\" with the Ref of an integration");
        scope.report.error(mark, what);
        return None;
    };
    let target = target.to_owned();
    let id = resource.id.clone();
    Some(Route { id, mark, whose, api: api?, method, path, target, authorization, authorizer, scopes })
}

/// A route with its function, and with who may take it.
fn integrated(
    route: &Route,
    integrations: &BTreeMap<String, Integration>,
    authorizers: &BTreeMap<String, HttpAuthorizer>,
    api: &HttpApi,
    functions: &BTreeMap<String, Function>,
    scope: &Scope<'_>,
) -> Option<HttpRoute> {
    let Route { mark, whose, .. } = route;
    let Some(integration) = integrations.get(&route.target) else {
        let what = format!("{whose} has a target that is no integration: \"integrations/\" with the Ref of one");
        scope.report.error(*mark, what);
        return None;
    };
    let uri = &integration.uri;
    let function =
        function_of(uri, functions, scope).or_else(|| function_at(uri, &api.stage_variables, functions, scope));
    let Some(function) = function else {
        let what = format!("{} leads to no function that `local` runs: {uri}", integration.whose);
        scope.report.error(integration.mark, what);
        return None;
    };
    let (method, path) = (route.method.clone(), route.path.clone());
    let access = access(route, authorizers, scope);
    Some(HttpRoute { method, path, function, access, timeout: integration.timeout })
}

fn access(route: &Route, authorizers: &BTreeMap<String, HttpAuthorizer>, scope: &Scope<'_>) -> RouteAccess {
    let Route { mark, whose, authorization, .. } = route;
    let wrong = |what: String| {
        scope.report.error(*mark, what);
        RouteAccess::Open
    };
    match authorization.as_str() {
        "NONE" => return RouteAccess::Open,
        "AWS_IAM" => return RouteAccess::Iam,
        "CUSTOM" | "JWT" => {}
        other => {
            return wrong(format!("AuthorizationType of {whose} is {other}: it is NONE, AWS_IAM, CUSTOM or JWT"));
        }
    }
    let found = route.authorizer.as_ref().and_then(|id| Some((id, authorizers.get(id)?)));
    match found {
        Some((id, HttpAuthorizer::Jwt(_))) if authorization == "JWT" => {
            RouteAccess::By { authorizer: id.clone(), scopes: route.scopes.clone() }
        }
        Some((id, HttpAuthorizer::Lambda(_))) if authorization == "CUSTOM" => {
            if !route.scopes.is_empty() {
                return wrong(format!(
                    "{whose} has AuthorizationScopes, which only tokens have: AuthorizationType JWT"
                ));
            }
            RouteAccess::By { authorizer: id.clone(), scopes: vec![] }
        }
        Some(_) => {
            wrong(format!("{whose} has the AuthorizationType {authorization}, and an authorizer of another one"))
        }
        None => wrong(format!("{whose} has no authorizer: AuthorizerId is the Ref of an {AUTHORIZER}")),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_route_key_is_a_method_and_a_path() {
        let pair = |method: &str, path: &str| Some((method.to_owned(), path.to_owned()));
        assert_eq!(split("GET /a/{b}"), pair("GET", "/a/{b}"));
        assert_eq!(split("$default"), pair("ANY", "$default"));
        for wrong in ["", "GET", "get /a", "GET a", "/a", "GET  /a", "$connect"] {
            assert_eq!(split(wrong), None, "{wrong}");
        }
    }
}
