//! What `local`'s own commands see of the open connections and do to them. It needs no signature and suffers no chaos, unlike
//! `@connections`, which is for functions.

use serde::Serialize;

use super::WebSocket;
use super::connection::Full;
use super::frame::{self, Close};
use super::registry::ConnectionId;
use crate::time;

/// An open connection, as it is listed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Open {
    pub(crate) id: String,
    /// The API's logical id.
    pub(crate) api: String,
    pub(crate) stage: String,
    pub(crate) connected_at: String,
    pub(crate) last_active_at: String,
    pub(crate) source_ip: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
    /// The route of the latest message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_route: Option<String>,
    /// Messages that are with functions.
    pub(crate) in_flight: usize,
    /// Bytes that the client has not read yet.
    pub(crate) waiting_bytes: usize,
}

/// Why nothing was posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsent {
    /// This API has no such connection.
    Gone,
    /// More than a message may have: this many bytes.
    TooLarge(usize),
    /// The client does not read what waits for it already.
    Full,
}

impl WebSocket {
    /// The open connections, the oldest first.
    pub(crate) fn open(&self) -> Vec<Open> {
        let gateway = self.now();
        let api = &gateway.api;
        let mut connections = gateway.registry.all();
        connections.sort_by_key(|connection| (connection.connected_at, connection.id.to_string()));
        let told = connections.iter().map(|connection| Open {
            id: connection.id.to_string(),
            api: api.logical_id.clone(),
            stage: api.stage.clone(),
            connected_at: time::iso(connection.connected_at),
            last_active_at: time::iso(connection.last_active()),
            source_ip: connection.source_ip.to_string(),
            user_agent: connection.user_agent.clone(),
            last_route: connection.last_route(api.routes.keys()).map(str::to_owned),
            in_flight: connection.in_flight(),
            waiting_bytes: connection.waiting(),
        });
        told.collect()
    }

    /// Sends a text to a connection.
    pub(crate) fn post(&self, id: &str, data: &[u8]) -> Result<(), Unsent> {
        let gateway = self.now();
        let limits = &gateway.limits;
        let connection = ConnectionId::parse(id).and_then(|id| gateway.registry.get(id)).ok_or(Unsent::Gone)?;
        if data.len() > limits.message {
            return Err(Unsent::TooLarge(limits.message));
        }
        let text = String::from_utf8_lossy(data);
        connection.send(frame::text(text.as_bytes(), limits.frame), limits.outgoing).map_err(|Full| Unsent::Full)
    }

    /// Closes a connection as `DELETE @connections` does. Whether there was one.
    pub(crate) fn disconnect(&self, id: &str) -> bool {
        let gateway = self.now();
        let found = ConnectionId::parse(id).and_then(|id| gateway.registry.get(id));
        let Some(connection) = found else { return false };
        connection.close(Close::new(1000, "Connection Closed Normally"));
        gateway.registry.remove(connection.id);
        true
    }
}
