//! `AWS::ApiGatewayV2::ApiMapping`: the stage of an API under a custom domain, and there under a key.

use std::collections::BTreeMap;

use super::raw_api::{API, fields_of};
use super::scope::{HTTP_API, Resource, Scope, api_id};
use crate::model::{Mapping, WebSocketApi};

pub(super) const API_MAPPING: &str = "AWS::ApiGatewayV2::ApiMapping";

/// Gives each API the mappings that name it.
pub(super) fn give(present: &[&Resource], apis: &mut BTreeMap<String, WebSocketApi>, scope: &Scope<'_>) {
    for resource in present.iter().filter(|resource| resource.kind == API_MAPPING) {
        let Some(mut fields) = fields_of(resource, "API mapping", scope) else { continue };
        let api = fields.text("ApiId").or_else(|| fields.missing("ApiId"));
        let domain = fields.text("DomainName").or_else(|| fields.missing("DomainName"));
        let stage = fields.text("Stage").or_else(|| fields.missing("Stage"));
        let key = fields.text("ApiMappingKey").unwrap_or_default();
        let whose = fields.whose.clone();
        fields.finish();
        let (Some(api), Some(domain), Some(stage)) = (api, domain, stage) else { continue };
        let is_api = |one: &Resource| [HTTP_API, API].contains(&one.kind.as_str()) && api_id(&one.id) == api;
        let is_http = scope.resources.values().any(is_api);
        match apis.values_mut().find(|one| one.id == api) {
            Some(api) if api.stage != stage => {
                let what = format!("{whose} shows the stage {stage}, and `{}` runs at {}", api.logical_id, api.stage);
                scope.report.warn(resource.mark, what);
            }
            Some(api) => api.mappings.push(Mapping { domain, key }),
            None if is_http => scope.report.warn(
                resource.mark,
                format!("{whose}: locally an HTTP API is reached at its own address, without the key of a mapping"),
            ),
            None => scope.report.error(resource.mark, format!("{whose} belongs to no API that `local` runs: {api}")),
        }
    }
}
