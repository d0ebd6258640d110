//! `@connections`: posting to a connection, asking about it, closing it. And what a plain request to the WebSocket API's address gets.
//!
//! The Rust SDK tells a gone connection by the header `x-amzn-ErrorType` alone, and loses the error when a body is neither empty nor JSON.

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use serde_json::json;

use super::Gateway;
use super::connection::Full;
use super::frame::{self, Close};
use super::registry::ConnectionId;
use crate::chaos::Fault;
use crate::gateway::url;
use crate::iam::Wish;
use crate::ids;
use crate::listen::{self, Body, Unread};
use crate::time;

impl Gateway {
    /// Answers a request that is no handshake.
    pub(super) async fn manage(&self, request: Request<Incoming>) -> Response<Body> {
        let mut response = self.managed(request).await;
        if let Ok(id) = HeaderValue::try_from(ids::lambda_request()) {
            response.headers_mut().insert("x-amzn-requestid", id);
        }
        response
    }

    async fn managed(&self, request: Request<Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        if listen::is_of_a_page(&head.headers) {
            return refused(StatusCode::FORBIDDEN, "ForbiddenException", Some("Web pages are not answered here"));
        }
        let path = head.uri.path();
        let Some(rest) = self.within(path) else {
            return refused(StatusCode::FORBIDDEN, "ForbiddenException", Some("Forbidden"));
        };
        let Some(id) = rest.strip_prefix("@connections/").or_else(|| rest.strip_prefix("%40connections/")) else {
            return if head.method == Method::GET && rest.is_empty() {
                let mut response = upgrade_required();
                // A handshake is one only as the first request of its connection: the next attempt comes on another.
                if head.headers.contains_key(header::UPGRADE) {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                response
            } else {
                refused(
                    StatusCode::FORBIDDEN,
                    "MissingAuthenticationTokenException",
                    Some("Missing Authentication Token"),
                )
            };
        };
        if ![Method::POST, Method::GET, Method::DELETE].contains(&head.method) {
            let message = Some("Missing Authentication Token");
            return refused(StatusCode::FORBIDDEN, "MissingAuthenticationTokenException", message);
        }
        let id = url::decode(id);
        let payload = match listen::read(body, self.limits.message, self.limits.slow_request).await {
            Ok(payload) => payload,
            Err(Unread::TooLarge) => {
                let message = Some("Message too long");
                let mut response = refused(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException", message);
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                return response;
            }
            Err(_) => return refused(StatusCode::BAD_REQUEST, "BadRequestException", Some("The body is incomplete")),
        };
        let iam = self.lambda.iam();
        let wish = || {
            let resource = format!("{}/{}/{}/@connections/{id}", self.api.id, self.api.stage, head.method);
            Wish {
                service: "execute-api",
                action: "execute-api:ManageConnections",
                resource: iam.arn("execute-api", &resource),
            }
        };
        if let Err(refusal) = iam.admits(&head, &payload, wish) {
            return refusal.response();
        }
        let Some(id) = ConnectionId::parse(&id) else {
            let message = format!("Invalid connectionId: {id}");
            return refused(StatusCode::BAD_REQUEST, "BadRequestException", Some(&message));
        };
        match head.method {
            Method::POST => self.post(id, &payload).await,
            Method::GET => self.get(id),
            _ => self.delete(id),
        }
    }

    async fn post(&self, id: ConnectionId, payload: &[u8]) -> Response<Body> {
        let Some(connection) = self.registry.get(id) else { return gone() };
        let fault = connection.fault_of_post().await;
        if let Some(fault) = fault.filter(|fault| *fault != Fault::Lie) {
            return faulty(fault);
        }
        // A client must close a connection that sends text that is none.
        let text = String::from_utf8_lossy(payload);
        match connection.deliver(frame::text(text.as_bytes(), self.limits.frame), self.limits.outgoing) {
            Ok(()) => fault.map_or_else(|| listen::empty(StatusCode::OK), faulty),
            Err(Full) => limit_exceeded(),
        }
    }

    fn get(&self, id: ConnectionId) -> Response<Body> {
        let Some(connection) = self.registry.get(id) else { return gone() };
        let mut identity = json!({"sourceIp": connection.source_ip.to_string()});
        if let Some(agent) = &connection.user_agent {
            identity["userAgent"] = agent.as_str().into();
        }
        let connection = json!({
            "connectedAt": time::iso(connection.connected_at),
            "identity": identity,
            "lastActiveAt": time::iso(connection.last_active()),
        });
        listen::json(StatusCode::OK, connection.to_string())
    }

    fn delete(&self, id: ConnectionId) -> Response<Body> {
        let Some(connection) = self.registry.get(id) else { return gone() };
        connection.close(Close::new(1000, "Connection Closed Normally"));
        self.registry.remove(id);
        listen::empty(StatusCode::NO_CONTENT)
    }
}

fn gone() -> Response<Body> {
    refused(StatusCode::GONE, "GoneException", None)
}

fn limit_exceeded() -> Response<Body> {
    refused(StatusCode::TOO_MANY_REQUESTS, "LimitExceededException", None)
}

/// What a post that went wrong on purpose is told.
fn faulty(fault: Fault) -> Response<Body> {
    match fault {
        Fault::Gone => gone(),
        Fault::Throttle => limit_exceeded(),
        _ => listen::message(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error"),
    }
}

fn refused(status: StatusCode, kind: &'static str, message: Option<&str>) -> Response<Body> {
    let mut response = message.map_or_else(|| listen::empty(status), |message| listen::message(status, message));
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(kind));
    response
}

fn upgrade_required() -> Response<Body> {
    let mut response = listen::message(StatusCode::UPGRADE_REQUIRED, "Upgrade Required");
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    response
}
