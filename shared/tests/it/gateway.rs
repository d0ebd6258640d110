//! A server that plays `@connections`, and the function `fanout`: it notes what is posted to whom, and treats some sockets as it was told to.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_sdk_apigatewaymanagement as sdk;
use parlour::aws::Caller;
use parlour::fanout::{Fanout, Part};
use parlour::gateway::Gateway;
use parlour::ids::ConnectionId;
use parlour::wire::Frame;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Default)]
pub(crate) struct Played {
    pub(crate) posts: HashMap<String, Vec<Frame>>,
    pub(crate) closed: Vec<String>,
    pub(crate) gone: HashSet<String>,
    pub(crate) silent: HashSet<String>,
    pub(crate) throttled: HashMap<String, u32>,
    /// What else a socket is answered.
    pub(crate) answers: HashMap<String, &'static str>,
    /// The paths and the signatures of the requests about a socket.
    pub(crate) asked: Vec<(String, String)>,
    /// How many sockets each invocation of `fanout` posted to.
    pub(crate) parts: Vec<usize>,
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
        let gateway = Gateway::new(&endpoint, caller());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&state), gateway.clone()));
            }
        });
        Self { played, endpoint }
    }

    pub(crate) fn client(&self) -> Gateway {
        Gateway::new(&self.endpoint, caller())
    }

    pub(crate) fn fanout(&self) -> Fanout {
        Fanout::new(&self.endpoint, "fanout", caller())
    }

    /// What was posted to a socket.
    pub(crate) fn heard(&self, socket: &str) -> Vec<Frame> {
        self.played.lock().unwrap().posts.get(socket).cloned().unwrap_or_default()
    }

    pub(crate) fn is_gone(&self, socket: &str) {
        self.played.lock().unwrap().gone.insert(socket.to_owned());
    }
}

fn caller() -> Caller {
    Caller { region: "us-east-1".to_owned(), credentials: Credentials::from_keys("key", "secret", None) }
}

async fn serve(mut stream: TcpStream, played: Arc<Mutex<Played>>, gateway: Gateway) {
    let mut buffer = Vec::new();
    loop {
        let Some((head, body)) = request(&mut stream, &mut buffer).await else { return };
        let mut words = head.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        if path.ends_with("/2015-03-31/functions/fanout/invocations") {
            let part: Value = serde_json::from_slice(&body).unwrap();
            played.lock().unwrap().parts.push(part["sockets"].as_array().unwrap().len());
            let report = serde_json::from_value::<Part>(part).unwrap().post(&gateway).await;
            let report = serde_json::to_string(&report).unwrap();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{report}", report.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
            continue;
        }
        let signature = head.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or_default();
        played.lock().unwrap().asked.push((format!("{method} {path}"), signature.to_owned()));
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
            } else if let Some(answer) = played.answers.get(&socket) {
                answer
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

fn pong() -> String {
    Frame::Pong { id: "1".to_owned(), behind: Vec::new() }.to_json()
}

/// The SDK, at the same server.
fn sdk(fake: &FakeGateway) -> sdk::Client {
    let config = sdk::Config::builder()
        .behavior_version(sdk::config::BehaviorVersion::latest())
        .endpoint_url(&fake.endpoint)
        .region(sdk::config::Region::new("us-east-1"))
        .credentials_provider(Credentials::from_keys("key", "secret", None))
        .retry_config(sdk::config::retry::RetryConfig::disabled())
        .http_client(sdk::config::SharedHttpClient::new(crate::sdk::Hyper::new()))
        .build();
    sdk::Client::from_conf(config)
}

#[tokio::test]
async fn an_answer_means_what_it_means_to_the_sdk() {
    let fake = FakeGateway::start().await;
    for (socket, answer) in [
        ("fine=", "200 OK"),
        ("gone=", "410 Gone\r\nx-amzn-ErrorType: GoneException"),
        ("forbidden=", "403 Forbidden\r\nx-amzn-ErrorType: ForbiddenException"),
        ("large=", "413 Request Entity Too Large\r\nx-amzn-ErrorType: PayloadTooLargeException"),
        ("throttled=", "429 Too Many Requests\r\nx-amzn-ErrorType: LimitExceededException"),
        ("broken=", "500 Internal Server Error\r\nx-amzn-ErrorType: InternalServerError"),
    ] {
        fake.played.lock().unwrap().answers.insert(socket.to_owned(), answer);
        let ours = fake.client().post_to_all(&sockets(&[socket]), "{}").await;
        let data = sdk::primitives::Blob::new("{}");
        let theirs = sdk(&fake).post_to_connection().connection_id(socket).data(data).send().await;
        let expected = match theirs.as_ref().map_err(sdk::error::SdkError::as_service_error) {
            Ok(_) => (1, 0, 0),
            Err(Some(refusal)) if refusal.is_gone_exception() => (0, 1, 0),
            Err(_) => (0, 0, 1),
        };
        assert_eq!((ours.delivered, ours.gone.len(), ours.failed.len()), expected, "{answer}");
        let may_pass = ["429", "500"].iter().any(|status| answer.starts_with(status));
        assert_eq!(ours.repeated, if may_pass { 3 } else { 0 }, "{answer}");
    }
}

#[tokio::test]
async fn a_request_is_addressed_and_signed_as_the_sdk_does_it() {
    let fake = FakeGateway::start().await;
    fake.client().post_to_all(&sockets(&["L0SM9cOFvHcCIhw="]), pong().as_str()).await;
    fake.client().close_all(&sockets(&["L0SM9cOFvHcCIhw="])).await;
    let data = sdk::primitives::Blob::new(pong());
    sdk(&fake).post_to_connection().connection_id("L0SM9cOFvHcCIhw=").data(data).send().await.unwrap();
    sdk(&fake).delete_connection().connection_id("L0SM9cOFvHcCIhw=").send().await.unwrap();
    let asked = fake.played.lock().unwrap().asked.clone();
    let paths: Vec<String> = asked.iter().map(|(path, _)| path.replace('@', "%40")).collect();
    assert_eq!(paths[..2], paths[2..]);
    // `AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=…, Signature=…`
    let scope = |signature: &str| signature.split(", ").next().unwrap().to_owned();
    assert!(asked[0].1.contains("SignedHeaders=") && asked[0].1.contains("host"), "{}", asked[0].1);
    assert_eq!(scope(&asked[0].1), scope(&asked[2].1));
}
