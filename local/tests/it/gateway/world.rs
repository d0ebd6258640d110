//! A cloud for one test: a function `Echo`, an HTTP API, and a WebSocket API with two-way routes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use local::Chaos;
use local::model::access::Entry;
use local::model::{Asynchronous, Cloud, Function, HttpApi, HttpRoute, WebSocketApi, WebSocketRoute};
use local::serve::{Bound, Limits, Log, Ports, Running, Setup, Site};
use local::tls::Authority;
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(super) struct World {
    pub(super) running: Running,
    pub(super) log: Log,
    tls: TempDir,
}

/// What a test wants otherwise than it is.
pub(super) struct Plan {
    pub(super) cloud: Cloud,
    pub(super) limits: Limits,
    pub(super) site: Option<Site>,
    pub(super) program: Option<PathBuf>,
    pub(super) invoke: Option<String>,
    pub(super) replaced: BTreeMap<String, String>,
    pub(super) chaos: Option<Chaos>,
    pub(super) iam: bool,
    pub(super) issuers: BTreeMap<String, String>,
    pub(super) data: Option<PathBuf>,
}

impl Default for Plan {
    fn default() -> Self {
        let functions = BTreeMap::from([("Echo".to_owned(), function("Echo"))]);
        let http_apis = BTreeMap::from([("Api".to_owned(), http_api())]);
        let websocket_apis = BTreeMap::from([("Socket".to_owned(), websocket_api())]);
        let cloud = Cloud { functions, http_apis, websocket_apis, ..Cloud::default() };
        Self {
            cloud,
            limits: Limits::default(),
            site: None,
            program: None,
            invoke: None,
            replaced: BTreeMap::new(),
            chaos: None,
            iam: false,
            issuers: BTreeMap::new(),
            data: None,
        }
    }
}

impl Plan {
    pub(super) fn echo(&mut self) -> &mut Function {
        self.cloud.functions.entry("Echo".into()).or_insert_with(|| function("Echo"))
    }

    pub(super) fn socket(&mut self) -> &mut WebSocketApi {
        self.cloud.websocket_apis.entry("Socket".into()).or_insert_with(websocket_api)
    }

    pub(super) fn api(&mut self) -> &mut HttpApi {
        self.cloud.http_apis.entry("Api".into()).or_insert_with(http_api)
    }

    pub(super) async fn start(mut self) -> Result<World> {
        let program = self.program.take().map_or_else(echo, Ok)?;
        let programs = self.cloud.functions.keys().map(|id| (id.clone(), program.clone())).collect();
        self.with_programs(programs).await
    }

    /// Serves it with these programs, by logical id.
    pub(super) async fn with_programs(self, programs: BTreeMap<String, PathBuf>) -> Result<World> {
        let log = Log::captured();
        let bound = Bound::bind(&self.cloud, &Ports::default(), self.site.is_some()).await?;
        let tls = tempfile::tempdir()?;
        let bound = bound.with_tls(Authority::open(tls.path())?);
        let setup = Setup {
            programs,
            environment: self.replaced,
            extra_environment: BTreeMap::new(),
            site: self.site,
            invoke: self.invoke,
            log: log.clone(),
            limits: self.limits,
            chaos: self.chaos,
            iam: self.iam,
            issuers: self.issuers,
            data: self.data,
            recorder: None,
        };
        Ok(World { running: bound.serve(self.cloud, setup).await?, log, tls })
    }
}

impl World {
    pub(super) async fn start() -> Result<Self> {
        Plan::default().start().await
    }

    pub(super) fn http(&self) -> &str {
        self.running.addresses().http.get("Api").map_or("", String::as_str)
    }

    pub(super) fn websocket(&self) -> &str {
        self.running.addresses().websocket.get("Socket").map_or("", String::as_str)
    }

    pub(super) fn management(&self) -> &str {
        self.running.addresses().management.get("Socket").map_or("", String::as_str)
    }

    pub(super) fn lambda(&self) -> &str {
        &self.running.addresses().lambda
    }

    pub(super) fn processes(&self) -> Vec<u32> {
        self.running.processes("Echo")
    }

    /// The certificate that signs those of the ports.
    pub(super) fn authority(&self) -> String {
        self.tls.path().join("authority.pem").to_string_lossy().into_owned()
    }

    /// What has the TLS libraries of this world's clients trust its authority, as functions are told it.
    pub(super) fn trust(&self) -> BTreeMap<&'static str, String> {
        let roots = self.tls.path().join("roots.pem").to_string_lossy().into_owned();
        [("SSL_CERT_FILE", &roots), ("AWS_CA_BUNDLE", &roots), ("NODE_EXTRA_CA_CERTS", &self.authority())]
            .map(|(name, file)| (name, file.clone()))
            .into()
    }

    /// Waits for a log line that contains `part`.
    pub(super) async fn logs(&self, part: &str) -> Result<String> {
        until(&format!("a log line with {part:?}"), || self.log.lines().into_iter().find(|line| line.contains(part)))
            .await
            .with_context(|| format!("the log has {:#?}", self.log.lines()))
    }
}

/// Asks until there is an answer.
pub(super) async fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> Result<T> {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return Ok(answer);
        }
        if started.elapsed() > SOON {
            bail!("waited in vain for {what}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The function's executable. `cargo test` has built it, unless only this test binary was asked for.
pub(crate) fn echo() -> Result<PathBuf> {
    static BUILT: OnceLock<bool> = OnceLock::new();
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(|deps| deps.parent()).context("no target folder")?;
    let release = folder.ends_with("release");
    let program = folder.join("examples/echo");
    let written = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    let source = written(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/echo.rs"));
    if written(&program) > source {
        return Ok(program);
    }
    let built = BUILT.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        // All of the workspace: of one package alone, with fewer features, most dependencies would be compiled again.
        cargo.args(["build", "--quiet", "--workspace", "--example", "echo"]);
        if release {
            cargo.arg("--release");
        }
        cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().is_ok_and(|status| status.success())
    });
    ensure!(built, "the example function cannot be built");
    Ok(program)
}

pub(super) fn function(id: &str) -> Function {
    Function {
        logical_id: id.into(),
        name: id.to_lowercase(),
        code: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
        binary: None,
        timeout: Duration::from_secs(20),
        memory_mb: 128,
        reserved_concurrency: None,
        environment: BTreeMap::new(),
        alias: None,
        asynchronous: Asynchronous::default(),
        schedules: Vec::new(),
        url: None,
        managed: None,
    }
}

fn http_api() -> HttpApi {
    let route = |method: &str, path: &str| HttpRoute {
        method: method.into(),
        path: path.into(),
        function: "Echo".into(),
        ..HttpRoute::default()
    };
    HttpApi {
        logical_id: "Api".into(),
        id: "abcde12345".into(),
        stage: "$default".into(),
        stage_variables: BTreeMap::new(),
        routes: vec![route("POST", "/do"), route("GET", "/rooms/{room}"), route("ANY", "/files/{path+}")],
        cors: None,
        throttle: None,
        route_throttles: BTreeMap::new(),
        authorizers: BTreeMap::new(),
        mappings: Vec::new(),
    }
}

fn websocket_api() -> WebSocketApi {
    let route = |two_way| WebSocketRoute { function: "Echo".into(), two_way, timeout: SOON };
    WebSocketApi {
        logical_id: "Socket".into(),
        id: "fghij67890".into(),
        stage: "v1".into(),
        stage_variables: BTreeMap::new(),
        route_selection_expression: "$request.body.action".into(),
        routes: [("$connect", false), ("$disconnect", false), ("tell", true), ("oneway", false)]
            .map(|(key, two_way)| (key.to_owned(), route(two_way)))
            .into(),
        throttle: None,
        route_throttles: BTreeMap::new(),
        entry: Entry::default(),
        mappings: Vec::new(),
    }
}
