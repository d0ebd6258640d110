//! Cross-origin requests: the gateway answers preflights itself and decides on the headers of every answer; what a function says about
//! them is dropped.

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};

use crate::listen::{self, Body};
use crate::model;

/// The CORS configuration, as header values.
#[derive(Debug)]
pub(super) struct Cors {
    origins: Vec<String>,
    credentials: bool,
    methods: Option<HeaderValue>,
    headers: Option<HeaderValue>,
    expose: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
}

/// A request that a browser makes on its own before the real one.
pub(super) fn is_preflight(head: &Parts) -> bool {
    head.method == Method::OPTIONS
        && head.headers.contains_key(header::ORIGIN)
        && head.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

impl Cors {
    pub(super) fn new(cors: model::Cors) -> Self {
        Self {
            methods: joined(&cors.methods),
            headers: joined(&cors.headers),
            expose: joined(&cors.expose),
            max_age: cors.max_age.map(HeaderValue::from),
            credentials: cors.credentials,
            origins: cors.origins,
        }
    }

    /// 204 in any case; without a header that allows anything if the origin is none of those that may.
    pub(super) fn preflight(&self, request: &HeaderMap) -> Response<Body> {
        let mut response = listen::empty(StatusCode::NO_CONTENT);
        let headers = response.headers_mut();
        if self.allow(request, headers) {
            let rest = [
                (header::ACCESS_CONTROL_ALLOW_METHODS, &self.methods),
                (header::ACCESS_CONTROL_ALLOW_HEADERS, &self.headers),
                (header::ACCESS_CONTROL_MAX_AGE, &self.max_age),
            ];
            set(headers, rest);
        }
        response
    }

    /// The headers of an ordinary answer.
    pub(super) fn apply(&self, request: &HeaderMap, response: &mut HeaderMap) {
        let said: Vec<HeaderName> =
            response.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect();
        for name in said {
            response.remove(name);
        }
        if self.allow(request, response) {
            set(response, [(header::ACCESS_CONTROL_EXPOSE_HEADERS, &self.expose)]);
        }
    }

    fn allow(&self, request: &HeaderMap, response: &mut HeaderMap) -> bool {
        let Some(origin) = request.get(header::ORIGIN) else { return false };
        let Some(allowed) =
            origin.to_str().ok().and_then(|origin| self.origins.iter().find(|pattern| fits(pattern, origin)))
        else {
            return false;
        };
        let any = allowed == "*" && !self.credentials;
        let value = if any { HeaderValue::from_static("*") } else { origin.clone() };
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, value);
        if !any {
            response.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if self.credentials {
            response.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        true
    }
}

/// `*`, `https://*` or an origin, exactly.
fn fits(pattern: &str, origin: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => origin.starts_with(prefix),
        None => pattern.eq_ignore_ascii_case(origin),
    }
}

fn joined(values: &[String]) -> Option<HeaderValue> {
    if values.is_empty() { None } else { HeaderValue::try_from(values.join(",")).ok() }
}

fn set<const N: usize>(headers: &mut HeaderMap, values: [(HeaderName, &Option<HeaderValue>); N]) {
    for (name, value) in values {
        if let Some(value) = value {
            headers.insert(name, value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors(origins: &[&str], credentials: bool) -> Cors {
        Cors::new(model::Cors {
            origins: origins.iter().map(|origin| (*origin).into()).collect(),
            methods: vec!["GET".into(), "POST".into()],
            headers: vec!["authorization".into()],
            expose: vec!["x-total".into()],
            credentials,
            max_age: Some(600),
        })
    }

    fn from(origin: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(origin))])
    }

    #[test]
    fn a_foreign_origin_and_no_origin_get_no_header_and_the_functions_own_are_dropped() {
        let cors = cors(&["https://chat.example"], false);
        for request in [from("https://evil.example"), from("https://chat.example.evil"), HeaderMap::new()] {
            assert!(cors.preflight(&request).headers().is_empty());
            let mut response = HeaderMap::new();
            response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            cors.apply(&request, &mut response);
            assert!(response.is_empty());
        }
    }

    #[test]
    fn an_allowed_origin_is_named_and_the_answer_varies_with_it() {
        let cors = cors(&["https://chat.example"], true);
        let preflight = cors.preflight(&from("https://chat.example"));
        assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
        for (name, value) in [
            ("access-control-allow-origin", "https://chat.example"),
            ("access-control-allow-methods", "GET,POST"),
            ("access-control-allow-headers", "authorization"),
            ("access-control-allow-credentials", "true"),
            ("access-control-max-age", "600"),
            ("vary", "Origin"),
        ] {
            assert_eq!(preflight.headers().get(name).and_then(|value| value.to_str().ok()), Some(value), "{name}");
        }
        let mut response = HeaderMap::new();
        cors.apply(&from("https://chat.example"), &mut response);
        assert_eq!(response.get("access-control-expose-headers").map(HeaderValue::as_bytes), Some(&b"x-total"[..]));
    }

    #[test]
    fn a_wildcard_stays_one_unless_there_are_credentials() {
        let origin =
            |cors: &Cors, from: &HeaderMap| cors.preflight(from).headers().get("access-control-allow-origin").cloned();
        let request = from("https://a.example");
        assert_eq!(origin(&cors(&["*"], false), &request), Some(HeaderValue::from_static("*")));
        assert_eq!(origin(&cors(&["https://*"], false), &request), Some(HeaderValue::from_static("https://a.example")));
        assert_eq!(origin(&cors(&["http://*"], false), &request), None);
    }
}
