//! What pages of other origins may do with a bucket: its `CorsConfiguration`.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html>

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header, request};

use super::answers::{Fault, with_headers};
use crate::listen::{self, Body};
use crate::model::{Bucket, CorsRule};

/// What a page asks for.
struct Wanted<'a> {
    origin: &'a str,
    method: &'a str,
    headers: Vec<&'a str>,
}

/// Answers a preflight.
pub(super) fn preflight(bucket: Option<&Bucket>, head: &request::Parts) -> Result<Response<Body>, Fault> {
    let text = |name: HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(method)) = (text(header::ORIGIN), text(header::ACCESS_CONTROL_REQUEST_METHOD)) else {
        return Err(Fault::new(400, "BadRequest", "Insufficient information. Origin request header needed."));
    };
    let asked = text(header::ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default();
    let headers: Vec<&str> = asked.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let wanted = Wanted { origin, method, headers };
    let rules = bucket.map(|bucket| &bucket.cors[..]).unwrap_or_default();
    if rules.is_empty() {
        return Err(Fault::new(403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket."));
    }
    let Some(rule) = rules.iter().find(|rule| rule.fits(&wanted)) else {
        let message = "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method \
                       / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.";
        return Err(Fault::new(403, "AccessForbidden", message));
    };
    let mut response = listen::empty(StatusCode::OK);
    rule.answer(origin, response.headers_mut());
    let names = wanted.headers.join(", ").to_ascii_lowercase();
    let age = rule.max_age.map(|age| age.to_string());
    let headers = [
        ("access-control-allow-headers", Some(names).filter(|names| !names.is_empty())),
        ("access-control-max-age", age),
    ];
    let headers = headers.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)));
    Ok(with_headers(response, headers))
}

/// Lets the page that asks read the answer, if it may.
pub(super) fn allow(bucket: &Bucket, head: &request::Parts, answer: &mut HeaderMap) {
    let Some(origin) = head.headers.get(header::ORIGIN).and_then(|value| value.to_str().ok()) else { return };
    let wanted = Wanted { origin, method: head.method.as_str(), headers: vec![] };
    if let Some(rule) = bucket.cors.iter().find(|rule| rule.fits(&wanted)) {
        rule.answer(origin, answer);
    }
}

impl CorsRule {
    fn fits(&self, wanted: &Wanted<'_>) -> bool {
        let allows = |name: &&str| {
            self.headers.iter().any(|pattern| fits(&pattern.to_ascii_lowercase(), &name.to_ascii_lowercase()))
        };
        self.origins.iter().any(|pattern| fits(pattern, wanted.origin))
            && self.methods.iter().any(|method| method == wanted.method)
            && wanted.headers.iter().all(allows)
    }

    fn answer(&self, origin: &str, answer: &mut HeaderMap) {
        let any = self.origins.iter().any(|pattern| pattern == "*");
        let mut set = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::try_from(value) {
                answer.insert(name, value);
            }
        };
        set(header::ACCESS_CONTROL_ALLOW_ORIGIN, if any { "*" } else { origin });
        if !any {
            set(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        set(header::ACCESS_CONTROL_ALLOW_METHODS, &self.methods.join(", "));
        set(header::VARY, "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
        if !self.expose.is_empty() {
            set(header::ACCESS_CONTROL_EXPOSE_HEADERS, &self.expose.join(", "));
        }
    }
}

/// A pattern has one `*` at most.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        Some((before, after)) => {
            text.len() >= before.len() + after.len() && text.starts_with(before) && text.ends_with(after)
        }
        None => pattern == text,
    }
}
