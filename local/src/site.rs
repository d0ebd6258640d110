//! The static site, served as Netlify would: `_headers`, `_redirects` for a single-page application, `404.html`.
//!
//! Placeholders are replaced while serving, so that one build of the site works with whatever ports this run has. What is replaced has its
//! own `ETag`, because the files' times do not tell that an address has changed.

mod headers;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Collected};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

use self::headers::Headers;
use crate::gateway::url;
use crate::listen::{self, Body};
use crate::serve;

/// Files in which placeholders are replaced, besides `_headers`.
const REPLACED_IN: [&str; 6] = ["html", "js", "mjs", "json", "webmanifest", "css"];

/// A folder being served.
#[derive(Debug)]
pub(crate) struct Site {
    folder: PathBuf,
    replace: BTreeMap<String, String>,
    keep_alive: Duration,
}

/// Serves until the task is aborted.
pub(crate) async fn serve(listener: TcpListener, site: Site) {
    let keep_alive = site.keep_alive;
    let site = Arc::new(site);
    listen::accept(listener, |stream, _| {
        let site = Arc::clone(&site);
        async move {
            listen::http(TokioIo::new(stream), keep_alive, |request| site.answer(request)).await;
        }
    })
    .await;
}

impl Site {
    pub(crate) fn new(site: serve::Site, keep_alive: Duration) -> Self {
        Self { folder: site.folder, replace: site.replace, keep_alive }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = listen::empty(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        let path = request.uri().path().to_owned();
        // These two say how to serve and are not served.
        let private = matches!(url::decode(&path).trim_end_matches('/'), "/_headers" | "/_redirects");
        let mut response =
            if private { listen::empty(StatusCode::NOT_FOUND) } else { self.file(&request, &path).await };
        if response.status() == StatusCode::NOT_FOUND {
            response = self.missing(&request, &path).await;
        }
        if let Ok(text) = tokio::fs::read_to_string(self.folder.join("_headers")).await {
            Headers::parse(&self.replaced(&text)).apply(&path, response.headers_mut());
        }
        response
    }

    /// A path without a file: the application's page if it routes by itself, or else the page for it.
    async fn missing(&self, request: &Request<Incoming>, path: &str) -> Response<Body> {
        let redirects = tokio::fs::read_to_string(self.folder.join("_redirects")).await.unwrap_or_default();
        let application =
            redirects.lines().any(|line| line.split_whitespace().collect::<Vec<_>>() == ["/*", "/index.html", "200"]);
        let is_page = Path::new(path).extension().is_none();
        if application && is_page {
            return self.file(request, "/index.html").await;
        }
        let mut response = self.file(request, "/404.html").await;
        if response.status() != StatusCode::NOT_FOUND {
            *response.status_mut() = StatusCode::NOT_FOUND;
            return response;
        }
        let mut response = Response::new(Body::from("Not Found\n"));
        *response.status_mut() = StatusCode::NOT_FOUND;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        response
    }

    async fn file(&self, request: &Request<Incoming>, path: &str) -> Response<Body> {
        let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
        let replaced = !self.replace.is_empty() && extension.is_none_or(|extension| REPLACED_IN.contains(&extension));
        let mut inner = Request::get(path);
        if !replaced && let Some(headers) = inner.headers_mut() {
            for name in [header::RANGE, header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE] {
                if let Some(value) = request.headers().get(&name) {
                    headers.insert(name, value.clone());
                }
            }
        }
        let Ok(inner) = inner.body(Body::default()) else { return listen::empty(StatusCode::NOT_FOUND) };
        let Ok(found) = ServeDir::new(&self.folder).try_call(inner).await else {
            return listen::empty(StatusCode::NOT_FOUND);
        };
        let (head, body) = found.into_parts();
        let Ok(body) = body.collect().await else { return listen::empty(StatusCode::NOT_FOUND) };
        let mut response = Response::from_parts(head, Body::new(body.to_bytes()));
        if replaced && response.status() == StatusCode::OK {
            response = self.localized(request, response).await;
        }
        if request.method() == Method::HEAD {
            // hyper leaves the body out and keeps its length.
            response.headers_mut().remove(header::TRANSFER_ENCODING);
        }
        response
    }

    /// The same file with the placeholders replaced.
    async fn localized(&self, request: &Request<Incoming>, response: Response<Body>) -> Response<Body> {
        let (mut head, body) = response.into_parts();
        let bytes = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => self.replaced(text),
            Err(_) => return Response::from_parts(head, Body::new(bytes)),
        };
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let tag = format!("\"{:016x}\"", hasher.finish());
        head.headers.remove(header::LAST_MODIFIED);
        head.headers.remove(header::ACCEPT_RANGES);
        head.headers.remove(header::CONTENT_LENGTH);
        let known = request.headers().get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
        let unchanged =
            known.is_some_and(|tags| tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag));
        if let Ok(tag) = HeaderValue::try_from(tag) {
            head.headers.insert(header::ETAG, tag);
        }
        if unchanged {
            head.status = StatusCode::NOT_MODIFIED;
            return Response::from_parts(head, Body::default());
        }
        Response::from_parts(head, Body::from(text))
    }

    fn replaced(&self, text: &str) -> String {
        self.replace.iter().fold(text.to_owned(), |text, (placeholder, value)| text.replace(placeholder, value))
    }
}
