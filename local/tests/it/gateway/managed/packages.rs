//! What functions need beside their code: `requirements.txt`, `package.json`, and what Lambda has installed.

use anyhow::{Context, Result};
use local::progress::Progress;
use local::runtimes::prepare;
use local::template::{Inputs, load};
use serde_json::json;
use tempfile::TempDir;

use super::{Folder, function, inline, invoke};
use crate::project::Project;

#[tokio::test]
async fn a_requirements_file_is_installed_and_again_when_it_changes() -> Result<()> {
    let code = "import boto3, idna\ndef handler(event, context):\n    return [idna.__version__, idna.__file__, boto3.__file__]\n";
    let folder = Folder::of(&[("template.yaml", &function("python3.11", "app.handler")), ("code/app.py", code)])?;
    for version in ["3.7", "3.10"] {
        folder.write("code/requirements.txt", "# what the function needs\n-r more.txt\n")?;
        folder.write("code/more.txt", &format!("idna=={version}\n"))?;
        let before = folder.files()?;
        let world = folder.run("template.yaml", &[]).await?;
        let (failed, answer) = invoke(&world, "F", json!({})).await?;
        assert_eq!((failed.as_str(), &answer[0]), ("", &json!(version)), "{answer}");
        assert_eq!(folder.files()?, before, "nothing is left in the developer's folder");
    }
    // What the code brings along goes before what is installed.
    folder.write("code/idna.py", "__version__ = 'its own'\n")?;
    let world = folder.run("template.yaml", &[]).await?;
    assert_eq!(invoke(&world, "F", json!({})).await?.1[0], "its own");
    Ok(())
}

#[tokio::test]
async fn a_function_does_not_see_the_packages_of_the_machine() -> Result<()> {
    let code = "import sys\ndef handler(event, context):\n    return [path for path in sys.path if path.endswith('-packages')]\n";
    let folder = Folder::of(&[("template.yaml", &inline(&[("Snake", "python3.11", code)]))])?;
    let world = folder.run("template.yaml", &[]).await?;
    let (_, path) = invoke(&world, "Snake", json!({})).await?;
    let path = path.as_array().context("a path")?;
    assert!(path.len() == 1 && path[0].as_str().unwrap_or("").contains("/runtimes/python"), "{path:?}");
    Ok(())
}

#[tokio::test]
async fn the_packages_of_a_package_json_are_installed_beside_for_both_kinds_of_modules() -> Result<()> {
    let modern = "import pad from 'left-pad';\nimport { S } from './own.mjs';\nexport const handler = async () => pad('x', 3) + S;\n";
    let common = "const pad = require('left-pad');\nexports.handler = async () => pad('x', 3) + '!';\n";
    let manifest = r#"{ "name": "f", "version": "1.0.0", "scripts": { "postinstall": "exit 1" }, "dependencies": { "left-pad": "1.3.0" } }"#;
    for (file, code) in [("code/app.mjs", modern), ("code/app.js", common)] {
        let folder = Folder::of(&[
            ("template.yaml", &function("nodejs20.x", "app.handler")),
            ("code/package.json", manifest),
            ("code/own.mjs", "export const S = '!';\n"),
            (file, code),
        ])?;
        let before = folder.files()?;
        let world = folder.run("template.yaml", &[]).await?;
        assert_eq!(invoke(&world, "F", json!({})).await?, (String::new(), json!("  x!")), "{file}");
        assert_eq!(folder.files()?, before, "nothing is left in the developer's folder");
        // What is beside the code goes before what is installed, and nothing is installed for it.
        folder.write("code/node_modules/left-pad/index.js", "module.exports = () => 'its own';\n")?;
        let world = folder.run("template.yaml", &[]).await?;
        assert_eq!(invoke(&world, "F", json!({})).await?.1, "its own!", "{file}");
    }
    Ok(())
}

#[tokio::test]
async fn the_aws_sdk_is_there_as_in_lambda() -> Result<()> {
    let modern = "import { PostToConnectionCommand as P } from '@aws-sdk/client-apigatewaymanagementapi';\nexport const handler = async () => typeof P;\n";
    let common = "exports.handler = async () => typeof require(\"@aws-sdk/client-apigatewaymanagementapi\").PostToConnectionCommand;\n";
    for (file, code) in [("code/app.mjs", modern), ("code/app.js", common)] {
        let folder = Folder::of(&[("template.yaml", &function("nodejs20.x", "app.handler")), (file, code)])?;
        let world = folder.run("template.yaml", &[]).await?;
        assert_eq!(invoke(&world, "F", json!({})).await?, (String::new(), json!("function")), "{file}");
    }
    Ok(())
}

#[tokio::test]
async fn two_that_install_the_same_at_once_both_get_it() -> Result<()> {
    let template =
        inline(&[("Snake", "python3.11", "def handler(e, c):\n    return 1\n"), ("Script", "nodejs20.x", "")]);
    let folder = Folder::of(&[("template.yaml", &template)])?;
    let cloud = load(&folder.path().join("template.yaml"), &Inputs::default())
        .map_err(|_| anyhow::anyhow!("a template"))?
        .cloud;
    let (home, silent) = (TempDir::new()?, Progress::silent());
    let missing = prepare(&cloud, home.path(), false, &silent).await.err().context("a refusal")?.to_string();
    assert!(missing.contains("has not been installed") && missing.contains("--no-build"), "{missing}");
    let (one, other) =
        tokio::try_join!(prepare(&cloud, home.path(), true, &silent), prepare(&cloud, home.path(), true, &silent))?;
    assert_eq!(one, other);
    assert_eq!(prepare(&cloud, home.path(), false, &silent).await?, one);
    let left = std::fs::read_dir(home.path())?
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("installing"));
    assert!(!left && one.values().all(|program| program.is_file()));
    Ok(())
}

#[test]
fn what_an_installer_says_is_told_whole() {
    let project = Project::new();
    for (runtime, file, text, expected) in [
        (
            "python3.11",
            "code/requirements.txt",
            "idna==0.0.0.1\n",
            [
                "installing requirements.txt of the function `F` with pip failed",
                "No matching distribution found for idna==0.0.0.1",
            ],
        ),
        (
            "nodejs20.x",
            "code/package.json",
            "{\"dependencies\": {\"left-pad\": \"99.0.0\"}}",
            [
                "installing package.json of the function `F` with npm failed",
                "No matching version found for left-pad@99.0.0",
            ],
        ),
        (
            "nodejs20.x",
            "code/package.json",
            "{\"dependencies\": {\"other\": \"file:../other\"}}",
            ["the function `F` needs the package other of another folder", "run `npm install` in "],
        ),
        ("nodejs20.x", "code/package.json", "{", ["code/package.json is no package.json", ""]),
    ] {
        project.write("template.yaml", &function(runtime, "app.handler"));
        project.write("local.toml", "");
        project.write(file, text);
        let (code, said) = project.run(&["--lambda-port", "0"]);
        assert_eq!(code, 1, "{said}");
        for part in expected {
            assert!(said.contains(part), "expected {part:?} in:\n{said}");
        }
    }
}
