//! The way into a `local` that runs: what its own commands and its status page ask and tell it, over HTTP on a port of its own.
//!
//! Whoever gets in can invoke functions and read their logs, so the port has three locks. It listens on 127.0.0.1 only. A request must
//! name exactly that address as its `Host`, and as its `Origin` if it has one, so that neither a web page of another site nor one whose
//! name was made to point here (DNS rebinding) is answered at all. And everything but the page's own files needs the token, random in
//! each run, as `Authorization: Bearer`: a header that no page can make a browser send by itself, as it would send a cookie.
//! Commands read address and token from a file in the data folder that only its owner can read; the page is given the token behind a `#`,
//! which a browser keeps to itself.

mod api;
mod client;
mod instance;

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpListener;

pub(crate) use self::client::{Answer, Client};
pub use self::instance::Claim;
pub(crate) use self::instance::{Absent, Instance, token};
use crate::lambda::Lambda;
use crate::limits::Limits;
use crate::listen::{self, Body, message};
use crate::log::Log;
use crate::serve::Addresses;
use crate::websocket::WebSocket;

/// What a run says about itself.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// The version of `local`.
    pub version: &'static str,
    /// The process.
    pub process: u32,
    /// The template, absolute.
    pub template: String,
    /// When it was up.
    pub started_at: String,
    /// Where this control interface is, `http://127.0.0.1:41234`.
    pub control: String,
    /// What opens it.
    #[serde(skip)]
    pub token: String,
}

/// The control interface of one run.
#[derive(Debug)]
pub(crate) struct Control {
    about: About,
    addresses: Addresses,
    lambda: Lambda,
    websockets: Vec<WebSocket>,
    log: Log,
    limits: Limits,
}

impl Control {
    pub(crate) fn new(
        about: About,
        addresses: Addresses,
        lambda: Lambda,
        websockets: Vec<WebSocket>,
        log: Log,
    ) -> Self {
        Self { about, addresses, lambda, websockets, log, limits: Limits::default() }
    }

    /// Serves until the task is aborted.
    pub(crate) async fn serve(self, listener: TcpListener) {
        let control = Arc::new(self);
        listen::accept(listener, |stream, _| {
            let control = Arc::clone(&control);
            async move {
                let keep_alive = control.limits.keep_alive;
                listen::http(TokioIo::new(stream), keep_alive, |request| control.answer(request)).await;
            }
        })
        .await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let mut response = match self.refusal(&head.headers, head.uri.path()) {
            Some(refusal) => refusal,
            None => self.routed(&head, body).await,
        };
        for (name, value) in HEADERS {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }

    /// Who is not let in, and why.
    fn refusal(&self, headers: &HeaderMap, path: &str) -> Option<Response<Body>> {
        let here = self.about.control.strip_prefix("http://").unwrap_or_default();
        let port = here.rsplit(':').next().unwrap_or_default();
        let is_here = |host: &str| host == here || host.strip_prefix("localhost:") == Some(port);
        let text = |name: header::HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        if !text(header::HOST).is_some_and(is_here) {
            let told =
                format!("the control interface of local is {}, and answers under no other name", self.about.control);
            return Some(message(StatusCode::FORBIDDEN, &told));
        }
        if text(header::ORIGIN).is_some_and(|origin| !origin.strip_prefix("http://").is_some_and(is_here)) {
            return Some(message(StatusCode::FORBIDDEN, "pages of other sites are not answered here"));
        }
        let token = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let known = token.is_some_and(|token| same(token.as_bytes(), self.about.token.as_bytes()));
        (path.starts_with("/api/") && !known).then(|| {
            let told = "the token is missing or not this run's: `local status` tells the address with it";
            let mut response = message(StatusCode::UNAUTHORIZED, told);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        })
    }

    async fn routed(&self, head: &http::request::Parts, body: Incoming) -> Response<Body> {
        let path = head.uri.path();
        if let Some(call) = path.strip_prefix("/api/") {
            return self.call(call, head, body).await;
        }
        if !matches!(head.method, Method::GET | Method::HEAD) {
            return message(StatusCode::METHOD_NOT_ALLOWED, "this is only read");
        }
        match PAGE.iter().find(|(name, ..)| *name == path) {
            Some((_, kind, text)) => {
                let mut response = Response::new(Body::from(*text));
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
                response
            }
            None => message(StatusCode::NOT_FOUND, "there is nothing here"),
        }
    }
}

/// The status page. It holds no secret: what it shows it asks for, with the token that it is opened with.
const PAGE: [(&str, &str, &str); 3] = [
    ("/", "text/html; charset=utf-8", include_str!("status/page.html")),
    ("/page.css", "text/css; charset=utf-8", include_str!("status/page.css")),
    ("/page.js", "text/javascript; charset=utf-8", include_str!("status/page.js")),
];

/// On every answer: nothing is kept, guessed, framed, or shown to another site.
const HEADERS: [(&str, &str); 5] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
];

/// Compares all bytes, so that the time does not tell how many are right.
fn same(given: &[u8], right: &[u8]) -> bool {
    given.len() == right.len() && given.iter().zip(right).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}
