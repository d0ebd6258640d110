//! `GetObject` and `HeadObject`: an object, or the part of it that is asked for. Nothing else of its file is read, and that in pieces, as fast
//! as the client takes them.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;

use super::answers::{Fault, with_headers};
use super::condition::{Reading, names};
use super::shelf::Object;
use super::{Asked, S3, blocking};
use crate::listen::{self, Parts};
use crate::time;

/// Bytes that are in memory of an object.
const PIECE: u64 = 64 * 1024;
/// What a request may change of the headers of the object that it reads.
const OVERRIDES: [(&str, &str); 6] = [
    ("response-content-type", "content-type"),
    ("response-content-language", "content-language"),
    ("response-expires", "expires"),
    ("response-cache-control", "cache-control"),
    ("response-content-disposition", "content-disposition"),
    ("response-content-encoding", "content-encoding"),
];

impl S3 {
    pub(super) async fn read(&self, asked: &Asked<'_>) -> Result<Response<Parts>, Fault> {
        let (shelf, key) = (Arc::clone(&asked.kept.shelf), asked.key.clone());
        let found = blocking(move || shelf.open_object(&key)).await?;
        let (object, file) = found.ok_or_else(|| self.missing(asked, &asked.kept.bucket.name))?;
        let mut response = match Reading::of(&asked.headers, "", &object) {
            Reading::Changed => return Err(Fault::precondition()),
            Reading::Unchanged => listen::whole(listen::empty(StatusCode::NOT_MODIFIED)),
            Reading::Wanted => {
                let span = Span::of(&asked.headers, &object)?;
                span.response(if asked.head.method == Method::HEAD { None } else { Some(file) })
            }
        };
        response = with_headers(response, described(&object));
        let modified = time::http_date(object.modified);
        let fixed = [("etag", object.etag.as_str()), ("last-modified", &modified), ("accept-ranges", "bytes")];
        response = with_headers(response, fixed);
        let overridden = OVERRIDES.iter().filter_map(|(name, header)| Some((*header, asked.parameter(name)?)));
        Ok(with_headers(response, overridden))
    }
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
    /// All of an object, or the part that `Range` asks for, if it is the object of which `If-Range` has the rest.
    fn of(headers: &HeaderMap, object: &Object) -> Result<Self, Fault> {
        let size = object.size;
        let whole = Self { from: 0, length: size, part_of: None };
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let is_known = |known: &str| names(known, &object.etag) || known == time::http_date(object.modified);
        if text(header::IF_RANGE).is_some_and(|known| !is_known(known)) {
            return Ok(whole);
        }
        let asked = text(header::RANGE).and_then(|range| range.strip_prefix("bytes="));
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

    /// With the bytes, if there is a file to read them from.
    fn response(self, file: Option<File>) -> Response<Parts> {
        let mut response = match file {
            Some(file) => Response::new(self.bytes(file)),
            None => listen::whole(listen::empty(StatusCode::OK)),
        };
        response = with_headers(response, [("content-length", self.length.to_string().as_str())]);
        if let Some(size) = self.part_of {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let range = format!("bytes {}-{}/{size}", self.from, self.from + self.length - 1);
            response = with_headers(response, [("content-range", range.as_str())]);
        }
        response
    }

    fn bytes(self, file: File) -> Parts {
        let file = Arc::new(file);
        let pieces = stream::try_unfold((self.from, self.length), move |(at, left)| {
            let file = Arc::clone(&file);
            async move {
                let count = left.min(PIECE);
                if count == 0 {
                    return Ok::<_, io::Error>(None);
                }
                let read = tokio::task::spawn_blocking(move || piece(&file, at, count)).await;
                Ok(Some((Frame::data(read.map_err(io::Error::other)??), (at + count, left - count))))
            }
        });
        StreamBody::new(pieces).boxed_unsync()
    }
}

fn piece(file: &File, at: u64, count: u64) -> io::Result<Bytes> {
    let mut bytes = vec![0; usize::try_from(count).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes.into())
}
