//! A function URL: every request is an event for one function, and the answer may be streamed.
//!
//! It is an HTTP API of one route in what the function is given and in how its answer is read, and differs in what it says itself. A
//! response that the function streams begins with a JSON object for the status and the headers, if its type says so, and goes out
//! as it is made. A function that fails halfway can no longer say so: the connection is cut.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::stream;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::request;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;
use tokio_rustls::rustls::ServerConfig;

use super::cors::{self, Cors};
use super::event::Event;
use super::route::Routes;
use super::{closing, entry, reply, size};
use crate::gateway::current::Current;
use crate::iam::{Request as Signed, Wish};
use crate::ids;
use crate::lambda::{self, Failure, Invocation, Lambda, Outcome, PRELUDE_END, STREAMED_HTTP, Streamed};
use crate::limits::Limits;
use crate::listen::{self, Parts, Stream, Unread};
use crate::log::Log;
use crate::model;

/// More than any status and headers take: a streamed answer whose JSON goes on beyond it has none.
const LONGEST_PRELUDE: usize = 64 * 1024;
/// Who calls an address that asks nobody who they are.
const ANYBODY: &str = "anonymous";

/// The URL of one function.
#[derive(Debug)]
pub(crate) struct FunctionUrl {
    api: model::HttpApi,
    routes: Routes,
    /// The ARN of what a caller has to be allowed to invoke, if anything.
    permission: Option<String>,
    /// What of a function it is made of.
    made_of: (String, model::FunctionUrl),
    streams: bool,
    cors: Option<Cors>,
    address: SocketAddr,
    lambda: Lambda,
    limits: Arc<Limits>,
    log: Log,
}

impl FunctionUrl {
    /// The URL of a function, if it has one.
    pub(crate) fn of(
        function: &model::Function,
        address: SocketAddr,
        lambda: Lambda,
        limits: Arc<Limits>,
        log: Log,
    ) -> Option<Self> {
        let url = function.url.clone()?;
        let (method, path) = ("ANY".to_owned(), "$default".to_owned());
        let route =
            model::HttpRoute { method, path, function: function.logical_id.clone(), ..model::HttpRoute::default() };
        let api = model::HttpApi::of_one_route(function.logical_id.as_str(), url.id.clone(), route);
        let qualifier: String = url.qualifier.iter().map(|alias| format!(":{alias}")).collect();
        let of_function = || lambda.iam().arn("lambda", &format!("function:{}{qualifier}", function.name));
        Some(Self {
            permission: url.signed.then(of_function),
            routes: Routes::new(&api.routes),
            api,
            streams: url.streams,
            cors: url.cors.clone().map(Cors::new),
            made_of: (function.name.clone(), url),
            address,
            lambda,
            limits,
            log,
        })
    }

    /// The same as another description of its function has it, if that has one and it is different.
    pub(crate) fn replaced(&self, function: &model::Function) -> Option<Self> {
        let (lambda, limits, log) = (self.lambda.clone(), Arc::clone(&self.limits), self.log.clone());
        Self::of(function, self.address, lambda, limits, log).filter(|new| new.made_of != self.made_of)
    }

    /// Serves until the task is aborted.
    pub(crate) async fn serve(current: Arc<Current<Self>>, listener: TcpListener, tls: Option<Arc<ServerConfig>>) {
        let keep_alive = current.get().limits.keep_alive;
        listen::accept(listener, |stream, peer| {
            let (current, tls) = (Arc::clone(&current), tls.clone());
            async move {
                let Some(stream) = Stream::open(stream, tls, keep_alive).await else { return };
                let answer = |request| {
                    let url = current.get();
                    async move { url.answer(request, peer).await }
                };
                listen::http(TokioIo::new(stream), keep_alive, answer).await;
            }
        })
        .await;
    }

    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Parts> {
        let (head, body) = request.into_parts();
        if let Some(cors) = &self.cors
            && cors::is_preflight(&head)
        {
            return listen::whole(cors.preflight(&head.headers));
        }
        let id = ids::lambda_request();
        let mut response = self.asked(&head, body, peer, &id).await;
        if let Some(cors) = &self.cors {
            cors.apply(&head.headers, response.headers_mut());
        }
        if let Ok(id) = HeaderValue::try_from(id) {
            response.headers_mut().insert("x-amzn-requestid", id);
        }
        response
    }

    async fn asked(&self, head: &request::Parts, body: Incoming, peer: SocketAddr, id: &str) -> Response<Parts> {
        let said = |status: StatusCode, text: &str| {
            listen::whole(listen::json(status, json!({ "Message": text }).to_string()))
        };
        let broken = |status: StatusCode, text: &str| {
            listen::whole(closing(listen::json(status, json!({ "Message": text }).to_string())))
        };
        if size(head) > self.limits.head {
            return said(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large");
        }
        let Some(found) = self.routes.find(head.method.as_str(), head.uri.path()) else {
            return said(StatusCode::NOT_FOUND, "Not Found");
        };
        let body = match listen::read(body, self.limits.payload, self.limits.slow_request).await {
            Ok(body) => body,
            Err(Unread::TooLarge) => return broken(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Err(Unread::TooSlow) => return broken(StatusCode::REQUEST_TIMEOUT, "Request Timeout"),
            Err(Unread::Broken) => return broken(StatusCode::BAD_REQUEST, "Bad Request"),
        };
        // Of URLs that were made since October 2025 both are asked for.
        let wishes = |resource: &String| {
            ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"].map(|action| Wish {
                service: "lambda",
                action,
                resource: resource.clone(),
            })
        };
        let caller = match &self.permission {
            None => None,
            Some(resource) => match self.lambda.iam().caller(|| Signed::of(head, &body), || wishes(resource)) {
                Ok(caller) => caller,
                Err(_told_in_the_log) => return said(StatusCode::FORBIDDEN, "Forbidden"),
            },
        };
        let account = if caller.is_some() { ids::ACCOUNT } else { ANYBODY };
        let sent = head.headers.get("x-amzn-trace-id").and_then(|value| value.to_str().ok());
        let trace = ids::trace_root_after(sent);
        let (api, address) = (&self.api, self.address);
        let event = Event {
            api,
            address,
            head,
            body: &body,
            peer,
            account,
            found: &found,
            id,
            trace: &trace,
            authorizer: caller.map(entry::signer),
        };
        let (trace_root, request_id) = (Some(trace.clone()), Some(id.to_owned()));
        let mut invocation = Invocation { trace_root, request_id, ..Invocation::of(event.to_json()) };
        let (stream, mut parts) = lambda::stream();
        invocation.stream = self.streams.then_some(stream);
        let (lambda, function) = (self.lambda.clone(), self.api.logical_id.clone());
        let running = tokio::spawn(async move { lambda.invoke(&function, invocation).await });
        let why = match parts.recv().await {
            Some(Streamed::Begins(kind)) => {
                let log = (self.log.clone(), self.api.logical_id.clone());
                match begun(&kind, parts, running, log).await {
                    Ok(response) => return response,
                    Err(why) => why,
                }
            }
            _ => match running.await.map(|outcome| outcome.result) {
                Ok(Ok(answer)) => match reply::response(&answer) {
                    Ok(response) => return listen::whole(response),
                    Err(malformed) => malformed.0,
                },
                Ok(Err(Failure::Throttled)) => return said(StatusCode::TOO_MANY_REQUESTS, "Rate Exceeded."),
                Ok(Err(failure)) => failure.told(),
                Err(ended) => ended.to_string(),
            },
        };
        self.log.line(format!("{} URL failed: {why}", self.api.logical_id));
        said(StatusCode::BAD_GATEWAY, "Internal Server Error")
    }
}

/// What of a response comes after what is known of it.
struct Rest {
    next: Bytes,
    parts: Receiver<Streamed>,
    running: Option<JoinHandle<Outcome>>,
    /// Where a failure is told, and whose it is, once the head has gone out.
    log: Option<(Log, String)>,
}

impl Rest {
    /// The next bytes; an error if the function failed, which cuts the connection.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if self.next.has_remaining() {
            return Some(Ok(std::mem::take(&mut self.next)));
        }
        loop {
            match self.parts.recv().await {
                Some(Streamed::Data(data)) if data.is_empty() => {}
                Some(Streamed::Data(data)) => return Some(Ok(data)),
                Some(Streamed::Begins(_)) => {}
                None => break,
            }
        }
        let why = match self.running.take()?.await.map(|outcome| outcome.result) {
            Ok(Ok(_)) => return None,
            Ok(Err(failure)) => failure.told(),
            Err(ended) => ended.to_string(),
        };
        if let Some((log, whose)) = &self.log {
            log.line(format!("{whose} URL failed behind its head, and the connection is cut: {why}"));
        }
        Some(Err(io::Error::other(why)))
    }
}

/// The response of which the type is known.
async fn begun(
    kind: &str,
    parts: Receiver<Streamed>,
    running: JoinHandle<Outcome>,
    log: (Log, String),
) -> Result<Response<Parts>, String> {
    let mut rest = Rest { next: Bytes::new(), parts, running: Some(running), log: None };
    let mut response = Response::new(());
    if kind.starts_with(STREAMED_HTTP) {
        let mut read = BytesMut::new();
        let end = loop {
            let from = read.len().saturating_sub(PRELUDE_END.len());
            match rest.next().await {
                Some(Ok(data)) => read.extend_from_slice(&data),
                Some(Err(error)) => return Err(error.to_string()),
                None => return Err("the streamed answer ended before its status".to_owned()),
            }
            let found = read[from..].windows(PRELUDE_END.len()).position(|window| window == PRELUDE_END);
            if let Some(at) = found {
                break from + at;
            }
            if read.len() > LONGEST_PRELUDE {
                return Err(format!(
                    "the streamed answer has no end of its status and headers within {LONGEST_PRELUDE} bytes"
                ));
            }
        };
        let mut prelude: Map<String, Value> = serde_json::from_slice(&read[..end])
            .map_err(|_| "the streamed answer does not begin with JSON".to_owned())?;
        prelude.entry("statusCode").or_insert_with(|| 200.into());
        prelude.remove("body");
        let text = Value::Object(prelude).to_string();
        let (head, _) = reply::response(text.as_bytes()).map_err(|malformed| malformed.0)?.into_parts();
        response = Response::from_parts(head, ());
        read.advance(end + PRELUDE_END.len());
        rest.next = read.freeze();
    } else {
        // As long as nothing has gone out a failure can still be said.
        match rest.next().await {
            Some(Ok(data)) => rest.next = data,
            Some(Err(error)) => return Err(error.to_string()),
            None => {}
        }
        if let Ok(kind) = HeaderValue::from_str(kind) {
            response.headers_mut().insert(CONTENT_TYPE, kind);
        }
    }
    rest.log = Some(log);
    let frames = stream::unfold(rest, |mut rest| async move {
        let next = rest.next().await?;
        Some((next.map(Frame::data), rest))
    });
    Ok(response.map(|()| StreamBody::new(frames).boxed_unsync()))
}
