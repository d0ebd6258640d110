//! `FunctionUrlConfig` of a function, and `AWS::Lambda::Url`, which is the same as a resource of its own.

use std::collections::BTreeMap;

use super::asynchronous::function_of;
use super::fields::Fields;
use super::http_api::cors_of_anything;
use super::intrinsics::Trouble;
use super::raw_api::fields_of;
use super::scope::{CLOUD_ONLY, Resource, Scope, url_id};
use super::yaml::Mark;
use crate::model::{Function, FunctionUrl};

/// The resource.
pub(super) const URL: &str = "AWS::Lambda::Url";

/// The function's own address, if it is to have one. SAM puts it before the alias, if there is one.
pub(super) fn read(
    fields: &mut Fields<'_>,
    function: &str,
    alias: Option<&String>,
    scope: &Scope<'_>,
) -> Option<FunctionUrl> {
    let config = fields.inner("FunctionUrlConfig")?;
    let whose = format!("FunctionUrlConfig of the function `{function}`");
    let url = settings(config, &whose, url_id(function), scope)?;
    Some(FunctionUrl { qualifier: alias.cloned(), ..url })
}

/// Gives functions the addresses that are resources of their own.
pub(super) fn give(present: &[&Resource], functions: &mut BTreeMap<String, Function>, scope: &Scope<'_>) {
    for resource in present.iter().filter(|resource| resource.kind == URL) {
        let Some(mut fields) = fields_of(resource, "function URL", scope) else { continue };
        let target = fields.text("TargetFunctionArn").or_else(|| fields.missing("TargetFunctionArn"));
        let qualifier = fields.any_text("Qualifier");
        let (mark, whose) = (fields.mark, fields.whose.clone());
        let url = settings(fields, &whose, url_id(&resource.id), scope);
        let (Some(target), Some(url)) = (target, url) else { continue };
        let function = function_of(&arn(&target, scope), scope).and_then(|id| functions.get_mut(&id));
        let Some(function) = function else {
            scope.report.error(mark, format!("TargetFunctionArn of {whose} is no function of this template"));
            continue;
        };
        let qualifier = qualifier.or_else(|| qualifier_of(&target));
        if qualifier.is_some() && qualifier != function.alias {
            scope
                .report
                .warn(mark, format!("{whose} is that of an alias, which is not there: the function answers itself"));
        }
        let qualifier = qualifier.filter(|name| !name.contains(CLOUD_ONLY));
        if function.url.replace(FunctionUrl { qualifier, ..url }).is_some() {
            scope.report.error(mark, format!("{whose} is the second one of its function, of which `local` serves one"));
        }
    }
}

/// The ARN of the function that an `AWS::Lambda::Url` leads to.
pub(super) fn target(resource: &Resource, scope: &Scope<'_>) -> Result<String, Trouble> {
    match resource.properties.get("TargetFunctionArn") {
        Some(given) => scope.once(&resource.id, || scope.scalar(given, "TargetFunctionArn")).map(|of| arn(&of, scope)),
        None => Err(Trouble::Said),
    }
}

/// A function is named by its name, its ARN or the ARN without its beginning, each with or without a qualifier.
pub(super) fn arn(name: &str, scope: &Scope<'_>) -> String {
    let own = name.split_once("function:").map_or(name, |(_, own)| own);
    scope.function_arn(own)
}

fn qualifier_of(name: &str) -> Option<String> {
    let own = name.split_once("function:").map_or(name, |(_, own)| own);
    own.split_once(':').map(|(_, qualifier)| qualifier.to_owned())
}

fn settings(mut url: Fields<'_>, whose: &str, id: String, scope: &Scope<'_>) -> Option<FunctionUrl> {
    let auth = url.text("AuthType").or_else(|| url.missing("AuthType"));
    let cors = url.take("Cors").and_then(|node| cors_of_anything(node, &format!("Cors of {whose}"), scope));
    let mode = url.text("InvokeMode").unwrap_or_else(|| "BUFFERED".to_owned());
    let mark = url.mark;
    url.finish();
    one_of("InvokeMode", &mode, ["BUFFERED", "RESPONSE_STREAM"], mark, whose, scope);
    let auth = auth?;
    one_of("AuthType", &auth, ["NONE", "AWS_IAM"], mark, whose, scope);
    let (signed, streams) = (auth == "AWS_IAM", mode == "RESPONSE_STREAM");
    Some(FunctionUrl { id, qualifier: None, signed, streams, cors })
}

fn one_of(key: &str, said: &str, known: [&str; 2], mark: Mark, whose: &str, scope: &Scope<'_>) {
    if !known.contains(&said) {
        let [one, other] = known;
        scope.report.error(mark, format!("{key} of {whose} is {one} or {other}, not {said}"));
    }
}
