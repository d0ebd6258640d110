//! The objects of one bucket, in a folder: the bytes of each in a file, and what is known of it in another beside that.
//!
//! What is known is named by the hash of the key, as a key may be longer than a file's name, and `a` and `a/b` may both be keys. The bytes get
//! a name of their own each time: what is known names them, so that an object changes at once when that is put into its place, whenever the
//! process or the machine ends. Objects of earlier versions, whose bytes are named by the hash alone, are read as ever.

mod leftovers;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use http::HeaderMap;
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

pub(super) use self::leftovers::UNFINISHED;
use super::answers::Fault;
use super::condition::Condition;
use crate::{iam, time};

/// The headers of an upload that its downloads have.
const KEPT: [&str; 6] =
    ["cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"];

/// Bits of a number of a change that tell those of one millisecond apart.
const AT_ONCE: u32 = 10;

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
    /// The file with its bytes; none for one that an earlier version wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

impl Object {
    fn file(&self) -> String {
        self.file.clone().unwrap_or_else(|| iam::sha256(self.key.as_bytes()))
    }
}

/// What is to become an object.
#[derive(Debug)]
pub(super) struct New<'a> {
    pub(super) key: &'a str,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) condition: &'a Condition,
}

/// An object that is there anew, or not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Changed {
    pub(super) object: Object,
    /// Higher than of all changes of this bucket before.
    pub(super) sequence: u64,
}

/// What was written to a file.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) size: u64,
    /// In quotes.
    pub(super) etag: String,
}

/// Which objects a list is to have.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) prefix: String,
    /// Keys that have the same part up to this are one entry; empty: none are.
    pub(super) delimiter: String,
    /// Behind this key, or this common part of keys.
    pub(super) after: String,
    pub(super) most: usize,
}

/// A part of a list.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) objects: Vec<Object>,
    pub(super) prefixes: Vec<String>,
    /// The last entry, if there are more behind it.
    pub(super) more_after: Option<String>,
}

/// All objects of a bucket.
#[derive(Debug)]
pub(super) struct Shelf {
    folder: PathBuf,
    objects: Mutex<Objects>,
    /// Held while parts of uploads are put into their places, replaced and taken away.
    parts: Mutex<()>,
    /// What keeps other runs away, for as long as somebody still writes, whatever they write for.
    _held: Arc<File>,
}

#[derive(Debug)]
struct Objects {
    by_key: BTreeMap<String, Object>,
    /// The sequence of the latest change.
    latest: u64,
}

impl Objects {
    /// In the next millisecond, so that all of an earlier run was before; also if the clock has gone back since, as far as that can be told.
    fn new(by_key: BTreeMap<String, Object>) -> Self {
        let known = by_key.values().map(|object| object.modified).max().unwrap_or_default();
        Self { by_key, latest: (known.max(time::now_ms()) + 1) << AT_ONCE }
    }

    /// The time, and what more it takes where several changes are made at once.
    fn next(&mut self) -> u64 {
        self.latest = (time::now_ms() << AT_ONCE).max(self.latest + 1);
        self.latest
    }
}

impl Shelf {
    /// Reads what is known of all objects, and removes what a process that was killed left half done. Tells which objects it has to leave out.
    /// `held` is what keeps other runs away.
    pub(super) fn open(folder: &Path, held: Arc<File>) -> io::Result<(Self, Vec<String>)> {
        std::fs::create_dir_all(folder)?;
        let (by_key, told) = leftovers::sorted_out(folder)?;
        let objects = Mutex::new(Objects::new(by_key));
        Ok((Self { folder: folder.to_owned(), objects, parts: Mutex::default(), _held: held }, told))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Keeps others from putting parts of uploads into their places, and from taking them away.
    pub(super) fn parts(&self) -> MutexGuard<'_, ()> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since 1970.
    pub(super) fn made(&self) -> u64 {
        let made = self.folder.metadata().and_then(|folder| folder.created().or_else(|_| folder.modified()));
        let since = made.ok().and_then(|made| made.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or_default()
    }

    /// An object with its file, which stays as it is whatever becomes of the object meanwhile.
    pub(super) fn open_object(&self, key: &str) -> Result<Option<(Object, File)>, Fault> {
        let objects = self.objects();
        let Some(object) = objects.by_key.get(key) else { return Ok(None) };
        match File::open(self.folder.join(object.file())) {
            Ok(file) => Ok(Some((object.clone(), file))),
            // Somebody took it out of the folder.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Entries in the order of their keys.
    pub(super) fn page(&self, wanted: &Wanted) -> Page {
        let Wanted { prefix, delimiter, after, most } = wanted;
        let objects = self.objects();
        let mut page = Page::default();
        let (mut last, mut count) = (None::<String>, 0);
        let mut from = Bound::Included(prefix.max(after).clone());
        loop {
            let mut common = None;
            for (key, object) in objects.by_key.range((from.clone(), Bound::Unbounded)) {
                let Some(rest) = key.strip_prefix(prefix.as_str()) else { return page };
                let end = if delimiter.is_empty() { None } else { rest.find(delimiter.as_str()) };
                common = end.map(|at| key[..prefix.len() + at + delimiter.len()].to_owned());
                let entry = common.as_ref().unwrap_or(key);
                if entry > after {
                    if count == *most {
                        page.more_after = last;
                        return page;
                    }
                    count += 1;
                    last = Some(entry.clone());
                    match &common {
                        Some(common) => page.prefixes.push(common.clone()),
                        None => page.objects.push(object.clone()),
                    }
                }
                if common.is_some() {
                    break;
                }
            }
            let Some(common) = common else { return page };
            // No key that begins like this is behind it, but for one with a letter that nobody has.
            from = Bound::Excluded(format!("{common}{}", char::MAX));
        }
    }

    /// Makes an object of what `fill` writes, or changes nothing.
    pub(super) fn put(
        &self,
        new: New<'_>,
        fill: impl FnOnce(&mut File) -> Result<Content, Fault>,
    ) -> Result<Changed, Fault> {
        let New { key, headers, condition } = new;
        condition.check(self.objects().by_key.get(key))?;
        let hash = iam::sha256(key.as_bytes());
        let mut data = tempfile::Builder::new().prefix(&format!("{hash}-")).tempfile_in(&self.folder)?;
        let Content { size, etag } = fill(data.as_file_mut())?;
        data.as_file().sync_all()?;
        let file = data.path().file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let object = Object { key: key.to_owned(), size, etag, modified: time::now_ms(), headers, file };
        let about = written(&self.folder, &serde_json::to_vec(&object).map_err(io::Error::from)?)?;
        let mut objects = self.objects();
        // Somebody may have been faster.
        condition.check(objects.by_key.get(key))?;
        about.persist(self.about(&hash)).map_err(io::Error::from)?;
        let _never = data.keep();
        let old = objects.by_key.insert(key.to_owned(), object.clone());
        let sequence = objects.next();
        drop(objects);
        if let Some(old) = old {
            let _goes_at_the_next_start = std::fs::remove_file(self.folder.join(old.file()));
        }
        Ok(Changed { object, sequence })
    }

    /// What was deleted, if it was there.
    pub(super) fn delete(&self, key: &str, condition: &Condition) -> Result<Option<Changed>, Fault> {
        let mut objects = self.objects();
        condition.check(objects.by_key.get(key))?;
        let Some(object) = objects.by_key.get(key) else { return Ok(None) };
        match std::fs::remove_file(self.about(&iam::sha256(key.as_bytes()))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let _goes_at_the_next_start = std::fs::remove_file(self.folder.join(object.file()));
        let removed = objects.by_key.remove(key);
        let sequence = objects.next();
        Ok(removed.map(|object| Changed { object, sequence }))
    }

    fn about(&self, hash: &str) -> PathBuf {
        self.folder.join(format!("{hash}.json"))
    }

    fn objects(&self) -> MutexGuard<'_, Objects> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file that has these bytes even if the machine loses its power, to be put into its place.
pub(super) fn written(folder: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Writes all that there is, and takes its hash on the way.
pub(super) fn poured(mut from: impl Read, to: &mut File) -> Result<Content, Fault> {
    let (mut hash, mut size, mut bytes) = (Md5::new(), 0, vec![0; 64 * 1024]);
    loop {
        let count = match from.read(&mut bytes) {
            Ok(0) => return Ok(Content { size, etag: quoted(&hash.finalize()) }),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        hash.update(&bytes[..count]);
        to.write_all(&bytes[..count])?;
        size += count as u64;
    }
}

fn quoted(hash: &[u8]) -> String {
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digits}\"")
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
