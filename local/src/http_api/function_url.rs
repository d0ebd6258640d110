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
use crate::iam::{Request as Signed, Wish};
use crate::ids;
use crate::lambda::{self, Failure, Invocation, Lambda, Outcome, PRELUDE_END, STREAMED_HTTP, Streamed};
use crate::limits::Limits;
use crate::listen::{self, Parts, Stream, Unread};
use crate::log::Log;
use crate::model;

/// Who calls an address that asks nobody who they are.
const ANYBODY: &str = "anonymous";

/// The URL of one function.
#[derive(Debug)]
pub(crate) struct FunctionUrl {
    api: model::HttpApi,
    routes: Routes,
    /// What it takes to be let in, if anything.
    permission: Option<String>,
    streams: bool,
    cors: Option<Cors>,
    address: SocketAddr,
    lambda: Lambda,
    limits: Arc<Limits>,
    log: Log,
}

impl FunctionUrl {
    pub(crate) fn new(
        function: &model::Function,
        url: model::FunctionUrl,
        address: SocketAddr,
        lambda: Lambda,
        limits: Arc<Limits>,
        log: Log,
    ) -> Self {
        let (method, path) = ("ANY".to_owned(), "$default".to_owned());
        let route =
            model::HttpRoute { method, path, function: function.logical_id.clone(), ..model::HttpRoute::default() };
        let api = model::HttpApi::of_one_route(function.logical_id.as_str(), url.id, route);
        let permission = url.signed.then(|| lambda.iam().arn("lambda", &format!("function:{}", function.name)));
        Self {
            permission,
            routes: Routes::new(&api.routes),
            api,
            streams: url.streams,
            cors: url.cors.map(Cors::new),
            address,
            lambda,
            limits,
            log,
        }
    }

    /// Serves until the task is aborted.
    pub(crate) async fn serve(self, listener: TcpListener, tls: Option<Arc<ServerConfig>>) {
        let keep_alive = self.limits.keep_alive;
        let url = Arc::new(self);
        listen::accept(listener, |stream, peer| {
            let (url, tls) = (Arc::clone(&url), tls.clone());
            async move {
                let Some(stream) = Stream::open(stream, tls, keep_alive).await else { return };
                listen::http(TokioIo::new(stream), keep_alive, |request| url.answer(request, peer)).await;
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
        let wish = |resource: &String| Wish {
            service: "lambda",
            action: "lambda:InvokeFunctionUrl",
            resource: resource.clone(),
        };
        let caller = match &self.permission {
            None => None,
            Some(resource) => match self.lambda.iam().caller(|| Signed::of(head, &body), || wish(resource)) {
                Ok(caller) => caller,
                Err(_told_in_the_log) => return said(StatusCode::FORBIDDEN, "Forbidden"),
            },
        };
        let account = if caller.is_some() { ids::ACCOUNT } else { ANYBODY };
        let trace = ids::trace_root();
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
        let mut invocation = Invocation { trace_root: Some(trace.clone()), ..Invocation::of(event.to_json()) };
        let (stream, mut parts) = lambda::stream();
        invocation.stream = self.streams.then_some(stream);
        let (lambda, function) = (self.lambda.clone(), self.api.logical_id.clone());
        let running = tokio::spawn(async move { lambda.invoke(&function, invocation).await });
        let why = match parts.recv().await {
            Some(Streamed::Begins(kind)) => match begun(&kind, parts, running).await {
                Ok(response) => return response,
                Err(why) => why,
            },
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
        let outcome = self.running.take()?.await.map(|outcome| outcome.result);
        let failed = !matches!(outcome, Ok(Ok(_)));
        failed.then(|| Err(io::Error::other("the function failed while it answered")))
    }
}

/// The response of which the type is known.
async fn begun(kind: &str, parts: Receiver<Streamed>, running: JoinHandle<Outcome>) -> Result<Response<Parts>, String> {
    let mut rest = Rest { next: Bytes::new(), parts, running: Some(running) };
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
    let frames = stream::unfold(rest, |mut rest| async move {
        let next = rest.next().await?;
        Some((next.map(Frame::data), rest))
    });
    Ok(response.map(|()| StreamBody::new(frames).boxed_unsync()))
}
