//! What has to agree between parts of the project that no compiler compares.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use local::model::Cloud;
use serde_json::Value;

use super::run;
use crate::chat::world::{cloud, root};

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The files of the project, as git has them or would take them.
fn files() -> Vec<PathBuf> {
    let listed =
        run(Command::new("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]).current_dir(root()));
    listed.lines().map(PathBuf::from).filter(|file| root().join(file).is_file()).collect()
}

/// The folder of a function in this project.
fn folder(function: &local::model::Function) -> String {
    function.code.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn functions_are_the_same_in_the_folder_the_template_and_the_table() {
    let folders = std::fs::read_dir(root().join("functions")).unwrap().map(Result::unwrap);
    let folders: BTreeSet<String> = folders
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let Cloud { functions, .. } = cloud();
    assert_eq!(folders, functions.values().map(folder).collect());
    let table = read("functions/README.md");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(folders, rows.map(str::to_owned).collect());
}

#[test]
fn what_a_function_reads_of_its_environment_is_what_the_template_sets() {
    let settings = read("shared/src/function/settings.rs");
    let variable = |name: &str| settings.contains(&format!("(\"{name}\")"));
    let given_by_lambda = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_ENDPOINT_URL_LAMBDA",
    ];
    let needs = [
        ("settings.store()", "MONGODB_URI"),
        ("settings.keys()", "JWT_SECRET"),
        ("settings.bcrypt_cost()", "BCRYPT_COST"),
        ("settings.gateway()", "CONNECTIONS_ENDPOINT"),
        ("settings.fanout()", "FANOUT_FUNCTION"),
        ("settings.limits()", "LIMITS"),
        ("settings.metrics()", "METRICS_NAMESPACE"),
        ("settings.retention()", "KEEP_DAYS"),
        ("settings.search_engine()", "ATLAS_SEARCH_INDEX"),
        ("settings.site_origin()", "SITE_ORIGIN"),
    ];
    let read_in_all = settings.matches("required(\"").count() + settings.matches("optional(\"").count();
    assert_eq!(read_in_all, needs.len() + given_by_lambda.len(), "a variable is read that no row here names");
    assert!(needs.iter().map(|(_, name)| name).chain(&given_by_lambda).all(|name| variable(name)));
    for function in cloud().functions.values() {
        let source = what_is_read(function);
        let mut expected: BTreeSet<&str> =
            needs.iter().filter(|(call, _)| source.contains(call)).map(|(_, name)| *name).collect();
        expected.insert("RUST_LOG");
        let set: BTreeSet<&str> = function.environment.keys().map(String::as_str).collect();
        assert_eq!(set, expected, "{}", function.logical_id);
    }
}

/// A function's source, with what `delivery` stands for.
fn what_is_read(function: &local::model::Function) -> String {
    let source = read(format!("functions/{}/src/lib.rs", folder(function)));
    source.replace("settings.delivery()", "settings.store() settings.gateway() settings.fanout() settings.limits()")
}

#[test]
fn a_function_that_posts_is_the_one_that_may() {
    let template = read("template.yaml");
    for function in cloud().functions.values() {
        let start = template.find(&format!("\n  {}:\n", function.logical_id)).unwrap() + 1;
        let resource = template[start..].split("\n\n").next().unwrap();
        let source = what_is_read(function);
        assert_eq!(resource.contains("Policies:"), source.contains("settings.gateway()"), "{}", function.logical_id);
        let fans_out = resource.contains("Statement: &fan-out") || resource.contains("Statement: *fan-out");
        assert_eq!(fans_out, source.contains("settings.fanout()"), "{}", function.logical_id);
    }
}

#[test]
fn the_documents_name_every_route_code_and_reason() {
    let api = read("docs/API.md");
    let openapi: Value = serde_json::from_str(&read("docs/openapi.json")).unwrap();
    let paths = openapi["paths"].as_object().unwrap();
    let described: BTreeSet<String> = paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let Cloud { http_apis, .. } = cloud();
    let deployed: BTreeSet<String> = http_apis
        .values()
        .flat_map(|api| &api.routes)
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(described, deployed);
    for route in &deployed {
        assert!(api.contains(&format!("`{route}`")), "docs/API.md lacks {route}");
    }
    for schema in ["Code", "Rule", "Reason"] {
        for value in openapi["components"]["schemas"][schema]["oneOf"].as_array().unwrap() {
            let value = value["const"].as_str().unwrap();
            assert!(api.contains(&format!("`{value}`")), "docs/API.md lacks the {schema} {value}");
        }
    }
}

#[test]
fn what_local_does_as_aws_does_is_shown_by_tests_that_exist() {
    let is_source = |file: &&PathBuf| file.starts_with("local") && file.extension().is_some_and(|kind| kind == "rs");
    let sources: String = files().iter().filter(is_source).map(read).collect();
    let document = read("docs/LOCAL.md");
    let mut same = 0;
    for line in document.lines().filter(|line| line.starts_with("| ")) {
        let row: Vec<&str> = line.trim_matches(['|', ' ']).split(" | ").collect();
        let [behavior, _, here, source, tests] = row[..] else { continue };
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        if here == "same" {
            same += 1;
            assert!(source.contains('[') && !names.is_empty(), "docs/LOCAL.md: no source or no test of: {behavior}");
        }
        for name in names {
            assert!(sources.contains(&format!("fn {name}(")), "docs/LOCAL.md: there is no test {name}");
        }
    }
    assert!(same > 0, "docs/LOCAL.md has no row of what is the same");
}

#[test]
fn what_stops_an_abuse_is_shown_by_tests_that_exist_and_every_route_is_an_entry() {
    let is_rust = |file: &&PathBuf| file.extension().is_some_and(|kind| kind == "rs");
    let sources: String = files().iter().filter(is_rust).map(read).collect();
    let document = read("docs/THREATS.md");
    let mut shown = 0;
    for line in document.lines().filter(|line| line.starts_with("| ")) {
        let row: Vec<&str> = line.trim_matches(['|', ' ']).split(" | ").collect();
        let [_, _, tests] = row[..] else { continue };
        let names = tests.split('`').skip(1).step_by(2).filter(|name| name.contains('_') && !name.contains(['/', '.']));
        for name in names {
            shown += 1;
            assert!(sources.contains(&format!("fn {name}(")), "docs/THREATS.md: there is no test {name}");
        }
    }
    assert!(shown > 100, "{shown}");
    for route in cloud().http_apis.values().flat_map(|api| &api.routes) {
        // A row may name what several routes begin with.
        let mut beginning = route.path.as_str();
        let is_named = loop {
            if document.contains(&format!("{beginning}`")) || document.contains(&format!("{beginning}…`")) {
                break true;
            }
            match beginning.rsplit_once('/') {
                Some((shorter, _)) if !shorter.is_empty() => beginning = shorter,
                _ => break false,
            }
        };
        assert!(is_named, "docs/THREATS.md does not have {} {}", route.method, route.path);
    }
}

#[test]
fn the_web_client_alone_may_read_answers_and_secrets_come_by_reference() {
    let cloud = cloud();
    for api in cloud.http_apis.values() {
        let cors = api.cors.as_ref().unwrap();
        assert_eq!(cors.origins, ["http://127.0.0.1:9"], "more than the parameter SiteOrigin");
        assert!(!cors.credentials);
    }
    let template = read("template.yaml");
    for secret in ["MONGODB_URI", "JWT_SECRET"] {
        let set: Vec<&str> =
            template.lines().filter_map(|line| line.trim().strip_prefix(&format!("{secret}: "))).collect();
        assert!(!set.is_empty() && set.iter().all(|value| value.contains("{{resolve:")), "{secret}: {set:?}");
    }
}

#[test]
fn the_readme_counts_the_connections_of_the_database() {
    let functions = cloud().functions;
    let connected = functions.values().filter(|function| function.environment.contains_key("MONGODB_URI"));
    let environments: u32 = connected.map(|function| function.reserved_concurrency.unwrap()).sum();
    assert!(
        read("README.md").contains(&format!("that use the database, {environments} in all")),
        "it is {environments}"
    );
    assert!(environments * 5 < 1_500, "more connections than an Atlas M10 takes");
}

#[test]
fn sources_are_of_a_size_to_be_read() {
    for file in files() {
        let is_source =
            file.extension().is_some_and(|kind| ["rs", "ts", "tsx", "css"].iter().any(|source| kind == *source));
        // One is generated, and one has every sentence of the client, so that whoever translates them finds them in one place.
        let is_long_by_nature = ["site/src/wire.ts", "site/src/words.ts"].iter().any(|long| file.ends_with(long));
        let lines = if is_source && !is_long_by_nature { read(&file).lines().count() } else { 0 };
        assert!(lines <= 500, "{} has {lines} lines: it is two files", file.display());
    }
}

#[test]
fn no_file_leaves_work_undone_or_names_a_machine() {
    // Written in halves, so that this file does not name them either.
    let words = [("TO", "DO"), ("FIX", "ME"), ("/ro", "ot/"), ("/wo", "rk/"), ("/ho", "me/")]
        .map(|(start, end)| format!("{start}{end}"));
    for file in files() {
        let Ok(text) = std::fs::read_to_string(root().join(&file)) else { continue };
        for word in &words {
            assert!(!text.contains(word), "{} has {word}", file.display());
        }
    }
}

#[test]
fn no_function_is_reachable_but_through_its_api() {
    let template = read("template.yaml");
    for way_in in ["FunctionUrlConfig", "AWS::Lambda::Url", "AWS::Lambda::Permission", "AuthType"] {
        assert!(!template.contains(way_in), "{way_in} in the template");
    }
}
