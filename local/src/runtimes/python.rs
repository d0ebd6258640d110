//! Python: an interpreter, a virtual environment with what Lambda has installed, and a folder for each `requirements.txt`.
//!
//! A virtual environment keeps the machine's own packages out of sight, which are not there in the cloud either. A function's
//! packages are in a folder in front of it, so that its boto3 wins over Lambda's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::bail;
use tokio::process::Command;

use super::layer::{Layers, run};
use super::quoted;
use crate::model::Function;
use crate::progress::Progress;

/// What Lambda has installed: the runtime interface client and the AWS SDK.
const INSTALLED: [&str; 2] = ["awslambdaric==4.2.2", "boto3==1.44.5"];
/// The oldest Python 3 that these run on, and what there is for the one before it.
const MODERN: u32 = 10;
const INSTALLED_BEFORE: [&str; 2] = ["awslambdaric>=2,<4", "boto3>=1.26,<2"];
/// The oldest Python 3 that a client can be installed for.
const OLDEST: u32 = 9;

/// The compiled part of the client, for systems that it is not made for.
const RUNTIME_CLIENT: &str = include_str!("python/runtime_client.py");

/// Tells the version, and where the program is: PATH may lead to a script that chooses one by the folder it is called in.
const EXAMINE: &str = "import sys; print('%d %d %d' % sys.version_info[:3]); print(sys.executable)";

/// An interpreter.
pub(super) struct Python {
    program: PathBuf,
    minor: u32,
    /// For example `3.13.1`.
    pub(super) version: String,
}

impl Python {
    /// The interpreter of the version that functions ask for, or else the machine's.
    pub(super) async fn find(wanted: u32, users: &str, progress: &Progress) -> anyhow::Result<Self> {
        for name in [&format!("python3.{wanted}"), "python3", "python"] {
            let Some(python) = Self::examined(name).await else { continue };
            if python.minor < OLDEST {
                continue;
            }
            if python.minor != wanted {
                progress.warn(format!(
                    "Python 3.{wanted} is not installed: {users} run on Python {}, which may behave differently than in the cloud",
                    python.version
                ));
            }
            return Ok(python);
        }
        bail!(
            "the Runtime python3.{wanted} of {users} needs Python, and there is no python3.{wanted} and no other Python 3.{OLDEST} or \
             newer on the PATH: install Python 3.{wanted} from python.org or with your system's packages"
        )
    }

    async fn examined(name: &str) -> Option<Self> {
        let output = Command::new(name).args(["-c", EXAMINE]).stdin(Stdio::null()).output().await.ok()?;
        let said = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
        let (version, program) = said.trim().split_once('\n')?;
        let numbers: Vec<&str> = version.split_whitespace().collect();
        let minor = numbers.get(1).filter(|_| numbers[0] == "3")?.parse().ok()?;
        Some(Self { program: PathBuf::from(program.trim()), minor, version: numbers.join(".") })
    }

    /// The virtual environment that all functions share.
    pub(super) async fn runtime(&self, layers: &Layers) -> anyhow::Result<PathBuf> {
        let packages = if self.minor < MODERN { INSTALLED_BEFORE } else { INSTALLED };
        let name = format!("python{}", self.version);
        layers
            .layer(&name, (&self.program, packages, RUNTIME_CLIENT), async |folder| {
                let mut venv = Command::new(&self.program);
                venv.args(["-m", "venv", "--without-pip"]).arg(folder);
                let help = "install Python's module venv (the package python3-venv, where it is one of its own)";
                run(&mut venv, "making a virtual environment", help).await?;
                let site = folder.join(format!("lib/python3.{}/site-packages", self.minor));
                self.pip(&site, &packages, Path::new("/"), "what Lambda has installed").await?;
                let is_compiled = |entry: &fs::DirEntry| {
                    entry
                        .file_name()
                        .to_str()
                        .is_some_and(|name| name.starts_with("runtime_client.") && name.ends_with(".so"))
                };
                if !fs::read_dir(&site)?.flatten().any(|entry| is_compiled(&entry)) {
                    fs::write(site.join("runtime_client.py"), RUNTIME_CLIENT)?;
                }
                Ok(())
            })
            .await
    }

    /// The folder with the packages of a function's `requirements.txt`, if it has one.
    pub(super) async fn packages(&self, function: &Function, layers: &Layers) -> anyhow::Result<Option<PathBuf>> {
        let requirements = function.code.join("requirements.txt");
        if function.managed.as_ref().is_none_or(|managed| managed.inline.is_some()) || !requirements.is_file() {
            return Ok(None);
        }
        let mut content = String::new();
        read(&requirements, &mut content, 0);
        let asks = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        if !content.lines().any(asks) {
            return Ok(None);
        }
        let what = format!("requirements.txt of the function `{}`", function.logical_id);
        let name = format!("python{}-packages", self.version);
        let folder = layers.layer(&name, (&self.program, &content), async |folder| {
            self.pip(folder, &["-r", "requirements.txt"], &function.code, &what).await
        });
        folder.await.map(Some)
    }

    async fn pip(&self, target: &Path, what: &[&str], from: &Path, whose: &str) -> anyhow::Result<()> {
        let mut pip = Command::new(&self.program);
        pip.args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"]).arg(target).args(what);
        pip.current_dir(from)
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
            .env("PIP_ROOT_USER_ACTION", "ignore")
            .env("PIP_NO_INPUT", "1")
            .env("PIP_REQUIRE_VIRTUALENV", "0")
            .env("PIP_USER", "0");
        let help = format!("mend what pip says, or install pip for {}", self.program.display());
        run(&mut pip, &format!("installing {whose} with pip"), &help).await.map(drop)
    }
}

/// What the packages are made of: the file, and those that it includes.
fn read(path: &Path, content: &mut String, depth: usize) {
    let text = fs::read_to_string(path).unwrap_or_default();
    for line in text.lines() {
        content.push_str(line);
        content.push('\n');
        let option = ["-r", "--requirement", "-c", "--constraint"].into_iter().find_map(|name| line.strip_prefix(name));
        let included = option.map(|rest| rest.trim_start_matches(['=', ' ']).trim()).filter(|_| depth < 5);
        if let (Some(included), Some(folder)) = (included, path.parent()) {
            read(&folder.join(included), content, depth + 1);
        }
    }
}

/// The end of a function's bootstrap. A `PYTHONPATH` of the template's goes first. Nothing that is compiled is kept: it would clutter the
/// code's folder, and elsewhere be taken for a source that was changed within the same second.
pub(super) fn bootstrap(runtime: &Path, packages: Option<&Path>) -> String {
    let path = packages.map_or_else(String::new, |packages| {
        format!("export PYTHONPATH=\"${{PYTHONPATH:+$PYTHONPATH:}}\"{}\n", quoted(packages))
    });
    format!(
        "{path}export LAMBDA_RUNTIME_DIR={}\nexec {} -B -m awslambdaric \"$_HANDLER\"\n",
        quoted(runtime),
        quoted(&runtime.join("bin/python"))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_requirements_file_includes_counts() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("requirements.txt"), "-r more.txt\n--constraint=bounds.txt\nsix\n")?;
        std::fs::write(folder.path().join("more.txt"), "idna\n")?;
        std::fs::write(folder.path().join("bounds.txt"), "idna<4\n")?;
        let mut content = String::new();
        read(&folder.path().join("requirements.txt"), &mut content, 0);
        assert_eq!(content, "-r more.txt\nidna\n--constraint=bounds.txt\nidna<4\nsix\n");
        Ok(())
    }
}
