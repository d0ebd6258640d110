//! Where the values of variables come from, and which of them the functions get.
//!
//! The nearer to the person, the stronger: `--env`, the shell, the `.env` file, `local.toml`, the template. A variable that is empty in the
//! shell or in the `.env` file counts as not set there, so that a copied `.env.example` does no harm. Functions get only the
//! variables that they declare, as in the cloud, and those that were given with `--env` on purpose.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::model::Cloud;
use crate::template::CLOUD_ONLY;

/// Variables of the shell that functions get without declaring them: they say what is logged, not what is done.
const PASSED_ON: [&str; 2] = ["RUST_LOG", "RUST_BACKTRACE"];

/// The variables outside of the template and of `local.toml`.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// From `--env`.
    pub given: BTreeMap<String, String>,
    /// From the shell.
    pub shell: BTreeMap<String, String>,
    /// From the `.env` file.
    pub file: BTreeMap<String, String>,
}

/// What the functions get beyond what the template says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables {
    /// Values of variables that some function declares.
    pub declared: BTreeMap<String, String>,
    /// Variables for every function.
    pub extra: BTreeMap<String, String>,
}

impl Sources {
    /// The shell's variables and those of a file.
    ///
    /// # Errors
    /// The file cannot be read or has a line that is no variable.
    pub fn read(file: Option<&Path>, given: BTreeMap<String, String>) -> anyhow::Result<Self> {
        let shell =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let file = match file {
            Some(path) => {
                let text =
                    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
                match parse(&text) {
                    Ok(variables) => variables,
                    Err(line) => {
                        bail!("{}:{line}: not a variable: write NAME=value, in quotes if it has spaces", path.display())
                    }
                }
            }
            None => BTreeMap::new(),
        };
        Ok(Self { given, shell: shell.collect(), file })
    }

    /// The strongest value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let filled = |value: &&String| !value.is_empty();
        let nearest = self.given.get(name).or_else(|| self.shell.get(name).filter(filled));
        nearest.or_else(|| self.file.get(name).filter(filled)).map(String::as_str)
    }

    /// The region of everything: `AWS_REGION`, or us-east-1.
    #[must_use]
    pub fn region(&self) -> &str {
        self.get("AWS_REGION").unwrap_or("us-east-1")
    }

    /// What functions get, with `settings` the table `[environment]` of `local.toml`.
    ///
    /// # Errors
    /// Each variable that has a value only in the cloud, with its functions.
    pub fn variables(&self, cloud: &Cloud, settings: &BTreeMap<String, String>) -> anyhow::Result<Variables> {
        let mut variables = Variables::default();
        let mut lacking: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for function in cloud.functions.values() {
            for (name, value) in &function.environment {
                if let Some(replaced) = self.get(name).or_else(|| settings.get(name).map(String::as_str)) {
                    variables.declared.insert(name.clone(), replaced.to_owned());
                } else if value.contains(CLOUD_ONLY) {
                    lacking.entry((name, value)).or_default().push(&function.logical_id);
                }
            }
        }
        if !lacking.is_empty() {
            let lines = lacking.iter().map(|((name, value), functions)| {
                let functions = functions.join(", ");
                format!(
                    "the variable {name} of {functions} is {value}, which exists only in the cloud: set {name} in the shell, in .env or \
                     under [environment] in local.toml"
                )
            });
            bail!(lines.collect::<Vec<_>>().join("\n"));
        }
        let passed_on = PASSED_ON.iter().filter_map(|name| Some((*name, self.get(name)?)));
        let given = self.given.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        variables.extra = [("AWS_REGION", self.region())]
            .into_iter()
            .chain(passed_on)
            .chain(given)
            .filter(|(name, _)| !variables.declared.contains_key(*name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Ok(variables)
    }
}

/// The variables of a `.env` file, or the line that is none.
fn parse(text: &str) -> Result<BTreeMap<String, String>, usize> {
    dotenvy::from_read_iter(text.as_bytes()).collect::<Result<_, _>>().map_err(|error| match error {
        dotenvy::Error::LineParse(wrong, _) => {
            text.lines().position(|line| wrong.starts_with(line.trim())).map_or(1, |at| at + 1)
        }
        _ => 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Inputs, read};

    fn table(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn cloud() -> Cloud {
        let text = "Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: provided.al2023, CodeUri: . } }
Resources:
  F: { Type: AWS::Serverless::Function, Properties: { Environment: { Variables: { A: template, SECRET: '{{resolve:ssm:/s}}' } } } }
  G: { Type: AWS::Serverless::Function, Properties: { Environment: { Variables: { SECRET: '{{resolve:ssm:/s}}' } } } }
";
        let loaded = read(text, Path::new("t"), Path::new("/p"), &Inputs::default());
        loaded.map(|loaded| loaded.cloud).unwrap_or_default()
    }

    #[test]
    fn a_line_that_is_no_variable_is_named() {
        assert_eq!(parse("A=1\n# note\nB 2\n"), Err(3));
        assert_eq!(parse("A='open\n"), Err(1));
    }

    #[test]
    fn what_exists_only_in_the_cloud_must_be_set() {
        let refused = Sources::default().variables(&cloud(), &BTreeMap::new()).map_err(|error| error.to_string());
        let Err(message) = refused else { panic!("{refused:?}") };
        assert!(message.starts_with("the variable SECRET of F, G is {{resolve:ssm:/s}}"), "{message}");
        let empty = Sources { file: table(&[("SECRET", "")]), ..Sources::default() };
        assert!(empty.variables(&cloud(), &BTreeMap::new()).is_err(), "an empty variable is not set");
    }

    #[test]
    fn the_nearest_value_wins() {
        let settings = table(&[("A", "toml"), ("SECRET", "toml"), ("OTHER", "toml")]);
        let mut sources = Sources::default();
        let mut value = |change: &dyn Fn(&mut Sources)| {
            change(&mut sources);
            sources.variables(&cloud(), &settings).map(|variables| variables.declared["A"].clone()).unwrap_or_default()
        };
        assert_eq!(value(&|_| {}), "toml");
        assert_eq!(value(&|sources| sources.file = table(&[("A", "file")])), "file");
        assert_eq!(value(&|sources| sources.shell = table(&[("A", "")])), "file");
        assert_eq!(value(&|sources| sources.shell = table(&[("A", "shell")])), "shell");
        assert_eq!(value(&|sources| sources.given = table(&[("A", "")])), "");
    }

    #[test]
    fn functions_get_what_they_declare_and_what_was_given_on_purpose() -> anyhow::Result<()> {
        let sources = Sources {
            given: table(&[("MINE", "1"), ("SECRET", "s")]),
            shell: table(&[("RUST_LOG", "debug"), ("HOME", "/root"), ("AWS_REGION", "eu-west-1")]),
            file: table(&[("OTHER", "2")]),
        };
        let variables = sources.variables(&cloud(), &BTreeMap::new())?;
        assert_eq!(variables.declared, table(&[("SECRET", "s")]));
        assert_eq!(variables.extra, table(&[("AWS_REGION", "eu-west-1"), ("MINE", "1"), ("RUST_LOG", "debug")]));
        Ok(())
    }

    #[test]
    fn an_env_file_is_read_like_a_shell_reads_it() {
        let parsed = parse("# note\nA=1\nexport B=\"two words\"\nC='$A'\n\nD=\n");
        assert_eq!(parsed, Ok(table(&[("A", "1"), ("B", "two words"), ("C", "$A"), ("D", "")])));
    }
}
