//! The commands' side of the control interface.

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as Http, ResponseFuture};
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::{Absent, Instance};
use crate::listen::Body;

/// A connection to a run.
#[derive(Debug)]
pub(crate) struct Client {
    http: Http<HttpConnector, Body>,
    process: u32,
    address: String,
    token: String,
}

/// What a run answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) value: Value,
}

impl Answer {
    /// What a refusal says.
    pub(crate) fn message(&self) -> &str {
        self.value["message"].as_str().unwrap_or("it was refused")
    }
}

impl Client {
    pub(crate) fn new(instance: &Instance) -> Result<Self, Absent> {
        Ok(Self {
            http: Http::builder(TokioExecutor::new()).build_http(),
            process: instance.process,
            address: instance.address()?.to_owned(),
            token: instance.token.clone(),
        })
    }

    /// The address of the status page, with what opens it.
    pub(crate) fn page(&self) -> String {
        format!("{}/#{}", self.address, self.token)
    }

    /// One call; `path` begins behind `/api/`.
    pub(crate) async fn call(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Result<Answer> {
        let response = self.send(method, path, body.into())?.await.map_err(|error| {
            Absent(format!("`local` (process {}) does not answer at {}: {error}", self.process, self.address))
        })?;
        let status = response.status();
        let bytes =
            response.into_body().collect().await.context("`local` ended in the middle of its answer")?.to_bytes();
        let value = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).context("the answer of `local` is not understood: is it another version?")?
        };
        Ok(Answer { status, value })
    }

    fn send(&self, method: Method, path: &str, body: Bytes) -> Result<ResponseFuture> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/api/{path}", self.address))
            .header("authorization", format!("Bearer {}", self.token))
            .body(Body::new(body))?;
        Ok(self.http.request(request))
    }
}
