//! What to do about a function that did not start: Lambda names the error, and leaves it to the reader what it means.

use std::path::PathBuf;

use serde_json::Value;

use crate::model::{Function, Language, Managed};

/// A sentence for the log, if the error of an init is one that everybody makes.
pub(crate) fn hint(function: &Function, error: &[u8]) -> Option<String> {
    let managed = function.managed.as_ref()?;
    let error: Value = serde_json::from_slice(error).ok()?;
    let (kind, message) = (error["errorType"].as_str()?, error["errorMessage"].as_str()?);
    let name = managed.handler.rsplit_once('.')?.1;
    match kind {
        "Runtime.HandlerNotFound" => Some(format!(
            "Handler {} means `{name}` in {}: define it there, or mend Handler",
            managed.handler,
            source(managed, function).display()
        )),
        "Runtime.UserCodeSyntaxError" if message.contains("outside a module") || message.contains("'export'") => Some(
            "`import` and `export` need a file that ends in .mjs, or \"type\": \"module\" in package.json".to_owned(),
        ),
        "Runtime.UserCodeSyntaxError" if matches!(managed.language, Language::Node(_)) => Some(format!(
            "`node --check {}` says where, unless it is in a file that this one loads",
            source(managed, function).display()
        )),
        _ => missing(managed, message).map(|missing| advice(&missing, managed, function)),
    }
}

/// The file that the handler names, whether it is there or not.
fn source(managed: &Managed, function: &Function) -> PathBuf {
    let file = managed.handler.rsplit_once('.').map_or("", |(file, _)| file);
    // A path that ends in a slash shows two of them otherwise.
    let code: PathBuf = function.code.components().collect();
    match managed.language {
        Language::Python(_) => code.join(format!("{}.py", file.replace('.', "/"))),
        Language::Node(_) => {
            let candidates = ["js", "mjs", "cjs"].map(|extension| code.join(format!("{file}.{extension}")));
            candidates.iter().find(|path| path.is_file()).unwrap_or(&candidates[0]).clone()
        }
    }
}

/// The module that an error says is missing.
fn missing(managed: &Managed, message: &str) -> Option<String> {
    let starts: &[&str] = match managed.language {
        Language::Python(_) => &["No module named '"],
        Language::Node(_) => &["Cannot find module '", "Cannot find package '"],
    };
    let rest = starts.iter().find_map(|start| Some(message.split_once(start)?.1))?;
    Some(rest.split('\'').next()?.to_owned())
}

fn advice(missing: &str, managed: &Managed, function: &Function) -> String {
    let code: PathBuf = function.code.components().collect();
    let code = code.display();
    let file = managed.handler.rsplit_once('.').map_or("", |(file, _)| file);
    let is_handler = match managed.language {
        Language::Python(_) => file.replace('/', ".").split('.').next() == Some(missing),
        Language::Node(_) => file == missing || missing.ends_with(&format!("/{file}")),
    };
    if is_handler {
        return format!(
            "Handler {} means the file {}: mend Handler or CodeUri",
            managed.handler,
            source(managed, function).display()
        );
    }
    match managed.language {
        Language::Python(_) => {
            let package = missing.split('.').next().unwrap_or(missing);
            format!("if `{package}` is a package, add it to {code}/requirements.txt")
        }
        Language::Node(_) if missing == "aws-sdk" => {
            format!(
                "{} does not have version 2 of the AWS SDK: use version 3, or add aws-sdk to {code}/package.json",
                managed.runtime
            )
        }
        Language::Node(_) if missing.starts_with(['.', '/']) => format!("mend the path, or add the file to {code}"),
        Language::Node(_) => {
            format!("add `{missing}` to the dependencies of {code}/package.json")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_with_what_to_do() {
        for (language, message, expected) in [
            (
                Language::Python(13),
                "Unable to import module 'app': No module named 'app'",
                "means the file /code/app.py: ",
            ),
            (
                Language::Python(13),
                "Unable to import module 'app': No module named 'idna.core'",
                "add it to /code/requirements.txt",
            ),
            (Language::Node(22), "Error: Cannot find module 'app'\nRequire stack:", "means the file /code/app.js: "),
            (
                Language::Node(22),
                "Cannot find package 'left-pad' imported from /code/app.mjs",
                "add `left-pad` to the dependencies",
            ),
            (Language::Node(22), "Error: Cannot find module 'aws-sdk'", "nodejs22.x does not have version 2"),
            (Language::Node(22), "Error: Cannot find module './other'", "mend the path"),
        ] {
            let managed =
                Managed { language, runtime: "nodejs22.x".into(), handler: "app.handler".into(), inline: None };
            let function = Function { code: PathBuf::from("/code"), managed: Some(managed), ..Function::default() };
            let error =
                serde_json::json!({ "errorType": "Runtime.ImportModuleError", "errorMessage": message }).to_string();
            let said = hint(&function, error.as_bytes()).unwrap_or_default();
            assert!(said.contains(expected), "{message}: {said}");
        }
    }
}
