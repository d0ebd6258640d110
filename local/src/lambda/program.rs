//! The executable of a function: which version of it is on the disk, and starting a process of it.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::ids;
use crate::model::Function;

/// How long a build may leave the file missing or unfinished while it replaces it.
const REPLACED_WITHIN: Duration = Duration::from_secs(5);
/// How often it is looked at meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(25);
/// `ENOEXEC`: the file has no valid header yet.
const NOT_AN_EXECUTABLE: i32 = 8;

/// An executable with the environment that it is started in.
#[derive(Debug)]
pub(super) struct Program {
    path: PathBuf,
    folder: PathBuf,
    variables: BTreeMap<String, String>,
}

/// Two versions differ when the file was written again or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl Program {
    pub(super) fn new(path: PathBuf, function: &Function, variables: BTreeMap<String, String>) -> Self {
        let beside = || path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        let folder = if function.code.is_dir() { function.code.clone() } else { beside() };
        Self { path, folder, variables }
    }

    /// What is on the disk now, if anything. One system call, no blocking to speak of.
    pub(super) fn version(&self) -> Option<Version> {
        let file = std::fs::metadata(&self.path).ok()?;
        Some(Version { inode: file.ino(), length: file.len(), modified: (file.mtime(), file.mtime_nsec()) })
    }

    /// Starts a process that will ask `runtime_api` for work.
    ///
    /// The process gets a group of its own, so that Ctrl-C in the terminal reaches `local` alone, which then ends things in order.
    /// If `local` itself is killed, the process loses its Runtime API and ends.
    pub(super) async fn start(&self, runtime_api: SocketAddr) -> io::Result<Child> {
        let started = Instant::now();
        loop {
            let result = Command::new(&self.path)
                .current_dir(&self.folder)
                .env_clear()
                .envs(&self.variables)
                .env("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string())
                .env("AWS_LAMBDA_LOG_STREAM_NAME", format!("local/[$LATEST]{}", ids::lambda_request().replace('-', "")))
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .process_group(0)
                .kill_on_drop(true)
                .spawn();
            match result {
                Err(error) if being_replaced(&error) && started.elapsed() < REPLACED_WITHIN => sleep(LOOK_AGAIN).await,
                other => return other,
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

fn being_replaced(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ExecutableFileBusy | io::ErrorKind::PermissionDenied
    ) || error.raw_os_error() == Some(NOT_AN_EXECUTABLE)
}
