//! `AWS::Serverless::WebSocketApi`, and the route responses that make a route of it two-way.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::access;
use super::fields::Fields;
use super::raw_api;
use super::resources::route_name;
use super::scope::{Resource, Scope, WEBSOCKET_API, api_id, made_id};
use super::throttle::{self, throttles};
use super::yaml::{Entry, Mark, Node};
use crate::model::access::{Authorization, Entry as WayIn};
use crate::model::{Function, WebSocketApi, WebSocketRoute};

/// API Gateway's limits of an integration's time, in milliseconds; the upper one is also the default.
pub(super) const SHORTEST: u64 = 50;
pub(super) const LONGEST: u64 = 29_000;

/// Reads one WebSocket API. `responses` are the ids of the routes that have a `$default` route response.
pub(super) fn read(
    resource: &Resource,
    functions: &BTreeMap<String, Function>,
    responses: &BTreeSet<String>,
    scope: &Scope<'_>,
) -> Option<WebSocketApi> {
    let id = &resource.id;
    let properties = scope.resolve(&resource.properties)?;
    let mut fields = Fields::of(properties, format!("the WebSocket API `{id}`"), scope.report);
    fields.mark = resource.mark;
    let expression = fields.text("RouteSelectionExpression").or_else(|| fields.missing("RouteSelectionExpression"));
    let stage = fields.text("StageName").unwrap_or_else(|| "default".to_owned());
    check_stage(&stage, &fields, scope);
    let stage_variables = fields.variables("StageVariables").into_iter().collect();
    let throttles = throttles(&mut fields);
    let key_source = access::key_source(&mut fields);
    let entries = match fields.inner("Routes") {
        Some(inner) => inner.rest(),
        None => fields.missing("Routes").unwrap_or_default(),
    };
    for key in throttle::unknown(&throttles, entries.iter().map(|entry| entry.key.as_str())) {
        scope.report.error(fields.mark, format!("RouteSettings of {}: there is no route `{key}`", fields.whose));
    }
    let has_connect = entries.iter().any(|entry| entry.key == "$connect");
    let mut key_required = false;
    let routes = entries
        .into_iter()
        .filter_map(|entry| {
            let key = entry.key.clone();
            let (route, with_key) = route(entry, id, functions, responses, scope)?;
            key_required |= with_key;
            Some((key, route))
        })
        .collect();
    let authorization = match fields.inner("Auth") {
        Some(auth) => {
            if !has_connect {
                scope.report.error(auth.mark, format!("{} needs a route $connect, and there is none", auth.whose));
            }
            access::of_sam(id, auth, functions, scope)
        }
        None => Authorization::None,
    };
    fields.accept(&[
        "Name",
        "Description",
        "Tags",
        "PropagateTags",
        "AccessLogSettings",
        "DisableExecuteApiEndpoint",
        "DisableSchemaValidation",
        "IpAddressType",
    ]);
    fields.warn("Domain", "there is no custom domain locally; the API has an address of its own");
    fields.finish();
    Some(WebSocketApi {
        logical_id: id.clone(),
        id: api_id(id),
        stage,
        stage_variables,
        route_selection_expression: expression?,
        routes,
        throttle: throttles.default,
        route_throttles: throttles.routes,
        entry: WayIn { authorization, key_required, key_source, keys: vec![] },
        mappings: vec![],
    })
}

fn route(
    entry: Entry,
    api: &str,
    functions: &BTreeMap<String, Function>,
    responses: &BTreeSet<String>,
    scope: &Scope<'_>,
) -> Option<(WebSocketRoute, bool)> {
    let Entry { key, mark, value } = entry;
    let mut fields = Fields::of(value, format!("the route `{key}` of `{api}`"), scope.report);
    fields.mark = mark;
    let reserved = ["$connect", "$disconnect", "$default"].contains(&key.as_str());
    if !reserved && (key.is_empty() || !key.chars().all(char::is_alphanumeric)) {
        scope.report.error(mark, format!("{}: SAM allows letters and digits in a route's key", fields.whose));
    }
    let timeout = fields.number("IntegrationTimeout", SHORTEST..=LONGEST).unwrap_or(LONGEST);
    let arn = fields.text("FunctionArn").or_else(|| fields.missing("FunctionArn"));
    let expression = fields.text("RouteResponseSelectionExpression");
    let own_name = format!("{}Route", route_name(api, &key));
    let responds = responses.contains(&made_id(&own_name));
    let two_way = is_two_way(expression.as_deref(), responds, &fields.whose, &own_name, mark, scope);
    let key_required = check_route(&mut fields, &key);
    let whose = fields.whose.clone();
    fields.finish();
    let arn = arn?;
    let Some(function) = function_of(&arn, functions, scope) else {
        scope.report.error(mark, format!("FunctionArn of {whose} names no function that `local` runs: {arn}"));
        return None;
    };
    Some((WebSocketRoute { function, two_way, timeout: Duration::from_millis(timeout) }, key_required))
}

/// What a route of either form may not ask for, and what changes nothing here. Whether it requires a key.
pub(super) fn check_route(fields: &mut Fields<'_>, key: &str) -> bool {
    let key_required = fields.flag("ApiKeyRequired") == Some(true);
    if key_required && key != "$connect" {
        let what = format!("{} requires an API key, which only a handshake can show: $connect may", fields.whose);
        fields.report.error(fields.mark, what);
    }
    fields.accept(&["OperationName", "RequestParameters"]);
    fields.refuse("ModelSelectionExpression", "`local` validates no messages");
    fields.refuse("RequestModels", "`local` validates no messages");
    key_required
}

/// Whether a stage may be called that.
pub(super) fn check_stage(name: &str, fields: &Fields<'_>, scope: &Scope<'_>) {
    if name == "$default" || name.is_empty() {
        let what = format!("{}: API Gateway has no stage \"{name}\" for WebSocket APIs", fields.whose);
        scope.report.error(fields.mark, what);
    }
}

/// The logical id of the function with that ARN, with or without a qualifier, or with that name.
pub(super) fn function_of(arn: &str, functions: &BTreeMap<String, Function>, scope: &Scope<'_>) -> Option<String> {
    let named = |function: &&Function| {
        let own = scope.function_arn(&function.name);
        arn == own || arn == function.name || arn.strip_prefix(&own).is_some_and(|rest| rest.starts_with(':'))
    };
    functions.values().find(named).map(|function| function.logical_id.clone())
}

/// Whether what a route's function answers reaches the client: that takes an expression of the route and a route response for its logical id.
pub(super) fn is_two_way(
    expression: Option<&str>,
    responds: bool,
    whose: &str,
    logical_id: &str,
    mark: Mark,
    scope: &Scope<'_>,
) -> bool {
    match (expression, responds) {
        (Some(expression), _) if expression != "$default" => scope.report.error(
            mark,
            format!("RouteResponseSelectionExpression of {whose} must be $default: there is no other"),
        ),
        (Some(_), false) => scope.report.warn(
            mark,
            format!(
                "{whose} answers nobody: RouteResponseSelectionExpression also needs an AWS::ApiGatewayV2::RouteResponse for {logical_id}"
            ),
        ),
        (None, true) => scope.report.warn(
            mark,
            format!("{whose} answers nobody: its route response also needs RouteResponseSelectionExpression: $default"),
        ),
        _ => {}
    }
    expression.is_some() && responds
}

/// Reads an `AWS::ApiGatewayV2::RouteResponse`: the id of its route.
pub(super) fn response(resource: &Resource, scope: &Scope<'_>) -> Option<String> {
    let properties = scope.resolve(&resource.properties)?;
    let mut fields = Fields::of(properties, format!("the route response `{}`", resource.id), scope.report);
    fields.mark = resource.mark;
    let api = fields.text("ApiId").or_else(|| fields.missing("ApiId"));
    let route = fields.text("RouteId").or_else(|| fields.missing("RouteId"));
    let key = fields.text("RouteResponseKey").or_else(|| fields.missing("RouteResponseKey"));
    fields.accept(&["ModelSelectionExpression", "ResponseModels", "ResponseParameters"]);
    let whose = fields.whose.clone();
    fields.finish();
    if key.is_some_and(|key| key != "$default") {
        scope.report.error(resource.mark, format!("{whose}: RouteResponseKey must be $default: there is no other"));
    }
    let (api, route) = (api?, route?);
    let is_written_out =
        scope.resources.values().any(|resource| resource.kind == raw_api::ROUTE && made_id(&resource.id) == route);
    let is_made =
        scope.resources.values().filter(|resource| resource.kind == WEBSOCKET_API && api_id(&resource.id) == api).any(
            |api| {
                let routes = api.properties.get("Routes").and_then(Node::entries).unwrap_or_default();
                routes.iter().any(|entry| made_id(&format!("{}Route", route_name(&api.id, &entry.key))) == route)
            },
        );
    if !is_made && !is_written_out {
        scope.report.error(
            resource.mark,
            format!(
                "{whose} belongs to no route: ApiId refers to a WebSocket API, RouteId to a route of it, or one that SAM makes of it"
            ),
        );
        return None;
    }
    Some(route)
}
