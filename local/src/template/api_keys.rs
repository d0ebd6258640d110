//! API keys and usage plans, as far as WebSocket APIs use them: a key that is in a plan of a stage lets in whoever shows it.
//!
//! A key without a `Value` gets one that is made of its logical id, as AWS would make one up, and it is told.

use std::collections::BTreeMap;

use super::fields::Fields;
use super::raw_api::fields_of;
use super::scope::{Resource, Scope, made_id, made_key};
use super::yaml::Content;
use crate::model::WebSocketApi;
use crate::model::access::ApiKey;

pub(super) const API_KEY: &str = "AWS::ApiGateway::ApiKey";
pub(super) const USAGE_PLAN: &str = "AWS::ApiGateway::UsagePlan";
pub(super) const USAGE_PLAN_KEY: &str = "AWS::ApiGateway::UsagePlanKey";

/// What AWS asks of a value.
const SHORTEST: usize = 20;

/// Gives the APIs that require a key those of their plans.
pub(super) fn give(present: &[&Resource], apis: &mut BTreeMap<String, WebSocketApi>, scope: &Scope<'_>) {
    let of = |kind: &'static str| present.iter().copied().filter(move |resource| resource.kind == kind);
    let keys: Vec<ApiKey> = of(API_KEY).filter_map(|one| key(one, scope)).collect();
    // The API and the stage that a plan is for.
    let plans: BTreeMap<String, Vec<(String, String)>> =
        of(USAGE_PLAN).filter_map(|one| Some((made_id(&one.id), plan(one, scope)?))).collect();
    let members: Vec<(String, String)> = of(USAGE_PLAN_KEY).filter_map(|one| member(one, scope)).collect();
    for (id, api) in apis.iter_mut().filter(|(_, api)| api.entry.key_required) {
        let is_for = |plan: &str| {
            let stages = plans.get(plan).map(Vec::as_slice).unwrap_or_default();
            stages.iter().any(|(of, stage)| *of == api.id && *stage == api.stage)
        };
        let fits = |key: &&ApiKey| members.iter().any(|(member, plan)| *member == key.id && is_for(plan));
        api.entry.keys = keys.iter().filter(fits).cloned().collect();
        if api.entry.keys.is_empty()
            && let Some(resource) = scope.resources.get(id)
        {
            let what = format!(
                "`{id}` requires an API key and there is none for its stage {}, so that nobody gets in: add an {API_KEY}, an {USAGE_PLAN} for the stage, and an {USAGE_PLAN_KEY}",
                api.stage
            );
            scope.report.warn(resource.mark, what);
        }
    }
}

/// A key that may be used.
fn key(resource: &Resource, scope: &Scope<'_>) -> Option<ApiKey> {
    let mut fields = fields_of(resource, "API key", scope)?;
    let value = fields.text("Value");
    let enabled = fields.flag("Enabled");
    fields.accept(&["Name", "Description", "CustomerId", "GenerateDistinctId", "StageKeys", "Tags"]);
    let whose = fields.whose.clone();
    fields.finish();
    if enabled != Some(true) {
        scope.report.warn(resource.mark, format!("{whose} lets nobody in: it needs Enabled: true"));
        return None;
    }
    if value.as_ref().is_some_and(|value| value.len() < SHORTEST) {
        let what = format!("Value of {whose} is too short: API Gateway asks for {SHORTEST} characters");
        scope.report.error(resource.mark, what);
        return None;
    }
    let value = value.unwrap_or_else(|| {
        let made = made_key(&resource.id);
        let what = format!("{whose} has no Value, which AWS would make up: here clients send x-api-key: {made}");
        scope.report.warn(resource.mark, what);
        made
    });
    Some(ApiKey { id: made_id(&resource.id), value })
}

fn plan(resource: &Resource, scope: &Scope<'_>) -> Option<Vec<(String, String)>> {
    let mut fields = fields_of(resource, "usage plan", scope)?;
    let stages = match fields.take("ApiStages").map(|node| (node.mark, node.content)) {
        Some((_, Content::List(stages))) => stages,
        Some((mark, _)) => {
            scope.report.error(mark, format!("ApiStages of {} must be a list", fields.whose));
            return None;
        }
        None => vec![],
    };
    let stages = stages.into_iter().filter_map(|node| {
        let mut stage = Fields::of(node, format!("ApiStages of {}", fields.whose), scope.report);
        let api = stage.text("ApiId").or_else(|| stage.missing("ApiId"));
        let name = stage.text("Stage").or_else(|| stage.missing("Stage"));
        stage.warn("Throttle", "what a key uses is not counted locally");
        stage.finish();
        Some((api?, name?))
    });
    let stages = stages.collect();
    fields.warn("Throttle", "what a key uses is not counted locally");
    fields.warn("Quota", "what a key uses is not counted locally");
    fields.accept(&["UsagePlanName", "Description", "Tags"]);
    fields.finish();
    Some(stages)
}

/// The ids of a key and of a plan that it is in.
fn member(resource: &Resource, scope: &Scope<'_>) -> Option<(String, String)> {
    let mut fields = fields_of(resource, "usage plan key", scope)?;
    let key = fields.text("KeyId").or_else(|| fields.missing("KeyId"));
    let plan = fields.text("UsagePlanId").or_else(|| fields.missing("UsagePlanId"));
    let kind = fields.text("KeyType").or_else(|| fields.missing("KeyType"));
    if kind.is_some_and(|kind| kind != "API_KEY") {
        scope.report.error(fields.mark, format!("KeyType of {} must be API_KEY: there is no other", fields.whose));
    }
    fields.finish();
    Some((key?, plan?))
}
