//! S3, as much of it as functions and browsers need to keep files: objects are put, read, listed and deleted, by requests that are signed in
//! a header or (presigned) in their URL, and functions hear of it.
//!
//! A bucket is a folder in the data folder. Every request must be signed, as buckets are private, and is checked against the role of whoever
//! signed it with `--iam`. What is not played is refused with 501 `NotImplemented`.

mod answers;
mod chunked;
mod cors;
mod listing;
mod notices;
mod shelf;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header, request};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use self::answers::Fault;
use self::shelf::{Object, Shelf};
use crate::gateway::url;
use crate::iam::{self, Caller, Wish};
use crate::lambda::Lambda;
use crate::limits::Limits;
use crate::listen::{self, Body, Unread};
use crate::model::Bucket;

/// What a request may change of the headers of the object that it reads.
const OVERRIDES: [(&str, &str); 6] = [
    ("response-content-type", "content-type"),
    ("response-content-language", "content-language"),
    ("response-expires", "expires"),
    ("response-cache-control", "cache-control"),
    ("response-content-disposition", "content-disposition"),
    ("response-content-encoding", "content-encoding"),
];
/// The longest key. S3's quotas: 1,024 bytes.
const LONGEST_KEY: usize = 1024;
/// Parameters that ask for something that is not played.
const UNKNOWN: [&str; 14] = [
    "acl",
    "cors",
    "delete",
    "encryption",
    "legal-hold",
    "lifecycle",
    "notification",
    "policy",
    "retention",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versioning",
];

/// The buckets of a template. Clones are the same ones.
#[derive(Debug, Clone)]
pub(crate) struct S3(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// By name.
    buckets: BTreeMap<String, Kept>,
    lambda: Lambda,
    limits: Arc<Limits>,
}

#[derive(Debug)]
struct Kept {
    bucket: Bucket,
    shelf: Arc<Shelf>,
}

/// What a request is about.
struct Asked<'a> {
    head: &'a request::Parts,
    kept: &'a Kept,
    key: String,
    query: Vec<(String, String)>,
}

impl Asked<'_> {
    fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

impl S3 {
    /// Opens the folders of all buckets.
    pub(crate) fn new(
        buckets: &BTreeMap<String, Bucket>,
        data: &Path,
        lambda: Lambda,
        limits: Arc<Limits>,
    ) -> Result<Self> {
        let open = |bucket: &Bucket| {
            let folder = data.join("buckets").join(&bucket.name);
            let shelf = Shelf::open(&folder).with_context(|| format!("the bucket in {}", folder.display()))?;
            Ok((bucket.name.clone(), Kept { bucket: bucket.clone(), shelf: Arc::new(shelf) }))
        };
        let buckets = buckets.values().map(open).collect::<Result<_>>()?;
        Ok(Self(Arc::new(Inner { buckets, lambda, limits })))
    }

    /// Serves until the task is aborted.
    pub(crate) async fn serve(self, listener: TcpListener) {
        let keep_alive = self.0.limits.keep_alive;
        listen::accept(listener, |stream, peer| {
            let s3 = self.clone();
            async move {
                listen::http(TokioIo::new(stream), keep_alive, |request| s3.answer(request, peer.ip())).await;
            }
        })
        .await;
    }

    async fn answer(&self, request: Request<Incoming>, peer: IpAddr) -> Response<Body> {
        let (head, body) = request.into_parts();
        let (name, key) = place(&head);
        let kept = self.0.buckets.get(&name);
        let mut response = match self.answered(&head, body, kept, &name, key.clone(), peer).await {
            Ok(response) => response,
            Err(fault) => fault.response(&head.method, &format!("/{name}/{key}")),
        };
        if let Some(kept) = kept {
            cors::allow(&kept.bucket, &head, response.headers_mut());
        }
        answers::identify(&mut response);
        response
    }

    async fn answered(
        &self,
        head: &request::Parts,
        body: Incoming,
        kept: Option<&Kept>,
        name: &str,
        key: String,
        peer: IpAddr,
    ) -> Result<Response<Body>, Fault> {
        let limit = self.0.limits.object;
        let body = listen::read(body, limit, self.0.limits.slow_request).await.map_err(|unread| match unread {
            Unread::TooLarge => {
                Fault::new(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
            }
            _ => Fault::new(
                400,
                "IncompleteBody",
                "You did not provide the number of bytes specified by the Content-Length",
            ),
        })?;
        if head.method == Method::OPTIONS {
            return cors::preflight(kept.map(|kept| &kept.bucket), head);
        }
        let query = url::query(head.uri.query().unwrap_or_default());
        let caller = self.permitted(head, &body, name, &key)?;
        if name.is_empty() && head.method == Method::GET {
            return Ok(listing::buckets(self.0.buckets.keys()));
        }
        let missing = || Fault::new(404, "NoSuchBucket", "The specified bucket does not exist");
        let asked = Asked { head, kept: kept.ok_or_else(missing)?, key, query };
        if let Some(unknown) = UNKNOWN.into_iter().find(|name| asked.parameter(name).is_some()) {
            return Err(not_implemented(unknown));
        }
        if asked.key.len() > LONGEST_KEY {
            return Err(Fault::new(400, "KeyTooLongError", "Your key is too long"));
        }
        match (&head.method, asked.key.is_empty()) {
            (&Method::GET, true) if asked.parameter("location").is_some() => Ok(listing::location(self.0.lambda.iam())),
            (&Method::GET, true) => Ok(listing::objects(&asked)),
            (&Method::HEAD, true) => Ok(listen::empty(StatusCode::OK)),
            (&Method::GET | &Method::HEAD, false) => read(&asked).await,
            (&Method::PUT, false) => self.put(&asked, body, &caller, peer).await,
            (&Method::DELETE, false) => self.delete(&asked, &caller, peer).await,
            (method, _) => Err(not_implemented(method.as_str())),
        }
    }

    /// Who asks, if they may.
    fn permitted(&self, head: &request::Parts, body: &[u8], bucket: &str, key: &str) -> Result<Caller, Fault> {
        let action = match (&head.method, key.is_empty()) {
            (&Method::GET | &Method::HEAD, true) if bucket.is_empty() => "s3:ListAllMyBuckets",
            (&Method::GET | &Method::HEAD, true) => "s3:ListBucket",
            (&Method::GET | &Method::HEAD, false) => "s3:GetObject",
            (&Method::DELETE, _) => "s3:DeleteObject",
            _ => "s3:PutObject",
        };
        let iam = self.0.lambda.iam();
        let resource = match (bucket, key) {
            ("", _) => "*".to_owned(),
            (bucket, "") => iam.arn_of_bucket(bucket),
            (bucket, key) => format!("{}/{key}", iam.arn_of_bucket(bucket)),
        };
        let wish = Wish { service: "s3", action, resource };
        let signed = iam::Request::of(head, body);
        let caller = iam.check_if_enforced(&signed, &wish).map_err(|refusal| Fault::of_refusal(&refusal, head))?;
        let given = head.headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
        match given {
            Some(hash) if hash.len() == 64 && hash != iam::sha256(body) => {
                let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
                Err(Fault::new(400, "XAmzContentSHA256Mismatch", message))
            }
            _ => Ok(caller),
        }
    }

    async fn put(
        &self,
        asked: &Asked<'_>,
        body: Bytes,
        caller: &Caller,
        peer: IpAddr,
    ) -> Result<Response<Body>, Fault> {
        let headers = &asked.head.headers;
        if asked.parameter("partNumber").is_some() || headers.contains_key("x-amz-copy-source") {
            return Err(not_implemented("copies and uploads in parts"));
        }
        let body = if chunked::is(headers) { chunked::decoded(&body)? } else { body };
        if headers.get(header::IF_NONE_MATCH).is_some_and(|value| value == "*")
            && asked.kept.shelf.get(&asked.key).is_some()
        {
            let message = "At least one of the pre-conditions you specified did not hold";
            return Err(Fault::new(412, "PreconditionFailed", message));
        }
        let (shelf, key, kept) = (Arc::clone(&asked.kept.shelf), asked.key.clone(), shelf::kept(headers));
        let object = blocking(move || shelf.put(&key, &body, kept)).await?;
        let response = answers::with_headers(listen::empty(StatusCode::OK), [("etag", object.etag.as_str())]);
        self.notify(asked, "ObjectCreated:Put", &object, caller, peer);
        Ok(response)
    }

    async fn delete(&self, asked: &Asked<'_>, caller: &Caller, peer: IpAddr) -> Result<Response<Body>, Fault> {
        let (shelf, key) = (Arc::clone(&asked.kept.shelf), asked.key.clone());
        if let Some(object) = blocking(move || shelf.delete(&key)).await? {
            self.notify(asked, "ObjectRemoved:Delete", &object, caller, peer);
        }
        Ok(listen::empty(StatusCode::NO_CONTENT))
    }

    /// Tells the functions that want to hear of it.
    fn notify(&self, asked: &Asked<'_>, what: &str, object: &Object, caller: &Caller, peer: IpAddr) {
        for (function, event) in notices::of(&asked.kept.bucket, what, object, caller, peer, self.0.lambda.iam()) {
            self.0.lambda.event(function, crate::lambda::Invocation::of(event.to_string()));
        }
    }
}

async fn read(asked: &Asked<'_>) -> Result<Response<Body>, Fault> {
    let missing = || Fault::new(404, "NoSuchKey", "The specified key does not exist.");
    let (shelf, key) = (Arc::clone(&asked.kept.shelf), asked.key.clone());
    let (object, bytes) = blocking(move || shelf.read(&key)).await?.ok_or_else(missing)?;
    let head = asked.head;
    let matches = |name: header::HeaderName| {
        let value = head.headers.get(name).and_then(|value| value.to_str().ok());
        value.map(|value| value == "*" || value.split(',').any(|tag| tag.trim() == object.etag))
    };
    if matches(header::IF_MATCH) == Some(false) {
        let message = "At least one of the pre-conditions you specified did not hold";
        return Err(Fault::new(412, "PreconditionFailed", message));
    }
    let mut response = if matches(header::IF_NONE_MATCH) == Some(true) {
        listen::empty(StatusCode::NOT_MODIFIED)
    } else {
        part(&head.headers, bytes)?
    };
    response =
        answers::with_headers(response, object.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let modified = crate::time::http_date(object.modified);
    let fixed = [("etag", object.etag.as_str()), ("last-modified", &modified), ("accept-ranges", "bytes")];
    response = answers::with_headers(response, fixed);
    let overridden = OVERRIDES.iter().filter_map(|(name, header)| Some((*header, asked.parameter(name)?)));
    Ok(answers::with_headers(response, overridden))
}

/// All of an object, or the part that `Range` asks for.
fn part(headers: &HeaderMap, bytes: Bytes) -> Result<Response<Body>, Fault> {
    let length = bytes.len();
    let whole = |bytes: Bytes| Response::new(Body::new(bytes));
    let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok()?.strip_prefix("bytes="));
    let Some((from, to)) = asked.and_then(|range| range.split_once('-')) else { return Ok(whole(bytes)) };
    let (from, to) = match (from.parse::<usize>(), to.parse::<usize>()) {
        (Ok(from), Ok(to)) => (from, to.min(length.saturating_sub(1))),
        (Ok(from), Err(_)) if to.is_empty() => (from, length.saturating_sub(1)),
        (Err(_), Ok(last)) if from.is_empty() => (length.saturating_sub(last), length.saturating_sub(1)),
        _ => return Ok(whole(bytes)),
    };
    if from >= length || from > to {
        return Err(Fault::new(416, "InvalidRange", "The requested range is not satisfiable"));
    }
    let mut response = whole(bytes.slice(from..=to));
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    let range = format!("bytes {from}-{to}/{length}");
    Ok(answers::with_headers(response, [("content-range", range.as_str())]))
}

/// The bucket and the key: the first part of the path, or of the host (`bucket.localhost`, `bucket.s3.us-east-1.amazonaws.com`), and the rest.
fn place(head: &request::Parts) -> (String, String) {
    let path = head.uri.path().strip_prefix('/').unwrap_or_default();
    let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let bucket = host.strip_suffix(".localhost").or_else(|| {
        let (bucket, rest) = host.split_once(".s3.")?;
        rest.contains("amazonaws.com").then_some(bucket)
    });
    match bucket {
        Some(bucket) => (bucket.to_owned(), url::decode(path)),
        None => {
            let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
            (url::decode(bucket), url::decode(key))
        }
    }
}

fn not_implemented(what: &str) -> Fault {
    let message = format!("A header or a request you provided implies functionality that is not implemented: {what}");
    Fault::new(501, "NotImplemented", &message)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Result<T, Fault> {
    let failed = |why: String| Fault::new(500, "InternalError", &why);
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| failed(error.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}
