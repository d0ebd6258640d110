//! `AWS::ApiGatewayV2::ApiMapping`: the stage of an API under a custom domain, and there under a key.

use super::raw_api::fields_of;
use super::scope::{Resource, Scope};
use crate::model::{Cloud, Mapping};

pub(super) const API_MAPPING: &str = "AWS::ApiGatewayV2::ApiMapping";

/// Gives each API the mappings that name it.
pub(super) fn give(present: &[&Resource], cloud: &mut Cloud, scope: &Scope<'_>) {
    for resource in present.iter().filter(|resource| resource.kind == API_MAPPING) {
        let Some(mut fields) = fields_of(resource, "API mapping", scope) else { continue };
        let api = fields.text("ApiId").or_else(|| fields.missing("ApiId"));
        let domain = fields.text("DomainName").or_else(|| fields.missing("DomainName"));
        let stage = fields.text("Stage").or_else(|| fields.missing("Stage"));
        let key = fields.text("ApiMappingKey").unwrap_or_default();
        let whose = fields.whose.clone();
        fields.finish();
        let (Some(api), Some(domain), Some(stage)) = (api, domain, stage) else { continue };
        let websocket = cloud.websocket_apis.values_mut().find(|one| one.id == api);
        let websocket = websocket.map(|one| (&one.logical_id, &one.stage, &mut one.mappings));
        let http = cloud.http_apis.values_mut().find(|one| one.id == api);
        let http = http.map(|one| (&one.logical_id, &one.stage, &mut one.mappings));
        match websocket.or(http) {
            Some((id, runs, _)) if *runs != stage => {
                let what = format!("{whose} shows the stage {stage}, and `{id}` runs at {runs}");
                scope.report.warn(resource.mark, what);
            }
            Some((_, _, mappings)) => mappings.push(Mapping { domain, key }),
            None => scope.report.error(resource.mark, format!("{whose} belongs to no API that `local` runs: {api}")),
        }
    }
}
