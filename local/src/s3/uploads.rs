//! Uploads in parts: what SDKs make of a large file. Parts are files in a folder of the upload, until they become an object.

mod leftovers;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};

pub(super) use self::leftovers::sort_out;
use super::answers::{Fault, escaped, with_headers, xml};
use super::condition::Condition;
use super::listing::NAMESPACE;
use super::shelf::{self, Changed, Content, New, Shelf, poured, written};
use super::writing::{COPY_SOURCE, copied, unpacked, unwrapped};
use super::{Asked, S3, blocking};
use crate::listen::{self, Body};
use crate::{ids, time};

/// The folder of all uploads of a bucket, in that of the bucket.
const FOLDER: &str = "uploads";
/// What is known of an upload.
const ABOUT: &str = "upload.json";
/// How the folder's name of an upload ends that is completed or aborted.
const ASIDE: &str = ".gone";
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

/// An upload that a request is about.
#[derive(Debug, Clone)]
struct Pending {
    shelf: Arc<Shelf>,
    id: String,
    key: String,
}

impl S3 {
    pub(super) async fn begin(&self, asked: &Asked<'_>) -> Result<Response<Body>, Fault> {
        let (shelf, key) = (Arc::clone(&asked.kept.shelf), asked.key.clone());
        let upload = Upload { key, headers: shelf::kept(&asked.headers) };
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
        let (pending, headers) = (Pending::of(asked)?, asked.headers.clone());
        if headers.contains_key(COPY_SOURCE) {
            let (count, bytes) = self.source(asked).await?.bytes()?;
            if count > self.limit() {
                return Err(Fault::too_large());
            }
            let etag = blocking(move || pending.keep(number, || Ok(bytes))).await?;
            return Ok(copied("CopyPartResult", &etag, time::now_ms()));
        }
        let keep = move || pending.keep(number, || Ok(io::Cursor::new(unpacked(&headers, body)?)));
        let etag = blocking(keep).await?;
        Ok(with_headers(listen::empty(StatusCode::OK), [("etag", etag.as_str())]))
    }

    pub(super) async fn complete(&self, asked: &Asked<'_>, body: Bytes, peer: IpAddr) -> Result<Response<Body>, Fault> {
        let (pending, headers, limit) = (Pending::of(asked)?, asked.headers.clone(), self.limit());
        let teller = self.teller(asked, peer);
        let complete = move || {
            let (upload, condition) = (pending.read()?, Condition::of(&headers)?);
            let named = named(&unwrapped(&headers, body)?.0)?;
            let changed = pending.complete(upload, &named, &condition, expected(&headers)?, limit)?;
            teller.tell("ObjectCreated:CompleteMultipartUpload", &changed);
            Ok(changed.object)
        };
        let object = blocking(complete).await?;
        let host = asked.head.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let location = escaped(&format!("http://{host}{}", asked.head.uri.path()));
        let (bucket, key, etag) = (escaped(&asked.kept.bucket.name), escaped(&asked.key), escaped(&object.etag));
        Ok(xml(&format!(
            "<CompleteMultipartUploadResult xmlns=\"{NAMESPACE}\"><Location>{location}</Location><Bucket>{bucket}</Bucket>\
             <Key>{key}</Key><ETag>{etag}</ETag></CompleteMultipartUploadResult>"
        )))
    }

    pub(super) async fn abort(&self, asked: &Asked<'_>) -> Result<Response<Body>, Fault> {
        let pending = Pending::of(asked)?;
        blocking(move || pending.abort()).await?;
        Ok(listen::empty(StatusCode::NO_CONTENT))
    }
}

impl Pending {
    fn of(asked: &Asked<'_>) -> Result<Self, Fault> {
        let id = asked.parameter("uploadId").unwrap_or_default();
        if !is_id(id) {
            return Err(no_such_upload());
        }
        Ok(Self { shelf: Arc::clone(&asked.kept.shelf), id: id.to_owned(), key: asked.key.clone() })
    }

    fn folder(&self) -> PathBuf {
        self.shelf.folder().join(FOLDER).join(&self.id)
    }

    /// Where it is when nobody is to find it any more.
    fn aside(&self) -> PathBuf {
        self.shelf.folder().join(FOLDER).join(format!("{}{ASIDE}", self.id))
    }

    /// What is known of it, if it is one to this key.
    fn read(&self) -> Result<Upload, Fault> {
        let about = std::fs::read(self.folder().join(ABOUT)).map_err(gone)?;
        let upload: Upload = serde_json::from_slice(&about).map_err(io::Error::from)?;
        if upload.key == self.key { Ok(upload) } else { Err(no_such_upload()) }
    }

    /// Keeps a part, in place of an earlier one of its number: of two that come at once, the later one.
    fn keep<R: Read>(&self, number: u32, bytes: impl FnOnce() -> Result<R, Fault>) -> Result<String, Fault> {
        let _ = self.read()?;
        let folder = self.folder();
        let bytes = bytes()?;
        let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(gone)?;
        let Content { etag, .. } = poured(bytes, file.as_file_mut())?;
        file.as_file().sync_all()?;
        let name = part_name(number, etag.trim_matches('"'));
        let _alone = self.shelf.parts();
        file.persist(folder.join(&name)).map_err(|error| gone(error.error))?;
        let beginning = part_name(number, "");
        for entry in std::fs::read_dir(&folder).map_err(gone)? {
            let other = entry?.file_name();
            let is_earlier = other.to_str().is_some_and(|other| other.starts_with(&beginning) && other != name);
            if is_earlier {
                std::fs::remove_file(folder.join(other))?;
            }
        }
        Ok(etag)
    }

    /// Makes an object of parts. Nobody finds the upload any more before the object is there, so that a process that is killed between the
    /// two leaves nothing which could be completed once more, in place of newer objects; its client then hears of no upload.
    fn complete(
        &self,
        upload: Upload,
        named: &[Named],
        condition: &Condition,
        expected: Option<u64>,
        limit: u64,
    ) -> Result<Changed, Fault> {
        let (parts, content) = self.parts(named, limit)?;
        if let Some(expected) = expected.filter(|expected| *expected != content.size) {
            let message = format!(
                "The provided 'x-amz-mp-object-size' header value {expected} does not match what was computed: {}",
                content.size
            );
            return Err(Fault::new(400, "InvalidRequest", &message));
        }
        let mut is_aside = false;
        let new = New { key: &upload.key, headers: upload.headers, condition };
        let put = self.shelf.put(new, |file| {
            for mut part in parts {
                io::copy(&mut part, file)?;
            }
            self.move_to(&self.folder(), &self.aside())?;
            is_aside = true;
            Ok(content)
        });
        match &put {
            Ok(_) => drop(std::fs::remove_dir_all(self.aside())),
            Err(_) if is_aside => self.move_to(&self.aside(), &self.folder())?,
            Err(_) => {}
        }
        put
    }

    /// The files of parts, and what becomes of them together.
    fn parts(&self, named: &[Named], limit: u64) -> Result<(Vec<File>, Content), Fault> {
        let (mut parts, mut sizes, mut hashes) = (Vec::new(), Vec::new(), Md5::new());
        let folder = self.folder();
        for Named { number, etag } in named {
            let file = if is_hash(etag) { File::open(folder.join(part_name(*number, etag))).ok() } else { None };
            let file = file.ok_or_else(|| {
                let message = "One or more of the specified parts could not be found. The part may not have been uploaded, or the \
                               specified entity tag may not match the part's entity tag.";
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
        Ok((parts, Content { size, etag: format!("\"{hashes}-{}\"", named.len()) }))
    }

    /// Parts that are just coming find nothing to be put into.
    fn abort(&self) -> Result<(), Fault> {
        let _ = self.read()?;
        self.move_to(&self.folder(), &self.aside())?;
        Ok(std::fs::remove_dir_all(self.aside())?)
    }

    fn move_to(&self, from: &Path, to: &Path) -> Result<(), Fault> {
        let _alone = self.shelf.parts();
        std::fs::rename(from, to).map_err(gone)
    }
}

fn begin(shelf: &Shelf, upload: &Upload) -> Result<String, Fault> {
    let id = ids::lambda_request().replace('-', "");
    let folder = shelf.folder().join(FOLDER).join(&id);
    std::fs::create_dir_all(&folder)?;
    let about = serde_json::to_vec(upload).map_err(io::Error::from)?;
    written(&folder, &about)?.persist(folder.join(ABOUT)).map_err(io::Error::from)?;
    Ok(id)
}

/// How long the object is to be, if its client has counted.
fn expected(headers: &HeaderMap) -> Result<Option<u64>, Fault> {
    let Some(size) = headers.get("x-amz-mp-object-size") else { return Ok(None) };
    let size = size.to_str().ok().and_then(|size| size.parse().ok());
    size.map(Some).ok_or_else(|| Fault::new(400, "InvalidArgument", "x-amz-mp-object-size must be a number"))
}

fn part_name(number: u32, etag: &str) -> String {
    format!("{number:05}-{etag}")
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

fn is_id(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|letter| letter.is_ascii_alphanumeric())
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
