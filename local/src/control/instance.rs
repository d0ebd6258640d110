//! Which `local` uses a data folder: a file in it that tells commands where that run is and what opens it.
//!
//! The run holds a lock on the file for as long as it lives, which the system takes back from a process however it ends. So a file that a
//! killed run left behind is known for what it is, whoever has its process id by now.

use std::fmt;
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::ids;
use crate::project::shown;

/// The file in the data folder.
const FILE: &str = "running.json";
/// How long a command that just looks may hold the lock.
const LOOKED_AT: Duration = Duration::from_millis(500);
/// Pauses while somebody looks.
const PAUSE: Duration = Duration::from_millis(10);

/// A run, as its file tells.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub(crate) process: u32,
    /// `http://127.0.0.1:41234`; none while it starts.
    pub(crate) address: Option<String>,
    pub(crate) token: String,
}

/// There is no run to talk to; what to tell the person.
#[derive(Debug)]
pub(crate) struct Absent(pub(crate) String);

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Absent {}

/// The right of this process to be the run that commands find. Given back when dropped.
#[derive(Debug)]
pub struct Claim {
    file: File,
    token: String,
}

impl Claim {
    /// Takes the data folder for this process; `None` if another run has it.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn take(data: &Path) -> anyhow::Result<Option<Self>> {
        let cannot = || format!("cannot write to {}", data.display());
        std::fs::create_dir_all(data).with_context(cannot)?;
        let path = data.join(FILE);
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path).with_context(cannot)?;
        let ends = Instant::now() + LOOKED_AT;
        while let Err(error) = file.try_lock() {
            match error {
                TryLockError::WouldBlock if Instant::now() < ends => std::thread::sleep(PAUSE),
                TryLockError::WouldBlock => return Ok(None),
                TryLockError::Error(error) => return Err(error).with_context(cannot),
            }
        }
        // Also one that was made by hand, or copied.
        file.set_permissions(Permissions::from_mode(0o600)).with_context(cannot)?;
        let claim = Self { file, token: token()? };
        claim.write(None).with_context(cannot)?;
        Ok(Some(claim))
    }

    /// What opens the control interface of this run.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Tells commands where the control interface is.
    ///
    /// # Errors
    /// The data folder cannot be written to any more.
    pub fn announce(&self, address: &str) -> anyhow::Result<()> {
        self.write(Some(address.to_owned())).context("cannot write to the data folder")
    }

    fn write(&self, address: Option<String>) -> std::io::Result<()> {
        let instance = Instance { process: std::process::id(), address, token: self.token.clone() };
        let mut file = &self.file;
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(serde_json::to_string(&instance)?.as_bytes())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // What stays is an empty file without a lock, which says the same.
        let _ = self.file.set_len(0);
    }
}

/// What nobody guesses.
pub(crate) fn token() -> anyhow::Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(ids::secret::<32>()?))
}

impl Instance {
    /// The run that uses a data folder.
    pub(crate) fn find(data: &Path) -> Result<Self, Absent> {
        let absent = || {
            let folder = shown(data);
            Absent(format!(
                "no `local` runs with the data in {}: start it with `local up`, or name its folder with --data",
                folder.display()
            ))
        };
        let mut file = File::open(data.join(FILE)).map_err(|_| absent())?;
        let ends = Instant::now() + LOOKED_AT;
        loop {
            if file.try_lock_shared().is_ok() {
                return Err(absent());
            }
            let mut text = String::new();
            let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
            match (read, serde_json::from_str::<Self>(&text)) {
                (Ok(_), Ok(instance)) => return Ok(instance),
                // It may be just being written.
                _ if Instant::now() < ends => std::thread::sleep(PAUSE),
                _ => return Err(absent()),
            }
        }
    }

    /// Where it is, once it is up.
    pub(crate) fn address(&self) -> Result<&str, Absent> {
        let starting = || Absent(format!("`local` (process {}) is still starting: wait until it is up", self.process));
        self.address.as_deref().ok_or_else(starting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_belongs_to_one_run_until_that_has_ended() -> anyhow::Result<()> {
        let folder = tempfile::TempDir::new()?;
        let data = folder.path().join("data");
        assert!(Instance::find(&data).is_err(), "there is no folder yet");
        let claim = Claim::take(&data)?.context("the first one gets it")?;
        assert_eq!(data.join(FILE).metadata()?.permissions().mode() & 0o777, 0o600);
        assert!(Claim::take(&data)?.is_none(), "the second one does not");
        assert!(Instance::find(&data)?.address().is_err_and(|absent| absent.0.contains("still starting")));
        claim.announce("http://127.0.0.1:1")?;
        let found = Instance::find(&data)?;
        assert_eq!((found.address()?, found.token.as_str()), ("http://127.0.0.1:1", claim.token()));
        assert_eq!(found.token.len(), 43);
        drop(claim);
        assert!(Instance::find(&data).is_err());
        Ok(())
    }

    #[test]
    fn a_file_that_nobody_holds_is_stale_whatever_it_says() -> anyhow::Result<()> {
        let folder = tempfile::TempDir::new()?;
        let path = folder.path().join(FILE);
        std::fs::write(&path, r#"{"process":1,"address":"http://127.0.0.1:1","token":"t"}"#)?;
        assert!(
            Instance::find(folder.path()).is_err_and(|absent| absent.0.starts_with("no `local` runs with the data"))
        );
        std::fs::set_permissions(&path, Permissions::from_mode(0o644))?;
        let claim = Claim::take(folder.path())?.context("it is taken over")?;
        assert_eq!(path.metadata()?.permissions().mode() & 0o777, 0o600, "and only its owner reads it");
        assert_ne!(claim.token(), "t");
        Ok(())
    }
}
