//! Functions behind the WebSocket API.

use std::process::ExitCode;

use lambda_http::aws_lambda_events::event::apigw::ApiGatewayWebsocketProxyRequest;
use lambda_runtime::LambdaEvent;
use serde::Serialize;

use super::{End, Function, Handler};
use crate::error::Source;
use crate::ids::ConnectionId;
use crate::wire::{Failure, Frame};
use crate::{Error, Result};

/// An event of a socket.
pub struct Event(ApiGatewayWebsocketProxyRequest);

/// An answer: to the handshake when the socket is opened, to the client when it sent something.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Protocol>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Protocol {
    #[serde(rename = "Sec-WebSocket-Protocol")]
    protocol: &'static str,
}

/// Serves a function behind the WebSocket API until Lambda ends its environment.
pub fn serve<F: Function<Event = Event, Answer = Answer>>() -> ExitCode {
    super::run::<F>(|handler, end| Box::pin(run(handler, end)))
}

async fn run(handler: Handler<Event, Answer>, end: End) -> std::result::Result<(), lambda_runtime::Error> {
    let handler = lambda_runtime::service_fn(move |event: LambdaEvent<ApiGatewayWebsocketProxyRequest>| {
        let answered = handler(Event(event.payload));
        async move { Ok::<Answer, Source>(answered.await.unwrap_or_else(|error| Answer::refused(&error))) }
    });
    super::live(lambda_runtime::Runtime::new(handler), end).await
}

impl Event {
    /// An event of API Gateway, as JSON; for tests.
    pub fn from_event(event: &str) -> std::result::Result<Self, serde_json::Error> {
        serde_json::from_str(event).map(Self)
    }

    /// Which socket.
    pub fn socket(&self) -> Result<ConnectionId> {
        let id = self.0.request_context.connection_id.as_deref();
        id.map(ConnectionId::new).ok_or_else(|| Error::internal("the event has no connection id"))
    }

    /// What the client sent.
    pub fn body(&self) -> &str {
        self.0.body.as_deref().unwrap_or_default()
    }

    /// The subprotocols that the client offers when it connects.
    pub fn protocols(&self) -> Vec<&str> {
        let offered = self.0.headers.get_all("sec-websocket-protocol");
        let lists = offered.iter().filter_map(|value| value.to_str().ok());
        lists.flat_map(|list| list.split(',')).map(str::trim).filter(|protocol| !protocol.is_empty()).collect()
    }

    /// The origin of the page that opens the socket, if a browser does.
    pub fn origin(&self) -> Option<&str> {
        self.0.headers.get("origin").map(|value| value.to_str().unwrap_or_default())
    }

    /// The access token in the Authorization header of the handshake.
    pub fn bearer(&self) -> Option<&str> {
        self.0.headers.get("authorization").and_then(|value| value.to_str().ok()).and_then(super::http::bearer)
    }
}

impl Answer {
    /// Nothing more to say.
    pub fn ok() -> Self {
        Self { status_code: 200, ..Self::default() }
    }

    /// The socket is let in under a subprotocol. API Gateway is known to take it from `headers`; what it does with `multiValueHeaders`
    /// nobody has written down.
    pub fn accepted(protocol: Option<&'static str>) -> Self {
        Self { headers: protocol.map(|protocol| Protocol { protocol }), ..Self::ok() }
    }

    /// A frame for the client, by the route response.
    pub fn frame(frame: &Frame) -> Self {
        Self { body: Some(frame.to_json()), ..Self::ok() }
    }

    /// A refusal of the handshake, or of whatever else could not be done.
    pub fn refused(error: &Error) -> Self {
        error.log();
        let failure = Frame::Error(Failure::new(error, None));
        Self { status_code: error.status(), headers: None, body: Some(failure.to_json()) }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status_code
    }
}

#[cfg(test)]
mod tests;
