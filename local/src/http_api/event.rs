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

use super::route::Found;
use crate::gateway::{domain, url};
use crate::ids::ACCOUNT;
use crate::{model, time};

/// A request on its way to a function.
pub(super) struct Event<'a> {
    pub(super) api: &'a model::HttpApi,
    pub(super) address: SocketAddr,
    pub(super) head: &'a Parts,
    pub(super) body: &'a [u8],
    pub(super) peer: SocketAddr,
    pub(super) found: &'a Found<'a>,
    pub(super) id: &'a str,
    pub(super) trace: &'a str,
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
                account_id: ACCOUNT,
                api_id: &self.api.id,
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
        // Maps with string keys, strings and numbers always serialize.
        serde_json::to_vec(&payload).unwrap_or_default()
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
    all.entry("x-amzn-trace-id").or_insert_with(|| trace.into());
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
