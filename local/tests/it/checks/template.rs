//! The template, as AWS's own tool sees it.

use std::process::Command;

use super::{python, run};
use crate::chat::world::root;

/// The release whose transform knows `AWS::Serverless::WebSocketApi`.
const SAM: &str = "aws-sam-cli==1.170.0";

#[test]
fn the_template_is_valid_to_sam() {
    let folder = python(SAM);
    let mut sam = Command::new("python3");
    sam.args(["-m", "samcli", "validate", "--lint", "--template", "template.yaml"]).current_dir(root());
    sam.env("PYTHONPATH", &folder).env("SAM_CLI_TELEMETRY", "0").env("AWS_DEFAULT_REGION", "us-east-1");
    let said = run(&mut sam);
    assert!(said.contains("is a valid SAM Template"), "{said}");
}
