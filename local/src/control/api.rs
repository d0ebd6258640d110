//! The calls behind `/api/`: all of them JSON, all of them with the token.

use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Control;
use crate::gateway::url;
use crate::lambda::{Failure, Invocation, milliseconds};
use crate::listen::{self, Body, Unread, message};
use crate::log::Wanted;
use crate::websocket::{Open, Unsent, WebSocket};

/// Lines of the log in one answer.
const LINES: usize = 1000;
/// The longest wait for another line; a follower asks again.
const WAIT: Duration = Duration::from_secs(25);

impl Control {
    pub(super) async fn call(&self, call: &str, head: &Parts, body: Incoming) -> Response<Body> {
        let parts: Vec<String> = call.split('/').map(url::decode).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let query = url::query(head.uri.query().unwrap_or_default());
        match (&head.method, parts.as_slice()) {
            (&Method::GET, ["status"]) => json(&self.status()),
            (&Method::GET, ["connections"]) => json(&self.connections()),
            (&Method::POST, ["connections", id]) => match self.body(body, self.limits.payload).await {
                Ok(data) => self.post(id, &data),
                Err(refusal) => refusal,
            },
            (&Method::DELETE, ["connections", id]) => {
                if self.websockets.iter().any(|api| api.disconnect(id)) {
                    listen::empty(StatusCode::NO_CONTENT)
                } else {
                    gone(id)
                }
            }
            (&Method::POST, ["functions", function, "invocations"]) => {
                match self.body(body, self.limits.payload).await {
                    Ok(event) => self.invoke(function, event, &query).await,
                    Err(refusal) => refusal,
                }
            }
            (&Method::GET, ["logs"]) => self.logs(&query).await,
            _ => message(StatusCode::NOT_FOUND, "there is no such call"),
        }
    }

    fn status(&self) -> Value {
        json!({
            "about": self.about,
            "addresses": self.addresses,
            "functions": self.lambda.told(),
            "connections": self.websockets.iter().map(WebSocket::sockets).sum::<usize>(),
        })
    }

    fn connections(&self) -> Vec<Open> {
        self.websockets.iter().flat_map(WebSocket::open).collect()
    }

    fn post(&self, id: &str, data: &[u8]) -> Response<Body> {
        for api in &self.websockets {
            match api.post(id, data) {
                Ok(()) => return listen::empty(StatusCode::NO_CONTENT),
                Err(Unsent::Gone) => {}
                Err(Unsent::TooLarge(most)) => {
                    let told = format!("a message has at most {most} bytes, and this one has {}", data.len());
                    return message(StatusCode::PAYLOAD_TOO_LARGE, &told);
                }
                Err(Unsent::Full) => {
                    let told = format!("the client of {id} does not read what waits for it already");
                    return message(StatusCode::TOO_MANY_REQUESTS, &told);
                }
            }
        }
        gone(id)
    }

    async fn invoke(&self, named: &str, event: Bytes, query: &[(String, String)]) -> Response<Body> {
        let Some(function) = self.lambda.find(named) else {
            let names: Vec<String> = self.lambda.told().into_iter().map(|told| told.function).collect();
            let told = format!("there is no function `{named}`; there are: {}", names.join(", "));
            return message(StatusCode::NOT_FOUND, &told);
        };
        if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&event) {
            return message(StatusCode::BAD_REQUEST, &format!("the event is not JSON: {error}"));
        }
        let has = |name: &str| query.iter().any(|(key, _)| key == name);
        let invocation = Invocation { tail: has("log"), ..Invocation::of(event) };
        if has("async") {
            self.lambda.event(&function, invocation);
            return listen::json(StatusCode::ACCEPTED, json!({ "function": function }).to_string());
        }
        let began = Instant::now();
        let outcome = self.lambda.invoke(&function, invocation).await;
        let mut told = json!({
            "function": function,
            "requestId": outcome.request_id,
            "durationMs": milliseconds(began.elapsed()),
            "initMs": outcome.init.map(milliseconds),
            "log": outcome.tail,
        });
        match outcome.result {
            Ok(payload) => told["payload"] = String::from_utf8_lossy(&payload).into(),
            Err(Failure::Function(error)) => told["error"] = String::from_utf8_lossy(&error).into(),
            Err(failure @ Failure::Throttled) => {
                return message(StatusCode::TOO_MANY_REQUESTS, &format!("{function} was {}", failure.told()));
            }
            Err(Failure::Unavailable(why)) => return message(StatusCode::BAD_GATEWAY, &why),
        }
        json(&told)
    }

    async fn logs(&self, query: &[(String, String)]) -> Response<Body> {
        let Some(recent) = self.log.recent() else {
            return message(StatusCode::NOT_FOUND, "this run keeps no lines of its log");
        };
        let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let mut wanted = Wanted {
            after: value("after").and_then(|after| after.parse().ok()).unwrap_or_default(),
            since: value("since").unwrap_or_default().to_owned(),
            of: vec![],
        };
        if let Some(named) = value("of") {
            let Some(of) = self.sources(named) else {
                let told = format!("there is no function and no API `{named}`");
                return message(StatusCode::NOT_FOUND, &told);
            };
            wanted.of = of;
        }
        let wait = if value("wait").is_some() { WAIT } else { Duration::ZERO };
        let (lines, last) = recent.next(&wanted, LINES, wait).await;
        json(&json!({ "lines": lines, "last": last }))
    }

    /// The names under which a function or an API has lines in the log.
    fn sources(&self, named: &str) -> Option<Vec<String>> {
        let functions = self.lambda.told();
        if let Some(told) = functions.into_iter().find(|told| told.function == named || told.name == named) {
            return Some(vec![told.function, told.name]);
        }
        let apis = self.addresses.http.keys().chain(self.addresses.websocket.keys());
        apis.into_iter().find(|api| *api == named).map(|api| vec![api.clone()])
    }

    async fn body(&self, body: Incoming, limit: usize) -> Result<Bytes, Response<Body>> {
        listen::read(body, limit, self.limits.slow_request).await.map_err(|unread| match unread {
            Unread::TooLarge => message(StatusCode::PAYLOAD_TOO_LARGE, &format!("an event has at most {limit} bytes")),
            Unread::TooSlow | Unread::Broken => message(StatusCode::BAD_REQUEST, "the body is incomplete"),
        })
    }
}

fn gone(id: &str) -> Response<Body> {
    message(StatusCode::GONE, &format!("there is no connection {id}: `local connections` lists those that are open"))
}

fn json(value: &impl serde::Serialize) -> Response<Body> {
    // Maps with string keys, strings and numbers always serialize.
    listen::json(StatusCode::OK, serde_json::to_vec(value).unwrap_or_default())
}
