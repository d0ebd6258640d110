//! A small language for stories: `world.pair("tea")`, `writer.says("hi")`, `reader.hears("hi")`. Every wait has a deadline and, when it
//! passes, says what was heard instead.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use local::model::Cloud;
use local::mongod::Mongod;
use local::programs::{self, Profile};
use local::serve::{Bound, Limits, Log, Ports, Running, Setup};
use local::template::{self, Inputs};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};
use parlour::store::Store;
use parlour::wire::{Room, Session};
use serde_json::json;
use tokio::runtime::Runtime;

use super::client::{Http, Person, Tab};

/// Longer than anything takes on a busy machine.
pub(super) const SOON: Duration = Duration::from_secs(20);

/// How soon somebody who is put out hears nothing more, as it is promised.
pub(super) const BOUND: Duration = Duration::from_secs(2);

/// What tokens are signed with here.
pub(super) const SECRET: &str = "the secret of the end-to-end stories";

/// More than any story does.
const UNLIMITED: &str = "send=10000/10000,ask=10000/10000,connect=10000/10000,register=10000/10000,room=10000/10000,\
    join=10000/10000,invite=10000/10000,find=10000/10000,moderate=10000/10000,guess=10000/10000,spray=10000/10000";

/// A password that is good enough.
pub(super) const PASSWORD: &str = "correct horse";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static MONGOD: LazyLock<Mongod> = LazyLock::new(|| RUNTIME.block_on(Mongod::throwaway()).unwrap());
static PROGRAMS: LazyLock<BTreeMap<String, PathBuf>> =
    LazyLock::new(|| RUNTIME.block_on(programs::build(&cloud(), Profile::Dev)).unwrap());

/// The chat, running, with a database of its own.
///
/// Its fields are reached by methods: a story that named only one of them would take that one along and let the rest end.
pub(super) struct World {
    running: Running,
    log: Log,
    http: Http,
    database: String,
}

/// Tells a story in a world of its own.
pub(super) fn story<F: Future<Output = ()>>(tell: impl FnOnce(World) -> F) {
    let mongod = LazyLock::force(&MONGOD);
    RUNTIME.block_on(async { tell(World::new(mongod, UNLIMITED).await).await });
}

/// Tells a story in which people are held to what they may do by default.
pub(super) fn story_with_limits<F: Future<Output = ()>>(tell: impl FnOnce(World) -> F) {
    let mongod = LazyLock::force(&MONGOD);
    RUNTIME.block_on(async { tell(World::new(mongod, "").await).await });
}

/// Tells a story in which a minute of a schedule takes a second.
pub(super) fn story_with_short_minutes<F: Future<Output = ()>>(tell: impl FnOnce(World) -> F) {
    let mongod = LazyLock::force(&MONGOD);
    let aws = Limits { minute: Duration::from_secs(1), ..Limits::default() };
    RUNTIME.block_on(async { tell(World::with(mongod, UNLIMITED, aws, 4).await).await });
}

/// Tells a story in which a password costs twice as much to hash as in others.
pub(super) fn story_with_dearer_hashes<F: Future<Output = ()>>(tell: impl FnOnce(World) -> F) {
    let mongod = LazyLock::force(&MONGOD);
    RUNTIME.block_on(async { tell(World::with(mongod, UNLIMITED, Limits::default(), 5).await).await });
}

/// Tells a story in which the database is stopped.
pub(super) fn story_with_mongod<F: Future<Output = ()>>(tell: impl FnOnce(World, Mongod) -> F) {
    RUNTIME.block_on(async {
        let mongod = Mongod::throwaway().await.unwrap();
        tell(World::new(&mongod, UNLIMITED).await, mongod).await;
    });
}

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The template, as a browser on this machine would need it.
pub(crate) fn cloud() -> Cloud {
    let parameters = BTreeMap::from([("SiteOrigin".to_owned(), "http://127.0.0.1:9".to_owned())]);
    template::load(&root().join("template.yaml"), &Inputs { parameters, ..Inputs::default() }).unwrap().cloud
}

impl World {
    async fn new(mongod: &Mongod, limits: &str) -> Self {
        Self::with(mongod, limits, Limits::default(), 4).await
    }

    async fn with(mongod: &Mongod, limits: &str, aws: Limits, cost: u32) -> Self {
        static STORIES: AtomicU32 = AtomicU32::new(0);
        let programs = tokio::task::spawn_blocking(|| PROGRAMS.clone()).await.unwrap();
        let cloud = cloud();
        let log = Log::captured();
        let bound = Bound::bind(&cloud, &Ports::default(), false).await.unwrap();
        let name = format!("/story{}?", STORIES.fetch_add(1, Ordering::Relaxed));
        let database = mongod.uri().replace("/?", &name);
        let environment = [
            ("MONGODB_URI", database.clone()),
            ("JWT_SECRET", SECRET.to_owned()),
            ("BCRYPT_COST", cost.to_string()),
            ("LIMITS", limits.to_owned()),
            ("KEEP_DAYS", "30".to_owned()),
        ];
        let setup = Setup {
            programs,
            environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
            extra_environment: BTreeMap::new(),
            site: None,
            invoke: None,
            log: log.clone(),
            limits: aws,
            chaos: None,
            iam: true,
            issuers: BTreeMap::new(),
            data: None,
            recorder: None,
        };
        let running = bound.serve(cloud, setup).await.unwrap();
        let http = Http::new(running.addresses().http["HttpApi"].clone());
        Self { running, log, http, database }
    }

    /// The database of this story.
    pub(super) async fn store(&self) -> Store {
        Store::connect(&self.database).await.unwrap()
    }

    pub(super) fn running(&self) -> &Running {
        &self.running
    }

    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    /// Waits for a line of the log that begins so.
    pub(super) async fn log_says(&self, beginning: &str) {
        let deadline = tokio::time::Instant::now() + SOON;
        while !self.log.lines().iter().any(|line| line.starts_with(beginning)) {
            assert!(tokio::time::Instant::now() < deadline, "{beginning:?} is not in the log");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(super) fn http(&self) -> &Http {
        &self.http
    }

    pub(super) fn socket_url(&self) -> &str {
        &self.running.addresses().websocket["WebSocketApi"]
    }

    pub(super) fn management_url(&self) -> &str {
        &self.running.addresses().management["WebSocketApi"]
    }

    /// Somebody with an account, who is signed in.
    pub(super) async fn person(&self, name: &str) -> Person {
        let body = json!({ "name": name, "password": PASSWORD });
        let session: Session = self.http.post("/register", None, &body).await.expect_json(201);
        Person::new(self.http.clone(), self.socket_url().to_owned(), session)
    }

    /// Somebody signs in once more.
    pub(super) async fn signs_in(&self, name: &str, password: &str) -> Person {
        let body = json!({ "name": name, "password": password });
        let session: Session = self.http.post("/login", None, &body).await.expect_json(200);
        Person::new(self.http.clone(), self.socket_url().to_owned(), session)
    }

    /// Makes somebody an admin, as an operator does with `mongosh`.
    pub(super) async fn empowers(&self, person: &Person) {
        let database = mongodb::Client::with_uri_str(&self.database).await.unwrap().default_database().unwrap();
        let user = doc! { "_id": ObjectId::parse_str(&person.session.user.id).unwrap() };
        let admin = doc! { "$addToSet": { "roles": "admin" } };
        database.collection::<Document>("users").update_one(user, admin).await.unwrap();
    }

    /// Two people with an open tab each, in a room of the first.
    pub(super) async fn pair(&self, room: &str) -> (Tab, Tab) {
        let (anna, ben) = (self.person("anna").await, self.person("ben").await);
        let room: Room = anna.makes(room).await;
        ben.joins(&room).await;
        let mut writer = anna.opens(&room).await;
        let reader = ben.opens(&room).await;
        writer.sees("ben", true).await;
        (writer, reader)
    }
}
