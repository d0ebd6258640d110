use serde_json::json;

use super::*;
use crate::text::{Invalid, Rule};

/// A `$connect` event as API Gateway sends it, with these headers.
fn connect(headers: &serde_json::Value) -> Event {
    let event = json!({
        "headers": headers,
        "requestContext": {
            "routeKey": "$connect", "eventType": "CONNECT", "messageDirection": "IN", "stage": "v1",
            "requestId": "SNhSNHtxPHcFvFg=", "extendedRequestId": "SNhSNHtxPHcFvFg=", "apiId": "abcdefghij",
            "requestTime": "09/Feb/2024:18:11:43 +0000", "requestTimeEpoch": 1_707_502_303_419_i64,
            "connectedAt": 1_707_502_303_418_i64, "connectionId": "SNhSNdJ0PHcCE9w=",
            "domainName": "abcdefghij.execute-api.us-east-1.amazonaws.com", "identity": { "sourceIp": "192.0.2.1" },
        },
        "isBase64Encoded": false,
    });
    Event::from_event(&event.to_string()).unwrap()
}

#[test]
fn the_subprotocols_are_found_whatever_the_case_of_the_header() {
    for name in ["Sec-WebSocket-Protocol", "sec-websocket-protocol"] {
        let event = connect(&json!({ name: "parlour.v1,bearer.abc , other" }));
        assert_eq!(event.protocols(), ["parlour.v1", "bearer.abc", "other"]);
    }
    assert!(connect(&json!({})).protocols().is_empty());
    assert_eq!(connect(&json!({})).socket().unwrap().as_str(), "SNhSNdJ0PHcCE9w=");
}

#[test]
fn only_a_bearer_token_is_taken_from_the_authorization_header() {
    assert_eq!(connect(&json!({ "Authorization": "bearer abc" })).bearer(), Some("abc"));
    assert_eq!(connect(&json!({ "Authorization": "Basic abc" })).bearer(), None);
    assert_eq!(connect(&json!({ "Authorization": "abc" })).bearer(), None);
}

#[test]
fn answers_have_the_fields_that_api_gateway_takes_and_no_other() {
    let shape = |answer: &Answer| serde_json::to_value(answer).unwrap();
    assert_eq!(shape(&Answer::ok()), json!({ "statusCode": 200 }));
    let protocol = json!({ "Sec-WebSocket-Protocol": "parlour.v1" });
    assert_eq!(shape(&Answer::accepted(Some("parlour.v1"))), json!({ "statusCode": 200, "headers": protocol }));
    let refused = Answer::refused(&Error::Invalid(Invalid::new("body", Rule::Json)));
    assert_eq!(refused.status(), 400);
    assert!(shape(&refused)["body"].as_str().unwrap().contains(r#""type":"error""#));
}
