//! What a person does: over HTTP, and in a tab with a socket. Everything that comes back is held against the documents.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use parlour::wire::{Catchup, Code, Failure, Frame, Member, Members, Message, Page, Room, Rooms, Session, Verdict};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message as Sent};

use super::leaks::leaks;
use super::spec;
use super::world::SOON;
use crate::signing::Signer;

/// The HTTP API.
#[derive(Clone)]
pub(super) struct Http {
    base: String,
    client: Client<HttpConnector, Full<Bytes>>,
    /// Sent along with every request.
    header: Option<(&'static str, &'static str)>,
    /// Whether requests are signed for `@connections`.
    signs: bool,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: http::HeaderMap,
    pub(super) body: Bytes,
}

impl Http {
    pub(super) fn new(base: String) -> Self {
        Self { base, client: Client::builder(TokioExecutor::new()).build_http(), header: None, signs: false }
    }

    /// The same, with a header.
    pub(super) fn with(&self, name: &'static str, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self.clone() }
    }

    /// The same, signed by whoever is at the machine.
    pub(super) fn signing(self) -> Self {
        Self { signs: true, ..self }
    }

    pub(super) async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        self.send(Method::POST, path, token, body.to_string().into()).await
    }

    pub(super) async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.send(Method::GET, path, token, Bytes::new()).await
    }

    pub(super) async fn delete(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        self.send(Method::DELETE, path, token, body.to_string().into()).await
    }

    pub(super) async fn send(&self, method: Method, path: &str, token: Option<&str>, body: Bytes) -> Answer {
        let mut request = Request::builder().method(method.clone()).uri(format!("{}{path}", self.base));
        let (name, value) = self.header.unwrap_or(("content-type", "application/json"));
        request = request.header(name, value);
        if name != "content-type" {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let mut request = request.body(Full::new(body.clone())).unwrap();
        if self.signs {
            Signer::developer("execute-api").sign(&mut request, &body);
        }
        let sent = timeout(SOON, self.client.request(request));
        let (head, body) = sent.await.expect("an answer in time").unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let answer = Answer { status: head.status.as_u16(), headers: head.headers, body };
        spec::check_answer(&method, path, &answer);
        answer
    }
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn expect_json<T: DeserializeOwned>(&self, status: u16) -> T {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn expect_failure(&self, status: u16) -> Failure {
        match self.expect_json(status) {
            Frame::Error(failure) => failure,
            other => panic!("{other:?}"),
        }
    }
}

/// Somebody who is signed in.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) session: Session,
    pub(super) http: Http,
    socket_url: String,
}

impl Person {
    pub(super) fn new(http: Http, socket_url: String, session: Session) -> Self {
        Self { session, http, socket_url }
    }

    pub(super) fn token(&self) -> Option<&str> {
        Some(&self.session.access_token)
    }

    pub(super) async fn makes(&self, room: &str) -> Room {
        let body = json!({ "name": room, "client_id": client_id() });
        self.http.post("/rooms", self.token(), &body).await.expect_json(201)
    }

    pub(super) async fn joins(&self, room: &Room) -> Room {
        self.http.post(&format!("/rooms/{}/join", room.id), self.token(), &json!({})).await.expect_json(200)
    }

    pub(super) async fn leaves(&self, room: &Room) {
        let left = self.http.post(&format!("/rooms/{}/leave", room.id), self.token(), &json!({})).await;
        assert_eq!(left.status, 204);
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> Answer {
        self.http.send(Method::PUT, path, self.token(), body.to_string().into()).await
    }

    pub(super) async fn delete(&self, path: &str) -> Answer {
        self.http.send(Method::DELETE, path, self.token(), Bytes::new()).await
    }

    /// Does something about another member of a room: `members/{user}/mute`, `bans/{user}`.
    pub(super) fn about(room: &Room, part: &str, whom: &Self) -> String {
        format!("/rooms/{}/{}", room.id, part.replace("{user}", &whom.session.user.id))
    }

    pub(super) async fn rooms(&self) -> Vec<Room> {
        self.http.get("/rooms", self.token()).await.expect_json::<Rooms>(200).rooms
    }

    pub(super) async fn members(&self, room: &Room) -> Vec<Member> {
        let members = self.http.get(&format!("/rooms/{}/members", room.id), self.token()).await;
        members.expect_json::<Members>(200).members
    }

    pub(super) async fn history(&self, room: &Room, query: &str) -> Page {
        self.http.get(&format!("/rooms/{}/messages?{query}", room.id), self.token()).await.expect_json(200)
    }

    /// Opens a tab and shows a room in it.
    pub(super) async fn opens(&self, room: &Room) -> Tab {
        let mut tab = self.connects(room).await.unwrap();
        tab.position = self.history(room, "limit=1").await.position;
        tab.syncs().await;
        tab
    }

    /// Opens a tab, which has not told anybody yet; or the status and body of the refusal.
    pub(super) async fn connects(&self, room: &Room) -> Result<Tab, (u16, String)> {
        let protocols = format!("parlour.v1, bearer.{}", self.session.access_token);
        let socket = dial(&self.socket_url, &[("sec-websocket-protocol", &protocols)]).await?.0;
        Ok(Tab {
            person: self.clone(),
            room: room.clone(),
            socket,
            heard: VecDeque::new(),
            rest: VecDeque::new(),
            position: 0,
        })
    }
}

type Socket = WebSocketStream<TcpStream>;

/// Opens a socket with these headers; gives the protocol that was chosen, or the status and body of the refusal.
pub(super) async fn dial(
    url: &str,
    headers: &[(&'static str, &str)],
) -> Result<(Socket, Option<String>), (u16, String)> {
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(url.split('/').nth(2).unwrap()).await.unwrap();
    match timeout(SOON, tokio_tungstenite::client_async(request, stream)).await.expect("a handshake in time") {
        Ok((socket, response)) => {
            let protocol = response.headers().get("sec-websocket-protocol");
            Ok((socket, protocol.map(|name| name.to_str().unwrap().to_owned())))
        }
        Err(tungstenite::Error::Http(response)) => {
            let body = String::from_utf8_lossy(response.body().as_deref().unwrap_or_default()).into_owned();
            assert_eq!(leaks(&body), None, "a refused handshake tells {body}");
            Err((response.status().as_u16(), body))
        }
        Err(error) => panic!("{error}"),
    }
}

/// A tab of somebody that shows a room.
pub(super) struct Tab {
    pub(super) person: Person,
    pub(super) room: Room,
    pub(super) socket: Socket,
    /// Frames that nobody has asked about yet.
    pub(super) heard: VecDeque<Frame>,
    /// Up to where this tab has everything.
    /// What came in one frame with what was waited for, behind it.
    rest: VecDeque<Message>,
    pub(super) position: i64,
}

impl Tab {
    pub(super) async fn asks(&mut self, request: &Value) -> Frame {
        self.writes(&request.to_string()).await;
        let id = request["id"].as_str().map(str::to_owned);
        self.finds(&format!("the reply to {request}"), move |frame| match frame {
            Frame::Sent { id: of, .. }
            | Frame::Changed { id: of, .. }
            | Frame::Synced { id: of, .. }
            | Frame::Pong { id: of, .. }
            | Frame::Noted { id: of }
            | Frame::Read { id: of, .. } => Some(of) == id.as_ref(),
            Frame::Error(failure) => failure.id == id,
            _ => false,
        })
        .await
    }

    /// What is wrong with a request.
    pub(super) async fn is_refused(&mut self, request: &Value) -> Failure {
        match self.asks(request).await {
            Frame::Error(failure) => failure,
            other => panic!("{request} was answered with {other:?}"),
        }
    }

    pub(super) async fn writes(&mut self, text: &str) {
        self.socket.send(Sent::text(text)).await.unwrap();
    }

    pub(super) async fn says(&mut self, text: &str) -> Message {
        self.says_as(text, &client_id()).await
    }

    pub(super) async fn says_as(&mut self, text: &str, client_id: &str) -> Message {
        let send =
            json!({ "action": "send", "id": fresh(), "room": self.room.id, "client_id": client_id, "text": text });
        match self.asks(&send).await {
            Frame::Sent { message, .. } => message,
            other => panic!("{other:?}"),
        }
    }

    /// Changes a message of theirs, and gives the position of that.
    pub(super) async fn amends(&mut self, request: Value) -> i64 {
        let mut request = request;
        request["id"] = fresh().into();
        request["room"] = self.room.id.as_str().into();
        match self.asks(&request).await {
            Frame::Changed { rev, .. } => rev,
            other => panic!("{other:?}"),
        }
    }

    /// Says something again and again until it is answered, as a client does.
    pub(super) async fn insists_on(&mut self, text: &str, client_id: &str) -> Message {
        loop {
            if let Ok(message) = timeout(Duration::from_secs(2), self.says_as(text, client_id)).await {
                return message;
            }
        }
    }

    /// Waits for a message in the room's order, and for nothing to be missing before it.
    pub(super) async fn hears(&mut self, text: &str) -> Message {
        self.hears_what(&format!("a message {text:?}"), |message| message.text == text).await
    }

    /// Waits for the change at a position.
    pub(super) async fn hears_of(&mut self, rev: i64) -> Message {
        self.hears_what(&format!("a change at {rev}"), |message| message.rev == rev).await
    }

    async fn hears_what(&mut self, what: &str, wanted: impl Fn(&Message) -> bool) -> Message {
        loop {
            while let Some(message) = self.rest.pop_front() {
                if wanted(&message) {
                    return message;
                }
            }
            let found = self.finds(what, |frame| matches!(frame, Frame::Changes { .. })).await;
            let Frame::Changes { from, to, changes, .. } = found else { continue };
            assert!(from <= self.position + 1, "a gap: from {from} at {}", self.position);
            self.position = self.position.max(to);
            self.rest.extend(changes);
        }
    }

    /// Waits to see somebody come or go.
    pub(super) async fn sees(&mut self, name: &str, here: bool) {
        self.finds(
            &format!("{name} online: {here}"),
            |frame| matches!(frame, Frame::Presence { user, online } if user.name == name && *online == here),
        )
        .await;
    }

    /// Waits for a frame, and puts what comes before it aside.
    pub(super) async fn finds(&mut self, what: &str, wanted: impl Fn(&Frame) -> bool) -> Frame {
        let deadline = tokio::time::Instant::now() + SOON;
        if let Some(at) = self.heard.iter().position(&wanted) {
            return self.heard.remove(at).unwrap();
        }
        loop {
            let Ok(next) = timeout_at(deadline, self.socket.next()).await else {
                panic!("{} waited for {what} and heard {:#?}", self.person.session.user.name, self.heard)
            };
            let frame = match next {
                Some(Ok(Sent::Text(text))) => match spec::check_frame(&text) {
                    Some(frame) => frame,
                    None => continue,
                },
                Some(Ok(Sent::Ping(_) | Sent::Pong(_))) => continue,
                other => panic!("{} waited for {what} and got {other:?}", self.person.session.user.name),
            };
            if wanted(&frame) {
                return frame;
            }
            self.heard.push_back(frame);
        }
    }

    /// The frames of a kind that came until everything before this moment has been answered.
    pub(super) async fn heard_so_far(&mut self) -> Vec<Frame> {
        self.pings().await;
        self.heard.drain(..).collect()
    }

    pub(super) async fn pings(&mut self) -> Vec<String> {
        let rooms = BTreeMap::from([(self.room.id.clone(), self.position)]);
        match self.asks(&json!({ "action": "ping", "id": fresh(), "rooms": rooms })).await {
            Frame::Pong { behind, .. } => behind,
            other => panic!("{other:?}"),
        }
    }

    /// Catches up in the room that the tab shows, in as many requests as it takes.
    pub(super) async fn syncs(&mut self) -> Vec<Catchup> {
        let mut pages = Vec::new();
        loop {
            let rooms = BTreeMap::from([(self.room.id.clone(), self.position)]);
            match self.asks(&json!({ "action": "sync", "id": fresh(), "rooms": rooms })).await {
                Frame::Synced { rooms, more, .. } => {
                    self.follows();
                    for page in &rooms {
                        assert!(page.from <= self.position + 1 || page.verdict == Verdict::Cut, "{page:?}");
                        self.position = self.position.max(page.to);
                    }
                    pages.extend(rooms);
                    if !more {
                        return pages;
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// Takes the frames that have come, and are not looked for, as far as they follow one another.
    fn follows(&mut self) {
        for frame in &self.heard {
            if let Frame::Changes { from, to, .. } = frame
                && *from <= self.position + 1
            {
                self.position = self.position.max(*to);
            }
        }
    }

    /// Waits for the socket to be closed from the other side.
    pub(super) async fn is_closed(&mut self) -> Option<CloseFrame> {
        let deadline = Instant::now() + SOON;
        while Instant::now() < deadline {
            match timeout(SOON, self.socket.next()).await.expect("a close in time") {
                Some(Ok(Sent::Close(frame))) => return frame,
                None | Some(Err(_)) => return None,
                Some(Ok(_)) => {}
            }
        }
        panic!("the socket stayed open");
    }

    pub(super) async fn closes(mut self) {
        self.socket.close(None).await.unwrap();
        let _ = self.is_closed().await;
    }
}

impl Tab {
    /// The next refusal, whatever it refuses.
    pub(super) async fn next_failure(&mut self) -> Failure {
        match self.finds("a refusal", |frame| matches!(frame, Frame::Error(_))).await {
            Frame::Error(failure) => failure,
            other => panic!("{other:?}"),
        }
    }

    /// Syncs, as a client does that misses something, until a message has come.
    pub(super) async fn catches_up_to(&mut self, text: &str) {
        let deadline = Instant::now() + SOON;
        while Instant::now() < deadline {
            let pages = self.syncs().await;
            let frames = self.heard_so_far().await;
            let in_frames = frames.iter().any(|frame| {
                matches!(frame, Frame::Changes { changes, .. } if changes.iter().any(|message| message.text == text))
            });
            if in_frames || pages.iter().any(|page| page.changes.iter().any(|message| message.text == text)) {
                return;
            }
        }
        panic!("{text:?} never came");
    }

    /// The refusal's code.
    pub(super) async fn refused_code(&mut self, request: &Value) -> Code {
        self.is_refused(request).await.code
    }
}

/// A client id that nobody has used.
pub(super) fn client_id() -> String {
    format!("client-{}", fresh())
}

/// A text that nobody has used.
pub(super) fn fresh() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1000);
    NEXT.fetch_add(1, Ordering::Relaxed).to_string()
}
