//! What the folder of uploads holds at the start and nobody will ask for: uploads that are completed or aborted, whose process was killed before
//! it had removed them, those that nobody goes on with, and what was never put into its place.
//!
//! AWS keeps such uploads until a rule of the bucket or their client aborts them; here nobody would look after them.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use super::super::shelf::UNFINISHED;
use super::{ASIDE, FOLDER, is_id};
use crate::time;

/// How long nobody goes on with an upload that is given up. AWS's own advice for such a rule.
const GIVEN_UP: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Removes it, and tells of the uploads that somebody may still have thought of.
pub(in super::super) fn sort_out(bucket: &Path) -> io::Result<Vec<String>> {
    let mut told = Vec::new();
    let uploads = match fs::read_dir(bucket.join(FOLDER)) {
        Ok(uploads) => uploads,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(told),
        Err(error) => return Err(error),
    };
    for upload in uploads {
        let upload = upload?;
        let Ok(name) = upload.file_name().into_string() else { continue };
        let (path, is_aside) = (upload.path(), name.strip_suffix(ASIDE).is_some_and(is_id));
        if !upload.file_type()?.is_dir() || !is_aside && !is_id(&name) {
            continue;
        }
        if is_aside {
            fs::remove_dir_all(path)?;
            continue;
        }
        let mut newest = age(&upload.metadata()?);
        for file in fs::read_dir(&path)? {
            let file = file?;
            newest = newest.min(age(&file.metadata()?));
            if file.file_name().to_str().is_some_and(|name| name.starts_with(UNFINISHED)) {
                fs::remove_file(file.path())?;
            }
        }
        if newest > GIVEN_UP {
            fs::remove_dir_all(&path)?;
            let days = newest.as_secs() / (24 * 60 * 60);
            told.push(format!(
                "{}: nobody has gone on with this upload for {days} days: it is removed",
                path.display()
            ));
        }
    }
    Ok(told)
}

/// Since something was written to it.
fn age(about: &Metadata) -> Duration {
    let written = about.modified().ok().and_then(|written| written.duration_since(UNIX_EPOCH).ok());
    Duration::from_millis(time::now_ms()).saturating_sub(written.unwrap_or_default())
}
