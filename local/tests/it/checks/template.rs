//! The template, as AWS's own tool sees it.

use std::process::Command;

use super::{run, target};
use crate::chat::world::root;

/// The release whose transform knows `AWS::Serverless::WebSocketApi`, installed without touching the machine's Python.
const SAM: &str = "aws-sam-cli==1.170.0";

#[test]
fn the_template_is_valid_to_sam() {
    let folder = target().join(SAM.replace("==", "-"));
    if !folder.join("complete").is_file() {
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--root-user-action=ignore",
            "--upgrade",
            "--target",
        ];
        run(Command::new("python3").args(pip).arg(&folder).arg(SAM));
        std::fs::write(folder.join("complete"), SAM).unwrap();
    }
    let mut sam = Command::new("python3");
    sam.args(["-m", "samcli", "validate", "--lint", "--template", "template.yaml"]).current_dir(root());
    sam.env("PYTHONPATH", &folder).env("SAM_CLI_TELEMETRY", "0").env("AWS_DEFAULT_REGION", "us-east-1");
    let said = run(&mut sam);
    assert!(said.contains("is a valid SAM Template"), "{said}");
}
