//! Binding every address at once, so that a taken port is said before anything else has begun.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;

use anyhow::{Context, Result, anyhow};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpSocket};

use super::{Addresses, Bound, Ports};
use crate::model::Cloud;

/// Connections that may wait to be accepted: a thousand clients may come back at once.
const BACKLOG: u32 = 4096;

impl Bound {
    /// Binds a port for each API of the template, one for the Invoke API, one for S3 if there is a bucket, and one for a site if there is one.
    pub async fn bind(cloud: &Cloud, ports: &Ports, site: bool) -> Result<Self> {
        allow_many_sockets();
        let mut addresses = Addresses::default();
        let mut http = BTreeMap::new();
        let with_url: Vec<_> = cloud.functions.values().filter(|function| function.url.is_some()).collect();
        let (of_http, of_websocket) = ports.spread(cloud.http_apis.len() + with_url.len(), cloud.websocket_apis.len());
        let (mut of_http, of_websocket) = (of_http.into_iter(), of_websocket.into_iter());
        for ((id, api), port) in cloud.http_apis.iter().zip(of_http.by_ref()) {
            let (listener, address) = bind(port, &format!("the HTTP API {id}"), "--http-port")?;
            let stage = if api.stage == "$default" { String::new() } else { format!("/{}", api.stage) };
            addresses.http.insert(id.clone(), format!("http://{address}{stage}"));
            http.insert(id.clone(), listener);
        }
        let mut urls = BTreeMap::new();
        for (function, port) in with_url.into_iter().zip(of_http) {
            let id = &function.logical_id;
            let what = format!("the function URL of {id}");
            let (listener, address) = bind(port, &what, "--http-port")?;
            addresses.urls.insert(id.clone(), format!("http://{address}/"));
            urls.insert(id.clone(), listener);
        }
        let mut websocket = BTreeMap::new();
        for ((id, api), port) in cloud.websocket_apis.iter().zip(of_websocket) {
            let what = format!("the WebSocket API {id}");
            let (listener, address) = bind(port, &what, "--websocket-port")?;
            addresses.websocket.insert(id.clone(), format!("ws://{address}/{}", api.stage));
            addresses.management.insert(id.clone(), format!("http://{address}/{}", api.stage));
            websocket.insert(id.clone(), listener);
        }
        let (lambda, address) = bind(ports.lambda, "Lambda's Invoke API", "--lambda-port")?;
        addresses.lambda = format!("http://{address}");
        let site = if site {
            let (listener, address) = bind(ports.site, "the site", "--site-port")?;
            addresses.site = Some(format!("http://{address}"));
            Some(listener)
        } else {
            None
        };
        let s3 = if cloud.buckets.is_empty() {
            None
        } else {
            let (listener, address) = bind(ports.s3, "S3", "--s3-port")?;
            addresses.s3 = Some(format!("http://{address}"));
            Some(listener)
        };
        Ok(Self { addresses, http, urls, websocket, lambda, site, s3, authority: None })
    }
}

/// Every socket is a file, and most systems allow a process 1,024 of them until it asks for more.
fn allow_many_sockets() {
    let limit = getrlimit(Resource::Nofile);
    // Where it is refused, the old limit stands.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

pub(crate) fn bind(port: u16, what: &str, option: &str) -> Result<(TcpListener, SocketAddr)> {
    let listener = listen(port).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            anyhow!("port {port} for {what} is taken: end what uses it, or choose another with {option}")
        }
        io::ErrorKind::PermissionDenied => {
            anyhow!("port {port} for {what} may not be used by this account: choose one above 1023 with {option}")
        }
        _ => anyhow!("port {port} for {what} cannot be used: {error}"),
    })?;
    let address = listener.local_addr().with_context(|| format!("port {port} for {what}"))?;
    Ok((listener, address))
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    socket.listen(BACKLOG)
}
