//! An HTTP API: routes, CORS and the throttle of its stage in front of functions, with payload format 2.0.

mod cors;
mod entry;
mod event;
mod function_url;
mod reply;
mod route;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::rustls::ServerConfig;

use self::cors::Cors;
use self::entry::Authorizer;
use self::event::Event;
pub(crate) use self::function_url::FunctionUrl;
use self::route::{Found, Routes};
use crate::gateway::current::Current;
use crate::gateway::throttle::Buckets;
use crate::ids;
use crate::lambda::{Failure, Invocation, Lambda};
use crate::limits::Limits;
use crate::listen::{self, Body, Stream, Unread, message};
use crate::log::Log;
use crate::model;

/// One HTTP API.
#[derive(Debug)]
pub(crate) struct HttpApi {
    api: model::HttpApi,
    routes: Routes,
    cors: Option<Cors>,
    buckets: Buckets,
    authorizers: BTreeMap<String, Arc<Authorizer>>,
    address: SocketAddr,
    lambda: Lambda,
    limits: Arc<Limits>,
    log: Log,
}

impl HttpApi {
    /// `issuers` says where the keys of issuers of tokens are, if not at their own addresses.
    pub(crate) fn new(
        api: model::HttpApi,
        address: SocketAddr,
        lambda: Lambda,
        limits: Arc<Limits>,
        log: Log,
        issuers: &BTreeMap<String, String>,
    ) -> Self {
        Self {
            authorizers: Authorizer::ready(&api.authorizers, issuers),
            routes: Routes::new(&api.routes),
            cors: api.cors.clone().map(Cors::new),
            buckets: Buckets::new(api.throttle, &api.route_throttles),
            api,
            address,
            lambda,
            limits,
            log,
        }
    }

    /// Serves until the task is aborted.
    pub(crate) async fn serve(current: Arc<Current<Self>>, listener: TcpListener, tls: Option<Arc<ServerConfig>>) {
        let keep_alive = current.get().limits.keep_alive;
        listen::accept(listener, |stream, peer| {
            let (current, tls) = (Arc::clone(&current), tls.clone());
            async move {
                let Some(stream) = Stream::open(stream, tls, keep_alive).await else { return };
                let answer = |request| {
                    let api = current.get();
                    async move { api.answer(request, peer).await }
                };
                listen::http(TokioIo::new(stream), keep_alive, answer).await;
            }
        })
        .await;
    }

    /// The same with another description: routes, CORS, throttle. Authorizers that stay as they are keep what they know.
    pub(crate) fn replaced(&self, api: model::HttpApi, issuers: &BTreeMap<String, String>) -> Self {
        let (limits, log) = (Arc::clone(&self.limits), self.log.clone());
        let mut new = Self::new(api, self.address, self.lambda.clone(), limits, log, issuers);
        for (name, authorizer) in &mut new.authorizers {
            if let Some(kept) = self.authorizers.get(name)
                && self.api.authorizers.get(name) == new.api.authorizers.get(name)
            {
                *authorizer = Arc::clone(kept);
            }
        }
        new
    }

    /// What it was made from.
    pub(crate) fn model(&self) -> &model::HttpApi {
        &self.api
    }

    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
        let (head, body) = request.into_parts();
        if let Some(cors) = &self.cors
            && cors::is_preflight(&head)
        {
            return cors.preflight(&head.headers);
        }
        let id = ids::gateway_request();
        let mut response = self.routed(&head, body, peer, &id).await;
        if let Some(cors) = &self.cors {
            cors.apply(&head.headers, response.headers_mut());
        }
        if let Ok(id) = HeaderValue::try_from(id) {
            response.headers_mut().insert("apigw-requestid", id);
        }
        response
    }

    async fn routed(&self, head: &Parts, body: Incoming, peer: SocketAddr, id: &str) -> Response<Body> {
        if size(head) > self.limits.head {
            return message(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large");
        }
        let path = self.in_stage(head.uri.path());
        let found = path.and_then(|path| self.routes.find(head.method.as_str(), path));
        if !self.buckets.admits(&found.as_ref().map(Found::key).unwrap_or_default()) {
            return message(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
        }
        let Some(found) = found else { return message(StatusCode::NOT_FOUND, "Not Found") };
        let body = match listen::read(body, self.limits.http_body, self.limits.slow_request).await {
            Ok(body) => body,
            Err(Unread::TooLarge) => return closing(message(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long")),
            Err(Unread::TooSlow) => return closing(message(StatusCode::REQUEST_TIMEOUT, "Request Timeout")),
            Err(Unread::Broken) => return closing(message(StatusCode::BAD_REQUEST, "Bad Request")),
        };
        let sent = head.headers.get("x-amzn-trace-id").and_then(|value| value.to_str().ok());
        let trace_root = ids::trace_root_after(sent);
        let mut event = Event {
            api: &self.api,
            address: self.address,
            head,
            body: &body,
            peer,
            account: ids::ACCOUNT,
            found: &found,
            id,
            trace: &trace_root,
            authorizer: None,
        };
        event.authorizer = match self.admit(&event).await {
            Ok(known) => known,
            Err(refusal) => return *refusal,
        };
        let invocation = Invocation { trace_root: Some(trace_root.clone()), ..Invocation::of(event.to_json()) };
        let running = self.lambda.invoke(&found.route.function, invocation);
        let within = found.route.timeout.unwrap_or(self.limits.http_integration);
        let Ok(outcome) = timeout(within, running).await else {
            return message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
        };
        let why = match outcome.result {
            Ok(answer) => match reply::response(&answer) {
                Ok(response) => return response,
                Err(malformed) => malformed.0,
            },
            Err(failure) => {
                self.log.line(format!("{} {} failed: {}", self.api.logical_id, found.key(), failure.told()));
                return match failure {
                    Failure::Function(_) => message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
                    Failure::Throttled | Failure::Unavailable(_) => {
                        message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
                    }
                };
            }
        };
        self.log.line(format!("{} {} malformed answer: {why}", self.api.logical_id, found.key()));
        message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
    }

    /// The path without the stage, or without the key under which a custom domain has it; if it is in either.
    fn in_stage<'a>(&self, path: &'a str) -> Option<&'a str> {
        // The longest first: one key may begin with another.
        let keys = self.api.mappings.iter().map(|mapping| mapping.key.as_str()).filter(|key| !key.is_empty());
        let within = keys.filter_map(|key| under(path, key).map(|rest| (key.len(), rest))).max();
        if let Some((_, rest)) = within {
            return Some(rest);
        }
        if self.api.stage == "$default" {
            return Some(path);
        }
        let is_whole = self.api.mappings.iter().any(|mapping| mapping.key.is_empty());
        under(path, &self.api.stage).or(is_whole.then_some(path))
    }
}

/// What of a path follows its first segments, if they are these.
fn under<'a>(path: &'a str, first: &str) -> Option<&'a str> {
    match path.strip_prefix('/')?.strip_prefix(first)? {
        "" => Some("/"),
        rest => rest.starts_with('/').then_some(rest),
    }
}

/// Bytes of the request line and the headers.
fn size(head: &Parts) -> usize {
    let line = head.method.as_str().len() + head.uri.path_and_query().map_or(1, |path| path.as_str().len()) + 12;
    line + head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>()
}

/// What remains of the request is not read, so the connection cannot be used again.
fn closing(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
