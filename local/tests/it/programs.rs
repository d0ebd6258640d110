//! From `CodeUri` to a program that can be run.

use std::path::Path;
use std::process::Command;

use local::model::Cloud;
use local::programs::{Profile, build, built};
use local::template::{Inputs, load};

use crate::project::Project;

/// A workspace of two packages without dependencies, one with two binaries.
fn project() -> Project {
    let project = Project::new();
    for name in ["hello", "echo"] {
        std::fs::remove_file(project.path().join(name).join("bootstrap")).unwrap();
        let manifest = format!("[package]\nname = \"local-fixture-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n");
        project.write(&format!("{name}/Cargo.toml"), &manifest);
        project.write(&format!("{name}/src/bin/{name}.rs"), &format!("fn main() {{ print!(\"{name}\") }}\n"));
    }
    project.write("echo/src/bin/other.rs", "fn main() {}\n");
    project.write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"hello\", \"echo\"]\n");
    project
}

fn cloud(project: &Project) -> Cloud {
    load(&project.path().join("template.yaml"), &Inputs::default()).expect("a template").cloud
}

fn says(program: &Path) -> String {
    String::from_utf8(Command::new(program).output().expect("a program").stdout).expect("text")
}

#[tokio::test]
async fn a_binary_that_is_not_clear_is_refused() {
    let project = project();
    let template = include_str!("fixtures/template.yaml");
    for (binary, expected) in [
        ("{ Binary: third }", "has no binary `third` (it has: echo, other)"),
        ("{}", "has several binaries (echo, other): name one in Metadata.BuildProperties.Binary"),
    ] {
        project.write("template.yaml", &template.replace("{ Binary: echo }", binary));
        let message = build(&cloud(&project), Profile::Dev).await.expect_err("a refusal").to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[tokio::test]
async fn what_does_not_compile_is_refused_and_what_compiles_is_found() {
    let project = project();
    project.write("hello/src/bin/hello.rs", "fn main() { nonsense }\n");
    let message = build(&cloud(&project), Profile::Dev).await.expect_err("a refusal").to_string();
    assert!(message.contains("cargo says above why"), "{message}");

    project.write("hello/src/bin/hello.rs", "fn main() { print!(\"hello\") }\n");
    let programs = build(&cloud(&project), Profile::Dev).await.expect("programs");
    assert_eq!((says(&programs["Hello"]), says(&programs["Echo"])), ("hello".into(), "echo".into()));
    assert_eq!(built(&cloud(&project), Profile::Dev).await.expect("programs"), programs);

    project.write("hello/src/bin/hello.rs", "fn main() { print!(\"changed\") }\n");
    let programs = build(&cloud(&project), Profile::Dev).await.expect("programs");
    assert_eq!(says(&programs["Hello"]), "changed");
}

#[tokio::test]
async fn a_function_that_was_never_built_is_told() {
    let project = project();
    project.write("hello/src/bin/hello.rs", "fn main() {}\n");
    let template = include_str!("fixtures/template.yaml").replace("{ Binary: echo }", "{ Binary: other }");
    project.write("template.yaml", &template);
    let result = built(&cloud(&project), Profile::Release).await;
    let message = result.expect_err("a refusal").to_string();
    assert!(message.contains("has not been built") && message.contains("--no-build"), "{message}");
}
