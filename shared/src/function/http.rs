//! Functions behind the HTTP API: requests and answers in JSON, refusals in the envelope of docs/API.md.

use std::process::ExitCode;

use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{End, Function, Handler};
use crate::error::Unauthenticated;
use crate::ids::{InvitationId, RoomId, SessionId, UserId};
use crate::session::{Device, Session, device_name};
use crate::store::Store;
use crate::text::{Invalid, Rule};
use crate::token::Keys;
use crate::wire::{self, Failure, Frame};
use crate::{Error, Result, time};

/// The largest body that is read: twice the largest there is any use for.
const BODY_BYTES: usize = 64 * 1024;

/// A request, as a function sees it.
pub struct Request(lambda_http::Request);

/// An answer.
#[derive(Debug)]
pub struct Reply {
    status: u16,
    body: Option<String>,
}

/// Serves a function behind the HTTP API until Lambda ends its environment.
pub fn serve<F: Function<Event = Request, Answer = Reply>>() -> ExitCode {
    super::run::<F>(|handler, end| Box::pin(run(handler, end)))
}

async fn run(handler: Handler<Request, Reply>, end: End) -> std::result::Result<(), lambda_http::Error> {
    let handler = lambda_http::service_fn(move |request| {
        let answered = handler(Request(request));
        async move { respond(answered.await) }
    });
    super::live(lambda_http::runtime(handler), end).await
}

fn respond(answer: Result<Reply>) -> std::result::Result<Response<Body>, lambda_http::Error> {
    let reply = answer.unwrap_or_else(|error| {
        error.log();
        let failure = Frame::Error(Failure::new(&error, None));
        Reply { status: error.status(), body: Some(failure.to_json()) }
    });
    let response = Response::builder()
        .status(reply.status)
        .header("cache-control", "no-store")
        .header("x-content-type-options", "nosniff")
        .header("strict-transport-security", "max-age=31536000");
    Ok(match reply.body {
        Some(body) => response.header("content-type", "application/json").body(Body::Text(body))?,
        None => response.body(Body::Empty)?,
    })
}

impl Reply {
    /// 200 with a body.
    pub fn ok(body: &impl Serialize) -> Self {
        Self { status: 200, body: Some(wire::to_json(body)) }
    }

    /// 201 with what was made.
    pub fn created(body: &impl Serialize) -> Self {
        Self { status: 201, body: Some(wire::to_json(body)) }
    }

    /// 204.
    pub fn nothing() -> Self {
        Self { status: 204, body: None }
    }
}

impl Request {
    /// An event of API Gateway, as JSON; for tests.
    pub fn from_event(event: &str) -> std::result::Result<Self, serde_json::Error> {
        lambda_http::request::from_str(event).map(Self)
    }

    /// The route of the template that it came by: `POST /rooms/{room}/join`.
    pub fn route(&self) -> Option<String> {
        match self.0.request_context_ref()? {
            RequestContext::ApiGatewayV2(context) => context.route_key.clone(),
            _ => None,
        }
    }

    /// The room in the path. An id that is none names no room, which is no other answer than that of a room that is not mine.
    pub fn room(&self) -> Result<RoomId> {
        self.path("room").and_then(|id| RoomId::parse(&id).ok()).ok_or(Error::NotFound)
    }

    /// The session in the path. An id that is none names no session of mine.
    pub fn session_in_path(&self) -> Result<SessionId> {
        self.path("session").and_then(|id| SessionId::parse(&id).ok()).ok_or(Error::NotFound)
    }

    /// The person in the path. An id that is none names nobody.
    pub fn user_in_path(&self) -> Result<UserId> {
        self.path("user").and_then(|id| UserId::parse(&id).ok()).ok_or(Error::NotFound)
    }

    /// The invitation in the path. An id that is none names no invitation.
    pub fn invitation(&self) -> Result<InvitationId> {
        self.path("invitation").and_then(|id| InvitationId::parse(&id).ok()).ok_or(Error::NotFound)
    }

    /// The number of a message in the path. What is none is no message's.
    pub fn message_in_path(&self) -> Result<i64> {
        self.path("seq").and_then(|seq| seq.parse().ok()).ok_or(Error::NotFound)
    }

    /// A part of the path.
    fn path(&self, name: &str) -> Option<String> {
        self.0.path_parameters_ref()?.first(name).map(str::to_owned)
    }

    /// A parameter of the query.
    pub fn query(&self, name: &str) -> Option<String> {
        self.0.query_string_parameters_ref()?.first(name).map(str::to_owned)
    }

    /// A number in the query.
    pub fn number(&self, name: &'static str) -> Result<Option<i64>, Invalid> {
        self.query(name).map(|text| text.parse().map_err(|_| Invalid::new(name, Rule::Type))).transpose()
    }

    /// `limit` in the query, between 1 and `most`.
    pub fn limit(&self, usual: i64, most: i64) -> Result<i64, Invalid> {
        match self.number("limit")? {
            None => Ok(usual),
            Some(limit) if limit < 1 => Err(Invalid::bounded("limit", Rule::TooSmall, 1)),
            Some(limit) if limit > most => Err(Invalid::bounded("limit", Rule::TooLarge, most.unsigned_abs() as usize)),
            Some(limit) => Ok(limit),
        }
    }

    /// The body. It has to be called what it is: a page of another origin may send anything else in its visitor's name without being asked
    /// whether it may.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        let called = self.0.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !called.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            return Err(Invalid::new("content-type", Rule::Type).into());
        }
        let body: &[u8] = self.0.body();
        if body.len() > BODY_BYTES {
            return Err(Error::TooLarge { limit: BODY_BYTES });
        }
        Ok(wire::parse(body)?)
    }

    /// The session of whoever asks, if their access token is good and it has not ended.
    pub async fn session(&self, keys: &Keys, store: &Store) -> Result<Session> {
        let header = self.0.headers().get("authorization").and_then(|value| value.to_str().ok());
        let token = header.and_then(bearer).ok_or(Error::Unauthenticated(Unauthenticated::Token))?;
        let now = time::now();
        store.session(keys.claims(token, now)?, now).await
    }

    /// Where it came from.
    pub fn device(&self) -> Device {
        let agent = self.0.headers().get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
        Device { address: self.address(), name: device_name(agent) }
    }

    /// The address it came from, as API Gateway saw it. What a header says of it is the client's own word.
    pub fn address(&self) -> String {
        match self.0.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone().unwrap_or_default(),
            _ => String::new(),
        }
    }
}

/// The token of an `Authorization` header.
pub(super) fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
