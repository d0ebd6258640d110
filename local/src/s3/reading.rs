//! `GetObject` and `HeadObject`: an object, or the part of it that is asked for. Nothing else of its file is read.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Response, StatusCode, header};

use super::answers::{Fault, with_headers};
use super::condition::names;
use super::shelf::Object;
use super::{Asked, blocking};
use crate::listen::{self, Body};
use crate::time;

/// What a request may change of the headers of the object that it reads.
const OVERRIDES: [(&str, &str); 6] = [
    ("response-content-type", "content-type"),
    ("response-content-language", "content-language"),
    ("response-expires", "expires"),
    ("response-cache-control", "cache-control"),
    ("response-content-disposition", "content-disposition"),
    ("response-content-encoding", "content-encoding"),
];

pub(super) async fn read(asked: &Asked<'_>) -> Result<Response<Body>, Fault> {
    let (shelf, key) = (Arc::clone(&asked.kept.shelf), asked.key.clone());
    let (object, file) = blocking(move || shelf.open_object(&key)).await?.ok_or_else(Fault::no_such_key)?;
    let head = asked.head;
    let matches = |name: HeaderName| {
        let value = head.headers.get(name).and_then(|value| value.to_str().ok());
        value.map(|value| names(value, &object.etag))
    };
    if matches(header::IF_MATCH) == Some(false) {
        return Err(Fault::precondition());
    }
    let mut response = if matches(header::IF_NONE_MATCH) == Some(true) {
        listen::empty(StatusCode::NOT_MODIFIED)
    } else {
        let span = Span::of(&head.headers, object.size)?;
        let body = if head.method == Method::HEAD { Bytes::new() } else { blocking(move || span.read(&file)).await? };
        span.response(body)
    };
    response = with_headers(response, described(&object));
    let modified = time::http_date(object.modified);
    let fixed = [("etag", object.etag.as_str()), ("last-modified", &modified), ("accept-ranges", "bytes")];
    response = with_headers(response, fixed);
    let overridden = OVERRIDES.iter().filter_map(|(name, header)| Some((*header, asked.parameter(name)?)));
    Ok(with_headers(response, overridden))
}

fn described(object: &Object) -> impl Iterator<Item = (&str, &str)> {
    object.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

/// Which bytes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: u64,
    length: u64,
    /// Of the object, if they are a part of it.
    part_of: Option<u64>,
}

impl Span {
    /// All of an object, or the part that `Range` asks for.
    fn of(headers: &HeaderMap, size: u64) -> Result<Self, Fault> {
        let whole = Self { from: 0, length: size, part_of: None };
        let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok()?.strip_prefix("bytes="));
        let Some((from, to)) = asked.and_then(|range| range.split_once('-')) else { return Ok(whole) };
        let last = size.saturating_sub(1);
        let (from, to) = match (from.parse::<u64>(), to.parse::<u64>()) {
            (Ok(from), Ok(to)) => (from, to.min(last)),
            (Ok(from), Err(_)) if to.is_empty() => (from, last),
            (Err(_), Ok(count)) if from.is_empty() => (size.saturating_sub(count), last),
            _ => return Ok(whole),
        };
        if from >= size || from > to {
            return Err(Fault::new(416, "InvalidRange", "The requested range is not satisfiable"));
        }
        Ok(Self { from, length: to - from + 1, part_of: Some(size) })
    }

    fn read(self, file: &File) -> Result<Bytes, Fault> {
        let mut bytes = vec![0; usize::try_from(self.length).unwrap_or(usize::MAX)];
        file.read_exact_at(&mut bytes, self.from)?;
        Ok(bytes.into())
    }

    fn response(self, body: Bytes) -> Response<Body> {
        let response = Response::new(Body::new(body));
        let mut response = with_headers(response, [("content-length", self.length.to_string().as_str())]);
        if let Some(size) = self.part_of {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let range = format!("bytes {}-{}/{size}", self.from, self.from + self.length - 1);
            response = with_headers(response, [("content-range", range.as_str())]);
        }
        response
    }
}
