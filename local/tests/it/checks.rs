//! The parts of the project that are not Rust, and what holds between its parts. Each check installs what it needs.

pub(crate) mod browser;
mod dependencies;
mod site;
mod template;
mod tidy;

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::chat::world::root;

/// The site's folder is built and installed into by one check at a time.
static SITE: Mutex<()> = Mutex::new(());

/// How lines begin that tell what failed, in what Playwright prints: the story, why, and where.
const TELLING: [&str; 6] = ["✘", "Error:", "Expected", "Received", "- Expected", "> "];

/// Runs a command to its end; if it fails, its output is what the check fails with, what failed in it first.
pub(crate) fn run(command: &mut Command) -> String {
    let shown = format!("{command:?}");
    let output = command.output().unwrap_or_else(|error| panic!("{shown} cannot be run: {error}"));
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let tells = |line: &&str| TELLING.iter().any(|start| line.starts_with(start));
    let failed: Vec<&str> = said.lines().map(str::trim).filter(tells).collect();
    assert!(output.status.success(), "{} {shown} failed ({}):\n{said}", failed.join(" "), output.status);
    said
}

/// The folder of Python packages and what they need, by their names and versions, installed without touching the machine's Python.
pub(crate) fn python(packages: &str) -> PathBuf {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = target().join(packages.replace("==", "-").replace(' ', "_"));
    if !folder.join("complete").is_file() {
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--root-user-action=ignore",
            "--upgrade",
            "--target",
        ];
        run(Command::new("python3").args(pip).arg(&folder).args(packages.split(' ')));
        std::fs::write(folder.join("complete"), packages).unwrap();
    }
    folder
}

/// A folder for what checks install, which is not part of the project.
pub(crate) fn target() -> PathBuf {
    local::mongod::target_folder(&root())
}

/// The packages of the site, as its lock file has them.
fn install_site() {
    let (site, stamp) = (root().join("site"), target().join("site-installed.lock"));
    let lock = std::fs::read(site.join("package-lock.json")).unwrap();
    let is_installed =
        site.join("node_modules").is_dir() && std::fs::read(&stamp).is_ok_and(|installed| installed == lock);
    if !is_installed {
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&site));
        std::fs::create_dir_all(target()).unwrap();
        std::fs::write(stamp, lock).unwrap();
    }
}
