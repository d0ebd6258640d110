//! Folders that are made once: named after what they are made of, made under a lock, and there as a whole or not at all.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use anyhow::{Context as _, bail};
use tokio::process::Command;

/// The folders that functions share.
pub(super) struct Layers {
    home: PathBuf,
    install: bool,
}

impl Layers {
    pub(super) fn new(home: &Path, install: bool) -> anyhow::Result<Self> {
        fs::create_dir_all(home).with_context(|| format!("cannot write to {}", home.display()))?;
        let home = home.canonicalize().with_context(|| format!("cannot read {}", home.display()))?;
        Ok(Self { home, install })
    }

    /// The folder of this name, made of `content`. `make` fills it, unless it is there: an earlier run made it, or another one that came at
    /// the same time.
    pub(super) async fn layer(
        &self,
        name: &str,
        content: impl Hash,
        make: impl AsyncFnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<PathBuf> {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let folder = self.home.join(format!("{name}-{:016x}", hasher.finish()));
        if folder.is_dir() {
            return Ok(folder);
        }
        if !self.install {
            bail!("{name} has not been installed ({} does not exist): leave out --no-build", folder.display());
        }
        let cannot = || format!("cannot write to {}", self.home.display());
        let lock = File::create(folder.with_added_extension("lock")).with_context(cannot)?;
        let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await?.with_context(cannot)?;
        if !folder.is_dir() {
            let fresh = tempfile::Builder::new().prefix("installing-").tempdir_in(&self.home).with_context(cannot)?;
            make(fresh.path()).await?;
            fs::rename(fresh.keep(), &folder).with_context(cannot)?;
        }
        drop(lock);
        Ok(folder)
    }
}

/// Runs an installer to its end. When it fails, everything that it said is the error.
pub(super) async fn run(command: &mut Command, doing: &str, help: &str) -> anyhow::Result<Output> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let Ok(output) = output else {
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        bail!("{doing} failed, because `{program}` cannot be started: {help}");
    };
    if !output.status.success() {
        let said = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said).trim().to_owned());
        bail!("{doing} failed: {help}. It said:\n{}", said.join("\n").trim());
    }
    Ok(output)
}
