//! A WebSocket API as CloudFormation has it, and as SAM makes one of the short form: `AWS::ApiGatewayV2::Api` with its routes, integrations, stage and
//! deployment, each a resource that names its API.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::access::{self, AUTHORIZER, Wanted, Written, function_at};
use super::fields::Fields;
use super::scope::{Resource, Scope, api_id, made_id};
use super::throttle::{self, Throttles, throttles};
use super::websocket_api::{LONGEST, SHORTEST, check_route, check_stage, is_two_way};
use super::yaml::Mark;
use crate::model::access::Entry;
use crate::model::{Function, WebSocketApi, WebSocketRoute};

pub(super) const API: &str = "AWS::ApiGatewayV2::Api";
pub(super) const ROUTE: &str = "AWS::ApiGatewayV2::Route";
pub(super) const INTEGRATION: &str = "AWS::ApiGatewayV2::Integration";
pub(super) const STAGE: &str = "AWS::ApiGatewayV2::Stage";
pub(super) const DEPLOYMENT: &str = "AWS::ApiGatewayV2::Deployment";

struct Integration {
    /// Where it leads, with the stage variables as they are written.
    uri: String,
    timeout: u64,
}

/// A stage of an API of either kind.
pub(super) struct Stage {
    pub(super) mark: Mark,
    pub(super) api: String,
    pub(super) name: String,
    pub(super) variables: BTreeMap<String, String>,
    whose: String,
    pub(super) throttles: Throttles,
    /// The id of what it shows, unless it always shows the newest.
    deployment: Option<String>,
    deploys_itself: bool,
}

struct Route {
    id: String,
    mark: Mark,
    whose: String,
    api: String,
    key: String,
    /// The id of its integration.
    target: String,
    two_way: bool,
    wanted: Wanted,
    key_required: bool,
}

/// Reads all WebSocket APIs that are written out. `responses` are the ids of the routes that have a `$default` route response.
pub(super) fn read(
    present: &[&Resource],
    functions: &BTreeMap<String, Function>,
    responses: &BTreeSet<String>,
    scope: &Scope<'_>,
) -> Vec<WebSocketApi> {
    let of = |kind: &'static str| present.iter().copied().filter(move |resource| resource.kind == kind);
    let integrations: BTreeMap<String, Integration> =
        of(INTEGRATION).filter_map(|one| Some((made_id(&one.id), integration(one, scope)?))).collect();
    let authorizers: BTreeMap<String, Written> = of(AUTHORIZER).filter_map(|one| access::written(one, scope)).collect();
    let routes: Vec<Route> = of(ROUTE).filter_map(|one| route(one, responses, scope)).collect();
    let stages: Vec<Stage> = of(STAGE).filter_map(|one| stage(one, true, scope)).collect();
    let deployments = deployments(present, scope);
    let apis: BTreeSet<String> = of(API).map(|one| api_id(&one.id)).collect();
    for authorizer in authorizers.values().filter(|authorizer| !apis.contains(&authorizer.api)) {
        scope
            .report
            .error(authorizer.mark, format!("{} belongs to no API: ApiId refers to an {API}", authorizer.whose));
    }
    for route in routes.iter().filter(|route| !apis.contains(&route.api)) {
        scope.report.error(route.mark, format!("{} belongs to no API: ApiId refers to an {API}", route.whose));
    }
    of(API)
        .filter_map(|resource| {
            let mut api = api(resource, scope)?;
            let mine: Vec<&Route> = routes.iter().filter(|route| route.api == api.id).collect();
            let stage = stage_of(resource, &stages, scope)?;
            let named = mine.iter().map(|route| (route.id.as_str(), route.whose.as_str()));
            is_deployed(stage, named, "whose messages are then `Forbidden` in the cloud", &deployments, scope);
            api.stage.clone_from(&stage.name);
            api.stage_variables.clone_from(&stage.variables);
            api.throttle = stage.throttles.default;
            api.route_throttles.clone_from(&stage.throttles.routes);
            stage.knows(mine.iter().map(|route| &route.key), scope);
            for route in mine {
                if route.key == "$connect" {
                    api.entry.key_required = route.key_required;
                    let (whose, mark, variables) = (&route.whose, route.mark, &stage.variables);
                    api.entry.authorization =
                        route.wanted.authorization(whose, mark, &authorizers, variables, functions, scope);
                }
                let read = integrated(route, &integrations, stage, functions, scope);
                if let Some(read) = read
                    && api.routes.insert(route.key.clone(), read).is_some()
                {
                    scope.report.error(route.mark, format!("{} is there twice", route.whose));
                }
            }
            Some(api)
        })
        .collect()
}

/// The properties of a resource that is written out.
pub(super) fn fields_of<'r>(resource: &Resource, what: &str, scope: &Scope<'r>) -> Option<Fields<'r>> {
    let properties = scope.resolve(&resource.properties)?;
    let mut fields = Fields::of(properties, format!("the {what} `{}`", resource.id), scope.report);
    fields.mark = resource.mark;
    Some(fields)
}

fn api(resource: &Resource, scope: &Scope<'_>) -> Option<WebSocketApi> {
    let mut fields = fields_of(resource, "API", scope)?;
    let protocol = fields.text("ProtocolType").or_else(|| fields.missing("ProtocolType"))?;
    if protocol != "WEBSOCKET" {
        let what = format!("{} is of the protocol {protocol}: it is WEBSOCKET or HTTP", fields.whose);
        scope.report.error(fields.mark, what);
        return None;
    }
    let expression = fields.text("RouteSelectionExpression").or_else(|| fields.missing("RouteSelectionExpression"));
    let key_source = access::key_source(&mut fields);
    fields.accept(&[
        "Name",
        "Description",
        "Tags",
        "Version",
        "DisableExecuteApiEndpoint",
        "DisableSchemaValidation",
        "IpAddressType",
    ]);
    fields.finish();
    Some(WebSocketApi {
        logical_id: resource.id.clone(),
        id: api_id(&resource.id),
        stage: String::new(),
        stage_variables: BTreeMap::new(),
        route_selection_expression: expression?,
        routes: BTreeMap::new(),
        throttle: None,
        route_throttles: BTreeMap::new(),
        entry: Entry { key_source, ..Entry::default() },
        mappings: vec![],
    })
}

fn integration(resource: &Resource, scope: &Scope<'_>) -> Option<Integration> {
    let mut fields = fields_of(resource, "integration", scope)?;
    let kind = fields.text("IntegrationType").or_else(|| fields.missing("IntegrationType"));
    let uri = fields.text("IntegrationUri").or_else(|| fields.missing("IntegrationUri"));
    let timeout = fields.number("TimeoutInMillis", SHORTEST..=LONGEST).unwrap_or(LONGEST);
    if fields.text("ContentHandlingStrategy").is_some_and(|strategy| strategy != "CONVERT_TO_TEXT") {
        let what = format!("{} converts to binary, which `local` does not: CONVERT_TO_TEXT", fields.whose);
        scope.report.error(fields.mark, what);
    }
    // What the function of a proxy integration hears and says is not mapped.
    fields.accept(&[
        "ApiId",
        "Description",
        "IntegrationMethod",
        "CredentialsArn",
        "ConnectionType",
        "PassthroughBehavior",
        "PayloadFormatVersion",
        "RequestParameters",
        "RequestTemplates",
        "TemplateSelectionExpression",
    ]);
    let whose = fields.whose.clone();
    fields.finish();
    if let Some(kind) = kind.filter(|kind| kind != "AWS_PROXY") {
        scope.report.error(resource.mark, format!("{whose} is of the type {kind}; `local` runs functions: AWS_PROXY"));
        return None;
    }
    Some(Integration { uri: uri?, timeout })
}

fn route(resource: &Resource, responses: &BTreeSet<String>, scope: &Scope<'_>) -> Option<Route> {
    let mut fields = fields_of(resource, "route", scope)?;
    let api = fields.text("ApiId").or_else(|| fields.missing("ApiId"));
    let key = fields.text("RouteKey").or_else(|| fields.missing("RouteKey"));
    let target = fields.text("Target").or_else(|| fields.missing("Target"));
    let expression = fields.text("RouteResponseSelectionExpression");
    let wanted = access::wanted(&mut fields, key.as_deref());
    let key_required = check_route(&mut fields, key.as_deref().unwrap_or("$connect"));
    fields.refuse("AuthorizationScopes", "only HTTP APIs have it");
    let whose = fields.whose.clone();
    fields.finish();
    let id = made_id(&resource.id);
    let responds = responses.contains(&id);
    let two_way = is_two_way(expression.as_deref(), responds, &whose, &resource.id, resource.mark, scope);
    let target = target?;
    let Some(target) = target.strip_prefix("integrations/") else {
        let what = format!("{whose} has the target {target:?}: it is \"integrations/\" with the Ref of an integration");
        scope.report.error(resource.mark, what);
        return None;
    };
    Some(Route {
        id: resource.id.clone(),
        mark: resource.mark,
        whose,
        api: api?,
        key: key?,
        target: target.to_owned(),
        two_way,
        wanted,
        key_required,
    })
}

/// The first stage of an API: the one that runs.
pub(super) fn stage_of<'s>(api: &Resource, stages: &'s [Stage], scope: &Scope<'_>) -> Option<&'s Stage> {
    let mut mine = stages.iter().filter(|stage| stage.api == api_id(&api.id));
    let Some(stage) = mine.next() else {
        let what = format!("the API `{}` has no stage, so that nobody reaches it: add an {STAGE}", api.id);
        scope.report.error(api.mark, what);
        return None;
    };
    for other in mine {
        let what = format!("`{}` runs at its stage {}; {} is not there", api.id, stage.name, other.name);
        scope.report.warn(other.mark, what);
    }
    Some(stage)
}

impl Stage {
    /// Refuses settings of routes that are not there.
    pub(super) fn knows<K: AsRef<str>>(&self, routes: impl Iterator<Item = K>, scope: &Scope<'_>) {
        for key in throttle::unknown(&self.throttles, routes) {
            scope.report.error(self.mark, format!("RouteSettings of {}: there is no route `{key}`", self.whose));
        }
    }
}

pub(super) fn stage(resource: &Resource, is_websocket: bool, scope: &Scope<'_>) -> Option<Stage> {
    let mut fields = fields_of(resource, "stage", scope)?;
    let api = fields.text("ApiId").or_else(|| fields.missing("ApiId"));
    let name = fields.text("StageName").or_else(|| fields.missing("StageName"));
    name.iter().filter(|_| is_websocket).for_each(|name| check_stage(name, &fields, scope));
    let variables = fields.variables("StageVariables").into_iter().collect();
    let throttles = throttles(&mut fields);
    let deployment = fields.text("DeploymentId");
    let deploys_itself = fields.flag("AutoDeploy") == Some(true);
    fields.accept(&["Description", "Tags", "AccessLogSettings", "AccessPolicyId", "ClientCertificateId"]);
    let whose = fields.whose.clone();
    fields.finish();
    let mark = resource.mark;
    Some(Stage { mark, whose, api: api?, name: name?, variables, throttles, deployment, deploys_itself })
}

/// The deployments, by id.
pub(super) fn deployments<'p>(present: &[&'p Resource], scope: &Scope<'_>) -> BTreeMap<String, &'p Resource> {
    let all = present.iter().copied().filter(|resource| resource.kind == DEPLOYMENT);
    all.map(|one| {
        deployment(one, scope);
        (made_id(&one.id), one)
    })
    .collect()
}

fn deployment(resource: &Resource, scope: &Scope<'_>) {
    if let Some(mut fields) = fields_of(resource, "deployment", scope) {
        if fields.text("ApiId").is_none() {
            let _said = fields.missing::<String>("ApiId");
        }
        fields.accept(&["Description", "StageName"]);
        fields.finish();
    }
}

/// Warns where the cloud would lack what is run here: a deployment is what the API was when it was made. `routes` are ids and names of routes, and
/// `otherwise` says how one that is missed shows.
pub(super) fn is_deployed<'r>(
    stage: &Stage,
    routes: impl Iterator<Item = (&'r str, &'r str)>,
    otherwise: &str,
    deployments: &BTreeMap<String, &Resource>,
    scope: &Scope<'_>,
) {
    if stage.deploys_itself {
        return;
    }
    let Some(deployment) = stage.deployment.as_ref().and_then(|id| deployments.get(id)) else {
        let what =
            format!("the stage {} shows nothing in the cloud: give it a DeploymentId, or AutoDeploy", stage.name);
        scope.report.warn(stage.mark, what);
        return;
    };
    for (_, whose) in routes.filter(|(id, _)| !deployment.depends_on.iter().any(|name| name == id)) {
        let what = format!(
            "the deployment `{}` may be made before {whose}, {otherwise}: name it under DependsOn, or give the stage AutoDeploy",
            deployment.id
        );
        scope.report.warn(deployment.mark, what);
    }
}

/// A route with the function that its integration leads to.
fn integrated(
    route: &Route,
    integrations: &BTreeMap<String, Integration>,
    stage: &Stage,
    functions: &BTreeMap<String, Function>,
    scope: &Scope<'_>,
) -> Option<WebSocketRoute> {
    let Some(integration) = integrations.get(&route.target) else {
        let what =
            format!("{} has a target that is no integration: \"integrations/\" with the Ref of one", route.whose);
        scope.report.error(route.mark, what);
        return None;
    };
    let Some(function) = function_at(&integration.uri, &stage.variables, functions, scope) else {
        let what =
            format!("the integration of {} leads to no function that `local` runs: {}", route.whose, integration.uri);
        scope.report.error(route.mark, what);
        return None;
    };
    Some(WebSocketRoute { function, two_way: route.two_way, timeout: Duration::from_millis(integration.timeout) })
}
