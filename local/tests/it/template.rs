//! A template on the disk.

use std::path::Path;

use local::template::{Inputs, load};

use crate::project::Project;

#[test]
fn a_file_that_cannot_be_read_is_one_problem() {
    let project = Project::new();
    let path = project.path().join("missing.yaml");
    let problems = load(&path, &Inputs::default()).expect_err("problems");
    assert!(problems.len() == 1 && problems[0].to_string().contains("missing.yaml: cannot be read"), "{problems:?}");
    std::fs::write(&path, b"\xff\xfe").unwrap();
    let problems = load(&path, &Inputs::default()).expect_err("problems");
    assert!(problems[0].to_string().contains("is not a text in UTF-8"), "{problems:?}");
}

#[test]
fn the_folder_of_a_function_is_beside_the_template() {
    let project = Project::new();
    let loaded = load(&project.path().join("template.yaml"), &Inputs::default()).expect("a template");
    assert_eq!(loaded.cloud.functions["Hello"].code, project.path().join("hello"));
    assert!(loaded.cloud.functions.values().all(|function| Path::is_absolute(&function.code)));
}
