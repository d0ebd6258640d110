//! A WebSocket API and its `@connections`, on one port.
//!
//! Handshakes are read here and not by the HTTP library, because events show headers in the case in which the client wrote them, and
//! because an idle socket then costs no more than its own few bytes. Every other request goes to the HTTP library, `@connections` among them.

mod connection;
mod dispatch;
mod entry;
mod event;
mod faults;
pub mod frame;
mod handshake;
mod head;
mod inspect;
mod management;
mod registry;
mod selection;
mod socket;

use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use anyhow::{Context, Result};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::rustls::ServerConfig;

use self::frame::Close;
use self::head::First;
pub(crate) use self::inspect::{Open, Unsent};
use self::registry::Registry;
use self::selection::Selection;
use crate::chaos::Storm;
use crate::gateway::current::Current;
use crate::gateway::{domain, throttle::Buckets};
use crate::lambda::Lambda;
use crate::limits::Limits;
use crate::listen::{self, Stream};
use crate::log::Log;
use crate::model::WebSocketApi;

/// One WebSocket API. Clones are the same API.
#[derive(Debug, Clone)]
pub(crate) struct WebSocket(Arc<Current<Gateway>>);

#[derive(Debug)]
struct Gateway {
    api: WebSocketApi,
    selection: Selection,
    domain: String,
    registry: Arc<Registry>,
    buckets: Buckets,
    lambda: Lambda,
    limits: Arc<Limits>,
    log: Log,
    storm: Option<Storm>,
    /// Where the present version of this gateway is.
    current: Weak<Current<Gateway>>,
}

impl WebSocket {
    pub(crate) fn new(
        api: WebSocketApi,
        address: SocketAddr,
        lambda: Lambda,
        limits: Arc<Limits>,
        log: Log,
        storm: Option<Storm>,
    ) -> Result<Self> {
        let selection = selection(&api)?;
        Ok(Self(Arc::new_cyclic(|current| {
            Current::new(Arc::new(Gateway {
                selection,
                domain: domain(address),
                registry: Arc::default(),
                buckets: Buckets::new(api.throttle, &api.route_throttles),
                api,
                lambda,
                limits,
                log,
                storm,
                current: current.clone(),
            }))
        })))
    }

    /// Whether an API can be served.
    pub(crate) fn check(api: &WebSocketApi) -> Result<()> {
        selection(api).map(drop)
    }

    /// Goes on with another description: routes, selection, stage variables, throttle. Sockets stay open, and what they say from now on
    /// goes by it.
    pub(crate) fn replace(&self, api: WebSocketApi) -> Result<()> {
        let old = self.now();
        self.0.set(Arc::new(Gateway {
            selection: selection(&api)?,
            domain: old.domain.clone(),
            registry: Arc::clone(&old.registry),
            buckets: Buckets::new(api.throttle, &api.route_throttles),
            api,
            lambda: old.lambda.clone(),
            limits: Arc::clone(&old.limits),
            log: old.log.clone(),
            storm: old.storm.clone(),
            current: Arc::downgrade(&self.0),
        }));
        Ok(())
    }

    /// What it was made from.
    pub(crate) fn model(&self) -> WebSocketApi {
        self.now().api.clone()
    }

    fn now(&self) -> Arc<Gateway> {
        self.0.get()
    }

    /// Serves until the task is aborted.
    pub(crate) async fn serve(self, listener: TcpListener, tls: Option<Arc<ServerConfig>>) {
        listen::accept(listener, |stream, peer| serve(self.now(), stream, tls.clone(), peer)).await;
    }

    /// The ids of the open sockets.
    pub(crate) fn connections(&self) -> Vec<String> {
        self.now().registry.all().iter().map(|connection| connection.id.to_string()).collect()
    }

    /// How many sockets are open.
    pub(crate) fn sockets(&self) -> usize {
        self.now().registry.len()
    }

    /// Cuts every socket.
    pub(crate) fn cut_all(&self) {
        self.now().registry.all().iter().for_each(|connection| connection.cut());
    }

    /// Lets nobody in any more, closes every socket with 1001 and waits until `$disconnect` has run for each, as long as [`Limits::shutdown`] allows.
    pub(crate) async fn close_all(&self) {
        self.now().registry.close();
        for connection in self.now().registry.all() {
            connection.close(Close::going_away());
        }
        let _ = timeout(self.now().limits.shutdown, self.now().registry.emptied()).await;
    }
}

impl Gateway {
    /// What of a path follows the stage, or the key under which a custom domain has it.
    fn within<'p>(&self, path: &'p str) -> Option<&'p str> {
        let path = path.trim_start_matches('/');
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        let mut keys = self.api.mappings.iter().map(|mapping| mapping.key.as_str());
        if first == self.api.stage || keys.clone().any(|key| key == first) {
            return Some(rest);
        }
        keys.any(str::is_empty).then_some(path)
    }

    /// The present version of this gateway, for a socket that has outlived another.
    fn newest(self: &Arc<Self>) -> Arc<Self> {
        self.current.upgrade().map_or_else(|| Arc::clone(self), |current| current.get())
    }
}

fn selection(api: &WebSocketApi) -> Result<Selection> {
    Selection::parse(&api.route_selection_expression)
        .with_context(|| format!("the RouteSelectionExpression of {}", api.logical_id))
}

async fn serve(gateway: Arc<Gateway>, stream: TcpStream, tls: Option<Arc<ServerConfig>>, peer: SocketAddr) {
    let Some(mut stream) = Stream::open(stream, tls, gateway.limits.slow_request).await else { return };
    let first = head::read(&mut stream, &gateway.limits).await;
    // Whoever takes their time is answered by what is there then.
    let gateway = gateway.newest();
    match first {
        // Boxed, so that a socket that lives for hours does not hold the room that its handshake needed.
        Some(First::Handshake(head, rest)) => {
            if let Some(socket) = Box::pin(handshake::accept(&gateway, stream, peer, head, rest)).await {
                socket.run(gateway).await;
            }
        }
        Some(First::Other(begun)) => Box::pin(http(&gateway, stream, begun)).await,
        None => {}
    }
}

async fn http(gateway: &Arc<Gateway>, stream: Stream, begun: Vec<u8>) {
    let (read, write) = tokio::io::split(stream);
    let stream = tokio::io::join(std::io::Cursor::new(begun).chain(read), write);
    let answer = |request| {
        let gateway = gateway.newest();
        async move { gateway.manage(request).await }
    };
    listen::http(TokioIo::new(stream), gateway.limits.keep_alive, answer).await;
}
