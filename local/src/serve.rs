//! Runs a [`Cloud`] on this machine: binds every address first, so that whatever needs to know one can be told, and then serves.

mod bind;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::chaos::{Chaos, Storm};
use crate::http_api::HttpApi;
use crate::iam::Iam;
use crate::lambda::{self, Endpoints, Lambda, Options, Variables};
pub use crate::limits::Limits;
pub use crate::log::Log;
use crate::model::Cloud;
use crate::s3::S3;
use crate::schedule::Calendar;
use crate::site;
use crate::tls::Authority;
use crate::websocket::WebSocket;

/// How long processes that were killed may take to be gone.
const KILLED_WITHIN: Duration = Duration::from_secs(5);

/// Where to listen on 127.0.0.1; 0 is any free port. A second API of a kind takes the next port.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    /// Of the first HTTP API.
    pub http: u16,
    /// Of the first WebSocket API.
    pub websocket: u16,
    /// Of the Invoke API.
    pub lambda: u16,
    /// Of the static site.
    pub site: u16,
    /// Of S3.
    pub s3: u16,
}

/// Where everything is, as clients and functions address it.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    /// Logical id and `http://127.0.0.1:3000`, followed by the stage unless that is `$default`.
    pub http: BTreeMap<String, String>,
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
    websockets: BTreeMap<String, WebSocket>,
    storm: Option<Storm>,
    tasks: JoinSet<()>,
    /// Of buckets whose objects are not to stay.
    _folder: Option<tempfile::TempDir>,
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
        let iam = Iam::new(&cloud, variables.region(), setup.iam, setup.log.clone());
        let options = Options {
            programs: setup.programs,
            invoke: setup.invoke,
            variables: variables.signing_with(iam.credentials()),
            limits: Arc::clone(&limits),
            log: setup.log.clone(),
            iam,
            data: setup.data.clone(),
            storm: storm.clone(),
        };
        let lambda = Lambda::new(&cloud.functions, &options)?;
        let tls = self.authority.as_ref().map(Authority::config);
        let mut tasks = JoinSet::new();
        let calendar = Calendar {
            lambda: lambda.clone(),
            region: options.variables.region().to_owned(),
            minute: limits.minute,
            log: setup.log.clone(),
        };
        for (id, function) in &cloud.functions {
            for schedule in function.schedules.clone() {
                tasks.spawn(calendar.clone().keep(id.clone(), schedule));
            }
        }
        let mut http_apis = cloud.http_apis;
        for (id, listener) in self.http {
            if let Some(api) = http_apis.remove(&id) {
                let address = listener.local_addr()?;
                let (limits, log) = (Arc::clone(&limits), setup.log.clone());
                let api = HttpApi::new(api, address, lambda.clone(), limits, log, &setup.issuers);
                tasks.spawn(api.serve(listener, tls.clone()));
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
            let s3 = S3::new(&cloud.buckets, &data, lambda.clone(), Arc::clone(&limits))?;
            tasks.spawn(s3.serve(listener));
        }
        tasks.spawn(retire_idle(lambda.clone(), limits.environment_idle));
        Ok(Running { addresses: self.addresses, lambda, websockets, storm, tasks, _folder: folder })
    }
}

impl Running {
    /// Where everything is.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
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
        for api in self.websockets.values() {
            api.close_all().await;
        }
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

fn endpoints(bound: &Bound, cloud: &Cloud) -> Result<Endpoints> {
    let (mut apis, mut domains) = (BTreeMap::new(), BTreeMap::new());
    for (id, api) in &cloud.http_apis {
        if let Some(listener) = bound.http.get(id) {
            apis.insert(api.id.clone(), listener.local_addr()?);
        }
    }
    for (id, api) in &cloud.websocket_apis {
        if let Some(listener) = bound.websocket.get(id) {
            let address = listener.local_addr()?;
            apis.insert(api.id.clone(), address);
            domains.extend(api.mappings.iter().map(|mapping| (mapping.domain.clone(), address)));
        }
    }
    let mut management = bound.addresses.management.values();
    let management = match (management.next(), management.next()) {
        (Some(only), None) => Some(only.clone()),
        _ => None,
    };
    let trust = bound.authority.as_ref().map(|authority| authority.variables().clone()).unwrap_or_default();
    let (lambda, s3) = (bound.addresses.lambda.clone(), bound.addresses.s3.clone());
    Ok(Endpoints { apis, domains, lambda, s3, management, trust })
}
