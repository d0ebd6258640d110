//! The event that a function gets for an HTTP request: payload format 2.0.
//!
//! `rawPath` is decoded, against its name: captures of real events show that HTTP APIs decode it. A body is base64 unless its content type
//! says text, and a form (`application/x-www-form-urlencoded`) does not.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::request::Parts;
use serde::Serialize;
use serde_json::{Value, json};

use super::route::Found;
use crate::gateway::{domain, url};
use crate::{model, time};

/// A request on its way to a function.
pub(super) struct Event<'a> {
    pub(super) api: &'a model::HttpApi,
    pub(super) address: SocketAddr,
    pub(super) head: &'a Parts,
    pub(super) body: &'a [u8],
    pub(super) peer: SocketAddr,
    /// Who asks, as far as the gateway knows: an account, or `anonymous`.
    pub(super) account: &'a str,
    pub(super) found: &'a Found<'a>,
    pub(super) id: &'a str,
    pub(super) trace: &'a str,
    /// What the authorizer has found out.
    pub(super) authorizer: Option<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    version: &'a str,
    route_key: &'a str,
    raw_path: &'a str,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    headers: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: BTreeMap<String, String>,
    request_context: Context<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    path_parameters: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    stage_variables: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    account_id: &'a str,
    api_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<&'a Value>,
    domain_name: &'a str,
    domain_prefix: &'a str,
    http: Http<'a>,
    request_id: &'a str,
    route_key: &'a str,
    stage: &'a str,
    time: String,
    time_epoch: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'a> {
    method: &'a str,
    path: &'a str,
    protocol: &'a str,
    source_ip: String,
    user_agent: &'a str,
}

impl Event<'_> {
    pub(super) fn to_json(&self) -> Vec<u8> {
        // Maps with string keys, strings and numbers always serialize.
        self.written(|payload| serde_json::to_vec(payload).unwrap_or_default())
    }

    fn to_value(&self) -> Value {
        self.written(|payload| serde_json::to_value(payload).unwrap_or_default())
    }

    fn written<W>(&self, write: impl FnOnce(&Payload<'_>) -> W) -> W {
        let now = time::now_ms();
        let path = url::decode(self.head.uri.path());
        let query = self.head.uri.query().unwrap_or_default();
        let key = self.found.key();
        let domain = domain(self.address);
        let source_ip = self.peer.ip().to_string();
        let (body, is_base64_encoded) = body(&self.head.headers, self.body);
        let payload = Payload {
            version: "2.0",
            route_key: &key,
            raw_path: &path,
            raw_query_string: query,
            cookies: cookies(&self.head.headers),
            headers: headers(&self.head.headers, &source_ip, self.trace),
            query_string_parameters: joined(url::query(query)),
            request_context: Context {
                account_id: self.account,
                api_id: &self.api.id,
                authorizer: self.authorizer.as_ref(),
                domain_name: &domain,
                domain_prefix: &self.api.id,
                http: Http {
                    method: self.head.method.as_str(),
                    path: &path,
                    protocol: "HTTP/1.1",
                    user_agent: self
                        .head
                        .headers
                        .get("user-agent")
                        .and_then(|agent| agent.to_str().ok())
                        .unwrap_or_default(),
                    source_ip: source_ip.clone(),
                },
                request_id: self.id,
                route_key: &key,
                stage: &self.api.stage,
                time: time::common_log(now),
                time_epoch: now,
            },
            path_parameters: self.found.parameters.iter().map(|(name, value)| (*name, value.as_str())).collect(),
            stage_variables: &self.api.stage_variables,
            body,
            is_base64_encoded,
        };
        write(&payload)
    }

    /// What an authorizer is asked in payload format 2.0: the event without the body, who it is, and what is to be decided about.
    pub(super) fn question_two(&self, arn: &str, who: &[String]) -> Value {
        let mut question = self.to_value();
        if let Some(question) = question.as_object_mut() {
            question.retain(|key, _| !["body", "isBase64Encoded"].contains(&key.as_str()));
        }
        question["type"] = "REQUEST".into();
        question["routeArn"] = arn.into();
        question["identitySource"] = if who.is_empty() { Value::Null } else { json!(who) };
        question
    }

    /// The same in payload format 1.0.
    pub(super) fn question_one(&self, arn: &str, who: &[String]) -> Value {
        let event = self.to_value();
        let (context, who) = (&event["requestContext"], who.join(","));
        let route = &self.found.route.path;
        let method = self.head.method.as_str();
        let or_empty = |value: &Value| if value.is_null() { json!({}) } else { value.clone() };
        // Only the newer format has cookies apart.
        let mut headers = event["headers"].clone();
        let cookies = cookies(&self.head.headers);
        if !cookies.is_empty() {
            headers["cookie"] = cookies.join("; ").into();
        }
        json!({
            "version": "1.0",
            "type": "REQUEST",
            "methodArn": arn,
            "identitySource": who,
            "authorizationToken": who,
            "resource": route,
            "path": event["rawPath"],
            "httpMethod": method,
            "headers": headers,
            "queryStringParameters": or_empty(&event["queryStringParameters"]),
            "pathParameters": or_empty(&event["pathParameters"]),
            "stageVariables": or_empty(&event["stageVariables"]),
            "requestContext": {
                "accountId": self.account,
                "apiId": self.api.id,
                "domainName": context["domainName"],
                "domainPrefix": context["domainPrefix"],
                "extendedRequestId": self.id,
                "httpMethod": method,
                "identity": {"sourceIp": context["http"]["sourceIp"], "userAgent": context["http"]["userAgent"]},
                "path": event["rawPath"],
                "protocol": context["http"]["protocol"],
                "requestId": self.id,
                "requestTime": context["time"],
                "requestTimeEpoch": context["timeEpoch"],
                "resourceId": context["routeKey"],
                "resourcePath": route,
                "stage": self.api.stage,
            }
        })
    }

    /// A variable of the context, by its name in logs and identity sources.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let event = self.to_value();
        let context = &event["requestContext"];
        let value = match name {
            "accountId" | "apiId" | "domainName" | "domainPrefix" | "requestId" | "routeKey" | "stage" => {
                &context[name]
            }
            "httpMethod" => &context["http"]["method"],
            "path" | "protocol" => &context["http"][name],
            "identity.sourceIp" => &context["http"]["sourceIp"],
            "identity.userAgent" => &context["http"]["userAgent"],
            "requestTime" => &context["time"],
            _ => return None,
        };
        value.as_str().map(str::to_owned)
    }
}

/// Lower-case names, repeated values joined by commas, cookies left out, and what the gateway adds.
fn headers<'a>(sent: &'a HeaderMap, source_ip: &str, trace: &str) -> BTreeMap<&'a str, String> {
    let mut all: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in sent {
        let value = String::from_utf8_lossy(value.as_bytes());
        match name.as_str() {
            "cookie" | "connection" | "keep-alive" | "transfer-encoding" => {}
            name => {
                all.entry(name).and_modify(|all| *all = format!("{all},{value}")).or_insert_with(|| value.into_owned());
            }
        }
    }
    all.entry("content-length").or_insert_with(|| "0".into());
    let hops = all.get("x-forwarded-for").map_or_else(|| source_ip.to_owned(), |hops| format!("{hops}, {source_ip}"));
    all.insert("x-forwarded-for", hops);
    all.insert("x-forwarded-port", "443".into());
    all.insert("x-forwarded-proto", "https".into());
    if !all.get("x-amzn-trace-id").is_some_and(|sent| sent.contains(trace)) {
        all.insert("x-amzn-trace-id", trace.into());
    }
    all
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all("cookie")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .map(|cookie| cookie.trim().to_owned())
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

fn joined(pairs: Vec<(String, String)>) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in pairs {
        all.entry(name).and_modify(|all| *all = format!("{all},{value}")).or_insert(value);
    }
    all
}

fn body(headers: &HeaderMap, body: &[u8]) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok());
    match std::str::from_utf8(body) {
        Ok(text) if kind.is_none_or(is_text) && !headers.contains_key("content-encoding") => (Some(text.into()), false),
        _ => (Some(STANDARD.encode(body)), true),
    }
}

fn is_text(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || ["application/json", "application/javascript", "application/xml"].contains(&kind.as_str())
}

#[cfg(test)]
mod tests;
