//! `local up`: from a template to something that can be opened in a browser, and back to nothing.
//!
//! The order makes mistakes show early: settings, template and ports come before anything that takes time; then the database starts
//! while the functions and the site are built. A parameter may hold an address (`{site}`) and the addresses depend on which APIs
//! there are, so the template is read twice, first with addresses that are only of the right form.

mod control;
mod doubts;
mod reload;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::Up;
use crate::control::Claim;
use crate::environment::Variables;
use crate::lambda::memory_is_known;
use crate::model::{Cloud, Function};
use crate::mongod::{self, Mongod};
use crate::placeholders::{Placeholder, fill_all};
use crate::programs::{self, Profile};
use crate::progress::Progress;
use crate::project::{Project, shown};
use crate::record::Recorder;
use crate::runtimes;
use crate::serve::bind::bind;
use crate::serve::{Addresses, Bound, Limits, Log, Ports, Running, Setup, Site};
use crate::site_build;
use crate::template::{self, Inputs};
use crate::time;
use crate::tls::Authority;
use control::{claim, open_control};
use doubts::doubts;
use reload::{Present, Reloader, first_look};

/// A database that ends sooner than that after its start, as often as that, will not do better the next time.
const CRASH_LOOP: Duration = Duration::from_secs(10);
const CRASHES: u32 = 3;

/// How long the functions get for their last invocations when everything ends.
const PATIENCE: Duration = Duration::from_secs(8);

/// How a run ended without anything having failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It ran, and was told to stop.
    Stopped,
    /// It was told to stop before it was up, or a second time.
    Interrupted,
}

/// The database that functions are given.
enum Database {
    Ours(Box<Mongod>),
    Given { uri: String, hosts: String },
    None,
}

/// Starts everything and runs it until a signal comes.
///
/// # Errors
/// One sentence (for a template, one line a problem) that says what to do.
pub async fn up(options: &Up, progress: &Progress) -> anyhow::Result<End> {
    let mut signals = Signals::new()?;
    let log = Log::stdout().kept();
    let Started { mut running, mut database, project, present, recorder, control } = tokio::select! {
        started = start(options, progress, &log) => started?,
        () = signals.next() => return Ok(End::Interrupted),
    };
    let _claim = open_control(&mut running, &project, control, progress)?;
    welcome(running.addresses(), &database, options, progress);
    let mongodb = database.uri().map(str::to_owned);
    let reloader = Reloader { options, progress, running: &running, mongodb, project, present };
    let watching = watch(&mut database, &running, progress);
    let ran = tokio::select! {
        () = signals.next() => Ok(()),
        failed = watching => failed,
        () = reloader.run() => Ok(()),
    };
    if options.chaos.is_some() {
        progress.say("chaos", counted(&running.faults()));
    }
    progress.say("stopping", "once more Ctrl-C ends it at once");
    let end = tokio::select! {
        () = stop(running, database, progress) => End::Stopped,
        () = signals.next() => End::Interrupted,
    };
    recorder.iter().for_each(Recorder::flush);
    log.flush();
    ran.map(|()| end)
}

/// Starts the database again when it ends by itself, but not when it does so over and over; and when the chaos has it killed.
async fn watch(database: &mut Database, running: &Running, progress: &Progress) -> anyhow::Result<()> {
    let mut at_once = 0;
    loop {
        let began = Instant::now();
        let words = tokio::select! {
            words = database.crashed() => words,
            () = running.database_dies(), if database.is_ours() => {
                if let Database::Ours(mongod) = database {
                    mongod.kill().await?;
                    progress.say("chaos", "MongoDB was killed and is started again");
                    mongod.start_again().await?;
                }
                continue;
            }
        };
        at_once = if began.elapsed() < CRASH_LOOP { at_once + 1 } else { 0 };
        if at_once == CRASHES {
            bail!("MongoDB ends by itself whenever it is started. {words}");
        }
        progress.warn(format!("MongoDB ended by itself and is started again. {words}"));
        if let Database::Ours(mongod) = database {
            mongod.start_again().await?;
        }
    }
}

/// What a start has come to.
struct Started {
    running: Running,
    database: Database,
    project: Project,
    present: Present,
    recorder: Option<Recorder>,
    control: (Option<Claim>, TcpListener),
}

/// The template and what goes with it, now that every address is known.
#[derive(Debug, Clone)]
struct Resolved {
    cloud: Cloud,
    variables: Variables,
    /// Texts of the site's files and what takes their place.
    replace: BTreeMap<String, String>,
}

fn resolve(
    project: &Project,
    options: &Up,
    progress: &Progress,
    addresses: &Addresses,
    mongodb: Option<&str>,
) -> anyhow::Result<Resolved> {
    let secret = project.secret()?;
    let site_address =
        addresses.site.clone().unwrap_or_else(|| format!("http://127.0.0.1:{}", project.ports(options).site));
    let value = |placeholder: Placeholder<'_>| {
        let found = match placeholder {
            Placeholder::Site => Some(&site_address),
            Placeholder::Secret => Some(&secret),
            Placeholder::Lambda => Some(&addresses.lambda),
            Placeholder::Http(api) => addresses.http.get(api),
            Placeholder::WebSocket(api) => addresses.websocket.get(api),
            Placeholder::Management(api) => addresses.management.get(api),
            Placeholder::Mongodb => return mongodb.map(str::to_owned).ok_or_else(|| anyhow!("there is no database")),
        };
        found.cloned().ok_or_else(|| anyhow!("{placeholder:?} has no address"))
    };
    let cloud = load(project, options, progress, false, value)?;
    let settings = fill_all("environment", &project.settings.environment, value)?;
    let variables = project.sources.variables(&cloud, &settings)?;
    let replace = match &project.settings.site {
        Some(site) => fill_all("site.replace", &site.replace, value)?,
        None => BTreeMap::new(),
    };
    Ok(Resolved { cloud, variables, replace })
}

async fn start(options: &Up, progress: &Progress, log: &Log) -> anyhow::Result<Started> {
    if options.memory_limits && !memory_is_known() {
        bail!("--memory-limits needs Linux, which tells how much memory a process has: leave it out here");
    }
    let project = Project::open(options)?;
    project.prepare()?;
    let claim = claim(&project.data, progress);
    let ports = project.ports(options);
    let rough = rough(ports);
    let cloud = load(&project, options, progress, true, |placeholder| Ok(rough(placeholder)))?;
    check(&project, &cloud, &rough)?;
    doubts(&project, &cloud, options, progress);
    let seen = first_look(&project, options, &cloud).await;
    let site = project.settings.site.as_ref().filter(|_| !options.no_site);
    let recorder = options.record.as_deref().map(|path| Recorder::to(path, log.clone())).transpose()?;
    let bound = Bound::bind(&cloud, &ports, site.is_some()).await?;
    let bound = bound.with_tls(Authority::open(&std::path::absolute(&project.data)?.join("tls"))?);
    let (control, _) = bind(options.control_port, "the status page", "--control-port")?;
    progress.say("template", summary(&project, &cloud));

    let built = time::now_ms();
    let (database, (programs, folder)) =
        tokio::try_join!(database(&project, options, progress), build(&project, options, &cloud, progress))?;

    let known = addressed(&cloud);
    let resolved = resolve(&project, options, progress, bound.addresses(), database.uri())?;
    if addressed(&resolved.cloud) != known {
        bail!(
            "which APIs and function URLs there are, or their stages, depends on a placeholder under [parameters] in local.toml: give it a fixed value"
        );
    }
    let site = match (site, folder) {
        (Some(_), Some(folder)) => Some(Site { folder, replace: resolved.replace.clone() }),
        _ => None,
    };
    let setup = Setup {
        programs: programs.clone(),
        environment: resolved.variables.declared.clone(),
        extra_environment: resolved.variables.extra.clone(),
        site,
        invoke: options.invoke_endpoint.clone(),
        log: log.clone(),
        limits: Limits { memory: options.memory_limits, ..Limits::default() },
        chaos: options.chaos.clone(),
        iam: options.iam,
        issuers: project.settings.issuers(&project.root),
        data: Some(project.data.clone()),
        recorder: recorder.clone(),
    };
    let running = bound.serve(resolved.cloud.clone(), setup).await?;
    Ok(Started {
        running,
        database,
        project,
        present: Present { resolved, programs, seen, built },
        recorder,
        control: (claim, control),
    })
}

/// Reads the template; its problems are told one by one.
fn load(
    project: &Project,
    options: &Up,
    progress: &Progress,
    first: bool,
    value: impl FnMut(Placeholder<'_>) -> anyhow::Result<String>,
) -> anyhow::Result<Cloud> {
    let parameters = project.parameters(fill_all("parameters", &project.settings.parameters, value)?, options);
    let mut inputs = Inputs {
        parameters,
        region: project.sources.region().to_owned(),
        without: options.without.iter().cloned().collect(),
        ..Inputs::default()
    };
    if let Some(stack) = &project.sam.stack {
        inputs.stack.clone_from(stack);
    }
    match template::load(&project.template, &inputs) {
        Ok(loaded) => {
            loaded.warnings.iter().filter(|_| first).for_each(|problem| progress.warn(problem));
            Ok(loaded.cloud)
        }
        Err(problems) => {
            problems.iter().for_each(|problem| progress.fail(problem));
            bail!("the template cannot be run: mend what is said above")
        }
    }
}

/// Values of the right form, for what has no value yet.
fn rough(ports: Ports) -> impl Fn(Placeholder<'_>) -> String + Copy {
    let Ports { http, websocket, lambda, site, .. } = ports;
    move |placeholder| match placeholder {
        Placeholder::Site => format!("http://127.0.0.1:{site}"),
        Placeholder::Http(_) => format!("http://127.0.0.1:{http}"),
        Placeholder::WebSocket(_) => format!("ws://127.0.0.1:{websocket}"),
        Placeholder::Management(_) => format!("http://127.0.0.1:{websocket}"),
        Placeholder::Lambda => format!("http://127.0.0.1:{lambda}"),
        Placeholder::Mongodb => format!("mongodb://127.0.0.1:{}", mongod::PORT),
        Placeholder::Secret => "secret".to_owned(),
    }
}

/// Finds, before anything takes time, what would fail once it is over.
fn check(project: &Project, cloud: &Cloud, rough: &impl Fn(Placeholder<'_>) -> String) -> anyhow::Result<()> {
    let has_database = project.settings.mongodb.is_some() || project.sources.get("MONGODB_URI").is_some();
    let names = |names: Vec<&String>| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    let value = |placeholder: Placeholder<'_>| {
        match placeholder {
            Placeholder::Http(api) if !cloud.http_apis.contains_key(api) => {
                bail!("the template has no HTTP API `{api}`; it has: {}", names(cloud.http_apis.keys().collect()))
            }
            Placeholder::WebSocket(api) | Placeholder::Management(api) if !cloud.websocket_apis.contains_key(api) => {
                bail!(
                    "the template has no WebSocket API `{api}`; it has: {}",
                    names(cloud.websocket_apis.keys().collect())
                )
            }
            Placeholder::Mongodb if !has_database => {
                bail!("{{mongodb}} needs a database: add a section [mongodb], or set MONGODB_URI")
            }
            _ => {}
        }
        Ok(rough(placeholder))
    };
    fill_all("parameters", &project.settings.parameters, value)?;
    if let Some(site) = &project.settings.site {
        fill_all("site.replace", &site.replace, value)?;
    }
    let settings = fill_all("environment", &project.settings.environment, value)?;
    project.sources.variables(cloud, &settings)?;
    Ok(())
}

async fn database(project: &Project, options: &Up, progress: &Progress) -> anyhow::Result<Database> {
    if let Some(uri) = project.sources.get("MONGODB_URI") {
        let check = async {
            let hosts = mongod::check(uri).await?;
            let done = format!("using the database at {hosts} (MONGODB_URI)");
            Ok((hosts, done))
        };
        let hosts = progress.step("MongoDB", "looking for the database in MONGODB_URI", check).await?;
        return Ok(Database::Given { uri: uri.to_owned(), hosts });
    }
    let Some(settings) = &project.settings.mongodb else { return Ok(Database::None) };
    let program = mongod::find_or_install(&project.target, settings.package.as_deref(), progress).await?;
    let data = project.data.join("mongodb");
    let port = options.mongodb_port.or(settings.port).unwrap_or(mongod::PORT);
    let start = async {
        let done = format!("mongod {}, data in {}", program.version, shown(&data).display());
        Ok((Mongod::start(program, &data, port).await?, done))
    };
    Ok(Database::Ours(Box::new(progress.step("MongoDB", "starting mongod", start).await?)))
}

/// The functions' programs, built if that is wanted.
async fn programs(
    project: &Project,
    options: &Up,
    cloud: &Cloud,
    progress: &Progress,
) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let profile = if options.release { Profile::Release } else { Profile::Dev };
    let is_program = |function: &Function| function.managed.is_none();
    let mut programs = match (&options.invoke_endpoint, options.no_build) {
        (Some(_), _) => BTreeMap::new(),
        _ if !cloud.functions.values().any(is_program) => BTreeMap::new(),
        (None, true) => programs::built(cloud, profile).await?,
        (None, false) => {
            let building = async {
                let programs = progress.noisy(programs::build(cloud, profile)).await?;
                let done = format!("{} up to date", programs.len());
                Ok((programs, done))
            };
            progress.step("functions", "building the functions", building).await?
        }
    };
    if options.invoke_endpoint.is_none() {
        programs.extend(runtimes::prepare(cloud, &project.runtimes(), !options.no_build, progress).await?);
    }
    Ok(programs)
}

async fn build(
    project: &Project,
    options: &Up,
    cloud: &Cloud,
    progress: &Progress,
) -> anyhow::Result<(BTreeMap<String, PathBuf>, Option<PathBuf>)> {
    let programs = programs(project, options, cloud, progress).await?;
    let folder = match project.settings.site.as_ref().filter(|_| !options.no_site) {
        None => None,
        Some(site) if options.no_build => Some(project.root.join(&site.output)),
        Some(site) => Some(site_build::build(site, &project.root, &project.target, progress).await?),
    };
    Ok((programs, folder))
}

fn summary(project: &Project, cloud: &Cloud) -> String {
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    format!(
        "{}: {}, {}, {}",
        project.template.display(),
        count(cloud.functions.len(), "function"),
        count(cloud.http_apis.len(), "HTTP API"),
        count(cloud.websocket_apis.len(), "WebSocket API"),
    )
}

fn welcome(addresses: &Addresses, database: &Database, options: &Up, progress: &Progress) {
    for (api, address) in &addresses.http {
        progress.say("HTTP", format!("{address}  {api}"));
    }
    for (function, address) in &addresses.urls {
        progress.say("URL", format!("{address}  {function}"));
    }
    for (api, address) in &addresses.websocket {
        let management = addresses.management.get(api).map(String::as_str).unwrap_or_default();
        progress.say("WebSocket", format!("{address}  {api}, its @connections at {management}"));
    }
    progress.say("Invoke", &addresses.lambda);
    if let Some(s3) = &addresses.s3 {
        progress.say("S3", s3);
    }
    match database {
        Database::Ours(mongod) => progress.say("MongoDB", mongod.uri()),
        Database::Given { hosts, .. } => progress.say("MongoDB", hosts),
        Database::None => {}
    }
    if let Some(chaos) = &options.chaos {
        progress.say("chaos", format!("--chaos {chaos}"));
        if chaos.kills_the_database() && matches!(database, Database::Given { .. }) {
            progress.warn("the database in MONGODB_URI is not killed, because it is not one that local started");
        }
    }
    match &addresses.site {
        Some(site) => progress.say("ready", format!("open {site} in a browser. Ctrl-C stops everything.")),
        None => progress.say("ready", "Ctrl-C stops everything."),
    }
    // For whoever waits for the readiness of a run whose stdout they read.
    let _gone = std::io::stdout().flush();
}

/// The faults that happened, as one line.
fn counted(faults: &BTreeMap<&str, u64>) -> String {
    let happened: Vec<String> =
        faults.iter().filter(|(_, count)| **count > 0).map(|(name, count)| format!("{name} {count}")).collect();
    if happened.is_empty() { "nothing went wrong".to_owned() } else { happened.join(", ") }
}

/// Sockets and functions first, the database last: they still write to it.
async fn stop(running: Running, database: Database, progress: &Progress) {
    if tokio::time::timeout(PATIENCE, running.shutdown()).await.is_err() {
        progress.warn(format!("the functions did not end within {} s and were left", PATIENCE.as_secs()));
    }
    if let Database::Ours(mut mongod) = database
        && let Err(error) = mongod.stop().await
    {
        progress.warn(format!("MongoDB did not end well: {error:#}"));
    }
}

/// What has an address, with what the address depends on, as sentences name it.
fn addressed(cloud: &Cloud) -> Vec<String> {
    let http = cloud.http_apis.values().map(|api| (&api.logical_id, &api.stage));
    let apis = http.chain(cloud.websocket_apis.values().map(|api| (&api.logical_id, &api.stage)));
    let urls = cloud.functions.values().filter_map(|function| Some((&function.logical_id, function.url.as_ref()?)));
    apis.map(|(id, stage)| format!("{id} with the stage {stage}"))
        .chain(urls.map(|(function, url)| format!("the function URL of {function} ({})", url.id)))
        .collect()
}

impl Database {
    fn uri(&self) -> Option<&str> {
        match self {
            Self::Ours(mongod) => Some(mongod.uri()),
            Self::Given { uri, .. } => Some(uri),
            Self::None => None,
        }
    }

    fn is_ours(&self) -> bool {
        matches!(self, Self::Ours(_))
    }

    async fn crashed(&mut self) -> String {
        match self {
            Self::Ours(mongod) => mongod.crashed().await,
            _ => std::future::pending().await,
        }
    }
}

/// Ctrl-C, a polite `kill`, and the terminal's end.
struct Signals([Signal; 3]);

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
