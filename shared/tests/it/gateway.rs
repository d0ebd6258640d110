//! A server that plays `@connections`: it notes what is posted to whom, and treats some sockets as it was told to.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use parlour::gateway::{Address, Gateway};
use parlour::ids::ConnectionId;
use parlour::wire::Frame;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Default)]
pub(crate) struct Played {
    pub(crate) posts: HashMap<String, Vec<Frame>>,
    pub(crate) closed: Vec<String>,
    pub(crate) gone: HashSet<String>,
    pub(crate) silent: HashSet<String>,
    pub(crate) throttled: HashMap<String, u32>,
}

#[derive(Clone)]
pub(crate) struct FakeGateway {
    pub(crate) played: Arc<Mutex<Played>>,
    endpoint: String,
}

impl FakeGateway {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/v1", listener.local_addr().unwrap());
        let played = Arc::new(Mutex::new(Played::default()));
        let state = Arc::clone(&played);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&state)));
            }
        });
        Self { played, endpoint }
    }

    pub(crate) fn client(&self) -> Gateway {
        Gateway::new(Address {
            endpoint: self.endpoint.clone(),
            region: "us-east-1".to_owned(),
            credentials: Credentials::from_keys("local", "local", None),
        })
    }

    /// What was posted to a socket.
    pub(crate) fn heard(&self, socket: &str) -> Vec<Frame> {
        self.played.lock().unwrap().posts.get(socket).cloned().unwrap_or_default()
    }

    pub(crate) fn is_gone(&self, socket: &str) {
        self.played.lock().unwrap().gone.insert(socket.to_owned());
    }
}

async fn serve(mut stream: TcpStream, played: Arc<Mutex<Played>>) {
    let mut buffer = Vec::new();
    loop {
        let Some((head, body)) = request(&mut stream, &mut buffer).await else { return };
        let mut words = head.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let socket = path.rsplit('/').next().unwrap().replace("%3D", "=");
        let answer = {
            let mut played = played.lock().unwrap();
            if played.gone.contains(&socket) {
                "410 Gone\r\nx-amzn-ErrorType: GoneException"
            } else if played.silent.contains(&socket) {
                ""
            } else if played.throttled.get(&socket).is_some_and(|left| *left > 0) {
                *played.throttled.get_mut(&socket).unwrap() -= 1;
                "429 Too Many Requests\r\nx-amzn-ErrorType: LimitExceededException"
            } else if method == "DELETE" {
                played.closed.push(socket);
                "204 No Content"
            } else {
                played.posts.entry(socket).or_default().push(serde_json::from_slice(&body).unwrap());
                "200 OK"
            }
        };
        if answer.is_empty() {
            std::future::pending::<()>().await;
        }
        let length = if answer.starts_with("204") { "" } else { "\r\ncontent-length: 0" };
        if stream.write_all(format!("HTTP/1.1 {answer}{length}\r\n\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(buffer[..end].to_vec()).ok()?;
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let whole = end + 4 + length.unwrap_or(0);
            if buffer.len() >= whole {
                let body = buffer[end + 4..whole].to_vec();
                buffer.drain(..whole);
                return Some((head, body));
            }
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

fn sockets(ids: &[&str]) -> Vec<ConnectionId> {
    ids.iter().map(|id| ConnectionId::new(*id)).collect()
}

#[tokio::test]
async fn a_recipient_that_is_gone_throttled_or_silent_harms_no_other() {
    let fake = FakeGateway::start().await;
    fake.is_gone("gone=");
    fake.played.lock().unwrap().silent.insert("silent=".to_owned());
    fake.played.lock().unwrap().throttled.insert("slow=".to_owned(), 2);
    let frame = Frame::Pong { id: "1".to_owned(), behind: Vec::new() };
    let began = Instant::now();
    let posted = fake.client().post_to_all(&sockets(&["gone=", "silent=", "slow=", "well="]), &frame.to_json()).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(posted.gone, sockets(&["gone="]));
    assert_eq!(posted.failed, sockets(&["silent="]));
    assert_eq!(posted.delivered, 2);
    assert_eq!(fake.heard("slow="), std::slice::from_ref(&frame));
    assert_eq!(fake.heard("well="), [frame]);
}

#[tokio::test]
async fn closing_what_is_closed_is_no_failure() {
    let fake = FakeGateway::start().await;
    fake.is_gone("gone=");
    fake.client().close_all(&sockets(&["gone=", "well="])).await;
    assert_eq!(fake.played.lock().unwrap().closed, ["well="]);
}
