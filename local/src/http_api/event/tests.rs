//! The shape of the event, key by key: what is absent matters as much as what is there.

use std::collections::BTreeMap;

use http::Request;
use serde_json::{Value, json};

use super::Event;
use crate::http_api::route::Found;
use crate::model::{HttpApi, HttpRoute};

fn event(request: http::request::Builder, body: &[u8], parameters: Vec<(&str, String)>) -> Value {
    let api = HttpApi {
        logical_id: "Api".into(),
        id: "abcde12345".into(),
        stage: "$default".into(),
        stage_variables: BTreeMap::new(),
        routes: Vec::new(),
        cors: None,
        throttle: None,
        route_throttles: BTreeMap::new(),
        authorizers: BTreeMap::new(),
        mappings: Vec::new(),
    };
    let route =
        HttpRoute { method: "POST".into(), path: "/a/{b}".into(), function: "F".into(), ..HttpRoute::default() };
    let (head, ()) = request.body(()).map_or_else(|error| panic!("{error}"), Request::into_parts);
    let event = Event {
        api: &api,
        address: ([127, 0, 0, 1], 3000).into(),
        head: &head,
        body,
        peer: ([127, 0, 0, 1], 50_000).into(),
        account: crate::ids::ACCOUNT,
        found: &Found { route: &route, parameters },
        id: "JKJaXmPLvHcESHA=",
        trace: "Root=1-2",
        authorizer: None,
    };
    serde_json::from_slice(&event.to_json()).unwrap_or_default()
}

#[test]
fn a_bare_request_has_no_key_that_aws_leaves_out() {
    let said = event(Request::get("/a/7").header("host", "localhost"), b"", Vec::new());
    let keys: Vec<&str> = said.as_object().into_iter().flat_map(|object| object.keys().map(String::as_str)).collect();
    assert_eq!(
        keys,
        ["headers", "isBase64Encoded", "rawPath", "rawQueryString", "requestContext", "routeKey", "version"]
    );
}

#[test]
fn a_full_request_is_told_in_full() {
    let request = Request::post("/a/x%20y?q=1&q=2%2B&r=")
        .header("Host", "localhost")
        .header("User-Agent", "test")
        .header("X-Twice", "1")
        .header("X-Twice", "2")
        .header("Cookie", "a=b; c=d")
        .header("Content-Type", "application/json; charset=utf-8");
    let mut said = event(request, r#"{"é":1}"#.as_bytes(), vec![("b", "x y".into())]);
    let context = said["requestContext"].take();
    assert!(context["timeEpoch"].is_u64() && context["time"].as_str().is_some_and(|time| time.ends_with(" +0000")));
    assert_eq!(
        said,
        json!({
            "version": "2.0",
            "routeKey": "POST /a/{b}",
            "rawPath": "/a/x y",
            "rawQueryString": "q=1&q=2%2B&r=",
            "cookies": ["a=b", "c=d"],
            "headers": {
                "host": "localhost", "user-agent": "test", "x-twice": "1,2", "content-type": "application/json; charset=utf-8",
                "content-length": "0", "x-forwarded-for": "127.0.0.1", "x-forwarded-port": "443", "x-forwarded-proto": "https",
                "x-amzn-trace-id": "Root=1-2",
            },
            "queryStringParameters": {"q": "1,2+", "r": ""},
            "requestContext": null,
            "pathParameters": {"b": "x y"},
            "body": "{\"é\":1}",
            "isBase64Encoded": false,
        })
    );
    assert_eq!(
        (&context["accountId"], &context["apiId"], &context["stage"], &context["requestId"], &context["routeKey"]),
        (
            &json!("123456789012"),
            &json!("abcde12345"),
            &json!("$default"),
            &json!("JKJaXmPLvHcESHA="),
            &json!("POST /a/{b}")
        )
    );
    assert_eq!(
        context["http"],
        json!({"method": "POST", "path": "/a/x y", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test"})
    );
}

#[test]
fn a_body_that_is_not_text_is_base64() {
    for (kind, body, expected) in [
        (Some("application/octet-stream"), &b"hi"[..], ("aGk=", true)),
        (Some("application/x-www-form-urlencoded"), b"hi", ("aGk=", true)),
        (Some("application/json"), b"\xff", ("/w==", true)),
        (Some("application/problem+json"), b"hi", ("hi", false)),
        (Some("text/plain"), b"hi", ("hi", false)),
        (None, b"hi", ("hi", false)),
        (None, b"\xff", ("/w==", true)),
    ] {
        let request = Request::post("/a/1");
        let request = if let Some(kind) = kind { request.header("content-type", kind) } else { request };
        let said = event(request, body, Vec::new());
        assert_eq!(
            (said["body"].as_str(), said["isBase64Encoded"].as_bool()),
            (Some(expected.0), Some(expected.1)),
            "{kind:?}"
        );
    }
}
