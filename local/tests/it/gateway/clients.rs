//! Clients that nobody here wrote: the AWS SDKs and the AWS CLI, `websockets`, `wscat`. A browser is in the site's stories.
//!
//! Each gets here by TLS, at the address that an event names. The scripts beside this file make many calls in one process and tell what came of
//! each, in the words of their SDK: the class of an error only if the SDK has one for it.

mod installed;
mod rust_sdk;
mod s3;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use self::installed::{node_packages, python_packages};
use super::client::{Socket, send};
use super::world::{Plan, SOON, World, function, until};

/// What every SDK makes of the same calls.
const CALLS: [(&str, &str); 20] = [
    ("post", "200"),
    ("post to who is gone", "GoneException 410"),
    ("post to no id", "unmodeled BadRequestException 400"),
    ("post to who does not read", "LimitExceededException 429"),
    ("post too much", "PayloadTooLargeException 413"),
    ("post to another stage", "ForbiddenException 403"),
    ("get", "200"),
    ("get who is gone", "GoneException 410"),
    ("delete", "204"),
    ("delete who is gone", "GoneException 410"),
    ("post to who was deleted", "GoneException 410"),
    ("invoke", "200"),
    ("invoke what fails", "200"),
    ("dry run", "204"),
    ("event", "202"),
    ("tail", "200"),
    ("invoke nobody", "ResourceNotFoundException 404"),
    ("invoke with no json", "InvalidRequestContentException 400"),
    ("invoke with too much", "RequestTooLargeException 413"),
    ("invoke who may not run", "TooManyRequestsException 429"),
];

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/gateway/clients").join(name)
}

/// The three kinds of connection that a caller meets.
struct Scene {
    world: World,
    alive: Socket,
    _sleeping: Socket,
    told: Value,
}

impl Scene {
    async fn set() -> Result<Self> {
        let mut plan = Plan::default();
        plan.limits.outgoing = 100_000;
        let mut busy = function("Busy");
        busy.reserved_concurrency = Some(0);
        plan.cloud.functions.insert("Busy".into(), busy);
        let world = plan.start().await?;
        let dialled = Socket::dial(world.websocket(), &[("user-agent", "test")]).await?;
        let (mut alive, _) = dialled.map_err(|refused| anyhow::anyhow!(refused.body))?;
        let (mut sleeping, mut gone) = (Socket::open(&world).await?, Socket::open(&world).await?);
        let ids = [alive.id().await?, sleeping.id().await?, gone.id().await?];
        gone.0.close(None).await?;
        until("the socket to be gone", || (world.running.sockets() == 2).then_some(())).await?;
        let url = format!("{}/@connections/{}", world.management(), ids[1].replace('=', "%3D"));
        while send(Request::post(&url), Bytes::from(vec![b'x'; 50_000])).await?.status() == 200 {}
        // The kernel may still take some of it for a while: what fits now and then has to be no more than a byte, and that often refused.
        let mut refused = 0;
        while refused < 20 {
            let taken = send(Request::post(&url), Bytes::from_static(b"x")).await?.status() == 200;
            refused = if taken { 0 } else { refused + 1 };
        }
        let told = json!({
            "alive": ids[0], "sleeping": ids[1], "gone": ids[2], "lambda": world.lambda(),
            "management": world.management().replace("http://127.0.0.1", "https://localhost"),
            "websocket": world.websocket().replace("ws://127.0.0.1", "wss://localhost"),
        });
        Ok(Self { world, alive, _sleeping: sleeping, told })
    }

    /// Runs a script to its end; what it tells.
    async fn asks(&self, program: &str, name: &str, packages: (&str, PathBuf)) -> Result<Value> {
        let mut command = Command::new(program);
        command.arg(script(name)).env_clear().envs(self.world.trust()).envs([packages]);
        command.env("PATH", std::env::var("PATH")?).env("PYTHONDONTWRITEBYTECODE", "1");
        Ok(serde_json::from_str(&ran(&mut command, &self.told.to_string()).await?)?)
    }

    /// The calls went as they must, and reached who they were for.
    async fn was_asked(&mut self, said: &Value, by: &str) -> Result<()> {
        let got: Vec<_> = CALLS.iter().map(|(call, _)| (*call, said[call].as_str().unwrap_or("not told"))).collect();
        assert_eq!(got, CALLS, "{said:#}");
        assert_eq!(said["identity"], json!(["127.0.0.1", "test", true]));
        assert_eq!(said["answer"], json!([{"fine": true}, "$LATEST", null]));
        assert_eq!(said["failure"], json!(["Oops", "Unhandled"]));
        let log = String::from_utf8(STANDARD.decode(said["log"].as_str().context("no log")?)?)?;
        assert!(log.contains("one line") && log.contains("REPORT RequestId: "), "{log}");
        assert_eq!(self.alive.hear().await?, format!("from {by} ✓"));
        assert_eq!(self.alive.closed().await?, (1000, "Connection Closed Normally".into()));
        Ok(())
    }
}

/// What a command prints, if it ends well and in time.
async fn ran(command: &mut Command, input: &str) -> Result<String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn()?;
    // Who does not want it all has said so by then.
    let _ = child.stdin.take().context("no stdin")?.write_all(input.as_bytes()).await;
    let output = timeout(3 * SOON, child.wait_with_output()).await.context("it does not end")??;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{:?} ended with {}: {told}", command.as_std(), output.status);
    Ok(String::from_utf8(output.stdout)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_and_websockets_understand_every_answer() -> Result<()> {
    let packages = python_packages().await?;
    let mut scene = Scene::set().await?;
    let said = scene.asks("python3", "calls.py", ("PYTHONPATH", packages)).await?;
    scene.was_asked(&said, "Python").await?;
    // The SDK has a class for it, JavaScript's as well; which of the two an unknown type is, AWS alone decides.
    assert_eq!(said["invoke in another way"], "InvalidParameterValueException 400");
    assert_eq!(said["refused"], json!([401, "said no"]));
    assert_eq!((&said["protocol"], &said["heard"], &said["pong"]), (&json!("chat"), &json!("in parts"), &json!(true)));
    let too_long = "Max frame length of 32768 has been exceeded.";
    assert_eq!(said["ends"], json!([[1003, "Binary is not supported"], [1009, too_long]]));
    scene.world.logs(r#""disconnectStatusCode":4001"#).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_sdk_understands_every_answer() -> Result<()> {
    let packages = node_packages().await?;
    let mut scene = Scene::set().await?;
    let said = scene.asks("node", "calls.cjs", ("PACKAGES", packages)).await?;
    scene.was_asked(&said, "JavaScript").await?;
    assert_eq!(said["invoke in another way"], "InvalidParameterValueException 400");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_aws_cli_posts_asks_and_invokes() -> Result<()> {
    let packages = python_packages().await?;
    let mut scene = Scene::set().await?;
    let aws = |service: &str, command: &str, endpoint: &str, more: &[&str]| {
        let mut aws = Command::new("python3");
        aws.args(["-B", "-m", "awscli", service, command, "--endpoint-url", endpoint, "--output", "json"]).args(more);
        aws.env_clear().envs(scene.world.trust()).env("PYTHONPATH", &packages).env("AWS_MAX_ATTEMPTS", "1");
        aws.envs([("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_REGION", "us-east-1")]);
        aws.envs([("PATH", std::env::var("PATH").unwrap()), ("AWS_DEFAULT_REGION", "us-east-1".into())]);
        aws
    };
    let of = |name: &str| scene.told[name].as_str().unwrap_or_default().to_owned();
    let (management, alive, gone) = (of("management"), of("alive"), of("gone"));
    let connections = |command: &str, more: &[&str]| aws("apigatewaymanagementapi", command, &management, more);
    let mut post = connections("post-to-connection", &["--connection-id", &alive, "--data", "from the CLI"]);
    let mut get = connections("get-connection", &["--connection-id", &alive]);
    let mut late = connections("delete-connection", &["--connection-id", &gone]);
    let file = tempfile::NamedTempFile::new()?;
    let answered = file.path().to_string_lossy().into_owned();
    let invoked = ["--function-name", "echo", "--payload", r#"{"do":"answer","answer":{"fine":true}}"#, &answered];
    let mut invoke = aws("lambda", "invoke", &of("lambda"), &invoked);
    let (posted, about, late, invoked) =
        tokio::join!(ran(&mut post, ""), ran(&mut get, ""), ran(&mut late, ""), ran(&mut invoke, ""));
    posted?;
    assert_eq!(scene.alive.hear().await?, "from the CLI");
    assert_eq!(serde_json::from_str::<Value>(&about?)?["Identity"]["SourceIp"], "127.0.0.1");
    let late = late.err().context("who is gone was deleted")?.to_string();
    assert!(late.contains("An error occurred (GoneException) when calling the DeleteConnection operation"), "{late}");
    let invoked: Value = serde_json::from_str(&invoked?)?;
    assert_eq!(invoked, json!({"StatusCode": 200, "ExecutedVersion": "$LATEST"}));
    assert_eq!(std::fs::read_to_string(answered)?, r#"{"fine":true}"#);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn wscat_talks_by_tls() -> Result<()> {
    let packages = node_packages().await?;
    let world = World::start().await?;
    let mut wscat = Command::new(packages.join("node_modules/.bin/wscat"));
    let url = world.websocket().replace("ws://127.0.0.1", "wss://localhost");
    // Where nobody looks it says what it hears, and nothing else.
    let hello = ["-x", r#"{"action":"tell"}"#, "-w", "-1"];
    wscat.args(["--ca", &world.authority(), "-s", "chat", "-c", &format!("{url}?do=protocol")]).args(hello);
    wscat.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = wscat.spawn()?;
    let mut screen = BufReader::new(child.stdout.take().context("no stdout")?).lines();
    let line = timeout(SOON, screen.next_line()).await??.context("it ended")?;
    let event: Value = serde_json::from_str(&line[line.find('{').context("no event")?..])?;
    let id = event["requestContext"]["connectionId"].as_str().context("no id")?.replace('=', "%3D");
    let url = format!("{}/@connections/{id}", world.management());
    assert_eq!(send(Request::post(&url), "hello, wscat").await?.status(), 200);
    let line = timeout(SOON, screen.next_line()).await??.context("it ended")?;
    assert!(line.ends_with("hello, wscat"), "{line}");
    assert_eq!(send(Request::delete(&url), "").await?.status(), 204);
    assert!(timeout(SOON, child.wait()).await??.success());
    Ok(())
}

/// A function posts to `https://{domainName}/{stage}` of its event, with nothing set for it.
async fn a_sample_posts(program: &str, environment: BTreeMap<String, String>) -> Result<()> {
    let mut plan = Plan { program: Some(script(program)), ..Plan::default() };
    plan.socket().routes.remove("$connect");
    plan.socket().routes.remove("$disconnect");
    // As AWS advises for Node.js and a database: a file that only the cloud has.
    plan.echo().environment = environment;
    plan.echo().environment.insert("NODE_EXTRA_CA_CERTS".into(), "/var/runtime/ca-cert.pem".into());
    let world = plan.start().await?;
    let mut socket = Socket::open(&world).await?;
    socket.say(r#"{"action":"tell"}"#).await?;
    let mut heard = [socket.hear().await?, socket.hear().await?];
    heard.sort();
    assert_eq!(heard, ["done", "posted by the sample"], "{:#?}", world.log.lines());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_function_posts_to_the_domain_name_of_its_event() -> Result<()> {
    let packages = python_packages().await?.to_string_lossy().into_owned();
    let no_bytecode = ("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned());
    a_sample_posts("function.py", BTreeMap::from([("PYTHONPATH".into(), packages), no_bytecode])).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_function_posts_to_the_domain_name_of_its_event() -> Result<()> {
    let packages = node_packages().await?.to_string_lossy().into_owned();
    a_sample_posts("function.cjs", BTreeMap::from([("PACKAGES".into(), packages)])).await
}
