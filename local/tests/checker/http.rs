//! The HTTP side of a client.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

/// For one call. A function that stands still is ended after fifteen seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// For a call that has to succeed.
const INSISTENCE: Duration = Duration::from_secs(90);

#[derive(Clone)]
pub(crate) struct Http {
    base: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Http {
    pub(crate) fn new(base: String) -> Self {
        Self { base, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// The status and the body.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<(u16, Bytes)> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        request = request.header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let answered = async {
            let (head, body) = self.client.request(request.body(Full::new(body.into()))?).await?.into_parts();
            anyhow::Ok((head.status.as_u16(), body.collect().await?.to_bytes()))
        };
        timeout(PATIENCE, answered).await.with_context(|| format!("no answer to {path}"))?
    }

    /// Calls until it succeeds.
    pub(crate) async fn insist<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<T> {
        let began = Instant::now();
        loop {
            let why = match self.call(method.clone(), path, token, body).await {
                Ok((200 | 201, body)) => return serde_json::from_slice(&body).context("an answer that is read"),
                Ok((status, body)) => format!("{status} {}", String::from_utf8_lossy(&body)),
                Err(error) => format!("{error:#}"),
            };
            if began.elapsed() > INSISTENCE {
                bail!("{path}: {why}");
            }
            sleep(Duration::from_millis(200)).await;
        }
    }
}
