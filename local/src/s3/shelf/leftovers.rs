//! What a folder holds at the start: objects, and what is no part of any because a process was killed or the machine lost its power.
//!
//! Only files that are named as a shelf names them are removed, and never bytes whose object cannot be read: those are somebody's.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use super::Object;

/// How files begin that were never put into their place.
pub(in super::super) const UNFINISHED: &str = ".tmp";
/// Hexadecimal digits of the hash of a key.
const DIGITS: usize = 64;

/// The objects by their keys, and what is wrong with those that cannot be told.
pub(super) fn sorted_out(folder: &Path) -> io::Result<(BTreeMap<String, Object>, Vec<String>)> {
    let (mut objects, mut told) = (BTreeMap::new(), Vec::new());
    let (mut files, mut unread) = (Vec::new(), BTreeSet::new());
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !entry.file_type()?.is_file() {
            continue;
        }
        let Some(hash) = name.strip_suffix(".json") else {
            files.push(name);
            continue;
        };
        match known(&entry.path(), folder, &mut told) {
            Ok(object) => drop(objects.insert(object.key.clone(), object)),
            Err(why) => {
                told.push(format!("{}: its object is left out: {why}", entry.path().display()));
                unread.insert(hash.to_owned());
            }
        }
    }
    let named: BTreeSet<String> = objects.values().map(Object::file).collect();
    for name in files.iter().filter(|name| !named.contains(*name)) {
        let is_nobodys = hash_of(name).is_some_and(|hash| !unread.contains(hash));
        if name.starts_with(UNFINISHED) || is_nobodys {
            std::fs::remove_file(folder.join(name))?;
        }
    }
    Ok((objects, told))
}

/// What a file says of an object whose bytes are there.
fn known(path: &Path, folder: &Path, told: &mut Vec<String>) -> io::Result<Object> {
    let mut object: Object = serde_json::from_slice(&std::fs::read(path)?)?;
    let bytes = folder.join(object.file());
    let size = bytes.metadata().map_err(|error| io::Error::other(format!("{}: {error}", bytes.display())))?.len();
    if size != object.size {
        told.push(format!(
            "{}: it has {size} bytes and not {}: it was not written whole",
            bytes.display(),
            object.size
        ));
        object.size = size;
    }
    Ok(object)
}

/// The hash by which a file with bytes is named, if it is one.
fn hash_of(name: &str) -> Option<&str> {
    let (hash, rest) = name.split_at_checked(DIGITS)?;
    let is_hash = hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_hash && (rest.is_empty() || rest.starts_with('-'))).then_some(hash)
}
