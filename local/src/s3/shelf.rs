//! The objects of one bucket, in a folder: the bytes of each in a file, and what is known of it in another beside that.
//!
//! Files are named by the hash of the key, as a key may be longer than a file's name, and `a` and `a/b` may both be keys.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::HeaderMap;
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};

use crate::{iam, time};

/// The headers of an upload that its downloads have.
const KEPT: [&str; 6] =
    ["cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"];

/// What is known of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Object {
    pub(super) key: String,
    pub(super) size: u64,
    /// In quotes.
    pub(super) etag: String,
    /// Milliseconds since 1970.
    pub(super) modified: u64,
    pub(super) headers: BTreeMap<String, String>,
}

/// All objects of a bucket.
#[derive(Debug)]
pub(super) struct Shelf {
    folder: PathBuf,
    objects: Mutex<BTreeMap<String, Object>>,
}

impl Shelf {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut objects = BTreeMap::new();
        for file in std::fs::read_dir(folder)? {
            let path = file?.path();
            if path.extension().is_some_and(|kind| kind == "json") {
                let object: Object = serde_json::from_slice(&std::fs::read(&path)?)?;
                objects.insert(object.key.clone(), object);
            }
        }
        Ok(Self { folder: folder.to_owned(), objects: Mutex::new(objects) })
    }

    pub(super) fn get(&self, key: &str) -> Option<Object> {
        self.objects().get(key).cloned()
    }

    /// The objects whose keys begin so, in the order of their keys.
    pub(super) fn all(&self, prefix: &str) -> Vec<Object> {
        let objects = self.objects();
        let from = objects.range(prefix.to_owned()..);
        from.take_while(|(key, _)| key.starts_with(prefix)).map(|(_, object)| object.clone()).collect()
    }

    pub(super) fn put(&self, key: &str, bytes: &[u8], headers: BTreeMap<String, String>) -> io::Result<Object> {
        let hash: String = Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let (etag, modified) = (format!("\"{hash}\""), time::now_ms());
        let object = Object { key: key.to_owned(), size: bytes.len() as u64, etag, modified, headers };
        let mut data = tempfile::NamedTempFile::new_in(&self.folder)?;
        data.write_all(bytes)?;
        let mut about = tempfile::NamedTempFile::new_in(&self.folder)?;
        about.write_all(serde_json::to_string(&object)?.as_bytes())?;
        let mut objects = self.objects();
        let path = self.path(key);
        data.persist(&path)?;
        about.persist(path.with_extension("json"))?;
        objects.insert(key.to_owned(), object.clone());
        Ok(object)
    }

    pub(super) fn read(&self, key: &str) -> io::Result<Option<(Object, Bytes)>> {
        let objects = self.objects();
        let Some(object) = objects.get(key) else { return Ok(None) };
        let bytes = std::fs::read(self.path(key))?;
        Ok(Some((object.clone(), bytes.into())))
    }

    /// What was deleted, if it was there.
    pub(super) fn delete(&self, key: &str) -> io::Result<Option<Object>> {
        let mut objects = self.objects();
        let Some(object) = objects.remove(key) else { return Ok(None) };
        let path = self.path(key);
        std::fs::remove_file(path.with_extension("json"))?;
        std::fs::remove_file(path)?;
        Ok(Some(object))
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(iam::sha256(key.as_bytes()))
    }

    fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Object>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an upload says about its object.
pub(super) fn kept(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut kept: BTreeMap<String, String> = headers
        .iter()
        .filter(|(name, _)| KEPT.contains(&name.as_str()) || name.as_str().starts_with("x-amz-meta-"))
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    // How it was sent is not how it is.
    let encoding = kept.remove("content-encoding").unwrap_or_default();
    let own: Vec<&str> =
        encoding.split(',').map(str::trim).filter(|part| !part.is_empty() && *part != "aws-chunked").collect();
    if !own.is_empty() {
        kept.insert("content-encoding".into(), own.join(","));
    }
    kept.entry("content-type".into()).or_insert_with(|| "binary/octet-stream".into());
    kept
}
