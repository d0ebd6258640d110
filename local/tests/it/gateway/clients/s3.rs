//! S3, as boto3 and the AWS CLI use it.

use std::collections::BTreeMap;

use anyhow::Result;
use local::model::{Bucket, Notification};
use serde_json::{Value, json};
use tokio::process::Command;

use super::installed::python_packages;
use super::{ran, script};
use crate::gateway::world::{Plan, World};

async fn start() -> Result<World> {
    let mut plan = Plan::default();
    let heard = Notification {
        id: "All".into(),
        function: "Echo".into(),
        events: vec!["s3:ObjectCreated:*".into(), "s3:ObjectRemoved:*".into()],
        ..Notification::default()
    };
    let files =
        Bucket { logical_id: "Files".into(), name: "files".into(), notifications: vec![heard], ..Bucket::default() };
    plan.cloud.buckets = BTreeMap::from([("Files".into(), files)]);
    plan.start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_uploads_in_parts_copies_and_deletes_several() -> Result<()> {
    let packages = python_packages().await?;
    let world = start().await?;
    let mut python = Command::new("python3");
    python.arg(script("s3.py")).env_clear().env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1");
    python.env("PATH", std::env::var("PATH")?);
    let told = json!({ "s3": world.running.addresses().s3 });
    let said: Value = serde_json::from_str(&ran(&mut python, &told.to_string()).await?)?;
    let expected = json!({
        // MD5 of both parts' MD5s, and how many.
        "large": [true, "\"34286e19cce222de8012ed473b7b8609-2\"", "text/plain", {"by": "me"}],
        "same": true,
        "range": "end",
        "copy": ["hello", "\"5d41402abc4b2a76b9719d911017c592\"", {"x": "1"}],
        "replaced": {"y": "2"},
        "copied in parts": [true, "\"34286e19cce222de8012ed473b7b8609-2\""],
        "once": "PreconditionFailed 412",
        "unknown": "NoSuchKey 404",
        "not played": "NotImplemented 501",
        "versions": "NotImplemented 501",
        "pages": [["many/0", "many/1"], ["many/2", "many/3"], ["many/4"]],
        "gone": ["many/0", "many/1", "none"],
        "quiet": null,
        "left": ["many/3", "many/4"],
        "aborted": "NoSuchUpload 404",
    });
    assert_eq!(said, expected, "{said:#}");
    for what in ["Put", "Copy", "CompleteMultipartUpload"] {
        world.logs(&format!(r#""eventName":"ObjectCreated:{what}""#)).await?;
    }
    world.logs(r#""eventName":"ObjectRemoved:Delete""#).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_aws_cli_copies_files_lists_and_removes_folders() -> Result<()> {
    let packages = python_packages().await?;
    let world = start().await?;
    let address = world.running.addresses().s3.clone().unwrap_or_default();
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::create_dir(at("up"))?;
    std::fs::write(at("up/large"), vec![b'x'; 9 * 1024 * 1024])?;
    std::fs::write(at("up/small"), "small")?;
    let aws = async |arguments: &[&str]| {
        let mut aws = Command::new("python3");
        aws.args(["-B", "-m", "awscli", "s3", "--endpoint-url", &address]).args(arguments);
        aws.env_clear().env("PYTHONPATH", &packages).env("PATH", std::env::var("PATH")?).env("AWS_MAX_ATTEMPTS", "1");
        aws.envs([("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")]);
        ran(aws.env("AWS_DEFAULT_REGION", "us-east-1"), "").await
    };
    assert!(aws(&["ls"]).await?.trim_end().ends_with(" files"));
    aws(&["cp", "--recursive", &at("up"), "s3://files/up"]).await?;
    aws(&["cp", "--recursive", "s3://files/up", "s3://files/again"]).await?;
    aws(&["sync", "s3://files/again", &at("down")]).await?;
    assert_eq!(std::fs::read(at("down/large"))?, std::fs::read(at("up/large"))?);
    assert_eq!(std::fs::read_to_string(at("down/small"))?, "small");
    aws(&["rm", "--recursive", "s3://files/up"]).await?;
    let left = aws(&["ls", "--recursive", "s3://files"]).await?;
    let names: Vec<&str> = left.lines().filter_map(|line| line.split_whitespace().last()).collect();
    assert_eq!(names, ["again/large", "again/small"]);
    Ok(())
}
