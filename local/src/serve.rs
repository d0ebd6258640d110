//! Stands where the runtime half goes until it is merged: it takes the ports and answers nothing.
#![allow(missing_docs, reason = "to be replaced as a whole")]

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use anyhow::bail;

use crate::model::Cloud;

#[derive(Debug, Clone, Copy)]
pub struct Ports {
    pub http: u16,
    pub websocket: u16,
    pub lambda: u16,
    pub site: u16,
}

#[derive(Debug, Clone, Default)]
pub struct Addresses {
    pub http: BTreeMap<String, String>,
    pub websocket: BTreeMap<String, String>,
    pub management: BTreeMap<String, String>,
    pub lambda: String,
    pub site: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Site {
    pub folder: PathBuf,
    pub replace: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
pub struct Log;

impl Log {
    #[must_use]
    pub fn stdout() -> Self {
        Self
    }

    pub fn flush(&self) {}
}

#[derive(Debug, Clone, Default)]
pub struct Limits {
    _private: (),
}

#[derive(Debug)]
pub struct Setup {
    pub programs: BTreeMap<String, PathBuf>,
    pub environment: BTreeMap<String, String>,
    pub extra_environment: BTreeMap<String, String>,
    pub site: Option<Site>,
    pub invoke: Option<String>,
    pub log: Log,
    pub limits: Limits,
}

#[derive(Debug)]
pub struct Bound {
    addresses: Addresses,
    listeners: Vec<TcpListener>,
}

#[derive(Debug)]
pub struct Running {
    bound: Bound,
}

impl Bound {
    pub async fn bind(cloud: &Cloud, ports: &Ports, site: bool) -> anyhow::Result<Self> {
        let mut listeners = vec![];
        let mut take = |port: u16| match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => {
                let port = listener.local_addr()?.port();
                listeners.push(listener);
                anyhow::Ok(port)
            }
            Err(error) => bail!("port {port} is taken ({error}): stop what uses it, or choose another"),
        };
        let mut addresses = Addresses::default();
        for id in cloud.http_apis.keys() {
            addresses.http.insert(id.clone(), format!("http://127.0.0.1:{}", take(ports.http)?));
        }
        for (id, api) in &cloud.websocket_apis {
            let port = take(ports.websocket)?;
            addresses.websocket.insert(id.clone(), format!("ws://127.0.0.1:{port}/{}", api.stage));
            addresses.management.insert(id.clone(), format!("http://127.0.0.1:{port}/{}", api.stage));
        }
        addresses.lambda = format!("http://127.0.0.1:{}", take(ports.lambda)?);
        if site {
            addresses.site = Some(format!("http://127.0.0.1:{}", take(ports.site)?));
        }
        Ok(Self { addresses, listeners })
    }

    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    pub async fn serve(self, _cloud: Cloud, _setup: Setup) -> anyhow::Result<Running> {
        Ok(Running { bound: self })
    }
}

impl Running {
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.bound.addresses
    }

    pub async fn shutdown(self) {
        drop(self.bound.listeners);
    }
}
