//! What a function runs on: `Runtime`, `Handler`, `InlineCode`, and how `Metadata` says that it is built.

use super::fields::Fields;
use super::scope::{Resource, Scope};
use crate::model::{Language, Managed};

/// What becomes of the property `Layers`.
pub(super) const NO_LAYERS: &str =
    "layers are not supported, and what they hold is not there: let the function bring its packages itself";

/// What `local` runs, for whoever asks for something else.
const KNOWN: &str = "`local` runs provided.al2023, python3.X and nodejsX.x";

/// What to do about code that only `sam build` can prepare.
const SAM_BUILD: &str = "run `sam build`, and then `local --template .aws-sam/build/template.yaml`";

/// The runtime of Lambda's own that a function asks for, if it is not a program of its own.
pub(super) fn read(fields: &mut Fields<'_>, scope: &Scope<'_>) -> Option<Managed> {
    if let Some(kind) = fields.text("PackageType")
        && kind != "Zip"
    {
        scope.report.error(
            fields.mark,
            format!("{} is a container image, which `local` does not run: use PackageType Zip", fields.whose),
        );
    }
    for image in ["ImageUri", "ImageConfig"] {
        fields.refuse(image, "`local` runs no container images: name the function's folder in CodeUri");
    }
    fields.refuse("FileSystemConfigs", "`local` mounts no file systems");
    architectures(fields, scope);
    let runtime = fields.text("Runtime").or_else(|| fields.missing("Runtime"));
    let Some(runtime) = runtime else {
        fields.accept(&["Handler", "InlineCode"]);
        return None;
    };
    let language = language(&runtime);
    if language.is_none() {
        if !runtime.starts_with("provided.") {
            scope.report.error(fields.mark, format!("{} has the Runtime {runtime}; {KNOWN}", fields.whose));
        }
        fields.accept(&["Handler"]);
        fields.refuse("InlineCode", "a program cannot be written inline: name its folder in CodeUri");
    }
    let language = language?;
    let inline = fields.text("InlineCode");
    let handler = fields.text("Handler").or_else(|| fields.missing("Handler"))?;
    if !handler.contains('.') {
        scope.report.error(
            fields.mark,
            format!(
                "Handler of {} is {handler}; it names a file and a function in it, for example app.handler",
                fields.whose
            ),
        );
    }
    Some(Managed { language, runtime, handler, inline })
}

/// `python3.12` or `nodejs22.x`.
fn language(runtime: &str) -> Option<Language> {
    if let Some(minor) = runtime.strip_prefix("python3.") {
        return minor.parse().ok().map(Language::Python);
    }
    runtime.strip_prefix("nodejs")?.strip_suffix(".x")?.parse().ok().map(Language::Node)
}

fn architectures(fields: &mut Fields<'_>, scope: &Scope<'_>) {
    let named = fields.texts("Architectures").unwrap_or_default();
    for unknown in named.iter().filter(|one| !["x86_64", "arm64"].contains(&one.as_str())) {
        scope.report.error(fields.mark, format!("{}: Architectures are x86_64 and arm64, not {unknown}", fields.whose));
    }
}

/// `Metadata`: how the function is built, and which of a Cargo package's binaries it is.
pub(super) fn binary(resource: &Resource, managed: Option<&Managed>, scope: &Scope<'_>) -> Option<String> {
    let metadata = scope.resolve(resource.metadata.as_ref()?)?;
    let mut fields = Fields::of(metadata, format!("Metadata of the function `{}`", resource.id), scope.report);
    let method = fields.text("BuildMethod");
    let expected = managed.map_or("rust-cargolambda", |managed| managed.runtime.as_str());
    if let Some(method) = method.filter(|method| method != expected) {
        let instead = if managed.is_some() { SAM_BUILD } else { "`local` builds programs with rust-cargolambda only" };
        scope
            .report
            .error(fields.mark, format!("BuildMethod of the function `{}` is {method}: {instead}", resource.id));
    }
    // What the build of a managed runtime is told (a manifest, a bundler) changes nothing: it is not called.
    let mut properties = fields.inner("BuildProperties").filter(|_| managed.is_none())?;
    let binary = properties.text("Binary");
    properties.finish();
    binary
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::template::{Inputs, Loaded, Problem, read};

    fn loaded(properties: &str, more: &str) -> Result<Loaded, Vec<Problem>> {
        let text = format!(
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n{more}    Properties: {{ \
             {properties} }}\n"
        );
        read(&text, Path::new("template.yaml"), Path::new("/project"), &Inputs::default())
    }

    #[test]
    fn what_cannot_run_says_what_can() {
        for (properties, more, expected) in [
            (
                "CodeUri: f, Handler: a.b, Runtime: java21",
                "",
                "has the Runtime java21; `local` runs provided.al2023, python3.X",
            ),
            ("CodeUri: f, Handler: a.b, Runtime: go1.x", "", "has the Runtime go1.x; `local` runs"),
            ("CodeUri: f, Handler: a.b, Runtime: dotnet8", "", "has the Runtime dotnet8; `local` runs"),
            ("CodeUri: f, Handler: a.b, Runtime: python2.7", "", "has the Runtime python2.7; `local` runs"),
            ("CodeUri: f, Runtime: python3.13", "", "the function `F` has no Handler, and needs one"),
            ("CodeUri: f, Handler: main, Runtime: python3.13", "", "it names a file and a function in it"),
            ("Handler: a.b, Runtime: nodejs22.x", "", "the function `F` has no CodeUri, and needs one"),
            ("PackageType: Image, ImageUri: x", "", "is a container image, which `local` does not run"),
            ("Runtime: provided.al2023, CodeUri: f, InlineCode: x", "", "a program cannot be written inline"),
            (
                "CodeUri: f, Handler: a.b, Runtime: nodejs22.x",
                "    Metadata: { BuildMethod: esbuild, BuildProperties: { Target: es2020 } }\n",
                "BuildMethod of the function `F` is esbuild: run `sam build`, and then",
            ),
        ] {
            let problems = loaded(properties, more).err().unwrap_or_default();
            let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert!(said.iter().any(|one| one.contains(expected)), "{properties}: {said:#?}");
        }
    }

    #[test]
    fn a_managed_runtime_is_read_with_its_handler_and_its_code() {
        for (properties, language, inline) in [
            ("CodeUri: f, Handler: app.run, Runtime: python3.13", Language::Python(13), None),
            ("CodeUri: f, Handler: app.run, Runtime: nodejs22.x", Language::Node(22), None),
            ("InlineCode: 'x = 1', Handler: app.run, Runtime: python3.9", Language::Python(9), Some("x = 1")),
        ] {
            let Ok(loaded) = loaded(properties, "    Metadata: { BuildProperties: { UseNpmCi: true } }\n") else {
                panic!("{properties} is refused")
            };
            let managed = loaded.cloud.functions["F"].managed.clone();
            let read = managed.as_ref().map(|one| (one.language, one.handler.as_str(), one.inline.as_deref()));
            assert_eq!(read, Some((language, "app.run", inline)));
        }
        let Ok(loaded) = loaded("CodeUri: f, Handler: a.b, Runtime: python3.13, Layers: [x]", "") else {
            panic!("refused")
        };
        assert!(loaded.warnings.iter().any(|warning| warning.to_string().contains("layers are not supported")));
    }
}
