//! From a message to a function and back. Messages of one connection run at the same time, so replies may overtake one another, as
//! they do on AWS.

use std::sync::Arc;

use serde_json::Value;
use tokio::time::timeout;

use super::connection::Connection;
use super::frame::{self, Close};
use super::{Gateway, event};
use crate::gateway::answer::{Answer, Malformed};
use crate::ids;
use crate::lambda::Invocation;
use crate::model::WebSocketRoute;

/// The routes that only the gateway itself may choose.
const RESERVED: [&str; 2] = ["$connect", "$disconnect"];

impl Gateway {
    /// Runs the route of a message and writes what the client is to hear of it.
    pub(super) async fn dispatch(&self, connection: &Arc<Connection>, message: String) {
        let request_id = ids::gateway_request();
        if let Some(frame) = self.frame(connection, message, &request_id).await {
            // A client that does not read loses replies, too.
            let _ = connection.deliver(frame, self.limits.outgoing);
        }
        connection.concluded();
    }

    async fn frame(&self, connection: &Connection, message: String, request_id: &str) -> Option<bytes::Bytes> {
        let failed = |what: &str| Some(error(what, connection, request_id));
        let found = self.route(&message);
        if !self.buckets.admits(found.map_or("", |(key, _)| key)) {
            // The text of this one is not known.
            return failed("Too Many Requests");
        }
        let Some((key, route)) = found else { return failed("Forbidden") };
        connection.routed(key);
        let trace_root = ids::trace_root();
        let payload = event::message(self, connection, key, &message, request_id);
        drop(message);
        let invocation = Invocation { trace_root: Some(trace_root), ..Invocation::of(payload) };
        let Ok(outcome) = timeout(route.timeout, self.lambda.invoke(&route.function, invocation)).await else {
            self.told(key, "no answer in time");
            return failed("Endpoint request timed out");
        };
        let answer = match outcome.result {
            Ok(answer) => Answer::strict(&answer).map_err(|Malformed(why)| why),
            Err(failure) => Err(failure.told()),
        };
        match answer {
            Ok(answer) if route.two_way => {
                let body = answer.body?;
                if body.len() > self.limits.message {
                    self.told(key, "the reply is larger than a message may be");
                    return failed("Internal server error");
                }
                Some(frame::text(String::from_utf8_lossy(&body).as_bytes(), self.limits.frame))
            }
            Ok(_) => None,
            Err(why) => {
                self.told(key, &why);
                failed("Internal server error")
            }
        }
    }

    fn route(&self, message: &str) -> Option<(&str, &WebSocketRoute)> {
        let selected = self
            .selection
            .select(message)
            .filter(|key| !RESERVED.contains(&key.as_str()))
            .and_then(|key| self.api.routes.get_key_value(&key));
        selected.or_else(|| self.api.routes.get_key_value("$default")).map(|(key, route)| (key.as_str(), route))
    }

    /// `$disconnect`, as well as it can be done.
    pub(super) async fn disconnected(&self, connection: &Connection, close: &Close) {
        let Some(route) = self.api.routes.get("$disconnect") else { return };
        if connection.loses_disconnect() {
            return;
        }
        let payload = event::disconnect(self, connection, close, &ids::gateway_request());
        let running = self.lambda.invoke(&route.function, Invocation::of(payload));
        match timeout(route.timeout, running).await.map(|outcome| outcome.result) {
            Ok(Ok(_)) => {}
            Ok(Err(failure)) => self.told("$disconnect", &failure.told()),
            Err(_) => self.told("$disconnect", "no answer in time"),
        }
    }

    pub(super) fn told(&self, route: &str, why: &str) {
        self.log.line(format!("{} {route} failed: {why}", self.api.logical_id));
    }
}

/// The frame by which the gateway says that something went wrong. Its spaces are those of AWS.
fn error(what: &str, connection: &Connection, request_id: &str) -> bytes::Bytes {
    let message = Value::from(what);
    let text = format!(r#"{{"message": {message}, "connectionId":"{}", "requestId":"{request_id}"}}"#, connection.id);
    frame::text(text.as_bytes(), usize::MAX)
}
