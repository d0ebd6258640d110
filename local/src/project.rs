//! A project on the disk: its template, what stands beside it, and where things are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::cli::Up;
use crate::environment::Sources;
use crate::mongod::{self, target_folder};
use crate::samconfig::SamConfig;
use crate::serve::{Ports, Wanted};
use crate::settings::Settings;
use crate::template;

/// Where data is kept beside a template.
const DATA: &str = ".local";

/// What a run starts from.
#[derive(Debug)]
pub struct Project {
    /// The template, as it is to be shown.
    pub template: PathBuf,
    /// The folder of `local.toml`, where its paths begin.
    pub root: PathBuf,
    /// Where data is kept between runs.
    pub data: PathBuf,
    /// Cargo's target folder, for what can be made again.
    pub target: PathBuf,
    /// `local.toml`
    pub settings: Settings,
    /// `samconfig.toml`
    pub sam: SamConfig,
    /// The variables from outside.
    pub sources: Sources,
}

impl Project {
    /// Finds and reads everything but the template.
    ///
    /// # Errors
    /// What was named does not exist, or cannot be read.
    pub fn open(options: &Up) -> anyhow::Result<Self> {
        let template = match &options.template {
            Some(named) if named.is_file() => named.clone(),
            Some(named) => bail!("the template {} does not exist: mend --template", named.display()),
            None => search()?,
        };
        let folder = std::path::absolute(&template)?.parent().map(Path::to_owned).unwrap_or_default();
        let beside = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
        let (settings, root) = match options.config.clone().or_else(|| beside("local.toml")) {
            Some(path) => {
                let root = std::path::absolute(&path)?.parent().map(Path::to_owned).unwrap_or_default();
                (Settings::load(&shown(&path))?, root)
            }
            None => (Settings::default(), folder.clone()),
        };
        let sam = match (beside("samconfig.toml"), &options.config_env) {
            (Some(path), environment) => SamConfig::load(&shown(&path), environment.as_deref().unwrap_or("default"))?,
            (None, None) => SamConfig::default(),
            (None, Some(_)) => {
                bail!("there is no samconfig.toml beside the template, of which --config-env names an environment")
            }
        };
        let given = options.environment.iter().cloned().collect();
        let mut sources =
            Sources::read(options.env_file.clone().or_else(|| beside(".env")).as_deref().map(shown).as_deref(), given)?;
        if let Some(region) = sam.region.as_ref().filter(|_| sources.get("AWS_REGION").is_none()) {
            sources.file.insert("AWS_REGION".to_owned(), region.clone());
        }
        let data = options.data.clone().unwrap_or_else(|| folder.join(DATA));
        Ok(Self { template, root, data, target: target_folder(&folder), settings, sam, sources })
    }

    /// The parameters from `samconfig.toml`, with those of `local.toml` before them, and those of the command line before both.
    #[must_use]
    pub fn parameters(&self, filled: BTreeMap<String, String>, options: &Up) -> BTreeMap<String, String> {
        self.sam.parameters.clone().into_iter().chain(filled).chain(options.parameters.iter().cloned()).collect()
    }

    /// Where everything listens.
    #[must_use]
    pub fn ports(&self, options: &Up) -> Ports {
        let database = self
            .settings
            .mongodb
            .as_ref()
            .map(|settings| options.mongodb_port.or(settings.port).unwrap_or(mongod::PORT));
        Ports::of(&Wanted {
            http: options.http_port,
            websocket: options.websocket_port,
            lambda: options.lambda_port,
            site: options.site_port,
            s3: options.s3_port,
            others: [options.control_port, database.unwrap_or_default()],
        })
    }

    /// Where what managed runtimes need is installed: beside what Cargo makes, or else with the project's data.
    #[must_use]
    pub fn runtimes(&self) -> PathBuf {
        let kept = if self.target.is_dir() { &self.target } else { &self.data };
        kept.join("runtimes")
    }

    /// The files that a run is made from, whether they are there or not; the functions' code aside.
    #[must_use]
    pub fn files(&self, options: &Up) -> BTreeSet<PathBuf> {
        let folder = std::path::absolute(&self.template).ok().and_then(|path| path.parent().map(Path::to_owned));
        let beside = |name: &str| folder.clone().unwrap_or_default().join(name);
        let config = options.config.clone().unwrap_or_else(|| beside("local.toml"));
        let variables = options.env_file.clone().unwrap_or_else(|| beside(".env"));
        [self.template.clone(), config, variables, beside("samconfig.toml")].into()
    }

    /// Makes the data folder, of which nothing belongs into a repository: keys, data, and what can be made again.
    ///
    /// # Errors
    /// It cannot be written to.
    pub fn prepare(&self) -> anyhow::Result<()> {
        let cannot = || format!("cannot write to {}", self.data.display());
        if !self.data.exists() {
            std::fs::create_dir_all(&self.data).with_context(cannot)?;
            std::fs::write(self.data.join(".gitignore"), "*\n").with_context(cannot)?;
        }
        Ok(())
    }

    /// A random text that only this user can read, made at its first use.
    ///
    /// # Errors
    /// The data folder cannot be written to.
    pub fn secret(&self) -> anyhow::Result<String> {
        let path = self.data.join("secret");
        let cannot = || format!("cannot write to {}", self.data.display());
        if let Ok(secret) = std::fs::read_to_string(&path) {
            return Ok(secret);
        }
        std::fs::create_dir_all(&self.data).with_context(cannot)?;
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        // Made readable for its owner alone and complete, then moved there unless somebody else was faster.
        let mut file = tempfile::NamedTempFile::new_in(&self.data).with_context(cannot)?;
        file.write_all(URL_SAFE_NO_PAD.encode(bytes).as_bytes()).with_context(cannot)?;
        let _faster = file.persist_noclobber(&path);
        std::fs::read_to_string(&path).with_context(cannot)
    }
}

/// Where a run of this project keeps its data, for whoever wants to find that run.
///
/// # Errors
/// It is not named, and there is no template beside which it would be.
pub fn data_folder(template: Option<&Path>, data: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(data) = data {
        return Ok(data.to_owned());
    }
    let template = template.map_or_else(search, |named| Ok(named.to_owned()))?;
    Ok(std::path::absolute(&template)?.parent().map(Path::to_owned).unwrap_or_default().join(DATA))
}

/// A path as short as it can be said from here.
#[must_use]
pub fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).to_owned()
}

fn search() -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().context("this folder is gone")?;
    match here.ancestors().find_map(template::find) {
        Some(found) => Ok(shown(&found)),
        None => bail!(
            "there is no template.yaml in {} or in a folder above it: go to a project, or name one with --template",
            here.display()
        ),
    }
}
