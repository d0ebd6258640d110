//! Uploads in parts: what SDKs make of a large file. Parts are files in a folder of the upload, until they become an object.

use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};

use super::answers::{Fault, escaped, with_headers, xml};
use super::condition::Condition;
use super::listing::NAMESPACE;
use super::shelf::{self, Content, New, Object, Shelf, poured, written};
use super::writing::{COPY_SOURCE, copied, unpacked};
use super::{Asked, S3, blocking};
use crate::listen::{self, Body};
use crate::{ids, time};

/// The folder of all uploads of a bucket, in that of the bucket.
const FOLDER: &str = "uploads";
/// What is known of an upload.
const ABOUT: &str = "upload.json";
/// The highest number of a part. S3's quotas.
const HIGHEST: u32 = 10_000;
/// Bytes that every part but the last must have.
const LEAST: u64 = 5 * 1024 * 1024;

/// An upload that has begun.
#[derive(Debug, Serialize, Deserialize)]
struct Upload {
    key: String,
    headers: std::collections::BTreeMap<String, String>,
}

/// A part that a request wants to have in the object.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    number: u32,
    /// Without quotes.
    etag: String,
}

impl S3 {
    pub(super) async fn begin(&self, asked: &Asked<'_>) -> Result<Response<Body>, Fault> {
        let (shelf, key) = (Arc::clone(&asked.kept.shelf), asked.key.clone());
        let upload = Upload { key, headers: shelf::kept(&asked.head.headers) };
        let id = blocking(move || begin(&shelf, &upload)).await?;
        let (bucket, key) = (escaped(&asked.kept.bucket.name), escaped(&asked.key));
        Ok(xml(&format!(
            "<InitiateMultipartUploadResult xmlns=\"{NAMESPACE}\"><Bucket>{bucket}</Bucket><Key>{key}</Key><UploadId>{id}</UploadId>\
             </InitiateMultipartUploadResult>"
        )))
    }

    pub(super) async fn part(&self, asked: &Asked<'_>, body: Bytes) -> Result<Response<Body>, Fault> {
        let number = asked.parameter("partNumber").and_then(|number| number.parse().ok());
        let Some(number) = number.filter(|number| (1..=HIGHEST).contains(number)) else {
            let message = format!("Part number must be an integer between 1 and {HIGHEST}, inclusive");
            return Err(Fault::new(400, "InvalidArgument", &message));
        };
        let folder = upload_of(asked)?;
        let headers = asked.head.headers.clone();
        if headers.contains_key(COPY_SOURCE) {
            let (count, bytes) = self.source(asked).await?.bytes()?;
            if count > self.limit() {
                return Err(Fault::too_large());
            }
            let etag = blocking(move || keep(&folder, number, bytes)).await?;
            return Ok(copied("CopyPartResult", &etag, time::now_ms()));
        }
        let etag = blocking(move || keep(&folder, number, &unpacked(&headers, body)?[..])).await?;
        Ok(with_headers(listen::empty(StatusCode::OK), [("etag", etag.as_str())]))
    }

    pub(super) async fn complete(&self, asked: &Asked<'_>, body: Bytes, peer: IpAddr) -> Result<Response<Body>, Fault> {
        let (headers, folder, limit) = (asked.head.headers.clone(), upload_of(asked)?, self.limit());
        let shelf = Arc::clone(&asked.kept.shelf);
        let complete = move || {
            let named = named(&unpacked(&headers, body)?)?;
            complete(&shelf, &folder, &named, &Condition::of(&headers)?, limit)
        };
        let object = blocking(complete).await?;
        self.notify(asked, "ObjectCreated:CompleteMultipartUpload", &object, peer);
        let (bucket, key, etag) = (escaped(&asked.kept.bucket.name), escaped(&asked.key), escaped(&object.etag));
        Ok(xml(&format!(
            "<CompleteMultipartUploadResult xmlns=\"{NAMESPACE}\"><Bucket>{bucket}</Bucket><Key>{key}</Key><ETag>{etag}</ETag>\
             </CompleteMultipartUploadResult>"
        )))
    }

    pub(super) async fn abort(&self, asked: &Asked<'_>) -> Result<Response<Body>, Fault> {
        let folder = upload_of(asked)?;
        blocking(move || std::fs::remove_dir_all(folder).map_err(gone)).await?;
        Ok(listen::empty(StatusCode::NO_CONTENT))
    }
}

/// The folder of the upload that a request names, if it is one to this key.
fn upload_of(asked: &Asked<'_>) -> Result<PathBuf, Fault> {
    let id = asked.parameter("uploadId").unwrap_or_default();
    if id.len() != 32 || !id.bytes().all(|letter| letter.is_ascii_alphanumeric()) {
        return Err(no_such_upload());
    }
    let folder = asked.kept.shelf.folder().join(FOLDER).join(id);
    if read(&folder)?.key == asked.key { Ok(folder) } else { Err(no_such_upload()) }
}

fn read(folder: &Path) -> Result<Upload, Fault> {
    let about = std::fs::read(folder.join(ABOUT)).map_err(gone)?;
    Ok(serde_json::from_slice(&about).map_err(io::Error::from)?)
}

fn begin(shelf: &Shelf, upload: &Upload) -> Result<String, Fault> {
    let id = ids::lambda_request().replace('-', "");
    let folder = shelf.folder().join(FOLDER).join(&id);
    std::fs::create_dir_all(&folder)?;
    let about = serde_json::to_vec(upload).map_err(io::Error::from)?;
    written(&folder, &about)?.persist(folder.join(ABOUT)).map_err(io::Error::from)?;
    Ok(id)
}

/// Keeps a part, in place of an earlier one of its number.
fn keep(folder: &Path, number: u32, bytes: impl Read) -> Result<String, Fault> {
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(gone)?;
    let Content { etag, .. } = poured(bytes, file.as_file_mut())?;
    file.as_file().sync_all()?;
    let name = part_name(number, etag.trim_matches('"'));
    file.persist(folder.join(&name)).map_err(|error| gone(error.error))?;
    let beginning = part_name(number, "");
    for entry in std::fs::read_dir(folder).map_err(gone)? {
        let other = entry?.file_name();
        let is_earlier = other.to_str().is_some_and(|other| other.starts_with(&beginning) && other != name);
        if is_earlier {
            let _somebody_was_faster = std::fs::remove_file(folder.join(other));
        }
    }
    Ok(etag)
}

fn part_name(number: u32, etag: &str) -> String {
    format!("{number:05}-{etag}")
}

/// Makes an object of parts.
fn complete(shelf: &Shelf, folder: &Path, named: &[Named], condition: &Condition, limit: u64) -> Result<Object, Fault> {
    let upload = read(folder)?;
    let (mut parts, mut sizes, mut hashes) = (Vec::new(), Vec::new(), Md5::new());
    for Named { number, etag } in named {
        let file = is_hash(etag).then(|| File::open(folder.join(part_name(*number, etag))).ok()).flatten();
        let file = file.ok_or_else(|| {
            let message = "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified \
                           entity tag may not match the part's entity tag.";
            Fault::new(400, "InvalidPart", message)
        })?;
        sizes.push(file.metadata()?.len());
        hashes.update(unhex(etag));
        parts.push(file);
    }
    if sizes.iter().rev().skip(1).any(|size| *size < LEAST) {
        let message = "Your proposed upload is smaller than the minimum allowed size";
        return Err(Fault::new(400, "EntityTooSmall", message));
    }
    let size = sizes.iter().sum();
    if size > limit {
        return Err(Fault::too_large());
    }
    let hashes: String = hashes.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{hashes}-{}\"", named.len());
    let new = New { key: &upload.key, headers: upload.headers, condition };
    let object = shelf.put(new, |file| {
        for mut part in parts {
            io::copy(&mut part, file)?;
        }
        Ok(Content { size, etag })
    })?;
    let _stays_without_harm = std::fs::remove_dir_all(folder);
    Ok(object)
}

/// The parts that a document names, in its order.
fn named(body: &[u8]) -> Result<Vec<Named>, Fault> {
    let text = std::str::from_utf8(body).map_err(|_| Fault::malformed())?;
    let document = roxmltree::Document::parse(text).map_err(|_| Fault::malformed())?;
    let root = document.root_element();
    let mut named: Vec<Named> = Vec::new();
    for part in root.children().filter(|child| child.tag_name().name() == "Part") {
        let of = |name: &str| part.children().find(|child| child.tag_name().name() == name)?.text();
        let number = of("PartNumber").and_then(|number| number.trim().parse().ok()).ok_or_else(Fault::malformed)?;
        let etag = of("ETag").ok_or_else(Fault::malformed)?.trim().trim_matches('"').to_owned();
        if named.last().is_some_and(|last| last.number >= number) {
            let message = "The list of parts was not in ascending order. The parts list must be specified in order by part number.";
            return Err(Fault::new(400, "InvalidPartOrder", message));
        }
        named.push(Named { number, etag });
    }
    if root.tag_name().name() != "CompleteMultipartUpload" || named.is_empty() {
        return Err(Fault::malformed());
    }
    Ok(named)
}

fn is_hash(etag: &str) -> bool {
    etag.len() == 32 && etag.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn unhex(hash: &str) -> Vec<u8> {
    (0..hash.len() / 2).filter_map(|at| u8::from_str_radix(hash.get(2 * at..2 * at + 2)?, 16).ok()).collect()
}

/// An upload whose folder is not there any more was completed or aborted.
fn gone(error: io::Error) -> Fault {
    if error.kind() == io::ErrorKind::NotFound { no_such_upload() } else { error.into() }
}

fn no_such_upload() -> Fault {
    let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    Fault::new(404, "NoSuchUpload", message)
}
