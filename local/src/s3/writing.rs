//! `PutObject`, `CopyObject`, `DeleteObject` and `DeleteObjects`.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};

use super::answers::{Fault, escaped, with_headers, xml};
use super::condition::{Condition, Reading};
use super::listing::NAMESPACE;
use super::notices::Teller;
use super::shelf::{self, New, Object, Shelf, poured};
use super::{Asked, S3, blocking, chunked, digest};
use crate::gateway::url;
use crate::iam;
use crate::listen::{self, Body};
use crate::time;

/// What says that something is to be copied.
pub(super) const COPY_SOURCE: &str = "x-amz-copy-source";
/// Which part of it.
const COPY_RANGE: &str = "x-amz-copy-source-range";
/// How conditions on it begin.
const COPY_CONDITIONS: &str = "x-amz-copy-source-";
/// The most keys that are deleted at once.
const MOST: usize = 1000;

/// What a body is once it is checked and taken out of its pieces. Takes time.
pub(super) fn unpacked(headers: &HeaderMap, body: Bytes) -> Result<Bytes, Fault> {
    let (bytes, trailers) = unwrapped(headers, body)?;
    digest::check_sums(headers, &trailers, &bytes)?;
    Ok(bytes)
}

/// The same but for the checksums: those of a request that completes an upload are not of its body.
pub(super) fn unwrapped(headers: &HeaderMap, body: Bytes) -> Result<(Bytes, chunked::Trailers), Fault> {
    let given = headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
    if given.is_some_and(|hash| hash.len() == 64 && hash != iam::sha256(&body)) {
        let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
        return Err(Fault::new(400, "XAmzContentSHA256Mismatch", message));
    }
    let (bytes, trailers) = if chunked::is(headers) { chunked::decoded(&body)? } else { (body, vec![]) };
    digest::check_md5(headers, &bytes)?;
    Ok((bytes, trailers))
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
        let headers = asked.headers.clone();
        let condition = Condition::of(&headers)?;
        let (shelf, key, teller) = (Arc::clone(&asked.kept.shelf), asked.key.clone(), self.teller(asked, peer));
        let put = move || {
            let bytes = unpacked(&headers, body)?;
            let new = New { key: &key, headers: shelf::kept(&headers), condition: &condition };
            let changed = shelf.put(new, |file| poured(&bytes[..], file))?;
            teller.tell("ObjectCreated:Put", &changed);
            Ok(changed.object)
        };
        let object = blocking(put).await?;
        Ok(with_headers(listen::empty(StatusCode::OK), [("etag", object.etag.as_str())]))
    }

    pub(super) async fn copy(&self, asked: &Asked<'_>, peer: IpAddr) -> Result<Response<Body>, Fault> {
        let headers = &asked.headers;
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
        let (shelf, key, teller) = (Arc::clone(&asked.kept.shelf), asked.key.clone(), self.teller(asked, peer));
        let copy = move || {
            let headers = replaced.unwrap_or_else(|| source.object.headers.clone());
            let new = New { key: &key, headers, condition: &condition };
            let (_, bytes) = source.bytes()?;
            let changed = shelf.put(new, |file| poured(bytes, file))?;
            teller.tell("ObjectCreated:Copy", &changed);
            Ok(changed.object)
        };
        let object = blocking(copy).await?;
        Ok(copied("CopyObjectResult", &object.etag, object.modified))
    }

    /// What a request wants to have copied, if whoever asks may read it.
    pub(super) async fn source(&self, asked: &Asked<'_>) -> Result<Source, Fault> {
        let headers = &asked.headers;
        let (bucket, key) = source_of(headers)?;
        self.permits(asked, "s3:GetObject", &bucket, Some(&key))?;
        let kept = self.0.buckets.get(&bucket).ok_or_else(Fault::no_such_bucket)?;
        let shelf = Arc::clone(&kept.shelf);
        let found = blocking(move || shelf.open_object(&key)).await?;
        let (object, file) = found.ok_or_else(|| self.missing(asked, &bucket))?;
        if Reading::of(headers, COPY_CONDITIONS, &object) != Reading::Wanted {
            return Err(Fault::precondition());
        }
        let span = match headers.get(COPY_RANGE).map(|value| value.to_str().unwrap_or_default()) {
            None => None,
            Some(range) => Some(span(range, object.size)?),
        };
        Ok(Source { object, file, span })
    }

    pub(super) async fn delete(&self, asked: &Asked<'_>, peer: IpAddr) -> Result<Response<Body>, Fault> {
        let condition = Condition::of(&asked.headers)?;
        self.may_delete(asked, &asked.key, &condition)?;
        let (shelf, key, teller) = (Arc::clone(&asked.kept.shelf), asked.key.clone(), self.teller(asked, peer));
        blocking(move || delete(&shelf, &key, &condition, &teller)).await?;
        Ok(listen::empty(StatusCode::NO_CONTENT))
    }

    /// Each key for itself: what becomes of one is nothing to the others.
    pub(super) async fn delete_several(
        &self,
        asked: &Asked<'_>,
        body: Bytes,
        peer: IpAddr,
    ) -> Result<Response<Body>, Fault> {
        let headers = asked.headers.clone();
        let Several { mut keys, quiet } = blocking(move || Several::read(&unpacked(&headers, body)?)).await?;
        for (key, condition) in &mut keys {
            let may = self.may_delete(asked, key, condition.as_ref().unwrap_or(&Condition::Always));
            if let Err(fault) = may {
                *condition = Err(fault);
            }
        }
        let (shelf, teller) = (Arc::clone(&asked.kept.shelf), self.teller(asked, peer));
        let deleted = move || {
            let one = |(key, condition): (String, Result<Condition, Fault>)| {
                let done = condition.and_then(|condition| delete(&shelf, &key, &condition, &teller));
                (key, done)
            };
            Ok(keys.into_iter().map(one).collect::<Vec<_>>())
        };
        let mut told = String::new();
        for (key, done) in blocking(deleted).await? {
            let key = escaped(&key);
            match done {
                Ok(()) if quiet => {}
                Ok(()) => told.push_str(&format!("<Deleted><Key>{key}</Key></Deleted>")),
                Err(fault) => told.push_str(&format!(
                    "<Error><Key>{key}</Key><Code>{}</Code><Message>{}</Message></Error>",
                    fault.code(),
                    escaped(fault.message())
                )),
            }
        }
        Ok(xml(&format!("<DeleteResult xmlns=\"{NAMESPACE}\">{told}</DeleteResult>")))
    }

    /// Whoever names a tag gets to know whether it is that of the object.
    fn may_delete(&self, asked: &Asked<'_>, key: &str, condition: &Condition) -> Result<(), Fault> {
        let bucket = &asked.kept.bucket.name;
        self.permits(asked, "s3:DeleteObject", bucket, Some(key))?;
        if condition.names_a_tag() { self.permits(asked, "s3:GetObject", bucket, Some(key)) } else { Ok(()) }
    }
}

/// Deletes an object and tells of it, if it was there.
fn delete(shelf: &Shelf, key: &str, condition: &Condition, teller: &Teller) -> Result<(), Fault> {
    let changed = shelf.delete(key, condition)?;
    changed.iter().for_each(|changed| teller.tell("ObjectRemoved:Delete", changed));
    Ok(())
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
