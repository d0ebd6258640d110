//! What a template says, resolved: the plain values that the rest of `local` works with.
//!
//! `template` makes a [`Cloud`] out of a file; nothing else reads YAML, and nothing in here does I/O. Only what `local` can run
//! has a place here: a property that it would have to ignore is refused by `template`, with its line.

pub mod access;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use self::access::{Authorization, Entry, HttpAuthorizer, RouteAccess};

/// Everything that one template deploys, with every intrinsic resolved.
#[derive(Debug, Clone, Default)]
pub struct Cloud {
    /// The Lambda functions, by logical id.
    pub functions: BTreeMap<String, Function>,
    /// The HTTP APIs, by logical id.
    pub http_apis: BTreeMap<String, HttpApi>,
    /// The WebSocket APIs, by logical id.
    pub websocket_apis: BTreeMap<String, WebSocketApi>,
    /// The S3 buckets, by logical id.
    pub buckets: BTreeMap<String, Bucket>,
    /// What the code of each function may do, by the function's logical id.
    pub roles: BTreeMap<String, Role>,
    /// The template's outputs, by name.
    pub outputs: BTreeMap<String, String>,
}

impl Cloud {
    /// The logical ids of the APIs, and of the functions by their URLs, that ask for signatures (`AWS_IAM`).
    #[must_use]
    pub fn signed(&self) -> Vec<&str> {
        let http = self.http_apis.values().filter(|api| api.routes.iter().any(|one| one.access == RouteAccess::Iam));
        let websocket = self.websocket_apis.values().filter(|api| api.entry.authorization == Authorization::Iam);
        let urls = self.functions.values().filter(|one| one.url.as_ref().is_some_and(|url| url.signed));
        let apis = http.map(|api| api.logical_id.as_str()).chain(websocket.map(|api| api.logical_id.as_str()));
        apis.chain(urls.map(|function| function.logical_id.as_str())).collect()
    }
}

/// One Lambda function.
#[derive(Debug, Clone, Default)]
pub struct Function {
    /// Its key under `Resources`.
    pub logical_id: String,
    /// `FunctionName`, or the logical id: what Invoke calls and `AWS_LAMBDA_FUNCTION_NAME` says.
    pub name: String,
    /// `CodeUri`, absolute: for Rust functions the folder of a Cargo package. With inline code the folder of the template, of which nothing is read.
    pub code: PathBuf,
    /// `Metadata.BuildProperties.Binary`, if the package has several binaries.
    pub binary: Option<String>,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// `MemorySize` in MB, as told to the function.
    pub memory_mb: u32,
    /// `ReservedConcurrentExecutions`: the most environments at once; beyond it an invocation is throttled with 429.
    pub reserved_concurrency: Option<u32>,
    /// `Environment.Variables` with the globals merged in.
    pub environment: BTreeMap<String, String>,
    /// `AutoPublishAlias`: the alias of its only version, which is the same program as `$LATEST`.
    pub alias: Option<String>,
    /// What becomes of asynchronous events.
    pub asynchronous: Asynchronous,
    /// When it is invoked by itself.
    pub schedules: Vec<Schedule>,
    /// Its function URL, if it has one.
    pub url: Option<FunctionUrl>,
    /// What runs its code, if it is not a program of its own.
    pub managed: Option<Managed>,
}

/// An address of a function's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionUrl {
    /// 32 lower-case letters and digits, the same at every start.
    pub id: String,
    /// The alias that it is the URL of, if it is one's.
    pub qualifier: Option<String>,
    /// Whether `AuthType` is `AWS_IAM`.
    pub signed: bool,
    /// `InvokeMode` is `RESPONSE_STREAM`: what the function streams arrives while it is made.
    pub streams: bool,
    /// What the address itself answers to a preflight, if anything.
    pub cors: Option<Cors>,
}

/// A function whose code runs on one of Lambda's own runtimes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Managed {
    /// The language and the version that the template asks for.
    pub language: Language,
    /// `Runtime`, for example `python3.13`.
    pub runtime: String,
    /// `Handler`, for example `app.handler`.
    pub handler: String,
    /// `InlineCode`: the whole source, in place of a folder.
    pub inline: Option<String>,
}

/// A language with a runtime of Lambda's own that `local` can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// `nodejs….x`, with the major version.
    Node(u32),
    /// `python3.…`, with the minor version.
    Python(u32),
}

/// What becomes of a function's asynchronous events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asynchronous {
    /// `MaximumRetryAttempts`: how often a failed invocation is repeated (0 to 2).
    pub retries: u8,
    /// `MaximumEventAgeInSeconds`; six hours unless set.
    pub age: Option<Duration>,
    /// `DestinationConfig.OnSuccess`: who is told of an event that was worked off.
    pub on_success: Option<Target>,
    /// `DestinationConfig.OnFailure`: who is told of one that was given up.
    pub on_failure: Option<Target>,
    /// `DeadLetterQueue`: where an event goes that was given up.
    pub dead_letters: Option<Target>,
}

impl Default for Asynchronous {
    /// Lambda's own.
    fn default() -> Self {
        Self { retries: 2, age: None, on_success: None, on_failure: None, dead_letters: None }
    }
}

/// Where an event goes from a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A function of the template, by its logical id.
    Function(String),
    /// An SQS queue, by its name.
    Queue(String),
    /// An SNS topic, by its name.
    Topic(String),
    /// An event bus, by its name.
    Bus(String),
}

/// A time table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its key under `Events`, or the logical id of what is a resource of its own.
    pub name: String,
    /// The name of that resource, or `Name`.
    pub rule: Option<String>,
    /// `GroupName` of a schedule of the scheduler, `default` unless named.
    pub group: Option<String>,
    /// How often, or when.
    pub when: When,
    /// The time zone of the latter, UTC unless named.
    pub zone: Option<String>,
    /// `StartDate`, in seconds since 1970.
    pub starts: Option<u64>,
    /// `EndDate`, in seconds since 1970.
    pub ends: Option<u64>,
    /// It is a `ScheduleV2`, of EventBridge's scheduler, and not a rule.
    pub by_scheduler: bool,
    /// `Input`: what the function is given in place of the rule's event.
    pub input: Option<String>,
}

impl Schedule {
    /// A rule that invokes its function once in so many minutes.
    #[must_use]
    pub fn every(name: &str, minutes: u32) -> Self {
        let when = When::Every(minutes);
        Self {
            name: name.to_owned(),
            rule: None,
            group: None,
            when,
            zone: None,
            starts: None,
            ends: None,
            by_scheduler: false,
            input: None,
        }
    }
}

/// When a schedule invokes its function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// `rate(…)`: once in so many minutes.
    Every(u32),
    /// What stands in `cron(…)`.
    Cron(String),
    /// `at(…)`: once; seconds since 1970 by the clocks of its time zone.
    At(u64),
}

/// One HTTP API (payload format 2.0).
#[derive(Debug, Clone)]
pub struct HttpApi {
    /// Its key under `Resources`.
    pub logical_id: String,
    /// Ten lower-case letters and digits, the same at every start.
    pub id: String,
    /// The stage, `$default` unless named.
    pub stage: String,
    /// Stage variables.
    pub stage_variables: BTreeMap<String, String>,
    /// Routes in the order of the template.
    pub routes: Vec<HttpRoute>,
    /// What the gateway itself answers to a preflight, if anything.
    pub cors: Option<Cors>,
    /// Requests per second and burst of the default route settings, if set.
    pub throttle: Option<Throttle>,
    /// The same of single routes, by key, in place of the default.
    pub route_throttles: BTreeMap<String, Throttle>,
    /// Who decides about requests, by the name by which routes refer to it.
    pub authorizers: BTreeMap<String, HttpAuthorizer>,
    /// Where else it is reached.
    pub mappings: Vec<Mapping>,
}

impl HttpApi {
    /// The API that a function URL is like: every request goes to one function.
    #[must_use]
    pub fn of_one_route(logical_id: &str, id: String, route: HttpRoute) -> Self {
        Self {
            logical_id: logical_id.to_owned(),
            id,
            stage: "$default".to_owned(),
            stage_variables: BTreeMap::new(),
            routes: vec![route],
            cors: None,
            throttle: None,
            route_throttles: BTreeMap::new(),
            authorizers: BTreeMap::new(),
            mappings: vec![],
        }
    }
}

/// One route of an HTTP API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpRoute {
    /// `GET`, or `ANY`.
    pub method: String,
    /// `/rooms/{room}/messages`, `/{proxy+}`, or `$default`.
    pub path: String,
    /// The logical id of the function.
    pub function: String,
    /// Who may take it.
    pub access: RouteAccess,
    /// How long the function may take, if that is not the API's 30 seconds.
    pub timeout: Option<Duration>,
}

impl HttpRoute {
    /// `GET /rooms/{room}`, or `$default`.
    #[must_use]
    pub fn key(&self) -> String {
        if self.path == "$default" { self.path.clone() } else { format!("{} {}", self.method, self.path) }
    }
}

/// The CORS configuration of an HTTP API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cors {
    /// `AllowOrigins`
    pub origins: Vec<String>,
    /// `AllowMethods`
    pub methods: Vec<String>,
    /// `AllowHeaders`
    pub headers: Vec<String>,
    /// `ExposeHeaders`
    pub expose: Vec<String>,
    /// `AllowCredentials`
    pub credentials: bool,
    /// `MaxAge` in seconds.
    pub max_age: Option<u64>,
}

/// A token bucket: `rate` a second, at most `burst` at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throttle {
    /// Tokens added a second.
    pub rate: f64,
    /// The size of the bucket.
    pub burst: u32,
}

/// One WebSocket API.
#[derive(Debug, Clone)]
pub struct WebSocketApi {
    /// Its key under `Resources`.
    pub logical_id: String,
    /// Ten lower-case letters and digits, the same at every start.
    pub id: String,
    /// The stage's name: the first segment of the path that clients connect to.
    pub stage: String,
    /// Stage variables.
    pub stage_variables: BTreeMap<String, String>,
    /// For example `$request.body.action`.
    pub route_selection_expression: String,
    /// The routes by key: `$connect`, `$disconnect`, `$default` and custom ones.
    pub routes: BTreeMap<String, WebSocketRoute>,
    /// Requests per second and burst of the default route settings, if set.
    pub throttle: Option<Throttle>,
    /// The same of single routes, by key, in place of the default.
    pub route_throttles: BTreeMap<String, Throttle>,
    /// What is asked of a handshake before `$connect` runs.
    pub entry: Entry,
    /// Where else it is reached.
    pub mappings: Vec<Mapping>,
}

/// A custom domain, and the path there that leads to an API's stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// `chat.example.org`
    pub domain: String,
    /// The beginning of the path in place of the stage; empty if the whole domain is the API's. An HTTP API's may have several segments.
    pub key: String,
}

/// One route of a WebSocket API.
#[derive(Debug, Clone)]
pub struct WebSocketRoute {
    /// The logical id of the function.
    pub function: String,
    /// Whether the function's answer goes back to the client: `RouteResponseSelectionExpression` is `$default` and a route response
    /// with that key exists.
    pub two_way: bool,
    /// `IntegrationTimeout`, 50 ms to 29 s.
    pub timeout: Duration,
}

/// The role of a function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Role {
    /// As its ARN says it.
    pub name: String,
    /// What it allows and denies.
    pub statements: Vec<Statement>,
    /// Sentences about what of it `local` could not take into account.
    pub doubts: Vec<String>,
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// `Effect` is `Allow`, not `Deny`.
    pub allows: bool,
    /// `Action` or `NotAction`.
    pub actions: Patterns,
    /// `Resource` or `NotResource`: ARNs.
    pub resources: Patterns,
}

/// Texts with `*` for any number of characters and `?` for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patterns {
    /// At least one fits.
    AnyOf(Vec<String>),
    /// None fits.
    NoneOf(Vec<String>),
}

impl Statement {
    /// One that allows these actions on these resources.
    pub fn allow(actions: &[&str], resources: &[&str]) -> Self {
        let owned = |texts: &[&str]| Patterns::AnyOf(texts.iter().map(|text| (*text).to_owned()).collect());
        Self { allows: true, actions: owned(actions), resources: owned(resources) }
    }
}

/// An S3 bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Its key under `Resources`.
    pub logical_id: String,
    /// `BucketName`, or made of the stack's name and the logical id.
    pub name: String,
    /// `CorsConfiguration`: the first rule that fits counts.
    pub cors: Vec<CorsRule>,
    /// Who hears of its objects.
    pub notifications: Vec<Notification>,
}

/// What pages of some origins may do with a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorsRule {
    /// `AllowedOrigins`, each with one `*` at most.
    pub origins: Vec<String>,
    /// `AllowedMethods`
    pub methods: Vec<String>,
    /// `AllowedHeaders`, each with one `*` at most.
    pub headers: Vec<String>,
    /// `ExposedHeaders`
    pub expose: Vec<String>,
    /// `MaxAge` in seconds.
    pub max_age: Option<u64>,
}

/// A function that hears of the objects of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notification {
    /// As the event says it: `configurationId`.
    pub id: String,
    /// The logical id of the function.
    pub function: String,
    /// `s3:ObjectCreated:*`, `s3:ObjectRemoved:Delete`.
    pub events: Vec<String>,
    /// What keys have to begin with.
    pub prefix: String,
    /// What keys have to end with.
    pub suffix: String,
}
