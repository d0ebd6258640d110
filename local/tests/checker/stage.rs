//! What runs: the function binaries on `local`, a `mongod` of its own, and people with accounts in rooms.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use http::Method;
use local::Chaos;
use local::model::Cloud;
use local::serve::{Bound, Limits, Log, Ports, Running, Setup};
use local::template::{self, Inputs};
use serde_json::json;
use tempfile::TempDir;

use super::client::{Identity, PASSWORD};
use super::database::Servers;
use super::faults;
use super::http::Http;
use super::random::Random;
use super::settings::Settings;
use super::wire::{Room, Session};

/// The chat, running.
pub(crate) struct Stage {
    pub(crate) running: Running,
    pub(crate) servers: Servers,
    /// The database that it uses.
    pub(crate) database: String,
    pub(crate) http: Http,
    pub(crate) log: Log,
    /// Copies, so that they can be replaced.
    pub(crate) programs: BTreeMap<String, PathBuf>,
    _folder: TempDir,
}

/// The template of the chat.
pub(crate) fn cloud() -> Result<Cloud> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let parameters = BTreeMap::from([("SiteOrigin".to_owned(), "http://127.0.0.1:9".to_owned())]);
    let loaded = template::load(&root.join("template.yaml"), &Inputs { parameters, ..Inputs::default() });
    Ok(loaded.map_err(|problems| anyhow!("the template: {problems:?}"))?.cloud)
}

impl Stage {
    pub(crate) async fn set(settings: &Settings, programs: &BTreeMap<String, PathBuf>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("programs-").tempdir()?;
        let programs = programs
            .iter()
            .map(|(function, program)| {
                let copy = folder.path().join(function);
                std::fs::hard_link(program, &copy).or_else(|_| std::fs::copy(program, &copy).map(drop))?;
                Ok((function.clone(), copy))
            })
            .collect::<Result<BTreeMap<_, _>>>()?;
        let servers = Servers::start(settings.nodes).await?;
        let chaos = faults::chaos(settings.seed, &settings.faults).map(|chaos| Chaos::parse(&chaos)).transpose()?;
        let cloud = cloud()?;
        let log = Log::captured();
        let bound = Bound::bind(&cloud, &Ports::default(), false).await?;
        let database = "checked".to_owned();
        let environment = [
            ("MONGODB_URI", servers.uri().replace("/?", &format!("/{database}?"))),
            ("JWT_SECRET", "the secret of the checker, 32 bytes".to_owned()),
            ("BCRYPT_COST", "4".to_owned()),
            // Nobody types as fast as these clients do.
            ("LIMITS", "send=1000/1000,ask=1000/1000,connect=100/1000,register=1000/1000,room=1000/1000,join=1000/1000,guess=1000/1000,\
                spray=1000/1000".to_owned()),
        ];
        let setup = Setup {
            programs: programs.clone(),
            environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
            extra_environment: BTreeMap::new(),
            site: None,
            invoke: None,
            log: log.clone(),
            limits: Limits::default(),
            chaos,
            iam: false,
            issuers: BTreeMap::new(),
            data: None,
            recorder: None,
        };
        let running = bound.serve(cloud, setup).await?;
        let http = Http::new(running.addresses().http["HttpApi"].clone());
        Ok(Self { running, servers, database, http, log, programs, _folder: folder })
    }

    pub(crate) fn socket_url(&self) -> String {
        self.running.addresses().websocket["WebSocketApi"].clone()
    }

    /// Rooms and people: everybody is in the first room, and in some of the others. Every fifth client is somebody's second one.
    pub(crate) async fn fill(&self, settings: &Settings) -> Result<(Vec<String>, Vec<Identity>)> {
        let mut random = Random::new(settings.seed).fork(1);
        let people = settings.clients - settings.clients / 5;
        let mut rooms: Vec<String> = Vec::new();
        let mut clients: Vec<Identity> = Vec::new();
        for number in 0..settings.clients {
            let first = number.checked_sub(people);
            let name = format!("person-{}", first.unwrap_or(number));
            let body = json!({ "name": name, "password": PASSWORD });
            let path = if first.is_some() { "/login" } else { "/register" };
            let session: Session = self.http.insist(Method::POST, path, None, Some(&body)).await?;
            let token = Some(session.access_token.as_str());
            if number == 0 {
                for room in 0..settings.rooms {
                    let body = json!({ "name": format!("room {room}"), "client_id": format!("room-{room:08}") });
                    let made: Room = self.http.insist(Method::POST, "/rooms", token, Some(&body)).await?;
                    rooms.push(made.id);
                }
            }
            let mine = match first {
                Some(first) => {
                    clients[first].twin = Some(number);
                    clients[first].rooms.clone()
                }
                None => (0..rooms.len()).filter(|room| *room == 0 || number == 0 || random.per_mille(400)).collect(),
            };
            for room in mine.iter().filter(|_| first.is_none() && number > 0) {
                let path = format!("/rooms/{}/join", rooms[*room]);
                let _room: Room = self.http.insist(Method::POST, &path, token, Some(&json!({}))).await?;
            }
            clients.push(Identity { number, name, session, rooms: mine, twin: first });
        }
        Ok((rooms, clients))
    }

    /// Puts a new copy of a function's program in place of the old one, as a build does.
    pub(crate) fn replace(&self, function: &str) -> Result<()> {
        let program = self.programs.get(function).context("a function")?;
        let copy = program.with_extension("new");
        std::fs::copy(program, &copy)?;
        Ok(std::fs::rename(&copy, program)?)
    }
}
