//! JavaScript: Node.js, AWS's runtime interface client, the packages of a `package.json` that are not beside it, and the AWS SDK.
//!
//! A part of the client is compiled from C++ with CMake when it is installed. It is three functions, which `node/rapid-client.cjs` has
//! in JavaScript, and nothing is compiled. Lambda has all of the AWS SDK installed, several hundred packages; here those that the code names
//! are fetched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};
use tokio::process::Command;

use super::layer::{Layers, run};
use super::quoted;
use crate::model::Function;
use crate::progress::Progress;

/// The oldest Node.js that AWS supports.
const OLDEST: u32 = 20;
/// The runtime interface client, as npm names it, and its main module.
const CLIENT: (&str, &str) = ("aws-lambda-ric@3.3.0", "dist/index.mjs");
/// The one of nodejs24.x, which refuses handlers with callbacks, and needs a newer Node.js itself.
const NEWER_CLIENT: (&str, &str) = ("aws-lambda-ric@4.0.2", "index.mjs");
const NEWER_RUNTIME: u32 = 24;
const NEWER_NODE: u32 = 22;
/// The last runtime that had version 2 of the AWS SDK installed.
const LAST_WITH_SDK_2: u32 = 16;

const START: &str = include_str!("node/start.mjs");
const RESOLVE: &str = include_str!("node/resolve.mjs");
const RAPID_CLIENT: &str = include_str!("node/rapid-client.cjs");

/// What to do when npm fails.
const NPM: &str = "mend what npm says, or install npm, which comes with Node.js from nodejs.org";

/// What newer versions do by themselves, and Lambda has switched off in the runtimes up to these, unless `NODE_OPTIONS` has it on.
/// `https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html`
const SWITCHED_OFF: [(&str, std::ops::RangeInclusive<u32>); 2] =
    [("experimental-require-module", 0..=22), ("experimental-detect-module", 22..=22)];

/// A Node.js.
pub(super) struct Node {
    program: PathBuf,
    major: u32,
    /// Those of what can be switched off that it knows.
    switches: Vec<String>,
    /// For example `22.11.0`.
    pub(super) version: String,
}

/// An installed client.
pub(super) struct Client {
    folder: PathBuf,
    main: PathBuf,
}

impl Node {
    /// The machine's Node.js.
    pub(super) async fn find(wanted: u32, users: &str, progress: &Progress) -> anyhow::Result<Self> {
        let help = format!("install Node.js {wanted} from nodejs.org or with your system's packages");
        let Some(node) = Self::examined().await else {
            bail!("the Runtime nodejs{wanted}.x of {users} needs Node.js, and there is no `node` on the PATH: {help}");
        };
        if node.major < OLDEST {
            bail!(
                "the Runtime nodejs{wanted}.x of {users} needs Node.js {OLDEST} or newer, and here is {}: {help}",
                node.version
            );
        }
        if node.major != wanted {
            progress.warn(format!(
                "Node.js {wanted} is not installed: {users} run on Node.js {}, which may behave differently than in the cloud",
                node.version
            ));
        }
        Ok(node)
    }

    async fn examined() -> Option<Self> {
        let switches = SWITCHED_OFF.map(|(switch, _)| format!("'{switch}'")).join(",");
        let print = format!(
            "[process.versions.node, process.execPath, \
             ...[{switches}].filter((name) => process.allowedNodeEnvironmentFlags.has('--no-' + name))].join('\\n')"
        );
        let output = Command::new("node").args(["-p", &print]).stdin(Stdio::null()).output().await.ok()?;
        let said = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
        let mut lines = said.lines().map(|line| line.trim().to_owned());
        let (version, program) = (lines.next()?, lines.next()?);
        let major = version.split('.').next()?.parse().ok()?;
        Some(Self { program: PathBuf::from(program), major, version, switches: lines.collect() })
    }

    /// The client for a runtime.
    pub(super) async fn client(&self, runtime: u32, layers: &Layers) -> anyhow::Result<Client> {
        let newer = runtime >= NEWER_RUNTIME && self.major >= NEWER_NODE;
        let (package, main) = if newer { NEWER_CLIENT } else { CLIENT };
        let folder = layers
            .layer("node-client", (package, START, RESOLVE, RAPID_CLIENT), async |folder| {
                let mut pack = npm(&["pack", package]);
                pack.current_dir(folder);
                let output = run(&mut pack, &format!("fetching {package} with npm"), NPM).await?;
                let said = String::from_utf8_lossy(&output.stdout);
                let archive = said.lines().last().unwrap_or_default().trim().to_owned();
                let mut tar = Command::new("tar");
                tar.arg("-xzf").arg(&archive).current_dir(folder);
                run(&mut tar, &format!("unpacking {archive}"), "install tar").await?;
                let native = folder.join("package").join(main).with_file_name("rapid-client.node");
                fs::create_dir_all(&native)?;
                fs::write(native.join("package.json"), r#"{ "main": "index.cjs" }"#)?;
                fs::write(native.join("index.cjs"), RAPID_CLIENT)?;
                fs::write(folder.join("start.mjs"), START)?;
                fs::write(folder.join("resolve.mjs"), RESOLVE)?;
                Ok(fs::remove_file(folder.join(archive))?)
            })
            .await?;
        Ok(Client { main: folder.join("package").join(main), folder })
    }

    /// The folders with what a function needs beside its code, the nearest first.
    pub(super) async fn packages(
        &self,
        function: &Function,
        code: &Path,
        runtime: u32,
        layers: &Layers,
        progress: &Progress,
    ) -> anyhow::Result<Vec<PathBuf>> {
        let mut folders = Vec::new();
        let manifest = code.join("package.json");
        let mut declared = BTreeMap::new();
        if manifest.is_file() {
            let text =
                fs::read_to_string(&manifest).with_context(|| format!("{} cannot be read", manifest.display()))?;
            let manifest: Map<String, Value> =
                serde_json::from_str(&text).with_context(|| format!("{} is no package.json", manifest.display()))?;
            declared = dependencies(&manifest);
            if declared.keys().any(|name| !is_beside(code, name)) {
                folders.push(self.installed(function, code, manifest, &declared, layers).await?);
            }
        }
        let sdk: BTreeSet<String> = sdk(code, runtime)
            .into_iter()
            .filter(|name| !declared.contains_key(name) && !is_beside(code, name))
            .collect();
        if !sdk.is_empty() {
            let version = |name: &String| (name.clone(), json!(if name == "aws-sdk" { "^2" } else { "^3" }));
            let manifest = json!({ "private": true, "dependencies": sdk.iter().map(version).collect::<Map<_, _>>() });
            let made = layers
                .layer("node-sdk", (self.major, &sdk), async |folder| {
                    fs::write(folder.join("package.json"), manifest.to_string())?;
                    let mut install = npm(&["install", "--ignore-scripts"]);
                    run(install.current_dir(folder), "installing the AWS SDK with npm", NPM).await.map(drop)
                })
                .await;
            match made {
                Ok(folder) => folders.push(folder),
                // A name may stand in the code without being needed, so that this is for the function to find out.
                Err(error) => progress.warn(format!(
                    "{} is not there for the function `{}`, as it would be in Lambda: {error:#}",
                    sdk.into_iter().collect::<Vec<_>>().join(", "),
                    function.logical_id
                )),
            }
        }
        Ok(folders)
    }

    /// What a `package.json` asks for, installed in a folder of its own: the code's folder is the developer's.
    async fn installed(
        &self,
        function: &Function,
        code: &Path,
        mut manifest: Map<String, Value>,
        declared: &BTreeMap<String, String>,
        layers: &Layers,
    ) -> anyhow::Result<PathBuf> {
        let id = &function.logical_id;
        let is_near =
            |version: &String| ["file:", "link:", "workspace:", "."].iter().any(|start| version.starts_with(start));
        if let Some((name, _)) = declared.iter().find(|(_, version)| is_near(version)) {
            bail!(
                "the function `{id}` needs the package {name} of another folder: run `npm install` in {}",
                code.display()
            );
        }
        // The package's own scripts are for the developer; those of its dependencies are run.
        manifest.remove("scripts");
        let manifest = Value::Object(manifest).to_string();
        let copied: BTreeMap<&str, Vec<u8>> = ["package-lock.json", "npm-shrinkwrap.json", ".npmrc"]
            .into_iter()
            .filter_map(|name| Some((name, fs::read(code.join(name)).ok()?)))
            .collect();
        let is_locked = copied.keys().any(|name| name.ends_with(".json"));
        layers
            .layer("node-packages", (&self.version, &manifest, &copied), async |folder| {
                fs::write(folder.join("package.json"), &manifest)?;
                for (name, content) in &copied {
                    fs::write(folder.join(name), content)?;
                }
                let mut install = npm(&[if is_locked { "ci" } else { "install" }, "--omit=dev"]);
                let doing = format!("installing package.json of the function `{id}` with npm");
                run(install.current_dir(folder), &doing, NPM).await.map(drop)
            })
            .await
    }

    /// The end of a function's bootstrap. A `NODE_PATH` of the template's goes first.
    pub(super) fn bootstrap(&self, runtime: u32, client: &Client, folders: &[PathBuf]) -> String {
        let mut before = String::new();
        for (switch, _) in SWITCHED_OFF.iter().filter(|(_, runtimes)| runtimes.contains(&runtime)) {
            if self.switches.iter().any(|known| known == switch) {
                before +=
                    &format!("case \"$NODE_OPTIONS\" in *--{switch}*) ;; *) set -- \"$@\" --no-{switch} ;; esac\n");
            }
        }
        for folder in folders {
            before +=
                &format!("export NODE_PATH=\"${{NODE_PATH:+$NODE_PATH:}}\"{}\n", quoted(&folder.join("node_modules")));
        }
        format!(
            "{before}export LAMBDA_RUNTIME_DIR={}\nexec {} \"$@\" {} {}\n",
            quoted(&client.folder),
            quoted(&self.program),
            quoted(&client.folder.join("start.mjs")),
            quoted(&client.main)
        )
    }
}

fn npm(arguments: &[&str]) -> Command {
    let mut npm = Command::new("npm");
    npm.args(arguments).args(["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]);
    npm
}

/// `dependencies` of a manifest.
fn dependencies(manifest: &Map<String, Value>) -> BTreeMap<String, String> {
    let named = manifest.get("dependencies").and_then(Value::as_object).into_iter().flatten();
    named.filter_map(|(name, version)| Some((name.clone(), version.as_str()?.to_owned()))).collect()
}

/// Whether Node.js finds a package from this folder: in its `node_modules`, or in those of a folder above.
fn is_beside(code: &Path, name: &str) -> bool {
    code.ancestors().any(|folder| folder.join("node_modules").join(name).is_dir())
}

/// The packages of the AWS SDK that the code names.
fn sdk(code: &Path, runtime: u32) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![code.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && name != "node_modules" && !name.starts_with('.') {
                folders.push(path);
            } else if [".js", ".mjs", ".cjs"].iter().any(|end| name.ends_with(end)) {
                named(&fs::read_to_string(path).unwrap_or_default(), runtime, &mut found);
            }
        }
    }
    found
}

/// The packages of the AWS SDK that one source names between quotes.
fn named(source: &str, runtime: u32, found: &mut BTreeSet<String>) {
    for word in source.split(['"', '\'', '`', '\n']) {
        let mut parts = word.split('/');
        match (parts.next(), parts.next()) {
            (Some(scope @ ("@aws-sdk" | "@smithy")), Some(name))
                if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
            {
                found.insert(format!("{scope}/{name}"));
            }
            (Some("aws-sdk"), _) if runtime <= LAST_WITH_SDK_2 => {
                found.insert("aws-sdk".to_owned());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_is_what_the_code_names_between_quotes() {
        let source = "import { A } from \"@aws-sdk/client-sqs\";\nconst b = require('@aws-sdk/lib-dynamodb/x');\n// @aws-sdk/client-no\n\
                      require('aws-sdk'); import(`@smithy/types`)";
        for (runtime, expected) in [
            (16, vec!["@aws-sdk/client-sqs", "@aws-sdk/lib-dynamodb", "@smithy/types", "aws-sdk"]),
            (22, vec!["@aws-sdk/client-sqs", "@aws-sdk/lib-dynamodb", "@smithy/types"]),
        ] {
            let mut found = BTreeSet::new();
            named(source, runtime, &mut found);
            assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
        }
    }
}
