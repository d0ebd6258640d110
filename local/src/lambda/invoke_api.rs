//! Lambda's Invoke API (2015-03-31), for the SDKs and the command lines that call functions by name.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;

use super::{Failure, Function, Invocation, Lambda, Outcome, Streamed, failed, response_stream};
use crate::gateway::url;
use crate::iam::Wish;
use crate::ids;
use crate::listen::{self, Body, Parts, Unread};
use crate::model;

/// Serves until the task is aborted.
pub(crate) async fn serve(listener: TcpListener, lambda: Lambda) {
    let keep_alive = lambda.0.limits.keep_alive;
    listen::accept(listener, |stream, _| {
        let lambda = lambda.clone();
        async move {
            listen::http(TokioIo::new(stream), keep_alive, |request| lambda.answer(request)).await;
        }
    })
    .await;
}

impl Lambda {
    async fn answer(&self, request: Request<Incoming>) -> Response<Parts> {
        let Asked { function, version, kind, streamed, mut invocation } = match self.asked(request).await {
            Ok(asked) => asked,
            Err(refusal) => return listen::whole(*refusal),
        };
        match kind {
            Kind::Event => {
                let id = self.event(&function.model.logical_id, invocation);
                listen::whole(with_id(listen::empty(StatusCode::ACCEPTED), &id))
            }
            Kind::DryRun => listen::whole(with_id(listen::empty(StatusCode::NO_CONTENT), &ids::lambda_request())),
            Kind::RequestResponse => {
                let reserved = function.model.reserved_concurrency.is_some();
                let id = ids::lambda_request();
                invocation.request_id = Some(id.clone());
                let (stream, mut parts) = super::stream();
                invocation.stream = streamed.then_some(stream);
                let lambda = self.clone();
                let running = tokio::spawn(async move { lambda.run(function, invocation).await });
                if let Some(Streamed::Begins(_)) = parts.recv().await {
                    return with_id(executed(response_stream::live(parts, running), version), &id);
                }
                let outcome = running.await.unwrap_or_else(|ended| failed(Failure::Unavailable(ended.to_string())));
                listen::whole(told(outcome, version, reserved, streamed))
            }
        }
    }

    /// What is to be done, or why nothing is.
    async fn asked(&self, request: Request<Incoming>) -> Result<Asked, Box<Response<Body>>> {
        let (head, body) = request.into_parts();
        if listen::is_of_a_page(&head.headers) {
            return Err(refused(
                StatusCode::FORBIDDEN,
                "AccessDeniedException",
                "Web pages may not invoke functions here",
            )
            .into());
        }
        let path = head.uri.path();
        let plain = path.strip_prefix("/2015-03-31/functions/").and_then(|rest| rest.strip_suffix("/invocations"));
        let streamed = path.strip_prefix("/2021-11-15/functions/");
        let streamed = streamed.and_then(|rest| rest.strip_suffix("/response-streaming-invocations"));
        let (Some(name), &Method::POST) = (plain.or(streamed).map(url::decode), &head.method) else {
            return Err(refused(
                StatusCode::NOT_FOUND,
                "UnknownOperationException",
                "Only invocations are served here",
            )
            .into());
        };
        let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        let kind = text("x-amz-invocation-type").unwrap_or("RequestResponse");
        let limit = if kind == "Event" { self.0.limits.event } else { self.0.limits.payload };
        let payload = match listen::read(body, limit, self.0.limits.slow_request).await {
            Ok(payload) => payload,
            Err(Unread::TooLarge) => {
                let message = format!("Request must be smaller than {limit} bytes for the InvokeFunction operation");
                return Err(refused(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", &message).into());
            }
            Err(_) => {
                return Err(refused(
                    StatusCode::BAD_REQUEST,
                    "InvalidRequestContentException",
                    "The body is incomplete",
                )
                .into());
            }
        };
        let Reference { name, qualifier } = Reference::of(&name, head.uri.query());
        let function = self.named(&name);
        let arn = self
            .0
            .iam
            .arn("lambda", &format!("function:{}", function.as_ref().map_or(&name, |found| &found.model.name)));
        let resource = qualifier.as_ref().map_or_else(|| arn.clone(), |qualifier| format!("{arn}:{qualifier}"));
        let wish = || Wish { service: "lambda", action: "lambda:InvokeFunction", resource: resource.clone() };
        if let Err(refusal) = self.0.iam.admits(&head, &payload, wish) {
            return Err(refusal.response().into());
        }
        let version = function.as_ref().and_then(|function| version(&function.model, qualifier.as_deref()));
        let (Some(function), Some(version)) = (function, version) else {
            let message = format!("Function not found: {resource}");
            return Err(refused(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message).into());
        };
        if !payload.is_empty() && serde_json::from_slice::<serde::de::IgnoredAny>(&payload).is_err() {
            let message = "Could not parse request body into json";
            return Err(refused(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message).into());
        }
        let client_context = match text("x-amz-client-context").map(context) {
            Some(None) => {
                let message = "Client context must be a valid Base64-encoded JSON object.";
                return Err(refused(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message).into());
            }
            context => context.flatten(),
        };
        let invocation = Invocation {
            payload: if payload.is_empty() { "{}".into() } else { payload },
            trace_root: trace_root(&head.headers),
            client_context,
            tail: text("x-amz-log-type") == Some("Tail"),
            request_id: None,
            stream: None,
        };
        let kind = match kind {
            "RequestResponse" => Kind::RequestResponse,
            "Event" if streamed.is_none() => Kind::Event,
            "DryRun" => Kind::DryRun,
            _ => {
                let message = format!("{kind} is not one of RequestResponse, Event, DryRun");
                return Err(refused(StatusCode::BAD_REQUEST, "InvalidParameterValueException", &message).into());
            }
        };
        Ok(Asked { function, version, kind, streamed: streamed.is_some(), invocation })
    }

    /// The logical id of the function that is named by its name, its ARN, or its logical id.
    pub(crate) fn find(&self, named: &str) -> Option<String> {
        let Reference { name, .. } = Reference::of(named, None);
        self.named(&name).map(|function| function.model.logical_id.clone())
    }

    fn named(&self, name: &str) -> Option<Arc<Function>> {
        let found = self.all().into_iter().find(|function| function.model.name == name);
        found.or_else(|| self.function(name))
    }
}

/// A request that can be met.
struct Asked {
    function: Arc<Function>,
    version: &'static str,
    kind: Kind,
    /// Whether the answer is to be a stream of events.
    streamed: bool,
    invocation: Invocation,
}

enum Kind {
    RequestResponse,
    Event,
    DryRun,
}

/// Which function is meant.
struct Reference {
    name: String,
    /// A version or an alias.
    qualifier: Option<String>,
}

impl Reference {
    /// By name, by ARN or by partial ARN, each with or without a qualifier, which the query may have instead.
    fn of(text: &str, query: Option<&str>) -> Self {
        let parts: Vec<&str> = text.split(':').collect();
        let (name, own) = match parts[..] {
            ["arn", _, "lambda", _, _, "function", name, ..] => (name, parts.get(7)),
            [_, "function", name, ..] => (name, parts.get(3)),
            [name, ..] => (name, parts.get(1)),
            [] => ("", None),
        };
        let asked = url::query(query.unwrap_or_default()).into_iter().find(|(name, _)| name == "Qualifier");
        let qualifier = asked.map(|(_, qualifier)| qualifier).or_else(|| own.map(|own| (*own).to_owned()));
        Self { name: name.to_owned(), qualifier }
    }
}

/// The version that a qualifier means, if there is one: what `AutoPublishAlias` publishes is the first.
fn version(function: &model::Function, qualifier: Option<&str>) -> Option<&'static str> {
    match qualifier {
        None | Some("$LATEST") => Some("$LATEST"),
        Some(qualifier) => function.alias.as_ref().filter(|alias| qualifier == "1" || *alias == qualifier).map(|_| "1"),
    }
}

fn told(outcome: Outcome, version: &'static str, reserved: bool, streamed: bool) -> Response<Body> {
    if let Some(response) = response_stream::response(&outcome).filter(|_| streamed) {
        return with_id(executed(response, version), &outcome.request_id);
    }
    let mut response = match outcome.result {
        Ok(payload) => listen::json(StatusCode::OK, payload),
        Err(Failure::Function(error)) => {
            let mut response = listen::json(StatusCode::OK, error);
            response.headers_mut().insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
            response
        }
        Err(Failure::Throttled) => {
            let whose = if reserved { "ReservedFunction" } else { "" };
            let reason = format!("{whose}ConcurrentInvocationLimitExceeded");
            let body = json!({"Reason": reason, "Type": "User", "message": "Rate Exceeded."}).to_string();
            let mut response = listen::json(StatusCode::TOO_MANY_REQUESTS, body);
            let kind = HeaderValue::from_static("TooManyRequestsException");
            response.headers_mut().insert("x-amzn-errortype", kind);
            response.headers_mut().insert("retry-after", HeaderValue::from_static("1"));
            response
        }
        Err(Failure::Unavailable(why)) => refused(StatusCode::INTERNAL_SERVER_ERROR, "ServiceException", &why),
    };
    if response.status() == StatusCode::OK {
        response = executed(response, version);
    }
    if let Some(Ok(tail)) = outcome.tail.map(|tail| HeaderValue::try_from(STANDARD.encode(tail))) {
        response.headers_mut().insert("x-amz-log-result", tail);
    }
    with_id(response, &outcome.request_id)
}

fn executed<B>(mut response: Response<B>, version: &'static str) -> Response<B> {
    response.headers_mut().insert("x-amz-executed-version", HeaderValue::from_static(version));
    response
}

fn with_id<B>(mut response: Response<B>, id: &str) -> Response<B> {
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

fn refused(status: StatusCode, kind: &'static str, message: &str) -> Response<Body> {
    let mut response =
        listen::json(status, json!({"Type": "User", "Message": message, "message": message}).to_string());
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(kind));
    response
}

fn trace_root(headers: &HeaderMap) -> Option<String> {
    let header = headers.get("x-amzn-trace-id")?.to_str().ok()?;
    header.split(';').find(|part| part.starts_with("Root=")).map(str::to_owned)
}

/// The header is base64; a runtime gets the JSON in it, if it is JSON on one line.
fn context(header: &str) -> Option<String> {
    let json = String::from_utf8(STANDARD.decode(header).ok()?).ok()?;
    Some(serde_json::from_str::<serde_json::Value>(&json).ok()?.to_string())
}
