//! The HTTP API: refusals, events, answers, CORS, throttles, and clients that misbehave.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use http::Request;
use local::model::{Cors, Throttle};
use serde_json::{Value, json};

use super::client::{get, header, json, raw, send};
use super::world::{Plan, World};

async fn task(world: &World, task: Value) -> Result<http::Response<bytes::Bytes>> {
    send(Request::post(format!("{}/do", world.http())), task.to_string()).await
}

#[tokio::test]
async fn what_no_route_takes_is_not_found() -> Result<()> {
    let world = World::start().await?;
    for (method, path) in [("GET", "/"), ("GET", "/do"), ("POST", "/rooms/7"), ("GET", "/rooms"), ("OPTIONS", "/do")] {
        let response = send(Request::builder().method(method).uri(format!("{}{path}", world.http())), "").await?;
        assert_eq!(
            (response.status().as_u16(), json(&response)),
            (404, json!({"message": "Not Found"})),
            "{method} {path}"
        );
    }
    assert!(world.processes().is_empty());
    Ok(())
}

#[tokio::test]
async fn failures_of_a_function_are_told_as_the_gateway_tells_them() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.http_integration = Duration::from_millis(400);
    let world = plan.start().await?;
    for (instruction, status, message) in [
        (json!({"do": "error"}), 500, "Internal Server Error"),
        (json!({"do": "crash"}), 500, "Internal Server Error"),
        (json!({"do": "answer", "answer": {"statusCode": "x"}}), 500, "Internal Server Error"),
        (json!({"do": "answer", "answer": "not json"}), 500, "Internal Server Error"),
        (json!({"do": "sleep", "ms": 3000}), 503, "Service Unavailable"),
    ] {
        let response = task(&world, instruction.clone()).await?;
        assert_eq!(
            (response.status().as_u16(), json(&response)),
            (status, json!({ "message": message })),
            "{instruction}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_a_function_hears_of_it() -> Result<()> {
    let world = World::start().await?;
    let body = send(Request::post(format!("{}/do", world.http())), vec![b'x'; 10 * 1024 * 1024 + 1]).await?;
    assert_eq!((body.status().as_u16(), json(&body)), (413, json!({"message": "Request Too Long"})));
    let head = send(Request::get(format!("{}/rooms/1", world.http())).header("x", "y".repeat(10_240)), "").await?;
    assert_eq!(head.status(), 431);
    // Whoever reads only after all is written is not reset before: the answer arrives, and the connection ends.
    let huge = 20 * 1024 * 1024;
    for (framing, size) in
        [("Content-Length: 20971520", String::new()), ("Transfer-Encoding: chunked", format!("{huge:x}\r\n"))]
    {
        let head = format!("POST /do HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n{size}");
        let end = if size.is_empty() { "" } else { "\r\n0\r\n\r\n" };
        let answer = raw(world.http(), &[head.as_bytes(), &vec![b'x'; huge], end.as_bytes()].concat()).await?;
        assert!(answer.starts_with("HTTP/1.1 413"), "{framing}: {answer}");
    }
    assert!(world.processes().is_empty());
    Ok(())
}

#[tokio::test]
async fn half_a_request_is_cut_off_and_harms_nobody() -> Result<()> {
    let mut plan = Plan::default();
    plan.limits.slow_request = Duration::from_millis(300);
    plan.limits.keep_alive = Duration::from_millis(300);
    let world = plan.start().await?;
    let half_head = raw(world.http(), b"POST /do HTTP/1.1\r\nHost: x\r\n");
    let half_body = raw(world.http(), b"POST /do HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
    let garbage = raw(world.http(), b"\x00\x03\x01\x00 garbage\r\n\r\n");
    let fine = task(&world, json!({}));
    let (half_head, half_body, garbage, fine) = tokio::join!(half_head, half_body, garbage, fine);
    assert!(!half_head?.contains("200"));
    assert!(half_body?.starts_with("HTTP/1.1 408"));
    assert!(garbage?.starts_with("HTTP/1.1 400"));
    assert_eq!(fine?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn more_than_the_throttle_allows_is_too_many() -> Result<()> {
    let mut plan = Plan::default();
    plan.api().throttle = Some(Throttle { rate: 0.001, burst: 2 });
    let world = plan.start().await?;
    assert_eq!(task(&world, json!({})).await?.status(), 200);
    assert_eq!(task(&world, json!({})).await?.status(), 200);
    let third = task(&world, json!({})).await?;
    assert_eq!((third.status().as_u16(), json(&third)), (429, json!({"message": "Too Many Requests"})));
    Ok(())
}

#[tokio::test]
async fn a_request_reaches_its_function_as_an_event() -> Result<()> {
    let mut plan = Plan::default();
    plan.api().stage_variables = BTreeMap::from([("color".into(), "green".into())]);
    let world = plan.start().await?;
    let url = format!("{}/files/a%20b/c?x=1&x=2", world.http());
    let response =
        send(Request::put(url).header("Cookie", "a=b").header("Content-Type", "image/png"), &b"\x89PNG"[..]).await?;
    let event = json(&response);
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "ANY /files/{path+}");
    assert_eq!(event["pathParameters"], json!({"path": "a b/c"}));
    assert_eq!(event["queryStringParameters"], json!({"x": "1,2"}));
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("iVBORw=="), &json!(true)));
    assert_eq!((&event["cookies"], &event["stageVariables"]), (&json!(["a=b"]), &json!({"color": "green"})));
    assert_eq!(event["requestContext"]["http"]["method"], "PUT");
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(event["requestContext"]["requestId"].as_str(), Some(header(&response, "apigw-requestid")));
    Ok(())
}

#[tokio::test]
async fn a_named_stage_is_the_first_segment_of_every_path() -> Result<()> {
    let mut plan = Plan::default();
    plan.api().stage = "live".into();
    let world = plan.start().await?;
    assert!(world.http().ends_with("/live"));
    let event = json(&get(&format!("{}/rooms/7", world.http())).await?);
    assert_eq!((&event["rawPath"], &event["routeKey"]), (&json!("/live/rooms/7"), &json!("GET /rooms/{room}")));
    assert_eq!(get(&world.http().replace("/live", "/rooms/7")).await?.status(), 404);
    assert_eq!(get(&world.http().replace("/live", "/livery/rooms/7")).await?.status(), 404);
    Ok(())
}

#[tokio::test]
async fn an_answer_arrives_with_status_headers_cookies_and_binary_body() -> Result<()> {
    let world = World::start().await?;
    let answer = json!({
        "statusCode": 418, "headers": {"x-one": "1"}, "multiValueHeaders": {"x-two": ["2", "3"]}, "cookies": ["a=b", "c=d"],
        "body": "iVBORw==", "isBase64Encoded": true,
    });
    let response = task(&world, json!({"do": "answer", "answer": answer})).await?;
    assert_eq!((response.status().as_u16(), &response.body()[..]), (418, &b"\x89PNG"[..]));
    assert_eq!(header(&response, "x-one"), "1");
    assert_eq!(response.headers().get_all("x-two").iter().count(), 2);
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);

    let shorthand = task(&world, json!({"do": "answer", "answer": {"hello": "world"}})).await?;
    assert_eq!((shorthand.status().as_u16(), json(&shorthand)), (200, json!({"hello": "world"})));
    assert_eq!(header(&shorthand, "content-type"), "application/json");
    Ok(())
}

#[tokio::test]
async fn the_gateway_alone_decides_about_other_origins() -> Result<()> {
    let mut plan = Plan::default();
    let text = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    plan.api().cors = Some(Cors {
        origins: text(&["https://chat.example"]),
        methods: text(&["GET", "POST"]),
        headers: text(&["content-type"]),
        max_age: Some(60),
        ..Cors::default()
    });
    let world = plan.start().await?;
    let preflight = |origin: &str| {
        let request = Request::options(format!("{}/do", world.http())).header("Origin", origin);
        send(request.header("Access-Control-Request-Method", "POST"), "")
    };
    let foreign = preflight("https://evil.example").await?;
    assert_eq!((foreign.status().as_u16(), header(&foreign, "access-control-allow-origin")), (204, ""));
    let own = preflight("https://chat.example").await?;
    assert_eq!((own.status().as_u16(), header(&own, "access-control-allow-origin")), (204, "https://chat.example"));
    assert_eq!(header(&own, "access-control-allow-methods"), "GET,POST");
    assert!(world.processes().is_empty());

    let says = json!({"do": "answer", "answer": {"statusCode": 200, "headers": {"access-control-allow-origin": "*"}}});
    for (origin, allowed) in [("https://evil.example", ""), ("https://chat.example", "https://chat.example")] {
        let request = Request::post(format!("{}/do", world.http())).header("Origin", origin);
        let response = send(request, says.to_string()).await?;
        assert_eq!(header(&response, "access-control-allow-origin"), allowed);
    }
    let missing =
        send(Request::get(format!("{}/nothing", world.http())).header("Origin", "https://chat.example"), "").await?;
    assert_eq!(missing.status(), 404);
    assert_eq!(header(&missing, "access-control-allow-origin"), "https://chat.example");
    Ok(())
}
