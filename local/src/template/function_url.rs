//! `FunctionUrlConfig` of a function.

use super::fields::Fields;
use super::http_api;
use super::scope::{Scope, url_id};
use crate::model::FunctionUrl;

/// The function's own address, if it is to have one.
pub(super) fn read(fields: &mut Fields<'_>, function: &str, scope: &Scope<'_>) -> Option<FunctionUrl> {
    let mut url = fields.inner("FunctionUrlConfig")?;
    let auth = url.text("AuthType").or_else(|| url.missing("AuthType"));
    let cors = url.take("Cors").and_then(|node| http_api::cors(node, &format!("Cors of {}", url.whose), scope));
    let mode = url.text("InvokeMode").unwrap_or_else(|| "BUFFERED".to_owned());
    if !["BUFFERED", "RESPONSE_STREAM"].contains(&mode.as_str()) {
        scope.report.error(url.mark, format!("InvokeMode of {} is BUFFERED or RESPONSE_STREAM, not {mode}", url.whose));
    }
    let mark = url.mark;
    url.finish();
    let auth = auth?;
    if !["NONE", "AWS_IAM"].contains(&auth.as_str()) {
        let message =
            format!("AuthType of FunctionUrlConfig of the function `{function}` is NONE or AWS_IAM, not {auth}");
        scope.report.error(mark, message);
    }
    Some(FunctionUrl { id: url_id(function), signed: auth == "AWS_IAM", streams: mode == "RESPONSE_STREAM", cors })
}
