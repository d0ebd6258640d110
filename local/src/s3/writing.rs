//! `PutObject`, `CopyObject`, `DeleteObject` and `DeleteObjects`.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};

use super::answers::{Fault, escaped, with_headers, xml};
use super::condition::{Condition, names};
use super::listing::NAMESPACE;
use super::shelf::{self, New, Object, poured};
use super::{Asked, S3, blocking, chunked};
use crate::gateway::url;
use crate::iam::{self, Wish};
use crate::listen::{self, Body};
use crate::time;

/// What says that something is to be copied.
pub(super) const COPY_SOURCE: &str = "x-amz-copy-source";
/// Which part of it.
const COPY_RANGE: &str = "x-amz-copy-source-range";
/// Conditions on the source that are not looked at.
const NO_CONDITIONS: [&str; 2] = ["x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-unmodified-since"];
/// The most keys that are deleted at once.
const MOST: usize = 1000;

/// What a body is once it is checked and taken out of its pieces. Takes time.
pub(super) fn unpacked(headers: &HeaderMap, body: Bytes) -> Result<Bytes, Fault> {
    let given = headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
    if given.is_some_and(|hash| hash.len() == 64 && hash != iam::sha256(&body)) {
        let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
        return Err(Fault::new(400, "XAmzContentSHA256Mismatch", message));
    }
    if chunked::is(headers) { chunked::decoded(&body) } else { Ok(body) }
}

/// Something that is to be copied.
#[derive(Debug)]
pub(super) struct Source {
    object: Object,
    file: File,
    /// The first byte, and how many.
    span: Option<(u64, u64)>,
}

impl Source {
    /// The bytes to be copied, and how many there are.
    pub(super) fn bytes(self) -> Result<(u64, impl Read), Fault> {
        let (from, count) = self.span.unwrap_or((0, self.object.size));
        let mut file = self.file;
        file.seek(SeekFrom::Start(from))?;
        Ok((count, file.take(count)))
    }
}

impl S3 {
    pub(super) async fn put(&self, asked: &Asked<'_>, body: Bytes, peer: IpAddr) -> Result<Response<Body>, Fault> {
        let headers = asked.head.headers.clone();
        let condition = Condition::of(&headers)?;
        let (shelf, key) = (Arc::clone(&asked.kept.shelf), asked.key.clone());
        let put = move || {
            let bytes = unpacked(&headers, body)?;
            let new = New { key: &key, headers: shelf::kept(&headers), condition: &condition };
            shelf.put(new, |file| poured(&bytes[..], file))
        };
        let object = blocking(put).await?;
        self.notify(asked, "ObjectCreated:Put", &object, peer);
        Ok(with_headers(listen::empty(StatusCode::OK), [("etag", object.etag.as_str())]))
    }

    pub(super) async fn copy(&self, asked: &Asked<'_>, peer: IpAddr) -> Result<Response<Body>, Fault> {
        let headers = &asked.head.headers;
        let replaced = match headers.get("x-amz-metadata-directive").map(|value| value.to_str().unwrap_or_default()) {
            None | Some("COPY") => None,
            Some("REPLACE") => Some(shelf::kept(headers)),
            Some(_) => return Err(Fault::new(400, "InvalidArgument", "Unknown metadata directive.")),
        };
        let condition = Condition::of(headers)?;
        let (bucket, from) = source_of(headers)?;
        if bucket == asked.kept.bucket.name && from == asked.key && replaced.is_none() {
            let message = "This copy request is illegal because it is trying to copy an object to itself without changing the object's \
                           metadata, storage class, website redirect location or encryption attributes.";
            return Err(Fault::new(400, "InvalidRequest", message));
        }
        let source = self.source(asked).await?;
        if source.object.size > self.limit() {
            return Err(Fault::too_large());
        }
        let (shelf, key) = (Arc::clone(&asked.kept.shelf), asked.key.clone());
        let copy = move || {
            let headers = replaced.unwrap_or_else(|| source.object.headers.clone());
            let new = New { key: &key, headers, condition: &condition };
            let (_, bytes) = source.bytes()?;
            shelf.put(new, |file| poured(bytes, file))
        };
        let object = blocking(copy).await?;
        self.notify(asked, "ObjectCreated:Copy", &object, peer);
        Ok(copied("CopyObjectResult", &object.etag, object.modified))
    }

    /// What a request wants to have copied, if whoever asks may read it.
    pub(super) async fn source(&self, asked: &Asked<'_>) -> Result<Source, Fault> {
        let headers = &asked.head.headers;
        if let Some(name) = NO_CONDITIONS.into_iter().find(|name| headers.contains_key(*name)) {
            return Err(Fault::not_implemented(name));
        }
        let (bucket, key) = source_of(headers)?;
        let iam = self.0.lambda.iam();
        let resource = format!("{}/{key}", iam.arn_of_bucket(&bucket));
        let wish = Wish { service: "s3", action: "s3:GetObject", resource };
        iam.permits(&asked.signer, &wish).map_err(|refusal| Fault::of_refusal(&refusal, asked.head))?;
        let kept = self.0.buckets.get(&bucket).ok_or_else(Fault::no_such_bucket)?;
        let shelf = Arc::clone(&kept.shelf);
        let (object, file) = blocking(move || shelf.open_object(&key)).await?.ok_or_else(Fault::no_such_key)?;
        let matches = |name: &str| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.map(|value| names(value, &object.etag))
        };
        if matches("x-amz-copy-source-if-match") == Some(false)
            || matches("x-amz-copy-source-if-none-match") == Some(true)
        {
            return Err(Fault::precondition());
        }
        let span = match headers.get(COPY_RANGE).map(|value| value.to_str().unwrap_or_default()) {
            None => None,
            Some(range) => Some(span(range, object.size)?),
        };
        Ok(Source { object, file, span })
    }

    pub(super) async fn delete(&self, asked: &Asked<'_>, peer: IpAddr) -> Result<Response<Body>, Fault> {
        let (shelf, key) = (Arc::clone(&asked.kept.shelf), asked.key.clone());
        let condition = Condition::of(&asked.head.headers)?;
        if let Some(object) = blocking(move || shelf.delete(&key, &condition)).await? {
            self.notify(asked, "ObjectRemoved:Delete", &object, peer);
        }
        Ok(listen::empty(StatusCode::NO_CONTENT))
    }

    /// Each key for itself: what becomes of one is nothing to the others.
    pub(super) async fn delete_several(
        &self,
        asked: &Asked<'_>,
        body: Bytes,
        peer: IpAddr,
    ) -> Result<Response<Body>, Fault> {
        let headers = asked.head.headers.clone();
        let several = blocking(move || Several::read(&unpacked(&headers, body)?)).await?;
        let mut told = String::new();
        for (key, condition) in several.keys {
            let done = match self.may_delete(asked, &key) {
                Ok(()) => {
                    let (shelf, key) = (Arc::clone(&asked.kept.shelf), key.clone());
                    match condition {
                        Ok(condition) => blocking(move || shelf.delete(&key, &condition)).await,
                        Err(fault) => Err(fault),
                    }
                }
                Err(fault) => Err(fault),
            };
            let key = escaped(&key);
            match done {
                Ok(object) => {
                    object.iter().for_each(|object| self.notify(asked, "ObjectRemoved:Delete", object, peer));
                    if !several.quiet {
                        told.push_str(&format!("<Deleted><Key>{key}</Key></Deleted>"));
                    }
                }
                Err(fault) => told.push_str(&format!(
                    "<Error><Key>{key}</Key><Code>{}</Code><Message>{}</Message></Error>",
                    fault.code(),
                    escaped(fault.message())
                )),
            }
        }
        Ok(xml(&format!("<DeleteResult xmlns=\"{NAMESPACE}\">{told}</DeleteResult>")))
    }

    fn may_delete(&self, asked: &Asked<'_>, key: &str) -> Result<(), Fault> {
        let iam = self.0.lambda.iam();
        let resource = format!("{}/{key}", iam.arn_of_bucket(&asked.kept.bucket.name));
        let wish = Wish { service: "s3", action: "s3:DeleteObject", resource };
        iam.permits(&asked.signer, &wish).map_err(|refusal| Fault::of_refusal(&refusal, asked.head))
    }
}

/// What became of a copy.
pub(super) fn copied(name: &str, etag: &str, modified: u64) -> Response<Body> {
    let (etag, modified) = (escaped(etag), time::iso(modified));
    xml(&format!("<{name} xmlns=\"{NAMESPACE}\"><LastModified>{modified}</LastModified><ETag>{etag}</ETag></{name}>"))
}

/// The bucket and the key of what is to be copied.
fn source_of(headers: &HeaderMap) -> Result<(String, String), Fault> {
    let given = headers.get(COPY_SOURCE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if given.contains("?versionId=") {
        return Err(Fault::not_implemented("versionId"));
    }
    let given = url::decode(given);
    match given.trim_start_matches('/').split_once('/') {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => Ok((bucket.to_owned(), key.to_owned())),
        _ => {
            let message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey";
            Err(Fault::new(400, "InvalidArgument", message))
        }
    }
}

/// `bytes=0-4`, both of which must be there.
fn span(range: &str, size: u64) -> Result<(u64, u64), Fault> {
    let parts = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    match parts.map(|(from, to)| (from.parse::<u64>(), to.parse::<u64>())) {
        Some((Ok(from), Ok(to))) if from <= to && to < size => Ok((from, to - from + 1)),
        _ => Err(Fault::new(
            400,
            "InvalidArgument",
            &format!("Range specified is not valid for source object of size: {size}"),
        )),
    }
}

/// What is to be deleted.
struct Several {
    keys: Vec<(String, Result<Condition, Fault>)>,
    /// Only what went wrong is to be told.
    quiet: bool,
}

impl Several {
    fn read(body: &[u8]) -> Result<Self, Fault> {
        let text = std::str::from_utf8(body).map_err(|_| Fault::malformed())?;
        let document = roxmltree::Document::parse(text).map_err(|_| Fault::malformed())?;
        let of = |node: roxmltree::Node<'_, '_>, name: &str| {
            node.children()
                .find(|child| child.tag_name().name() == name)
                .map(|child| child.text().unwrap_or_default().to_owned())
        };
        let root = document.root_element();
        let mut keys = Vec::new();
        for object in root.children().filter(|child| child.tag_name().name() == "Object") {
            let key = of(object, "Key").filter(|key| !key.is_empty()).ok_or_else(Fault::malformed)?;
            let unknown = ["VersionId", "LastModifiedTime", "Size"].into_iter().find(|name| of(object, name).is_some());
            let condition = match (unknown, of(object, "ETag")) {
                (Some(name), _) => Err(Fault::not_implemented(name)),
                (None, Some(tag)) => Ok(Condition::Matches(tag)),
                (None, None) => Ok(Condition::Always),
            };
            keys.push((key, condition));
        }
        if root.tag_name().name() != "Delete" || keys.is_empty() || keys.len() > MOST {
            return Err(Fault::malformed());
        }
        Ok(Self { keys, quiet: of(root, "Quiet").as_deref() == Some("true") })
    }
}
