//! The events of a WebSocket API. Which key is absent when is as it was captured on AWS: functions tell the three kinds apart by it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::Gateway;
use super::connection::Connection;
use super::frame::Close;
use super::head::Head;
use crate::{ids, time};

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<&'a str, &'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<BTreeMap<&'a str, Vec<&'a str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_string_parameters: Option<BTreeMap<&'a str, &'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_query_string_parameters: Option<BTreeMap<&'a str, Vec<&'a str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage_variables: Option<&'a BTreeMap<String, String>>,
    request_context: Context<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    is_base64_encoded: bool,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    route_key: &'a str,
    event_type: &'a str,
    message_direction: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    connection_id: String,
    connected_at: u64,
    request_time: String,
    request_time_epoch: u64,
    request_id: &'a str,
    extended_request_id: &'a str,
    stage: &'a str,
    api_id: &'a str,
    domain_name: &'a str,
    identity: Identity<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<&'a Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disconnect_status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disconnect_reason: Option<&'a str>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'a> {
    source_ip: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key_id: Option<&'a str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    signer: Option<Signer<'a>>,
}

/// Who signed the handshake.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Signer<'a> {
    access_key: &'a str,
    account_id: &'a str,
    caller: &'a str,
    user: &'a str,
    user_arn: &'a str,
}

/// What an authorizer is asked. It lacks nothing: what is not there is empty.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Question<'a> {
    r#type: &'a str,
    method_arn: &'a str,
    headers: BTreeMap<&'a str, &'a str>,
    multi_value_headers: BTreeMap<&'a str, Vec<&'a str>>,
    query_string_parameters: BTreeMap<&'a str, &'a str>,
    multi_value_query_string_parameters: BTreeMap<&'a str, Vec<&'a str>>,
    stage_variables: &'a BTreeMap<String, String>,
    request_context: Context<'a>,
}

pub(super) fn question(
    gateway: &Gateway,
    connection: &Connection,
    head: &Head,
    request_id: &str,
    trace: &str,
    arn: &str,
) -> Vec<u8> {
    let mut headers = forwarded(head, &connection.source_ip.to_string(), trace);
    // Unlike the event of `$connect`, this one shows the upgrade.
    let upgrade = [("Connection", "upgrade"), ("Upgrade", "websocket"), ("content-length", "0")];
    headers.extend(upgrade.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let query = head.query();
    let question = Question {
        r#type: "REQUEST",
        method_arn: arn,
        headers: last(&headers),
        multi_value_headers: all(&headers),
        query_string_parameters: last(&query),
        multi_value_query_string_parameters: all(&query),
        stage_variables: &gateway.api.stage_variables,
        request_context: context(gateway, connection, "$connect", "CONNECT", request_id),
    };
    serde_json::to_vec(&question).unwrap_or_default()
}

/// The context of a handshake, for identity sources.
pub(super) fn handshake(gateway: &Gateway, connection: &Connection, request_id: &str) -> Value {
    let context = context(gateway, connection, "$connect", "CONNECT", request_id);
    serde_json::to_value(context).unwrap_or_default()
}

pub(super) fn connect(
    gateway: &Gateway,
    connection: &Connection,
    head: &Head,
    request_id: &str,
    trace: &str,
) -> Vec<u8> {
    let source_ip = connection.source_ip.to_string();
    let headers = forwarded(head, &source_ip, trace);
    let query = head.query();
    let event = Event {
        headers: Some(last(&headers)),
        multi_value_headers: Some(all(&headers)),
        query_string_parameters: (!query.is_empty()).then(|| last(&query)),
        multi_value_query_string_parameters: (!query.is_empty()).then(|| all(&query)),
        request_context: context(gateway, connection, "$connect", "CONNECT", request_id),
        ..Event::default()
    };
    written(gateway, event)
}

pub(super) fn message(
    gateway: &Gateway,
    connection: &Connection,
    route: &str,
    body: &str,
    request_id: &str,
) -> Vec<u8> {
    let context = context(gateway, connection, route, "MESSAGE", request_id);
    let request_context = Context { message_id: Some(ids::gateway_request()), ..context };
    written(gateway, Event { request_context, body: Some(body), ..Event::default() })
}

pub(super) fn disconnect(gateway: &Gateway, connection: &Connection, close: &Close, request_id: &str) -> Vec<u8> {
    let headers = [("Host", gateway.domain.as_str()), ("x-api-key", ""), ("X-Forwarded-For", ""), ("x-restapi", "")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let context = context(gateway, connection, "$disconnect", "DISCONNECT", request_id);
    let event = Event {
        headers: Some(last(&headers)),
        multi_value_headers: Some(all(&headers)),
        request_context: Context {
            disconnect_status_code: close.code,
            disconnect_reason: Some(&close.reason),
            ..context
        },
        ..Event::default()
    };
    written(gateway, event)
}

fn context<'a>(
    gateway: &'a Gateway,
    connection: &'a Connection,
    route_key: &'a str,
    event_type: &'a str,
    request_id: &'a str,
) -> Context<'a> {
    let known = connection.known.as_deref();
    let key = known.and_then(|known| known.key.as_ref());
    let now = if event_type == "CONNECT" { connection.connected_at } else { time::now_ms() };
    Context {
        route_key,
        event_type,
        message_direction: "IN",
        message_id: None,
        connection_id: connection.id.to_string(),
        connected_at: connection.connected_at,
        request_time: time::common_log(now),
        request_time_epoch: now,
        request_id,
        extended_request_id: request_id,
        stage: &gateway.api.stage,
        api_id: &gateway.api.id,
        domain_name: &gateway.domain,
        identity: Identity {
            source_ip: connection.source_ip.to_string(),
            user_agent: connection.user_agent.as_deref(),
            api_key: key.map(|key| key.value.as_str()),
            api_key_id: key.map(|key| key.id.as_str()),
            signer: known.and_then(|known| known.caller.as_ref()).map(|caller| Signer {
                access_key: &caller.access_key,
                account_id: ids::ACCOUNT,
                caller: &caller.user_id,
                user: &caller.user_id,
                user_arn: &caller.arn,
            }),
        },
        authorizer: known.and_then(|known| known.authorizer.as_ref()),
        disconnect_status_code: None,
        disconnect_reason: None,
    }
}

fn written(gateway: &Gateway, event: Event<'_>) -> Vec<u8> {
    let variables = &gateway.api.stage_variables;
    let event = Event { stage_variables: (!variables.is_empty()).then_some(variables), ..event };
    // Maps with string keys, strings and numbers always serialize.
    serde_json::to_vec(&event).unwrap_or_default()
}

/// The client's headers without those of the upgrade itself, and with what the gateway adds.
fn forwarded(head: &Head, source_ip: &str, trace: &str) -> Vec<(String, String)> {
    let dropped = ["connection", "upgrade", "x-forwarded-port", "x-forwarded-proto"];
    let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
    let mut headers: Vec<(String, String)> =
        head.headers.iter().filter(|(name, _)| !dropped.iter().any(|other| is(name, other))).cloned().collect();
    match headers.iter_mut().find(|(name, _)| is(name, "x-forwarded-for")) {
        Some((_, hops)) => *hops = format!("{hops}, {source_ip}"),
        None => headers.push(("X-Forwarded-For".into(), source_ip.into())),
    }
    headers.push(("X-Forwarded-Port".into(), "443".into()));
    headers.push(("X-Forwarded-Proto".into(), "https".into()));
    let is_trace = |name: &str| is(name, "x-amzn-trace-id");
    if !headers.iter().any(|(name, value)| is_trace(name) && value.contains(trace)) {
        headers.retain(|(name, _)| !is_trace(name));
        headers.push(("X-Amzn-Trace-Id".into(), trace.into()));
    }
    headers
}

fn last(pairs: &[(String, String)]) -> BTreeMap<&str, &str> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn all(pairs: &[(String, String)]) -> BTreeMap<&str, Vec<&str>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in pairs {
        all.entry(name).or_default().push(value);
    }
    all
}
