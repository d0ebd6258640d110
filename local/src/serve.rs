//! Runs a [`Cloud`] on this machine: binds every address first, so that whatever needs to know one can be told, and then serves.

pub(crate) mod bind;
mod ports;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use futures_util::future::join_all;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

pub use self::ports::{Ports, Wanted};
use crate::chaos::{Chaos, Storm};
use crate::control::{About, Control};
use crate::gateway::current::Current;
use crate::http_api::{FunctionUrl, HttpApi};
use crate::iam::Iam;
use crate::lambda::{self, Endpoints, Lambda, Options, Variables};
pub use crate::limits::Limits;
pub use crate::log::Log;
use crate::model::{Cloud, Function};
use crate::record::Recorder;
use crate::s3::S3;
use crate::schedule::Calendar;
use crate::site;
use crate::tls::Authority;
use crate::websocket::WebSocket;

/// How long processes that were killed may take to be gone.
const KILLED_WITHIN: Duration = Duration::from_secs(5);

/// Where everything is, as clients and functions address it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Addresses {
    /// Logical id and `http://127.0.0.1:3000`, followed by the stage unless that is `$default`.
    pub http: BTreeMap<String, String>,
    /// Logical id of a function and `http://127.0.0.1:3000/`, its function URL.
    pub urls: BTreeMap<String, String>,
    /// Logical id and `ws://127.0.0.1:3001/stage`.
    pub websocket: BTreeMap<String, String>,
    /// Logical id and `http://127.0.0.1:3001/stage`, the endpoint for `@connections`.
    pub management: BTreeMap<String, String>,
    /// The endpoint of the Invoke API.
    pub lambda: String,
    /// The static site.
    pub site: Option<String>,
    /// The endpoint of S3, if the template has a bucket.
    pub s3: Option<String>,
}

/// All that is needed beside the template.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The executable of each function, by logical id.
    pub programs: BTreeMap<String, PathBuf>,
    /// Values that win over the template's, for functions that declare the variable.
    pub environment: BTreeMap<String, String>,
    /// Variables of every function. `AWS_REGION` among them sets the region, which is otherwise us-east-1.
    pub extra_environment: BTreeMap<String, String>,
    /// The static site, if there is one.
    pub site: Option<Site>,
    /// An Invoke endpoint that runs the functions in place of own processes, such as `http://127.0.0.1:9000` of `cargo lambda watch`.
    pub invoke: Option<String>,
    /// Where log lines go.
    pub log: Log,
    /// AWS's limits, or others.
    pub limits: Limits,
    /// What is to go wrong, if anything is.
    pub chaos: Option<Chaos>,
    /// Whether requests to `@connections` and to the Invoke API must be signed by somebody who may do what they ask for.
    pub iam: bool,
    /// Where the keys of issuers of tokens are, by issuer, if not at its own address: at another one, or in a file.
    pub issuers: BTreeMap<String, String>,
    /// Where data stays between runs; what queues and topics would have got is kept there.
    pub data: Option<PathBuf>,
    /// Where events are recorded, if they are.
    pub recorder: Option<Recorder>,
}

/// A folder of static files, served as Netlify would.
#[derive(Debug, Clone)]
pub struct Site {
    /// What the build made.
    pub folder: PathBuf,
    /// Placeholders and what takes their place in text files.
    pub replace: BTreeMap<String, String>,
}

/// Every listener, bound on 127.0.0.1.
#[derive(Debug)]
pub struct Bound {
    addresses: Addresses,
    http: BTreeMap<String, TcpListener>,
    urls: BTreeMap<String, TcpListener>,
    websocket: BTreeMap<String, TcpListener>,
    lambda: TcpListener,
    site: Option<TcpListener>,
    s3: Option<TcpListener>,
    authority: Option<Authority>,
}

/// A cloud that is being served. Dropped, it ends at once; [`Running::shutdown`] ends it in order.
#[derive(Debug)]
pub struct Running {
    addresses: Addresses,
    lambda: Lambda,
    https: BTreeMap<String, Arc<Current<HttpApi>>>,
    urls: BTreeMap<String, Arc<Current<FunctionUrl>>>,
    websockets: BTreeMap<String, WebSocket>,
    schedules: Mutex<Schedules>,
    storm: Option<Storm>,
    log: Log,
    options: Options,
    issuers: BTreeMap<String, String>,
    tasks: JoinSet<()>,
    /// Of buckets whose objects are not to stay.
    _folder: Option<tempfile::TempDir>,
}

/// What is to run in place of what runs.
#[derive(Debug, Clone)]
pub struct Change {
    /// The functions and APIs. There are the same APIs as before, with the same stages, and the same function URLs.
    pub cloud: Cloud,
    /// As in [`Setup`].
    pub programs: BTreeMap<String, PathBuf>,
    /// As in [`Setup`].
    pub environment: BTreeMap<String, String>,
    /// As in [`Setup`].
    pub extra_environment: BTreeMap<String, String>,
    /// Functions whose code has changed, although nothing else of them has.
    pub stale: BTreeSet<String>,
}

/// The time tables of all functions, running.
#[derive(Debug)]
struct Schedules {
    of: String,
    /// Dropped, they end.
    _tasks: JoinSet<()>,
}

impl Schedules {
    fn start(cloud: &Cloud, lambda: &Lambda, options: &Options) -> Self {
        let mut tasks = JoinSet::new();
        let calendar = Calendar {
            lambda: lambda.clone(),
            region: options.variables.region().to_owned(),
            minute: options.limits.minute,
            log: options.log.clone(),
        };
        for (id, function) in &cloud.functions {
            for schedule in function.schedules.clone() {
                tasks.spawn(calendar.clone().keep(id.clone(), schedule));
            }
        }
        Self { of: Self::of(cloud), _tasks: tasks }
    }

    /// All that they go by.
    fn of(cloud: &Cloud) -> String {
        let of = |(id, function): (&String, &Function)| format!("{id} {:?}", function.schedules);
        cloud.functions.iter().filter(|(_, function)| !function.schedules.is_empty()).map(of).collect()
    }
}

impl Bound {
    /// The addresses, to be put into a site or into variables before anything runs.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Has the ports of the APIs answer in TLS as well, and functions trust it.
    #[must_use]
    pub fn with_tls(self, authority: Authority) -> Self {
        Self { authority: Some(authority), ..self }
    }

    /// Starts to serve. No function runs before it is first invoked.
    pub async fn serve(self, cloud: Cloud, setup: Setup) -> Result<Running> {
        let limits = Arc::new(setup.limits);
        let storm = setup.chaos.map(|chaos| Storm::new(chaos, setup.log.clone()));
        let endpoints = endpoints(&self, &cloud)?;
        let variables = Variables::new(setup.environment, setup.extra_environment, endpoints);
        let iam = Iam::new(&cloud, variables.region(), setup.iam, setup.log.clone())?;
        let options = Options {
            programs: setup.programs,
            invoke: setup.invoke,
            variables: variables.signing_with(iam.credentials()),
            limits: Arc::clone(&limits),
            log: setup.log.clone(),
            iam,
            data: setup.data.clone(),
            storm: storm.clone(),
            recorder: setup.recorder.map(|recorder| recorder.knowing(ids_of(&cloud))),
        };
        let lambda = Lambda::new(&cloud.functions, &options)?;
        let tls = self.authority.as_ref().map(Authority::config);
        let mut tasks = JoinSet::new();
        let schedules = Schedules::start(&cloud, &lambda, &options);
        let mut https = BTreeMap::new();
        let mut http_apis = cloud.http_apis;
        for (id, listener) in self.http {
            if let Some(api) = http_apis.remove(&id) {
                let address = listener.local_addr()?;
                let (limits, log) = (Arc::clone(&limits), setup.log.clone());
                let api = HttpApi::new(api, address, lambda.clone(), limits, log, &setup.issuers);
                let api = Arc::new(Current::new(Arc::new(api)));
                tasks.spawn(HttpApi::serve(Arc::clone(&api), listener, tls.clone()));
                https.insert(id, api);
            }
        }
        let mut urls = BTreeMap::new();
        for (id, listener) in self.urls {
            let (address, lambda) = (listener.local_addr()?, lambda.clone());
            let (limits, log) = (Arc::clone(&limits), setup.log.clone());
            let of = |function| FunctionUrl::of(function, address, lambda, limits, log);
            if let Some(url) = cloud.functions.get(&id).and_then(of) {
                let url = Arc::new(Current::new(Arc::new(url)));
                tasks.spawn(FunctionUrl::serve(Arc::clone(&url), listener, tls.clone()));
                urls.insert(id, url);
            }
        }
        let mut websockets = BTreeMap::new();
        let mut websocket_apis = cloud.websocket_apis;
        for (id, listener) in self.websocket {
            if let Some(api) = websocket_apis.remove(&id) {
                let address = listener.local_addr()?;
                let (limits, log) = (Arc::clone(&limits), setup.log.clone());
                let api = WebSocket::new(api, address, lambda.clone(), limits, log, storm.clone())?;
                tasks.spawn(api.clone().serve(listener, tls.clone()));
                websockets.insert(id, api);
            }
        }
        tasks.spawn(lambda::serve(self.lambda, lambda.clone()));
        if let (Some(listener), Some(site)) = (self.site, setup.site) {
            tasks.spawn(site::serve(listener, site::Site::new(site, limits.keep_alive)));
        }
        let mut folder = None;
        if let Some(listener) = self.s3 {
            let data = match &setup.data {
                Some(data) => data.clone(),
                None => folder.insert(tempfile::tempdir()?).path().to_owned(),
            };
            let s3 = S3::new(&cloud.buckets, &data, lambda.clone(), Arc::clone(&limits), &setup.log)?;
            tasks.spawn(s3.serve(listener));
        }
        tasks.spawn(retire_idle(lambda.clone(), limits.environment_idle));
        Ok(Running {
            addresses: self.addresses,
            lambda,
            https,
            urls,
            websockets,
            schedules: Mutex::new(schedules),
            storm,
            log: setup.log,
            options,
            issuers: setup.issuers,
            tasks,
            _folder: folder,
        })
    }
}

/// Dropped, no process of a function is left, whatever it is at.
impl Drop for Running {
    fn drop(&mut self) {
        self.lambda.kill_all();
    }
}

impl Running {
    /// Where everything is.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Lets whoever knows the token of `about` look on and take part, on this listener.
    pub fn control(&mut self, listener: TcpListener, about: About) {
        let websockets = self.websockets.values().cloned().collect();
        let control = Control::new(about, self.addresses.clone(), self.lambda.clone(), websockets, self.log.clone());
        self.tasks.spawn(control.serve(listener));
    }

    /// Goes on with a changed template, other variables or another build. No socket is closed and no invocation ended by it. Tells what has changed.
    ///
    /// # Errors
    /// Something of it cannot be run; then everything is as it was.
    pub fn replace(&self, change: Change) -> Result<Vec<String>> {
        let Change { cloud, programs, environment, extra_environment, stale } = change;
        cloud.websocket_apis.values().try_for_each(WebSocket::check)?;
        let lacks = cloud.functions.keys().find(|id| !programs.contains_key(*id) && self.options.invoke.is_none());
        if let Some(id) = lacks {
            bail!("the function {id} has no executable");
        }
        let identities = self.options.iam.identities(&cloud)?;
        let domains = domains(&cloud, self.options.variables.apis());
        let variables = self.options.variables.with(environment, extra_environment, domains);
        let variables = variables.signing_with(identities.credentials());
        let options = Options { programs, variables, ..self.options.clone() };
        let mut told = self.lambda.replace(&cloud.functions, &options, &stale)?;
        // What could still be refused was checked before.
        self.options.iam.replace(identities);
        // Whether an API is another one shows in how it is written out, whatever it is made of.
        for (id, api) in &self.https {
            if let Some(new) = cloud.http_apis.get(id)
                && format!("{new:?}") != format!("{:?}", api.get().model())
            {
                api.set(Arc::new(api.get().replaced(new.clone(), &self.issuers)));
                told.push(format!("{id} changed"));
            }
        }
        for (id, url) in &self.urls {
            if let Some(new) = cloud.functions.get(id).and_then(|function| url.get().replaced(function)) {
                url.set(Arc::new(new));
                told.push(format!("the function URL of {id} changed"));
            }
        }
        for (id, api) in &self.websockets {
            if let Some(new) = cloud.websocket_apis.get(id)
                && format!("{new:?}") != format!("{:?}", api.model())
            {
                api.replace(new.clone())?;
                told.push(format!("{id} changed"));
            }
        }
        let mut schedules = self.schedules.lock().unwrap_or_else(PoisonError::into_inner);
        if schedules.of != Schedules::of(&cloud) {
            *schedules = Schedules::start(&cloud, &self.lambda, &options);
            told.push("schedules begin anew".to_owned());
        }
        Ok(told)
    }

    /// Stops all faults from now on: frozen processes go on, delayed frames arrive, posts that hang are answered with 500, and the
    /// limits of sockets that are open are AWS's again. What has been lost stays lost.
    pub fn calm(&self) {
        self.storm.iter().for_each(Storm::calm);
    }

    /// How often each fault of [`Setup::chaos`] has happened, by its name; empty without a chaos.
    pub fn faults(&self) -> BTreeMap<&'static str, u64> {
        self.storm.as_ref().map(Storm::faults).unwrap_or_default()
    }

    /// Waits until the chaos wants the database to be killed, which is up to the caller, who has it; for ever if it never does. Counts it.
    pub async fn database_dies(&self) {
        match &self.storm {
            Some(storm) => storm.database_dies().await,
            None => std::future::pending().await,
        }
    }

    /// Cuts every socket at once: the clients get a reset and no close frame.
    pub fn cut_all(&self) {
        self.websockets.values().for_each(WebSocket::cut_all);
    }

    /// Stops the chaos, closes every socket with 1001, lets `$disconnect` run for a moment, and ends every process.
    pub async fn shutdown(mut self) {
        self.calm();
        join_all(self.websockets.values().map(WebSocket::close_all)).await;
        self.tasks.shutdown().await;
        let _ = timeout(KILLED_WITHIN, self.lambda.shut_down()).await;
    }

    /// The connection ids of the open sockets, of all WebSocket APIs.
    pub fn connections(&self) -> Vec<String> {
        self.websockets.values().flat_map(WebSocket::connections).collect()
    }

    /// How many sockets are open, of all WebSocket APIs.
    pub fn sockets(&self) -> usize {
        self.websockets.values().map(WebSocket::sockets).sum()
    }

    /// The processes of a function, by its logical id.
    pub fn processes(&self, function: &str) -> Vec<u32> {
        self.lambda.environments(function)
    }

    /// Kills one process of a function, as a crash would. Whether there was one.
    pub fn kill(&self, process: u32) -> bool {
        self.lambda.kill(process)
    }
}

async fn retire_idle(lambda: Lambda, idle: Duration) {
    let mut ticks = interval((idle / 4).clamp(Duration::from_millis(10), Duration::from_secs(30)));
    loop {
        ticks.tick().await;
        lambda.retire_idle();
    }
}

/// The logical ids of APIs by their ids.
fn ids_of(cloud: &Cloud) -> BTreeMap<String, String> {
    let http = cloud.http_apis.values().map(|api| (api.id.clone(), api.logical_id.clone()));
    http.chain(cloud.websocket_apis.values().map(|api| (api.id.clone(), api.logical_id.clone()))).collect()
}

fn endpoints(bound: &Bound, cloud: &Cloud) -> Result<Endpoints> {
    let mut apis = BTreeMap::new();
    for (id, api) in &cloud.http_apis {
        if let Some(listener) = bound.http.get(id) {
            apis.insert(api.id.clone(), listener.local_addr()?);
        }
    }
    for (id, api) in &cloud.websocket_apis {
        if let Some(listener) = bound.websocket.get(id) {
            apis.insert(api.id.clone(), listener.local_addr()?);
        }
    }
    let mut urls = BTreeMap::new();
    for function in cloud.functions.values() {
        if let (Some(url), Some(listener)) = (&function.url, bound.urls.get(&function.logical_id)) {
            urls.insert(url.id.clone(), listener.local_addr()?);
        }
    }
    let mut management = bound.addresses.management.values();
    let management = match (management.next(), management.next()) {
        (Some(only), None) => Some(only.clone()),
        _ => None,
    };
    let trust = bound.authority.as_ref().map(|authority| authority.variables().clone()).unwrap_or_default();
    let (lambda, s3) = (bound.addresses.lambda.clone(), bound.addresses.s3.clone());
    let domains = domains(cloud, &apis);
    Ok(Endpoints { apis, urls, domains, lambda, s3, management, trust })
}

/// Custom domains, each with the address of the API that it leads to.
fn domains(cloud: &Cloud, apis: &BTreeMap<String, SocketAddr>) -> BTreeMap<String, SocketAddr> {
    let http = cloud.http_apis.values().map(|api| (&api.id, &api.mappings));
    let websocket = cloud.websocket_apis.values().map(|api| (&api.id, &api.mappings));
    let mut domains = BTreeMap::new();
    for (id, mappings) in http.chain(websocket) {
        let Some(address) = apis.get(id) else { continue };
        domains.extend(mappings.iter().map(|mapping| (mapping.domain.clone(), *address)));
    }
    domains
}
