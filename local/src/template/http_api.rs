//! `AWS::Serverless::HttpApi`.

use std::collections::BTreeMap;

use super::fields::{Fields, flag};
use super::functions::Event;
use super::http_access::Access;
use super::scope::{Resource, Scope, api_id};
use super::throttle::{self, Throttles, throttles};
use super::yaml::{Content, Node};
use crate::model::{Cors, Function, HttpApi, HttpRoute};

/// Reads one HTTP API, with the routes that functions gave it.
pub(super) fn read(
    resource: &Resource,
    events: &[Event],
    functions: &BTreeMap<String, Function>,
    scope: &Scope<'_>,
) -> Option<HttpApi> {
    let id = &resource.id;
    let properties = scope.resolve(&resource.properties)?;
    let mut fields = Fields::of(properties, format!("the HTTP API `{id}`"), scope.report);
    let stage = fields.text("StageName").unwrap_or_else(|| "$default".to_owned());
    let stage_variables = fields.variables("StageVariables").into_iter().collect();
    let cors = fields
        .take("CorsConfiguration")
        .and_then(|node| cors(node, &format!("CorsConfiguration of the HTTP API `{id}`"), scope));
    let mut throttles = throttles(&mut fields);
    let access = fields.inner("Auth").map(|auth| Access::read(auth, functions, scope)).unwrap_or_default();
    fields.accept(&[
        "Name",
        "Description",
        "Tags",
        "PropagateTags",
        "AccessLogSettings",
        "FailOnWarnings",
        "DisableExecuteApiEndpoint",
    ]);
    fields.warn("Domain", "there is no custom domain locally; the API has an address of its own");
    fields.refuse("DefinitionBody", "`local` takes routes from the events of functions, not from OpenAPI");
    fields.refuse("DefinitionUri", "`local` takes routes from the events of functions, not from OpenAPI");
    fields.finish();

    let mut routes: Vec<HttpRoute> = vec![];
    for event in events.iter().filter(|event| event.api == *id) {
        let Event { route, wanted, throttle, mark, .. } = event;
        let route = HttpRoute { access: access.of(wanted, &route.key(), *mark, scope), ..route.clone() };
        throttles.routes.extend(throttle.map(|throttle| (route.key(), throttle)));
        match routes.iter().find(|other| (&other.method, &other.path) == (&route.method, &route.path)) {
            Some(other) => scope.report.error(
                event.mark,
                format!(
                    "{} {} goes to `{}` already: a route has one function",
                    route.method, route.path, other.function
                ),
            ),
            None => routes.push(route),
        }
    }
    for key in throttle::unknown(&throttles, routes.iter().map(HttpRoute::key)) {
        scope.report.error(resource.mark, format!("RouteSettings of the HTTP API `{id}`: there is no route `{key}`"));
    }
    let Throttles { default: throttle, routes: route_throttles } = throttles;
    Some(HttpApi {
        logical_id: id.clone(),
        id: api_id(id),
        stage,
        stage_variables,
        routes,
        cors,
        throttle,
        route_throttles,
        authorizers: access.authorizers,
        mappings: Vec::new(),
    })
}

/// Which origins may read answers of an API. `whose` is for sentences.
pub(super) fn cors(node: Node, whose: &str, scope: &Scope<'_>) -> Option<Cors> {
    let mark = node.mark;
    cors_of_anything(node, whose, scope).inspect(|cors| {
        if cors.credentials && cors.origins.iter().any(|origin| origin == "*") {
            let wrong = format!("{whose} allows credentials to any origin, which API Gateway refuses");
            scope.report.error(mark, wrong);
        }
    })
}

/// The same of an API or of a function URL, which may allow credentials to any origin.
pub(super) fn cors_of_anything(node: Node, whose: &str, scope: &Scope<'_>) -> Option<Cors> {
    if let Content::Text(text) = &node.content {
        return match flag(text) {
            Some(true) => Some(Cors { origins: vec!["*".into()], ..Cors::default() }),
            Some(false) => None,
            None => {
                scope.report.error(node.mark, format!("{whose} is a mapping, or true"));
                None
            }
        };
    }
    let mut fields = Fields::of(node, whose, scope.report);
    let cors = Cors {
        origins: fields.texts("AllowOrigins").unwrap_or_default(),
        methods: fields.texts("AllowMethods").unwrap_or_default(),
        headers: fields.texts("AllowHeaders").unwrap_or_default(),
        expose: fields.texts("ExposeHeaders").unwrap_or_default(),
        credentials: fields.flag("AllowCredentials").unwrap_or_default(),
        max_age: fields.number("MaxAge", 0..=86_400),
    };
    fields.finish();
    Some(cors)
}
