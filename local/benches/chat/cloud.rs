//! `local` in a process of its own, which runs either the chat or a function that does nothing.
//!
//! It is this program again: told so by a variable, it serves as `cargo local` does and takes orders from its stdin, whose end is its own. Its
//! log comes over its stdout, as it would go to a terminal; answers to orders are lines of it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use local::model::{self, Asynchronous, Function, HttpApi, HttpRoute, WebSocketApi, WebSocketRoute};
use local::serve::{Bound, Limits, Log, Ports, Running, Setup};
use local::template::{self, Inputs};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Tells this program to be the cloud, and which.
pub(crate) const ROLE: &str = "PARLOUR_BENCH_CLOUD";

/// Variables of the functions, and of another chat that is measured beside them. The cheapest bcrypt, for accounts are made and not measured.
/// A limit to what one person may do, which would stop the writers, is raised here or by `--env`.
pub(crate) const VARIABLES: [(&str, &str); 3] = [
    ("JWT_SECRET", "the secret of the benchmark, 32 bytes"),
    ("BCRYPT_COST", "4"),
    // What is to be measured is how fast it goes, not how fast people may go. The limits are asked and recorded all the same.
    (
        "LIMITS",
        "send=1000000/1000000,ask=1000000/1000000,connect=1000000/1000000,register=1000000/1000000,room=1000000/1000000,\
        join=1000000/1000000,find=1000000/1000000,guess=1000000/1000000,spray=1000000/1000000",
    ),
];

/// Begins a line of the log that answers an order.
const ANSWER: &str = "BENCH ";

/// What a line contains that says that something went wrong, unless it is expected: a `$disconnect` is throttled when thousands end at once, and
/// a function that is only to be started gets an event that is none.
const WORTH_SHOWING: [&str; 3] = ["WARN", "ERROR", " failed"];
const EXPECTED: [&str; 2] = ["$disconnect failed: throttled", "payload deserialization"];

const PATIENCE: Duration = Duration::from_secs(20);

/// What a cloud is made of.
#[derive(Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The chat's template, or a function that does nothing behind one API of each kind.
    pub(crate) chat: bool,
    pub(crate) programs: BTreeMap<String, PathBuf>,
    /// Variables that functions declare, and variables of all functions.
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) extra_environment: BTreeMap<String, String>,
}

/// A cloud that runs.
pub(crate) struct Cloud {
    process: Child,
    orders: ChildStdin,
    answers: Receiver<Value>,
    reports: Arc<Mutex<Vec<Report>>>,
    pub(crate) http: String,
    pub(crate) websocket: String,
    pub(crate) lambda: String,
}

/// A REPORT line.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) function: String,
    pub(crate) duration_ms: f64,
    pub(crate) billed_ms: f64,
    pub(crate) memory_mb: f64,
    pub(crate) init_ms: Option<f64>,
}

/// The template of the chat.
pub(crate) fn chat() -> Result<model::Cloud> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let parameters = BTreeMap::from([("SiteOrigin".to_owned(), "http://127.0.0.1:9".to_owned())]);
    let loaded = template::load(&root.join("template.yaml"), &Inputs { parameters, ..Inputs::default() });
    Ok(loaded.map_err(|problems| anyhow!("the template: {problems:?}"))?.cloud)
}

fn nothing() -> model::Cloud {
    let function = Function {
        logical_id: "Echo".into(),
        name: "Echo".into(),
        code: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
        binary: None,
        timeout: PATIENCE,
        memory_mb: 128,
        reserved_concurrency: None,
        environment: BTreeMap::new(),
        alias: None,
        asynchronous: Asynchronous::default(),
        schedules: Vec::new(),
        url: None,
        managed: None,
    };
    let http = HttpApi {
        logical_id: "HttpApi".into(),
        id: "abcde12345".into(),
        stage: "$default".into(),
        stage_variables: BTreeMap::new(),
        routes: vec![HttpRoute {
            method: "POST".into(),
            path: "/echo".into(),
            function: "Echo".into(),
            ..HttpRoute::default()
        }],
        cors: None,
        throttle: None,
        route_throttles: BTreeMap::new(),
        authorizers: BTreeMap::new(),
        mappings: Vec::new(),
    };
    let route = |two_way| WebSocketRoute { function: "Echo".into(), two_way, timeout: PATIENCE };
    let websocket = WebSocketApi {
        logical_id: "WebSocketApi".into(),
        id: "fghij67890".into(),
        stage: "v1".into(),
        stage_variables: BTreeMap::new(),
        route_selection_expression: "$request.body.action".into(),
        routes: [("$connect", false), ("$disconnect", false), ("$default", true)]
            .map(|(key, two_way)| (key.to_owned(), route(two_way)))
            .into(),
        throttle: None,
        route_throttles: BTreeMap::new(),
        entry: model::access::Entry::default(),
        mappings: vec![],
    };
    model::Cloud {
        functions: [("Echo".to_owned(), function)].into(),
        http_apis: [("HttpApi".to_owned(), http)].into(),
        websocket_apis: [("WebSocketApi".to_owned(), websocket)].into(),
        ..model::Cloud::default()
    }
}

/// The cloud's side: serves until its stdin ends.
pub(crate) fn run(plan: &str) -> Result<()> {
    let plan: Plan = serde_json::from_str(plan)?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let cloud = if plan.chat { chat()? } else { nothing() };
        let functions: Vec<String> = cloud.functions.keys().cloned().collect();
        let bound = Bound::bind(&cloud, &Ports::default(), false).await?;
        let log = Log::stdout();
        let setup = Setup {
            programs: plan.programs,
            environment: plan.environment,
            extra_environment: plan.extra_environment,
            site: None,
            invoke: None,
            log: log.clone(),
            limits: Limits::default(),
            chaos: None,
            iam: false,
            issuers: BTreeMap::new(),
            data: None,
            recorder: None,
        };
        let running = bound.serve(cloud, setup).await?;
        let addresses = running.addresses();
        log.line(format!(
            "{ANSWER}{}",
            json!({ "http": addresses.http["HttpApi"], "websocket": addresses.websocket["WebSocketApi"], "lambda": addresses.lambda })
        ));
        let (given, mut orders) = tokio::sync::mpsc::unbounded_channel();
        std::thread::spawn(move || std::io::stdin().lines().map_while(Result::ok).try_for_each(|order| given.send(order)));
        while let Some(order) = orders.recv().await {
            log.line(format!("{ANSWER}{}", obey(&running, &functions, &order)));
        }
        running.shutdown().await;
        Ok(())
    })
}

fn obey(running: &Running, functions: &[String], order: &str) -> Value {
    match order.split_once(' ') {
        Some(("kill", function)) => {
            running.processes(function).into_iter().filter(|pid| running.kill(*pid)).count().into()
        }
        _ => functions.iter().map(|function| (function.clone(), json!(running.processes(function)))).collect(),
    }
}

impl Cloud {
    pub(crate) fn start(plan: &Plan) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .env(ROLE, serde_json::to_string(plan)?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the cloud cannot be started")?;
        let (orders, log) = process.stdin.take().zip(process.stdout.take()).context("the cloud has no pipes")?;
        let (told, answers) = channel();
        let reports = Arc::<Mutex<Vec<Report>>>::default();
        let kept = Arc::clone(&reports);
        std::thread::spawn(move || follow(log, &told, &kept));
        let addresses = answers.recv_timeout(PATIENCE).context("the cloud says nothing")?;
        let address = |name: &str| addresses[name].as_str().unwrap_or_default().to_owned();
        let (http, websocket, lambda) = (address("http"), address("websocket"), address("lambda"));
        Ok(Self { process, orders, answers, reports, http, websocket, lambda })
    }

    /// The process of `local`.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The processes of each function.
    pub(crate) fn processes(&mut self) -> Result<BTreeMap<String, Vec<u32>>> {
        Ok(serde_json::from_value(self.order("processes")?)?)
    }

    /// Kills the processes of a function, and waits until they are gone.
    pub(crate) fn kill(&mut self, function: &str) -> Result<()> {
        self.order(&format!("kill {function}"))?;
        while self.processes()?.get(function).is_some_and(|alive| !alive.is_empty()) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// The REPORT lines so far.
    pub(crate) fn reports(&self) -> Vec<Report> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn order(&mut self, order: &str) -> Result<Value> {
        writeln!(self.orders, "{order}")?;
        self.answers.recv_timeout(PATIENCE).with_context(|| format!("the cloud does not answer to {order}"))
    }

    /// Ends it in order.
    pub(crate) fn stop(self) -> Result<()> {
        let Self { mut process, orders, .. } = self;
        drop(orders);
        process.wait().map(drop).context("the cloud")
    }
}

fn follow(log: ChildStdout, answers: &Sender<Value>, reports: &Mutex<Vec<Report>>) {
    for line in BufReader::new(log).lines().map_while(Result::ok) {
        if let Some(answer) = line.strip_prefix(ANSWER) {
            let _ = answers.send(serde_json::from_str(answer).unwrap_or_default());
        } else if let Some(report) = report(&line) {
            reports.lock().unwrap_or_else(PoisonError::into_inner).push(report);
        } else if WORTH_SHOWING.iter().any(|sign| line.contains(sign))
            && !EXPECTED.iter().any(|sign| line.contains(sign))
        {
            let _ = writeln!(std::io::stderr(), "{}", line.get(..300).unwrap_or(&line));
        }
    }
}

fn report(line: &str) -> Option<Report> {
    let (function, rest) = line.split_once(" REPORT ")?;
    let value = |name: &str| {
        let from = rest.split('\t').find_map(|field| field.strip_prefix(name))?;
        from.split(' ').next()?.parse().ok()
    };
    Some(Report {
        function: function.to_owned(),
        duration_ms: value("Duration: ")?,
        billed_ms: value("Billed Duration: ")?,
        memory_mb: value("Memory Size: ")?,
        init_ms: value("Init Duration: "),
    })
}
