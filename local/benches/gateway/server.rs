//! The two servers, each in a process of its own on a folder of its own, which is gone when it is.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::{machine, socket};

/// How long it may take until the first echo.
const PATIENCE: Duration = Duration::from_secs(60);

const TEMPLATE: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Echo:
    Type: AWS::Serverless::Function
    Properties: { Runtime: provided.al2023, Handler: bootstrap, CodeUri: echo/, Timeout: 10 }
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      StageName: v1
      Routes:
        $connect: { FunctionArn: !GetAtt Echo.Arn }
        $disconnect: { FunctionArn: !GetAtt Echo.Arn }
        $default: { FunctionArn: !GetAtt Echo.Arn, RouteResponseSelectionExpression: $default }
  Answer:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: { ApiId: !Ref Api, RouteId: !Ref ApiDefaultRoute, RouteResponseKey: $default }
";

const SERVERLESS: &str = "
service: echo
frameworkVersion: '3'
provider:
  name: aws
  runtime: nodejs20.x
  region: us-east-1
  websocketsApiRouteSelectionExpression: $request.body.action
plugins: [serverless-offline]
custom:
  serverless-offline:
    host: 127.0.0.1
    httpPort: ${env:HTTP_PORT}
    websocketPort: ${env:WS_PORT}
    lambdaPort: ${env:LAMBDA_PORT}
functions:
  echo:
    handler: handler.echo
    events:
      - websocket: { route: $connect }
      - websocket: { route: $disconnect }
      - websocket: { route: $default, routeResponseSelectionExpression: $default }
";

const HANDLER: &str =
    "exports.echo = async (event) => ({ statusCode: 200, body: event.requestContext.connectionId });\n";

/// A server that has answered once.
pub(super) struct Server {
    process: Child,
    _folder: TempDir,
    /// Where clients connect.
    pub(super) websocket: String,
    /// What posts begin with.
    pub(super) management: String,
    /// Whoever listens: not always what was started.
    pub(super) pid: u32,
    /// From the command to the first echo.
    pub(super) start: Duration,
}

impl Server {
    pub(super) fn local() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let function = folder.path().join("echo");
        fs::create_dir(&function)?;
        fs::write(folder.path().join("template.yaml"), TEMPLATE)?;
        fs::copy(std::env::current_exe()?, function.join("bootstrap"))?;
        let port = free_port()?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
        command.args(["--http-port=0", "--lambda-port=0", "--site-port=0", "--mongodb-port=0"]);
        command.arg(format!("--websocket-port={port}"));
        let base = format!("127.0.0.1:{port}/v1");
        Self::start(command, folder, port, format!("ws://{base}"), format!("http://{base}/@connections"))
    }

    /// Runs handlers in threads of their own, as it does unless told otherwise, or in that of the server.
    pub(super) fn serverless_offline(installed: &Path, in_process: bool) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let modules = installed.canonicalize()?.join("node_modules");
        let program = modules.join("serverless/bin/serverless.js");
        ensure!(program.exists(), "no serverless in {}: run npm install there", installed.display());
        symlink(&modules, folder.path().join("node_modules"))?;
        fs::write(folder.path().join("serverless.yml"), SERVERLESS)?;
        fs::write(folder.path().join("handler.js"), HANDLER)?;
        let port = free_port()?;
        let mut command = Command::new("node");
        command.arg(program).args(["offline", "start"]).args(in_process.then_some("--useInProcess"));
        command.env("WS_PORT", port.to_string()).env("SLS_TELEMETRY_DISABLED", "1").env("CI", "1");
        command.env("HTTP_PORT", free_port()?.to_string()).env("LAMBDA_PORT", free_port()?.to_string());
        command.env("AWS_ACCESS_KEY_ID", "local").env("AWS_SECRET_ACCESS_KEY", "local");
        let base = format!("127.0.0.1:{port}");
        Self::start(command, folder, port, format!("ws://{base}"), format!("http://{base}/@connections"))
    }

    fn start(mut command: Command, folder: TempDir, port: u16, websocket: String, management: String) -> Result<Self> {
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        let process = command.spawn().context("the server cannot be started")?;
        let mut server =
            Self { pid: process.id(), process, _folder: folder, websocket, management, start: Duration::ZERO };
        while server.connection().is_err() {
            let ended = server.process.try_wait()?;
            ensure!(ended.is_none() && began.elapsed() < PATIENCE, "it does not answer ({ended:?})");
            std::thread::sleep(Duration::from_millis(2));
        }
        server.start = began.elapsed();
        server.pid = machine::listener(port).context("no process listens")?;
        Ok(server)
    }

    /// Opens a socket, and says what its id is.
    pub(super) fn connection(&self) -> Result<(std::net::TcpStream, String)> {
        let socket = socket::open(&self.websocket, None)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket::write(&socket, "{}")?;
        let id = socket::read(&socket)?;
        Ok((socket, id))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
