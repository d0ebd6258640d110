//! `local.toml`: what `local` must know of a project beyond its template. Without the file any template runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;

/// The whole file. Values may hold [placeholders](crate::placeholders).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Values of the template's parameters on a laptop.
    #[serde(deserialize_with = "texts")]
    pub parameters: BTreeMap<String, String>,
    /// Values of variables that functions declare; they win over the template's.
    #[serde(deserialize_with = "texts")]
    pub environment: BTreeMap<String, String>,
    /// The web site, if there is one.
    pub site: Option<Site>,
    /// Where the keys of issuers of tokens are, by issuer, if not at its own address: at another one, or in a file beside `local.toml`.
    pub issuers: BTreeMap<String, String>,
    /// Present if a MongoDB is to be started unless `MONGODB_URI` names one.
    pub mongodb: Option<Mongodb>,
}

/// A static site.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Where its sources are; relative to `local.toml`, and so is `output`.
    pub folder: PathBuf,
    /// What is served.
    pub output: PathBuf,
    /// The command that installs what the build needs, run in `folder`.
    #[serde(default)]
    pub install: Vec<String>,
    /// The command that builds, run in `folder`.
    #[serde(default)]
    pub build: Vec<String>,
    /// Texts to be replaced in the files while they are served.
    #[serde(default)]
    pub replace: BTreeMap<String, String>,
}

/// The companion database.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mongodb {
    /// Where it listens, unless `--mongodb-port` says otherwise.
    pub port: Option<u16>,
    /// The pip requirement that ships a `mongod`, for a machine that has none.
    pub package: Option<String>,
}

impl Settings {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or says something unknown; with the line.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        match Self::parse(&text) {
            Ok(settings) => Ok(settings),
            Err((line, message)) => bail!("{}:{line}: {message}", path.display()),
        }
    }

    /// The issuers, with whole paths; relative ones begin in `folder`.
    #[must_use]
    pub fn issuers(&self, folder: &Path) -> BTreeMap<String, String> {
        let whole = |place: &String| match place.starts_with("http:") || place.starts_with("https:") {
            true => place.clone(),
            false => folder.join(place).to_string_lossy().into_owned(),
        };
        self.issuers.iter().map(|(issuer, place)| (issuer.clone(), whole(place))).collect()
    }

    fn parse(text: &str) -> Result<Self, (usize, String)> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().map_or(0, |span| span.start);
            let line = text.get(..before).unwrap_or(text).matches('\n').count() + 1;
            (line, error.message().lines().next().unwrap_or_default().to_owned())
        })
    }
}

/// Variables are texts; a number or a truth value without quotes is what it looks like.
fn texts<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    use serde::de::Error as _;
    let values = BTreeMap::<String, toml::Value>::deserialize(deserializer)?;
    let text = |(name, value): (String, toml::Value)| match value {
        toml::Value::String(text) => Ok((name, text)),
        toml::Value::Integer(number) => Ok((name, number.to_string())),
        toml::Value::Float(number) => Ok((name, number.to_string())),
        toml::Value::Boolean(truth) => Ok((name, truth.to_string())),
        other => Err(D::Error::custom(format!(
            "`{name}` must be a text, not {} {}",
            article(other.type_str()),
            other.type_str()
        ))),
    };
    values.into_iter().map(text).collect()
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_refused_with_its_line() {
        for (text, line, expected) in [
            ("[parameters]\nA = \"b\"\n\n[sites]\n", 4, "unknown field `sites`"),
            ("[site]\nfolder = \"s\"\n", 1, "missing field `output`"),
            ("[mongodb]\nversion = \"6\"\n", 2, "unknown field `version`"),
            ("[environment]\nA = [1]\n", 1, "`A` must be a text, not an array"),
            ("[environment]\nA = \n", 2, ""),
        ] {
            let Err((at, message)) = Settings::parse(text) else { panic!("{text} is read") };
            assert!(at == line && message.contains(expected), "{text}: {at}: {message}");
        }
    }

    #[test]
    fn a_whole_file_is_read() -> Result<(), (usize, String)> {
        let settings = Settings::parse(
            "[parameters]\nSiteOrigin = \"{site}\"\nSize = 5\nFast = true\n[environment]\nA = \"{mongodb}\"\n[mongodb]\nport = 5\n\
             [site]\nfolder = \"site\"\noutput = \"site/dist\"\ninstall = [\"npm\", \"ci\"]\nreplace = { \"__A__\" = \"{http:Api}\" }\n\
             [issuers]\n\"https://a.test\" = \"keys.json\"\n\"https://b.test/pool\" = \"http://127.0.0.1:5/pool\"\n",
        )?;
        assert_eq!((settings.parameters["Size"].as_str(), settings.parameters["Fast"].as_str()), ("5", "true"));
        assert_eq!(settings.environment["A"], "{mongodb}");
        assert_eq!(settings.mongodb.as_ref().and_then(|mongodb| mongodb.port), Some(5));
        let site = settings.site.clone().ok_or((0, "no site".to_owned()))?;
        assert_eq!((site.install.len(), site.build.len(), site.replace.len()), (2, 0, 1));
        let issuers = settings.issuers(Path::new("/project"));
        assert_eq!(issuers["https://a.test"], "/project/keys.json");
        assert_eq!(issuers["https://b.test/pool"], "http://127.0.0.1:5/pool");
        Ok(())
    }
}
