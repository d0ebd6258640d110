//! Functions in Python and JavaScript, on the machine's interpreters: each test has a folder with a template, and code beside it or in it.

mod chat;
mod failures;
mod invocations;
mod packages;
mod plain;
mod streams;
mod urls;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use http::Request;
use local::mongod::target_folder;
use local::progress::Progress;
use local::runtimes::prepare;
use local::template::{Inputs, load};
use serde_json::Value;
use tempfile::TempDir;

use super::client::{header, json, send};
use super::world::{Plan, World};

/// Where runtimes are kept between runs of the tests.
fn home() -> PathBuf {
    target_folder(Path::new(env!("CARGO_MANIFEST_DIR"))).join("runtimes")
}

/// A folder with a project.
struct Folder(TempDir);

impl Folder {
    fn of(files: &[(&str, &str)]) -> Result<Self> {
        let folder = Self(TempDir::new()?);
        files.iter().try_for_each(|(name, text)| folder.write(name, text))?;
        Ok(folder)
    }

    /// A copy of a folder of the fixtures.
    fn fixture(name: &str) -> Result<Self> {
        let folder = Self(TempDir::new()?);
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures").join(name);
        let mut folders = vec![from.clone()];
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(&next)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    folder.write(&path.strip_prefix(&from)?.to_string_lossy(), &std::fs::read_to_string(&path)?)?;
                }
            }
        }
        Ok(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().context("no folder")?)?;
        Ok(std::fs::write(path, text)?)
    }

    /// Everything in it, to see that nothing was added.
    fn files(&self) -> Result<Vec<PathBuf>> {
        let (mut files, mut folders) = (Vec::new(), vec![self.path().to_owned()]);
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(&next)? {
                let path = entry?.path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        Ok(files)
    }

    /// Runs one of its templates.
    async fn run(&self, template: &str, parameters: &[(&str, &str)]) -> Result<World> {
        let (plan, programs) = self.planned(template, parameters).await?;
        plan.with_programs(programs).await
    }

    /// One of its templates, and what runs its functions.
    async fn planned(&self, template: &str, parameters: &[(&str, &str)]) -> Result<(Plan, BTreeMap<String, PathBuf>)> {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let inputs = Inputs { parameters, ..Inputs::default() };
        let cloud = load(&self.path().join(template), &inputs).map_err(|problems| anyhow!("{problems:#?}"))?.cloud;
        let programs = prepare(&cloud, &home(), true, &Progress::silent()).await?;
        Ok((Plan { cloud, ..Plan::default() }, programs))
    }
}

/// A template with one function for each of these, the code of which stands in it.
fn inline(functions: &[(&str, &str, &str)]) -> String {
    let mut template = "Transform: AWS::Serverless-2016-10-31\nResources:\n".to_owned();
    for (name, runtime, code) in functions {
        let code: String = code.lines().map(|line| format!("        {line}\n")).collect();
        template += &format!(
            "  {name}:\n    Type: AWS::Serverless::Function\n    Properties:\n      FunctionName: {name}\n      Runtime: {runtime}\n      \
             Handler: index.handler\n      Timeout: 20\n      InlineCode: |\n{code}"
        );
    }
    template
}

/// A template with one function whose code is in the folder `code`.
fn function(runtime: &str, handler: &str) -> String {
    format!(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {{ Runtime: {runtime}, \
         CodeUri: code, Handler: {handler}, Timeout: 20 }}\n"
    )
}

/// Invokes a function, and gives `X-Amz-Function-Error` and the payload.
async fn invoke(world: &World, function: &str, event: Value) -> Result<(String, Value)> {
    let request = Request::post(format!("{}/2015-03-31/functions/{function}/invocations", world.lambda()));
    let response = send(request, event.to_string()).await?;
    Ok((header(&response, "x-amz-function-error").to_owned(), json(&response)))
}
