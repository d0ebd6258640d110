//! The web client's own checks.

use std::process::Command;
use std::sync::PoisonError;

use super::{SITE, install_site, run};
use crate::chat::world::root;

#[test]
fn the_site_passes_its_own_checks() {
    let _site = SITE.lock().unwrap_or_else(PoisonError::into_inner);
    install_site();
    run(Command::new("npm").args(["run", "check"]).current_dir(root().join("site")));
}
