//! The functions' programs: which Cargo package each is, and one `cargo build` for all that are stale.
//!
//! Cargo decides what is stale, and tells on stdout where each executable is. Its own words go to the terminal as they are. A
//! folder without a package may hold a finished `bootstrap`, which is what would be uploaded.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::model::{Cloud, Function};

/// How functions are compiled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Profile {
    /// Cargo's `dev`.
    #[default]
    Dev,
    /// Cargo's `release`.
    Release,
    /// Cargo's `bench`.
    Bench,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
            Self::Bench => "bench",
        }
    }

    /// Where Cargo puts what it built.
    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release | Self::Bench => "release",
        }
    }
}

/// What `cargo metadata` tells.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// One line of `cargo build --message-format=json`.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    target: Option<Target>,
    executable: Option<PathBuf>,
}

/// What one workspace has to build.
#[derive(Default)]
struct Plan {
    target: PathBuf,
    packages: BTreeSet<String>,
    /// Manifest and binary of each function.
    binaries: BTreeMap<String, (PathBuf, String)>,
}

/// Builds what is stale and gives each function's program, by logical id.
///
/// # Errors
/// A function has no package, or none that is clear; the compiler's errors have been shown then.
pub async fn build(cloud: &Cloud, profile: Profile) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let (mut programs, plans) = plan(cloud).await?;
    for (root, plan) in &plans {
        let built = run(root, plan, profile).await?;
        for (id, wanted) in &plan.binaries {
            let Some(program) = built.get(wanted) else {
                bail!("cargo built no program `{}` for the function `{id}`", wanted.1);
            };
            programs.insert(id.clone(), program.clone());
        }
    }
    Ok(programs)
}

/// Gives each function's program as it was built before.
///
/// # Errors
/// A function has no package, or its program does not exist.
pub async fn built(cloud: &Cloud, profile: Profile) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let (mut programs, plans) = plan(cloud).await?;
    for plan in plans.values() {
        for (id, (_, binary)) in &plan.binaries {
            let program = plan.target.join(profile.folder()).join(binary);
            if !program.is_file() {
                bail!(
                    "the function `{id}` has not been built ({} does not exist): leave out --no-build",
                    program.display()
                );
            }
            programs.insert(id.clone(), program);
        }
    }
    Ok(programs)
}

/// Finds the package of each function, by workspace, and the programs that are there already.
async fn plan(cloud: &Cloud) -> anyhow::Result<(BTreeMap<String, PathBuf>, BTreeMap<PathBuf, Plan>)> {
    let mut finished = BTreeMap::new();
    let mut plans: BTreeMap<PathBuf, Plan> = BTreeMap::new();
    let mut known: Vec<Metadata> = vec![];
    for function in cloud.functions.values().filter(|function| function.managed.is_none()) {
        let id = &function.logical_id;
        let manifest = function.code.join("Cargo.toml");
        if !manifest.is_file() {
            let bootstrap = function.code.join("bootstrap");
            if !bootstrap.is_file() {
                bail!(
                    "CodeUri of the function `{id}`, {}, is not the folder of a Cargo package: it has no Cargo.toml",
                    function.code.display()
                );
            }
            finished.insert(id.clone(), bootstrap);
            continue;
        }
        let manifest = manifest.canonicalize().with_context(|| format!("{} cannot be read", manifest.display()))?;
        let package =
            |metadata: &Metadata| metadata.packages.iter().position(|package| package.manifest_path == manifest);
        if !known.iter().any(|metadata| package(metadata).is_some()) {
            known.push(metadata(&manifest).await?);
        }
        let found = known.iter().find_map(|metadata| Some((metadata, &metadata.packages[package(metadata)?])));
        let Some((metadata, package)) = found else {
            bail!("{} of the function `{id}` is no package: it needs a [package] section", manifest.display());
        };
        let binary = binary(function, package)?;
        let plan = plans.entry(metadata.workspace_root.clone()).or_default();
        plan.target.clone_from(&metadata.target_directory);
        plan.packages.insert(package.name.clone());
        plan.binaries.insert(id.clone(), (manifest, binary));
    }
    Ok((finished, plans))
}

fn binary(function: &Function, package: &Package) -> anyhow::Result<String> {
    let is_binary = |target: &&Target| target.kind.iter().any(|kind| kind == "bin");
    let binaries: Vec<&str> = package.targets.iter().filter(is_binary).map(|target| target.name.as_str()).collect();
    let id = &function.logical_id;
    match (&function.binary, binaries.as_slice()) {
        (Some(named), all) if all.contains(&named.as_str()) => Ok(named.clone()),
        (Some(named), all) => bail!(
            "the package {} of the function `{id}` has no binary `{named}` (it has: {}): mend Metadata.BuildProperties.Binary",
            package.name,
            all.join(", ")
        ),
        (None, [only]) => Ok((*only).to_owned()),
        (None, []) => {
            bail!("the package {} of the function `{id}` has no binary: it needs a src/main.rs", package.name)
        }
        (None, all) => bail!(
            "the package {} of the function `{id}` has several binaries ({}): name one in Metadata.BuildProperties.Binary",
            package.name,
            all.join(", ")
        ),
    }
}

async fn metadata(manifest: &Path) -> anyhow::Result<Metadata> {
    let output = cargo()
        .current_dir(manifest.parent().unwrap_or(manifest))
        .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
        .arg(manifest)
        .stdin(Stdio::null())
        .output()
        .await
        .context("cargo cannot be started: install Rust with rustup, or name it in CARGO")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("cargo cannot read {}: {}", manifest.display(), said.trim());
    }
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("cargo metadata of {} is not understood", manifest.display()))
}

/// One `cargo build`, whose stderr is ours. Gives the executables by manifest and binary.
async fn run(root: &Path, plan: &Plan, profile: Profile) -> anyhow::Result<BTreeMap<(PathBuf, String), PathBuf>> {
    let mut command = cargo();
    command.current_dir(root).args(["build", "--message-format=json-render-diagnostics", "--bins"]);
    command.args(plan.packages.iter().flat_map(|package| ["-p", package]));
    command.args(["--profile", profile.name()]);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cargo cannot be started: install Rust with rustup, or name it in CARGO")?;
    let stdout = child.stdout.take().context("cargo has no stdout")?;
    let mut lines = BufReader::new(stdout).lines();
    let mut built = BTreeMap::new();
    while let Some(line) = lines.next_line().await? {
        let Ok(message) = serde_json::from_str::<Message>(&line) else { continue };
        if let Message { reason, manifest_path, target: Some(target), executable: Some(executable) } = message
            && reason == "compiler-artifact"
        {
            built.insert((manifest_path, target.name), executable);
        }
    }
    if !child.wait().await?.success() {
        bail!("the functions could not be compiled: cargo says above why");
    }
    Ok(built)
}

/// Cargo as whoever runs us calls it, without what it tells its children about the package that runs.
fn cargo() -> Command {
    let name = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(name);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    // Cargo is run in the workspace, and a relative folder means one of where we are.
    if let Some(Ok(target)) = std::env::var_os("CARGO_TARGET_DIR").map(std::path::absolute) {
        command.env("CARGO_TARGET_DIR", target);
    }
    command
}
