//! Clients from registries, with their versions, installed once beside what cargo makes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;

use crate::checks::{python, run, target};

/// `boto3` and the AWS CLI of the same time share most of what they need.
const PYTHON: &str = "boto3==1.44.5 awscli==1.46.3 websockets==15.0.1";

pub(super) async fn python_packages() -> Result<PathBuf> {
    Ok(tokio::task::spawn_blocking(|| python(PYTHON)).await?)
}

/// The folder with the `node_modules` of the lock file beside this file.
pub(super) async fn node_packages() -> Result<PathBuf> {
    tokio::task::spawn_blocking(install).await?
}

fn install() -> Result<PathBuf> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let (from, to) = (super::script(""), target().join("clients"));
    let (lock, stamp) = (std::fs::read(from.join("package-lock.json"))?, to.join("installed.lock"));
    if !std::fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        std::fs::create_dir_all(&to)?;
        for file in ["package.json", "package-lock.json"] {
            std::fs::copy(Path::new(&from).join(file), to.join(file))?;
        }
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&to));
        std::fs::write(stamp, lock)?;
    }
    Ok(to)
}
