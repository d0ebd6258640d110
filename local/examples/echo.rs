//! The function of the tests: it speaks the Runtime API with nothing but a socket, and does what its event tells it.
//!
//! An event is an instruction itself, or carries one in its body, or names one in its query (`?do=…`). Without one the answer is the event.
//! Asked as an authorizer, it does what the identity `who` says (see [`judge`]).
#![allow(clippy::disallowed_methods, reason = "a function reads its own environment")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let address = std::env::var("AWS_LAMBDA_RUNTIME_API")?;
    match std::env::var("INIT").as_deref() {
        Ok("crash") => std::process::exit(7),
        Ok("sleep") => std::thread::sleep(Duration::from_secs(60)),
        Ok("error") => {
            let error = br#"{"errorType":"Bad","errorMessage":"no database"}"#;
            call(&mut connect(&address)?, "POST", "/2018-06-01/runtime/init/error", "", error)?;
            std::process::exit(1);
        }
        _ => {}
    }
    let mut api = connect(&address)?;
    loop {
        let (_, head, event) = call(&mut api, "GET", "/2018-06-01/runtime/invocation/next", "", b"")?;
        let id = head.get("lambda-runtime-aws-request-id").cloned().unwrap_or_default();
        let event: Value = serde_json::from_slice(&event)?;
        let task = task(&event);
        let path = format!("/2018-06-01/runtime/invocation/{id}");
        let (path, extra, answer) = match task["do"].as_str().unwrap_or_default() {
            "crash" => std::process::exit(3),
            "abort" => std::process::abort(),
            "error" => {
                let why = task["why"].as_str().unwrap_or("it went wrong");
                (format!("{path}/error"), "", json!({"errorType": "Oops", "errorMessage": why}).to_string())
            }
            "refused" => {
                let other = "/2018-06-01/runtime/invocation/another/response";
                let (next, _, _) =
                    call(&mut connect(&address)?, "GET", "/2018-06-01/runtime/invocation/next", "", b"")?;
                let (status, _, said) = call(&mut api, "POST", other, "", b"{}")?;
                let said: Value = serde_json::from_slice(&said)?;
                (format!("{path}/response"), "", json!([next, status, said["errorType"]]).to_string())
            }
            "stream" => {
                let kind = "Content-Type: application/vnd.awslambda.http-integration-response\r\n";
                let prelude = r#"{"statusCode":202,"headers":{"x-streamed":"yes"}}"#;
                (format!("{path}/response"), kind, format!("{prelude}{}streamed", "\0".repeat(8)))
            }
            _ => (format!("{path}/response"), "", done(&task, &event, &head)?),
        };
        call(&mut api, "POST", &path, extra, answer.as_bytes())?;
        if task["do"] == "linger" {
            std::thread::sleep(Duration::from_millis(task["ms"].as_u64().unwrap_or_default()));
            if task["then"] == "crash" {
                std::process::exit(3);
            }
            writeln!(std::io::stdout(), "lingered")?;
        }
    }
}

fn task(event: &Value) -> Value {
    if event["type"] == "REQUEST" {
        return judge(event);
    }
    if let Some(query) = event["queryStringParameters"].as_object() {
        return Value::Object(query.clone());
    }
    let body = event["body"].as_str().and_then(|body| serde_json::from_str(body).ok());
    body.unwrap_or_else(|| event.clone())
}

/// What an authorizer does with somebody who says to be `who`, in the query or in a header.
fn judge(event: &Value) -> Value {
    let headers = event["headers"].as_object().into_iter().flatten();
    let in_header =
        || headers.filter(|(name, _)| name.eq_ignore_ascii_case("who")).find_map(|(_, value)| value.as_str());
    let who = event["queryStringParameters"]["who"].as_str().or_else(in_header).unwrap_or("nobody");
    let arn = event["methodArn"].as_str().or_else(|| event["routeArn"].as_str()).unwrap_or_default();
    let says = |effect: &str, resource: &str| {
        let statement = json!({"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource});
        json!({
            "principalId": "me",
            "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            "context": {"text": "a", "number": 1.5, "truth": true, "asked": event.to_string()}
        })
    };
    let mut answer = says("Allow", arn);
    match who.split_once(':').unwrap_or((who, "")) {
        ("allow", _) => {}
        ("matching", resource) => answer = says("Allow", resource),
        ("deny", _) => answer = says("Deny", "*"),
        ("unauthorized", _) => return json!({"do": "error", "why": "Unauthorized"}),
        ("context", context) => answer["context"] = serde_json::from_str(context).unwrap_or_default(),
        ("without", key) => drop(answer.as_object_mut().and_then(|answer| answer.remove(key))),
        ("key", key) => answer["usageIdentifierKey"] = key.into(),
        ("is", decision) => {
            answer = json!({"isAuthorized": decision == "true", "context": {"list": [1, {"a": null}], "asked": event.to_string()}});
        }
        (other, _) => return json!({"do": other}),
    }
    json!({"do": "answer", "answer": answer})
}

fn done(task: &Value, event: &Value, head: &BTreeMap<String, String>) -> Outcome<String> {
    let answer = |body: String| json!({"statusCode": 200, "body": body}).to_string();
    Ok(match task["do"].as_str().unwrap_or_default() {
        "sleep" => {
            let ms = task["ms"].as_u64().or_else(|| task["ms"].as_str()?.parse().ok());
            std::thread::sleep(Duration::from_millis(ms.unwrap_or(60_000)));
            answer("slept".into())
        }
        "answer" => task["answer"].as_str().map_or_else(|| task["answer"].to_string(), str::to_owned),
        "print" => {
            let mut out = std::io::stdout();
            writeln!(out, "one line\nanother line")?;
            writeln!(std::io::stderr(), "and a complaint")?;
            answer("printed".into())
        }
        "shout" => {
            let lines = task["lines"].as_u64().unwrap_or_default();
            let text: String = (0..lines).map(|line| format!("shouted {line} {}\n", "x".repeat(80))).collect();
            std::io::stdout().write_all(text.as_bytes())?;
            answer("hoarse".into())
        }
        "family" => {
            let mut child = std::process::Command::new("sleep").arg("60").spawn()?;
            writeln!(std::io::stdout(), "a child: {}", child.id())?;
            child.wait()?;
            answer("alone".into())
        }
        "linger" => answer("answered".into()),
        "allocate" => {
            let bytes = task["mb"].as_u64().unwrap_or(1) as usize * 1024 * 1024;
            // Every page is written to, and the last byte is read, so that all of it has to be there.
            let held: Vec<u8> = (0..bytes).map(|at| at as u8 | 1).collect();
            std::thread::sleep(Duration::from_millis(100));
            answer(held.last().copied().unwrap_or_default().to_string())
        }
        "big" => answer("x".repeat(7_000_000)),
        "pid" => answer(std::process::id().to_string()),
        "env" => answer(json!(std::env::vars().collect::<BTreeMap<_, _>>()).to_string()),
        "head" => {
            let status = task["status"].as_str().and_then(|status| status.parse::<u16>().ok()).unwrap_or(200);
            json!({"statusCode": status, "body": json!(head).to_string()}).to_string()
        }
        "post" => answer(post(event, task)?),
        "protocol" => json!({"statusCode": 200, task["in"].as_str().unwrap_or("headers"): {
            "Sec-WebSocket-Protocol": if task["in"] == "multiValueHeaders" { json!(["chat"]) } else { json!("chat") }
        }})
        .to_string(),
        "status" => {
            let status = task["status"].as_str().and_then(|status| status.parse::<u16>().ok());
            json!({"statusCode": status, "body": "said no"}).to_string()
        }
        _ => {
            if event["requestContext"]["eventType"] == "DISCONNECT"
                || event["requestContext"]["condition"].is_string()
                || task["do"] == "show"
                || event["detail-type"].is_string()
                || event["Records"].is_array()
            {
                writeln!(std::io::stdout(), "{event}")?;
            }
            answer(event.to_string())
        }
    })
}

/// Posts to the connection that the event is about, and says what the status was.
fn post(event: &Value, task: &Value) -> Outcome<String> {
    let endpoint = std::env::var("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI")?;
    let (host, stage) = endpoint.trim_start_matches("http://").split_once('/').ok_or("no stage")?;
    let id = event["requestContext"]["connectionId"].as_str().unwrap_or_default().replace('=', "%3D");
    let text = task["text"].as_str().unwrap_or("posted");
    let (status, _, _) =
        call(&mut connect(host)?, "POST", &format!("/{stage}/@connections/{id}"), "", text.as_bytes())?;
    writeln!(std::io::stdout(), "posting gave {status}")?;
    Ok(status.to_string())
}

fn connect(address: &str) -> Outcome<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

fn call(
    api: &mut BufReader<TcpStream>,
    method: &str,
    path: &str,
    extra: &str,
    body: &[u8],
) -> Outcome<(u16, BTreeMap<String, String>, Vec<u8>)> {
    let head = format!("{method} {path} HTTP/1.1\r\nHost: runtime\r\n{extra}Content-Length: {}\r\n\r\n", body.len());
    api.get_mut().write_all(&[head.as_bytes(), body].concat())?;
    let mut line = String::new();
    if api.read_line(&mut line)? == 0 {
        return Err("the Runtime API is gone".into());
    }
    let status = line.split(' ').nth(1).unwrap_or_default().parse()?;
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        api.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    api.read_exact(&mut body)?;
    Ok((status, headers, body))
}
