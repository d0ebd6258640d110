//! Dependencies, as deny.toml allows them. `cargo deny` checks the same where it is installed; these checks need nothing. What is known about holes in
//! them changes without a commit and takes the internet: `.github/workflows/advisories.yml` asks every week.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::run;
use crate::chat::world::root;

fn names(list: &toml::Value) -> BTreeSet<String> {
    let name =
        |item: &toml::Value| item.as_str().or(item.get("name").and_then(toml::Value::as_str)).unwrap().to_owned();
    list.as_array().unwrap().iter().map(name).collect()
}

#[test]
fn dependencies_have_allowed_licenses_and_sources_and_none_is_banned() {
    let policy: toml::Value = toml::from_str(&std::fs::read_to_string(root().join("deny.toml")).unwrap()).unwrap();
    let (allowed, banned) = (names(&policy["licenses"]["allow"]), names(&policy["bans"]["deny"]));
    let metadata =
        run(Command::new("cargo").args(["metadata", "--format-version", "1", "--locked"]).current_dir(root()));
    let start = metadata.find("{\"packages\"").unwrap();
    let metadata: Value = serde_json::Deserializer::from_str(&metadata[start..]).into_iter().next().unwrap().unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100, "cargo told of {} packages only", packages.len());
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let license = package["license"].as_str().unwrap_or("none");
        let is_allowed = spdx::Expression::parse_mode(license, spdx::ParseMode::LAX)
            .is_ok_and(|expression| expression.evaluate(|wanted| allowed.contains(&wanted.license.to_string())));
        if !is_allowed {
            wrong.push(format!("{name} has the license {license}"));
        }
        if banned.contains(name) {
            wrong.push(format!("{name} is banned"));
        }
        if package["source"].as_str().is_some_and(|source| !source.starts_with("registry+")) {
            wrong.push(format!("{name} comes from {}", package["source"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_package_is_locked_with_its_hash_and_comes_from_its_registry() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    for lock in ["Cargo.lock", "local/fuzz/Cargo.lock"] {
        let lock: toml::Value = toml::from_str(&read(lock)).unwrap();
        let foreign = lock["package"].as_array().unwrap().iter().filter(|package| package.get("source").is_some());
        let crates: Vec<_> = foreign.collect();
        assert!(crates.len() > 100, "{} crates only", crates.len());
        for package in crates {
            let hash = package.get("checksum").and_then(toml::Value::as_str).unwrap_or_default();
            assert_eq!(hash.len(), 64, "{:?} has no hash", package["name"]);
            let source = package["source"].as_str().unwrap_or_default();
            assert!(source.starts_with("registry+"), "{:?} comes from {source}", package["name"]);
        }
    }
    for lock in ["site/package-lock.json", "local/tests/it/gateway/clients/package-lock.json"] {
        let lock: Value = serde_json::from_str(&read(lock)).unwrap();
        let packages: Vec<_> =
            lock["packages"].as_object().unwrap().iter().filter(|(path, _)| !path.is_empty()).collect();
        assert!(packages.len() > 20, "{} npm packages only", packages.len());
        for (path, package) in packages {
            let hash = package["integrity"].as_str().unwrap_or_default();
            assert!(hash.starts_with("sha512-"), "{path} has no hash");
            // Without an address it is the registry that npm is set to.
            assert!(package.get("resolved").is_none(), "{path} comes from {}", package["resolved"]);
            assert_ne!(package["hasInstallScript"], true, "{path} runs a script when it is installed");
        }
    }
}
