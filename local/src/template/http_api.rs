//! `AWS::Serverless::HttpApi`.

use super::fields::{Fields, flag};
use super::functions::Event;
use super::scope::{Resource, Scope, api_id};
use super::yaml::{Content, Node};
use crate::model::{Cors, HttpApi, HttpRoute, Throttle};

/// The account's default throttle, for the half of a setting that is not given.
const RATE: f64 = 10_000.0;
const BURST: u64 = 5_000;

/// Reads one HTTP API, with the routes that functions gave it.
pub(super) fn read(resource: &Resource, events: &[Event], scope: &Scope<'_>) -> Option<HttpApi> {
    let id = &resource.id;
    let properties = scope.resolve(&resource.properties)?;
    let mut fields = Fields::of(properties, format!("the HTTP API `{id}`"), scope.report);
    let stage = fields.text("StageName").unwrap_or_else(|| "$default".to_owned());
    let stage_variables = fields.variables("StageVariables").into_iter().collect();
    let cors = fields.take("CorsConfiguration").and_then(|node| cors(node, id, scope));
    let throttle = throttle(&mut fields);
    if let Some(auth) = fields.inner("Auth") {
        no_authorizer(auth, scope);
    }
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
        let Event { route, .. } = event;
        match routes.iter().find(|other| (&other.method, &other.path) == (&route.method, &route.path)) {
            Some(other) => scope.report.error(
                event.mark,
                format!(
                    "{} {} goes to `{}` already: a route has one function",
                    route.method, route.path, other.function
                ),
            ),
            None => routes.push(route.clone()),
        }
    }
    Some(HttpApi { logical_id: id.clone(), id: api_id(id), stage, stage_variables, routes, cors, throttle })
}

fn cors(node: Node, api: &str, scope: &Scope<'_>) -> Option<Cors> {
    if let Content::Text(text) = &node.content {
        return match flag(text) {
            Some(true) => Some(Cors { origins: vec!["*".into()], ..Cors::default() }),
            Some(false) => None,
            None => {
                scope
                    .report
                    .error(node.mark, format!("CorsConfiguration of the HTTP API `{api}` is a mapping, or true"));
                None
            }
        };
    }
    let mut fields = Fields::of(node, format!("CorsConfiguration of the HTTP API `{api}`"), scope.report);
    let cors = Cors {
        origins: fields.texts("AllowOrigins").unwrap_or_default(),
        methods: fields.texts("AllowMethods").unwrap_or_default(),
        headers: fields.texts("AllowHeaders").unwrap_or_default(),
        expose: fields.texts("ExposeHeaders").unwrap_or_default(),
        credentials: fields.flag("AllowCredentials").unwrap_or_default(),
        max_age: fields.number("MaxAge", 0..=86_400),
    };
    if cors.credentials && cors.origins.iter().any(|origin| origin == "*") {
        scope.report.error(
            fields.mark,
            format!("{} allows credentials to any origin, which API Gateway refuses", fields.whose),
        );
    }
    fields.finish();
    Some(cors)
}

/// `DefaultRouteSettings`, alike for both kinds of API; there are none of single routes.
pub(super) fn throttle(fields: &mut Fields<'_>) -> Option<Throttle> {
    fields.refuse("RouteSettings", "`local` knows no settings of single routes: use DefaultRouteSettings");
    let mut settings = fields.inner("DefaultRouteSettings")?;
    let rate = settings.rate("ThrottlingRateLimit");
    let burst = settings.number("ThrottlingBurstLimit", 0..=u64::from(u32::MAX));
    settings.accept(&["DetailedMetricsEnabled", "DataTraceEnabled", "LoggingLevel"]);
    settings.finish();
    if rate.is_none() && burst.is_none() {
        return None;
    }
    Some(Throttle { rate: rate.unwrap_or(RATE), burst: burst.unwrap_or(BURST) as u32 })
}

/// Authorizers of HTTP APIs are not run; saying that there is none is fine.
pub(super) fn no_authorizer(mut auth: Fields<'_>, scope: &Scope<'_>) {
    if let Some(name) = auth.text("Authorizer")
        && name != "NONE"
    {
        scope.report.error(auth.mark, format!("{}: `local` runs no authorizers for HTTP APIs", auth.whose));
    }
    for property in ["Authorizers", "DefaultAuthorizer", "AuthorizationScopes", "EnableIamAuthorizer", "InvokeRole"] {
        auth.refuse(property, "`local` runs no authorizers for HTTP APIs");
    }
    auth.finish();
}
