//! The static site: installed and built when something that it is made of has changed.
//!
//! What it was made of last time is kept as a stamp under Cargo's target folder: the lock file for the installation, and for the
//! build the names, sizes and times of all sources. So an edit, a deletion and a checkout of something older all count.

use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use tokio::process::Command;

use crate::progress::Progress;
use crate::settings::Site;

/// The oldest Node.js that today's build tools run on.
const OLDEST_NODE: u32 = 20;
/// Folders that tools fill, and that a site is not made of.
const PRODUCTS: [&str; 4] = ["node_modules", "test-results", "playwright-report", "coverage"];
/// Lines of a failed command that are shown.
const LAST_LINES: usize = 30;

/// Brings the site of the project in `root` up to date; stamps and logs go below `target`. Gives the folder to serve.
///
/// # Errors
/// A command that fails or is missing, with what it said last.
pub async fn build(site: &Site, root: &Path, target: &Path, progress: &Progress) -> anyhow::Result<PathBuf> {
    let (folder, output) = (root.join(&site.folder), root.join(&site.output));
    if !folder.is_dir() {
        bail!("the site's folder {} does not exist: mend [site] in local.toml", folder.display());
    }
    let mut name = DefaultHasher::new();
    folder.hash(&mut name);
    let stamps = target.join("local").join(format!("site-{:016x}", name.finish()));
    fs::create_dir_all(&stamps).with_context(|| format!("cannot write to {}", stamps.display()))?;

    let lock = fs::read_to_string(folder.join("package-lock.json")).unwrap_or_default();
    let installed = format!("{:?}\n{lock}", site.install);
    if !site.install.is_empty() && (!folder.join("node_modules").is_dir() || !is_stamped(&stamps, "install", &installed)) {
        node(&site.install).await?;
        run("installing the site's packages", &site.install, &folder, &stamps.join("install.log"), progress).await?;
        stamp(&stamps, "install", &installed)?;
    }
    let sources = format!("{:?}\n{}", site.build, sources(&folder, &output)?);
    if !site.build.is_empty() && (!output.is_dir() || !is_stamped(&stamps, "build", &sources)) {
        node(&site.build).await?;
        run("building the site", &site.build, &folder, &stamps.join("build.log"), progress).await?;
        stamp(&stamps, "build", &sources)?;
    }
    if !output.is_dir() {
        bail!("the site's output {} does not exist: mend [site] in local.toml, or build it", output.display());
    }
    Ok(output)
}

async fn run(doing: &str, command: &[String], folder: &Path, log: &Path, progress: &Progress) -> anyhow::Result<()> {
    let [program, arguments @ ..] = command else { return Ok(()) };
    let shown = command.join(" ");
    progress
        .step("site", &format!("{doing} ({shown})"), async {
            let file = fs::File::create(log).with_context(|| format!("cannot write to {}", log.display()))?;
            let status = Command::new(program)
                .args(arguments)
                .current_dir(folder)
                .stdin(Stdio::null())
                .stdout(file.try_clone()?)
                .stderr(file)
                .kill_on_drop(true)
                .status()
                .await;
            match status {
                Ok(status) if status.success() => Ok(((), format!("{shown}: done"))),
                Ok(_) => {
                    let said = fs::read(log).unwrap_or_default();
                    let said = String::from_utf8_lossy(&said);
                    let lines: Vec<&str> = said.lines().collect();
                    let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
                    bail!("`{shown}` failed in {} (all it said is in {}):\n{last}", folder.display(), log.display())
                }
                Err(_) => bail!("`{program}` cannot be started, and the site needs it ({shown}): install it, or use --no-site"),
            }
        })
        .await
}

/// Says in one sentence that Node.js is missing or too old, before its tools say it in a hundred.
async fn node(command: &[String]) -> anyhow::Result<()> {
    if !command.first().is_some_and(|program| ["npm", "npx", "node", "pnpm", "yarn"].contains(&program.as_str())) {
        return Ok(());
    }
    const HELP: &str = "install a newer one from nodejs.org, or leave the site out with --no-site";
    let output = Command::new("node").arg("--version").stdin(Stdio::null()).output().await;
    let Ok(output) = output else {
        bail!("the site needs Node.js {OLDEST_NODE} or newer, and there is none: {HELP}");
    };
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let major: u32 = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    if major < OLDEST_NODE {
        bail!("the site needs Node.js {OLDEST_NODE} or newer, and here is {version}: {HELP}");
    }
    Ok(())
}

/// Name, size and time of everything that the site is made of.
fn sources(folder: &Path, output: &Path) -> anyhow::Result<String> {
    let mut lines = String::new();
    let mut folders = vec![folder.to_owned()];
    let mut files = vec![];
    while let Some(current) = folders.pop() {
        let entries = fs::read_dir(&current).with_context(|| format!("{} cannot be read", current.display()))?;
        for entry in entries {
            let entry = entry?;
            let (path, name) = (entry.path(), entry.file_name());
            let about = entry.metadata()?;
            let name = name.to_string_lossy();
            if about.is_file() && !name.ends_with(".tsbuildinfo") {
                files.push((path, about));
            } else if about.is_dir() && path != output && !name.starts_with('.') && !PRODUCTS.contains(&&*name) {
                folders.push(path);
            }
        }
    }
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (path, about) in files {
        let time = about.modified()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        writeln!(lines, "{} {} {}", path.strip_prefix(folder).unwrap_or(&path).display(), about.len(), time.as_nanos())?;
    }
    Ok(lines)
}

fn is_stamped(stamps: &Path, name: &str, content: &str) -> bool {
    fs::read_to_string(stamps.join(name)).is_ok_and(|stamped| stamped == content)
}

fn stamp(stamps: &Path, name: &str, content: &str) -> anyhow::Result<()> {
    fs::write(stamps.join(name), content).with_context(|| format!("cannot write to {}", stamps.display()))
}
