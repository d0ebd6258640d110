//! Lambda's own runtimes: functions in Python and JavaScript, on the machine's interpreters and AWS's runtime interface clients.
//!
//! What a function needs is a stack of folders, as in the cloud: its code, which is run where it stands, so that a new environment
//! always starts from the code as it is; then its packages, when the code's folder names some and does not have them; then what Lambda
//! has installed, the client and the AWS SDK. The folders are made on demand, by pip and npm, named after what they are made of, and
//! shared by all functions that need the same. In front stands a `bootstrap` for each function, a script that does what
//! `/var/runtime/bootstrap` does; to the rest of `local` it is a program like any other.

mod hint;
mod layer;
mod node;
mod python;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

pub(crate) use self::hint::hint;
use self::layer::Layers;
use crate::model::{Cloud, Function, Language, Managed};
use crate::progress::Progress;

/// Makes what is missing for every function with a managed runtime below `home`, and gives their bootstraps, by logical id. Without
/// `install` nothing is fetched: what is missing is an error.
///
/// # Errors
/// An interpreter is missing, or a package cannot be installed; what the installer said is in it.
pub async fn prepare(
    cloud: &Cloud,
    home: &Path,
    install: bool,
    progress: &Progress,
) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let managed: Vec<(&Function, &Managed)> =
        cloud.functions.values().filter_map(|function| Some((function, function.managed.as_ref()?))).collect();
    if managed.is_empty() {
        return Ok(BTreeMap::new());
    }
    for (function, _) in managed.iter().filter(|(_, managed)| managed.inline.is_none()) {
        if !function.code.is_dir() {
            bail!("CodeUri of the function `{}`, {}, is not a folder", function.logical_id, function.code.display());
        }
    }
    let work = async {
        let layers = Layers::new(home, install)?;
        let mut bootstraps = BTreeMap::new();
        let mut languages: Vec<Language> = managed.iter().map(|(_, managed)| managed.language).collect();
        languages.sort_unstable();
        languages.dedup();
        let mut told = Vec::new();
        for language in languages {
            let functions: Vec<_> =
                managed.iter().filter(|(_, managed)| managed.language == language).copied().collect();
            let users: Vec<&str> = functions.iter().map(|(function, _)| function.logical_id.as_str()).collect();
            let users = users.join(", ");
            match language {
                Language::Python(minor) => {
                    let python = python::Python::find(minor, &users, progress).await?;
                    let runtime = python.runtime(&layers).await?;
                    for (function, managed) in functions {
                        let code = code(function, managed, "index.py", home)?;
                        let packages = python.packages(function, &layers).await?;
                        let script = python::bootstrap(&runtime, packages.as_deref());
                        bootstraps.insert(function.logical_id.clone(), written(function, &code, &script, home)?);
                    }
                    told.push(format!("Python {}", python.version));
                }
                Language::Node(major) => {
                    let node = node::Node::find(major, &users, progress).await?;
                    let client = node.client(major, &layers).await?;
                    for (function, managed) in functions {
                        let code = code(function, managed, "index.js", home)?;
                        let folders = node.packages(function, &code, major, &layers, progress).await?;
                        let script = node.bootstrap(major, &client, &folders);
                        bootstraps.insert(function.logical_id.clone(), written(function, &code, &script, home)?);
                    }
                    told.push(format!("Node.js {}", node.version));
                }
            }
        }
        told.dedup();
        let done = format!("{} on {}", counted(bootstraps.len()), told.join(" and "));
        Ok((bootstraps, done))
    };
    progress.step("runtimes", "installing what the functions' runtimes need", work).await
}

fn counted(functions: usize) -> String {
    format!("{functions} function{}", if functions == 1 { "" } else { "s" })
}

/// Where the code is: its folder, or one for the code that stands in the template.
fn code(function: &Function, managed: &Managed, file: &str, home: &Path) -> anyhow::Result<PathBuf> {
    let Some(source) = &managed.inline else { return Ok(function.code.clone()) };
    let folder = own(function, home).join("code");
    replace(&folder.join(file), source, 0o644)?;
    Ok(folder)
}

/// Puts a function's bootstrap in its place. One that says the same stays, because a new one is a new version of the function.
fn written(function: &Function, code: &Path, script: &str, home: &Path) -> anyhow::Result<PathBuf> {
    let path = own(function, home).join("bootstrap");
    let mut text = format!("#!/bin/sh\n# Starts the function {} as Lambda's runtime does.\n", function.logical_id);
    writeln!(text, "export LAMBDA_TASK_ROOT={}", quoted(code))?;
    text.push_str("cd \"$LAMBDA_TASK_ROOT\" || exit 1\n");
    text.push_str(script);
    replace(&path, &text, 0o755)?;
    Ok(path)
}

/// The folder of one function. Several projects may share the home, and name functions alike.
fn own(function: &Function, home: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (&function.code, &function.name, &function.managed.as_ref().map(|managed| &managed.runtime)).hash(&mut hasher);
    home.join("functions").join(format!("{}-{:016x}", function.logical_id, hasher.finish()))
}

/// Writes a file at once, so that nobody meets half of it.
fn replace(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    if fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(path);
    let cannot = || format!("cannot write to {}", folder.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    let file = tempfile::NamedTempFile::new_in(folder).with_context(cannot)?;
    fs::write(file.path(), text).with_context(cannot)?;
    fs::set_permissions(file.path(), Permissions::from_mode(mode)).with_context(cannot)?;
    file.persist(path).with_context(cannot)?;
    Ok(())
}

/// A path as the shell reads it.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_the_shell() {
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
