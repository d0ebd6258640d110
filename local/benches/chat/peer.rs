//! Another chat to measure beside ours, with Socket.IO.
//!
//! What it has to offer, on this machine:
//!
//! - `POST /register` and `POST /login` with `{"username","password"}`; login answers `{"token"}`, and a name that is taken is answered with 409.
//! - Socket.IO 4 (engine.io protocol 4) over WebSocket at `/socket.io/?EIO=4&transport=websocket`, namespace `/`, where it is told who comes by
//!   `auth: {token}`.
//! - Event `join` with a room's name, acknowledged with `{"ok":true}`. Rooms need not be made.
//! - Event `message` with `{"room","body"}`, acknowledged with `{"ok":true}` when it is stored (with write concern majority, or nothing is compared),
//!   and sent to everybody in the room, its author included, as event `message` with `{"id","room","body",…}`. If `id` is an ObjectId, it is taken for
//!   the message's place in the order in which the room's history is shown.
//!
//! It is started by the benchmark, with `PORT`, `HOST`, `MONGODB_URI`, `JWT_SECRET` and `BCRYPT_COST` in its environment, or by hand. It is
//! whoever listens on its port, and the processes which that has started: their processor time is what it costs.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::cloud;
use super::crowd::Room;
use super::http::Http;
use super::{machine, people, socket};

/// How long it may take until it listens.
const PATIENCE: Duration = Duration::from_secs(30);

const PASSWORD: &str = "correct horse";

/// Ends what it started when its stdin ends: with us, however we end.
const SCRIPT: &str = r#"
exec 3<&0 </dev/null
"$@" 3<&- &
started=$!
read -r _ <&3
kill -s TERM "$started"
wait "$started"
"#;

/// The server.
pub(crate) struct Peer {
    http: String,
    websocket: String,
    pid: u32,
    started: Option<Child>,
}

#[derive(Deserialize)]
struct Login {
    token: String,
}

impl Peer {
    /// One that listens already, such as `http://127.0.0.1:4000`.
    pub(crate) fn at(url: &str) -> Result<Self> {
        let host = url.strip_prefix("http://").context("an address that begins with http://")?.trim_end_matches('/');
        let port: u16 = host.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).context("a port")?;
        let began = Instant::now();
        while TcpStream::connect(host).is_err() {
            ensure!(began.elapsed() < PATIENCE, "nobody listens on {host}");
            std::thread::sleep(Duration::from_millis(50));
        }
        let pid = machine::listener(port).with_context(|| format!("no process of ours listens on port {port}"))?;
        let websocket = format!("ws://{host}/socket.io/?EIO=4&transport=websocket");
        Ok(Self { http: format!("http://{host}"), websocket, pid, started: None })
    }

    /// Starts one. Its output goes where ours goes.
    pub(crate) fn start(command: &str, folder: Option<&Path>, mongodb: &str) -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mongodb = format!("{mongodb}{}w=majority", if mongodb.contains('?') { '&' } else { '?' });
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "peer"]).args(command.split_whitespace());
        if let Some(folder) = folder {
            shell.current_dir(folder);
        }
        shell.env("PORT", port.to_string()).env("HOST", "127.0.0.1").env("MONGODB_URI", mongodb);
        shell.envs(cloud::VARIABLES).env("NODE_ENV", "production");
        let started = shell.stdin(Stdio::piped()).spawn().context("no shell (sh) can be started")?;
        let mut peer = Self::at(&format!("http://127.0.0.1:{port}"))?;
        peer.started = Some(started);
        Ok(peer)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Fills a room, as [`people::room`] does.
    pub(crate) fn room(&self, name: &str, sockets: usize) -> Result<Room> {
        let address = self.http.as_str();
        let persons = sockets.min(people::MOST);
        let tokens = people::several(
            persons,
            || Http::to(address),
            |http, at| {
                let account = json!({ "username": format!("{name}-{at}"), "password": PASSWORD }).to_string();
                let answer = http.call("POST", "/register", None, &account)?;
                ensure!(matches!(answer.status, 200..300 | 409), "POST /register: {}", answer.status);
                let login: Login = http.ask("POST", "/login", None, &account)?;
                Ok(login.token)
            },
        )?;
        let sockets = people::several(
            sockets,
            || Ok(()),
            |(), at| {
                let stream = socket::open(&self.websocket, None)?;
                wait_for(&stream, "0{")?;
                socket::write(&stream, &format!("40{}", json!({ "token": tokens[at % persons] })))?;
                wait_for(&stream, "40")?;
                socket::write(&stream, &format!("420{}", json!(["join", name])))?;
                let ack: Value = serde_json::from_str(&wait_for(&stream, "430")?)?;
                ensure!(ack[0]["ok"] == true, "join was answered with {ack}");
                Ok(stream)
            },
        )?;
        Ok(Room { id: name.to_owned(), sockets })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Some(mut started) = self.started.take() {
            drop(started.stdin.take());
            let _ended = started.wait();
        }
    }
}

/// Reads until a packet of this kind comes; gives what follows the kind.
fn wait_for(stream: &TcpStream, kind: &str) -> Result<String> {
    loop {
        let packet = socket::read(stream)?;
        match packet.as_str() {
            "2" => socket::write(stream, "3")?,
            refusal if refusal.starts_with("44") => bail!("refused: {refusal}"),
            packet => {
                if let Some(rest) = packet.strip_prefix(kind) {
                    return Ok(rest.to_owned());
                }
            }
        }
    }
}
