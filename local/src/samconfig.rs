//! `samconfig.toml`: what `sam deploy` deploys a template with, as far as it says what the template means.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use toml::{Table, Value};

/// The parts of an environment's settings that matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SamConfig {
    /// `parameter_overrides`
    pub parameters: BTreeMap<String, String>,
    /// `stack_name`
    pub stack: Option<String>,
    /// `region`
    pub region: Option<String>,
}

impl SamConfig {
    /// Reads one environment of a file: what `global` says, and over it what `deploy` says.
    ///
    /// # Errors
    /// It cannot be read, or is of another form than `sam` takes.
    pub fn load(path: &Path, environment: &str) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let file: Table = match toml::from_str(&text) {
            Ok(file) => file,
            Err(error) => bail!("{}: {}", path.display(), error.message()),
        };
        Self::of(&file, environment).with_context(|| path.display().to_string())
    }

    fn of(file: &Table, environment: &str) -> anyhow::Result<Self> {
        let settings = |command: &str| file.get(environment)?.get(command)?.get("parameters");
        let setting = |name: &str| ["deploy", "global"].iter().find_map(|command| settings(command)?.get(name));
        let text = |name: &str| match setting(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => bail!("{name} must be a text"),
        };
        let (stack, region) = (text("stack_name")?, text("region")?);
        let parameters = match setting("parameter_overrides") {
            None => BTreeMap::new(),
            Some(Value::String(text)) => overrides(&words(text)?)?,
            Some(Value::Array(items)) => {
                let items = items.iter().map(|item| item.as_str().map(str::to_owned));
                let items: Option<Vec<String>> = items.collect();
                overrides(&items.context("parameter_overrides must be a list of texts")?)?
            }
            Some(_) => bail!("parameter_overrides must be a text or a list of texts"),
        };
        Ok(Self { parameters, stack, region })
    }
}

/// `Name=value`, or as the AWS CLI has it, `ParameterKey=Name,ParameterValue=value`.
fn overrides(items: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let one = |item: &String| {
        let (name, value) = match item.strip_prefix("ParameterKey=") {
            Some(rest) => rest.split_once(",ParameterValue=")?,
            None => item.split_once('=')?,
        };
        (!name.is_empty()).then(|| (name.to_owned(), value.trim_matches('"').to_owned()))
    };
    items
        .iter()
        .map(|item| one(item).with_context(|| format!("parameter_overrides has {item:?}: write Name=value")))
        .collect()
}

/// A text cut at its spaces, except between quotation marks, before which a backslash may stand.
fn words(text: &str) -> anyhow::Result<Vec<String>> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.peek() == Some(&'"') => word.extend(letters.next()),
            '"' => quoted = !quoted,
            letter if letter.is_whitespace() && !quoted => {
                words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
            }
            letter => word.push(letter),
        }
    }
    if quoted {
        bail!("parameter_overrides has a quotation mark without its end");
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, environment: &str) -> Result<SamConfig, String> {
        let file: Table = toml::from_str(text).map_err(|error| error.to_string())?;
        SamConfig::of(&file, environment).map_err(|error| error.to_string())
    }

    fn parameters(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_deploy_says_goes_before_what_global_says() {
        let text = "version = 0.1\n[default.global.parameters]\nstack_name = \"all\"\nparameter_overrides = \"A=1\"\n\
                    [default.deploy.parameters]\nparameter_overrides = \"A=2 B=\\\"two words\\\" C=x=y\"\n\
                    [prod.deploy.parameters]\nstack_name = \"live\"\nregion = \"eu-west-1\"\nparameter_overrides = [\"A=a b\", \"ParameterKey=B,ParameterValue=\\\"c\\\"\"]\n";
        let default = read(text, "default").unwrap_or_default();
        assert_eq!(default.stack.as_deref(), Some("all"));
        assert_eq!(default.parameters, parameters(&[("A", "2"), ("B", "two words"), ("C", "x=y")]));
        let live = read(text, "prod").unwrap_or_default();
        assert_eq!(
            (live.stack.as_deref(), live.parameters.clone()),
            (Some("live"), parameters(&[("A", "a b"), ("B", "c")]))
        );
        assert_eq!((default.region, live.region.as_deref()), (None, Some("eu-west-1")));
        assert_eq!(read(text, "other"), Ok(SamConfig::default()));
        assert_eq!(read("[default.deploy.parameters]\nresolve_s3 = true\n", "default"), Ok(SamConfig::default()));
    }

    #[test]
    fn what_sam_would_not_understand_is_refused() {
        for (said, expected) in [
            ("\"A\"", "has \"A\": write Name=value"),
            ("\"=b\"", "has \"=b\""),
            ("[1]", "a list of texts"),
            ("5", "a text or a list of texts"),
            ("'A=\"b'", "without its end"),
        ] {
            let text = format!("[default.deploy.parameters]\nparameter_overrides = {said}\n");
            let refused = read(&text, "default").unwrap_err();
            assert!(refused.contains(expected), "{said}: {refused}");
        }
    }
}
