//! The Lambda Runtime API of one environment (version 2018-06-01), on a port of its own, so that a process can only ever speak about itself.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Collected, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use super::environment::{Environment, Given, OutOfTurn, Reply};
use super::{Stream, Streamed};
use crate::listen::{self, Body};

/// Longer than any process is frozen or idle: the runtime's connection is never closed from this side.
const KEEP_ALIVE: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// How long a process may live on whose response was torn, before the response alone is to blame.
const TORN: Duration = Duration::from_millis(200);
/// Ends the JSON prelude of a streamed HTTP response.
pub(crate) const PRELUDE_END: [u8; 8] = [0; 8];
/// What a streamed response is without a type.
const OCTETS: &str = "application/octet-stream";
pub(crate) const STREAMED_HTTP: &str = "application/vnd.awslambda.http-integration-response";

/// Serves a process until the task is aborted.
pub(super) async fn serve(listener: TcpListener, environment: Arc<Environment>) {
    listen::accept(listener, |stream, _| {
        let environment = Arc::clone(&environment);
        async move {
            listen::http(TokioIo::new(stream), KEEP_ALIVE, |request| answer(&environment, request)).await;
        }
    })
    .await;
}

async fn answer(environment: &Arc<Environment>, request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    if listen::is_of_a_page(&head.headers) {
        return refused(StatusCode::FORBIDDEN, "Forbidden", "Web pages are not answered here");
    }
    let Some(call) = head.uri.path().strip_prefix("/2018-06-01/runtime/") else {
        return refused(StatusCode::NOT_FOUND, "NotFound", "No such call of the Runtime API");
    };
    let mut parts = call.split('/');
    match (&head.method, parts.next(), parts.next(), parts.next(), parts.next()) {
        (&Method::GET, Some("invocation"), Some("next"), None, None) => match environment.next().await {
            Ok(given) => invocation(environment, given),
            Err(out_of_turn) => misplaced(out_of_turn),
        },
        (&Method::POST, Some("invocation"), Some(id), Some("response"), None) => {
            response(environment, id, &head.headers, body).await
        }
        (&Method::POST, Some("invocation"), Some(id), Some("error"), None) => {
            let reply = match Limited::new(body, environment.payload_limit).collect().await {
                Ok(error) => Reply::Failed(error.to_bytes()),
                Err(error) if error.is::<LengthLimitError>() => Reply::TooLarge(environment.payload_limit),
                Err(_) => Reply::Failed(Bytes::new()),
            };
            accepted(environment.answered(id, reply))
        }
        (&Method::POST, Some("init"), Some("error"), None, None) => {
            let error = Limited::new(body, environment.payload_limit).collect().await;
            environment.init_failed(error.map(Collected::to_bytes).unwrap_or_default());
            accepted(Ok(()))
        }
        _ => refused(StatusCode::NOT_FOUND, "NotFound", "No such call of the Runtime API"),
    }
}

fn invocation(environment: &Environment, given: Given) -> Response<Body> {
    let mut response = listen::json(StatusCode::OK, given.payload);
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("lambda-runtime-aws-request-id", &given.request_id);
    set("lambda-runtime-deadline-ms", &given.deadline_ms.to_string());
    set("lambda-runtime-invoked-function-arn", &environment.arn);
    set("lambda-runtime-trace-id", &given.trace);
    if let Some(context) = &given.client_context {
        set("lambda-runtime-client-context", context);
    }
    response
}

async fn response(environment: &Environment, id: &str, head: &HeaderMap, body: Incoming) -> Response<Body> {
    if !environment.is_at(id) {
        return misplaced(OutOfTurn::OtherRequest);
    }
    let mode = head.get("lambda-runtime-function-response-mode");
    if let Some(stream) = environment.stream(id).filter(|_| mode.is_some_and(|mode| mode == "streaming")) {
        let kind = head.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or(OCTETS);
        let Some(reply) = passed_on(kind, body, environment.stream_limit, &stream).await else {
            // Most often the process has ended, which says more.
            let ends = async {
                while environment.is_at(id) {
                    sleep(Duration::from_millis(5)).await;
                }
            };
            let _ = timeout(TORN, ends).await;
            let message = "The response ended too early";
            let error = json!({"errorType": "Runtime.TruncatedResponse", "errorMessage": message});
            return accepted(environment.answered(id, Reply::Failed(error.to_string().into())));
        };
        return accepted(environment.answered(id, reply));
    }
    let whole = match Limited::new(body, environment.payload_limit).collect().await {
        Ok(whole) => whole,
        Err(error) if error.is::<LengthLimitError>() => {
            let limit = environment.payload_limit;
            let _ = environment.answered(id, Reply::TooLarge(limit));
            let message = format!("Exceeded maximum allowed payload size ({limit} bytes).");
            return refused(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message);
        }
        Err(_) => return refused(StatusCode::BAD_REQUEST, "InvalidRequest", "The response ended too early"),
    };
    let failed = whole.trailers().and_then(midstream_error);
    let payload = whole.to_bytes();
    let streamed = head.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(STREAMED_HTTP.as_bytes()));
    let reply = match failed {
        Some(error) => Reply::Failed(error),
        None if streamed => Reply::Answered(buffered(&payload).unwrap_or(payload)),
        None => Reply::Answered(payload),
    };
    accepted(environment.answered(id, reply))
}

/// Passes a response on while it is made, as fast as it is taken. `None`: it was torn.
async fn passed_on(kind: &str, mut body: Incoming, limit: usize, stream: &Stream) -> Option<Reply> {
    let (mut length, mut failed) = (0, None);
    // A listener who has gone is no reason for the function to stop.
    let mut listens = stream.send(Streamed::Begins(kind.to_owned())).await.is_ok();
    while let Some(frame) = body.frame().await {
        let frame = frame.ok()?;
        match frame.into_data() {
            Ok(data) => {
                length += data.len();
                if length > limit {
                    return Some(Reply::TooLarge(limit));
                }
                listens = listens && stream.send(Streamed::Data(data)).await.is_ok();
            }
            Err(frame) => failed = frame.trailers_ref().and_then(midstream_error).or(failed),
        }
    }
    Some(failed.map_or(Reply::Answered(Bytes::new()), Reply::Failed))
}

/// A streaming runtime reports an error that it met halfway in the trailers.
fn midstream_error(trailers: &HeaderMap) -> Option<Bytes> {
    let kind = trailers.get("lambda-runtime-function-error-type")?;
    let body = trailers.get("lambda-runtime-function-error-body").and_then(|body| STANDARD.decode(body).ok());
    let said = || json!({"errorType": String::from_utf8_lossy(kind.as_bytes())}).to_string().into();
    Some(body.map_or_else(said, Bytes::from))
}

/// API Gateway's proxy integrations do not stream: a streamed HTTP response becomes the buffered one that says the same.
fn buffered(payload: &[u8]) -> Option<Bytes> {
    let end = payload.windows(PRELUDE_END.len()).position(|window| window == PRELUDE_END)?;
    let mut answer: Map<String, Value> = serde_json::from_slice(&payload[..end]).ok()?;
    let body = &payload[end + PRELUDE_END.len()..];
    let (text, encoded) = match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(body), true),
    };
    answer.insert("body".into(), text.into());
    answer.insert("isBase64Encoded".into(), encoded.into());
    answer.entry("statusCode").or_insert_with(|| 200.into());
    Some(Value::Object(answer).to_string().into())
}

fn accepted(result: Result<(), OutOfTurn>) -> Response<Body> {
    match result {
        Ok(()) => listen::json(StatusCode::ACCEPTED, Bytes::from_static(br#"{"status":"OK"}"#)),
        Err(out_of_turn) => misplaced(out_of_turn),
    }
}

fn misplaced(call: OutOfTurn) -> Response<Body> {
    match call {
        OutOfTurn::StillBusy => {
            refused(StatusCode::FORBIDDEN, "InvalidStateTransition", "The current invocation has no answer yet")
        }
        OutOfTurn::OtherRequest => refused(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
    }
}

fn refused(status: StatusCode, kind: &str, message: &str) -> Response<Body> {
    listen::json(status, json!({"errorMessage": message, "errorType": kind}).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_streamed_response_becomes_a_buffered_one() {
        let mut payload = br#"{"statusCode":201,"headers":{"x":"1"},"cookies":[]}"#.to_vec();
        payload.extend(PRELUDE_END);
        let mut binary = payload.clone();
        payload.extend(b"hello");
        binary.extend(b"\xff\x00");
        let read = |payload: &[u8]| buffered(payload).and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let text = read(&payload).unwrap_or_default();
        assert_eq!(
            (&text["statusCode"], &text["body"], &text["isBase64Encoded"]),
            (&json!(201), &json!("hello"), &json!(false))
        );
        let bytes = read(&binary).unwrap_or_default();
        assert_eq!((&bytes["body"], &bytes["isBase64Encoded"]), (&json!("/wA="), &json!(true)));
        assert_eq!(buffered(b"no prelude"), None);
    }
}
