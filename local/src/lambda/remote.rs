//! A function that runs elsewhere: at `cargo lambda watch`, in a debugger, or behind any other Invoke endpoint.
//!
//! `cargo lambda watch` knows a function by the name of its binary. So that is the name that is sent, if the executable is known, and
//! else the function's own.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

use super::{Failure, Invocation, Outcome};
use crate::ids;
use crate::limits::Limits;
use crate::listen::Body;
use crate::model::Function;

/// What a rebuild at the other end may add to the function's own time.
const REBUILD: Duration = Duration::from_secs(120);

/// An Invoke endpoint, for one function.
#[derive(Debug)]
pub(super) struct Remote {
    uri: Uri,
    client: Client<HttpConnector, Body>,
    within: Duration,
    limit: usize,
}

impl Remote {
    pub(super) fn new(endpoint: &str, function: &Function, program: Option<&PathBuf>, limits: &Limits) -> Result<Self> {
        let binary = program.and_then(|path| path.file_name()).and_then(|name| name.to_str());
        let name = binary.or(function.binary.as_deref()).unwrap_or(&function.name);
        let uri = format!("{}/2015-03-31/functions/{name}/invocations", endpoint.trim_end_matches('/'));
        let uri = uri.parse().with_context(|| format!("{endpoint} is not the address of an Invoke endpoint"))?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Ok(Self {
            uri,
            client: Client::builder(TokioExecutor::new()).build(connector),
            within: function.timeout + REBUILD,
            limit: limits.payload,
        })
    }

    pub(super) async fn invoke(&self, invocation: Invocation) -> Outcome {
        let request_id = invocation.request_id.clone().unwrap_or_else(ids::lambda_request);
        let result = match timeout(self.within, self.send(invocation)).await {
            Ok(result) => result
                .unwrap_or_else(|error| Err(Failure::Unavailable(format!("{} does not answer: {error:#}", self.uri)))),
            Err(_) => Err(Failure::Unavailable(format!("{} does not answer", self.uri))),
        };
        Outcome { request_id, result, tail: None, init: None }
    }

    async fn send(&self, invocation: Invocation) -> Result<Result<Bytes, Failure>> {
        let trace = ids::trace(&invocation.trace_root.unwrap_or_else(ids::trace_root));
        let mut request = Request::post(self.uri.clone())
            .header("content-type", "application/json")
            .header("x-amz-invocation-type", "RequestResponse")
            .header("x-amzn-trace-id", trace);
        if let Some(context) = invocation.client_context {
            request = request.header("x-amz-client-context", STANDARD.encode(context));
        }
        let response = self.client.request(request.body(Body::new(invocation.payload))?).await?;
        let (head, body) = response.into_parts();
        let payload = Limited::new(body, self.limit).collect().await.map_err(anyhow::Error::from_boxed)?.to_bytes();
        let failed = head.headers.contains_key("x-amz-function-error");
        Ok(match head.status {
            StatusCode::OK if !failed => Ok(payload),
            StatusCode::OK => Err(Failure::Function(payload)),
            StatusCode::TOO_MANY_REQUESTS => Err(Failure::Throttled),
            status => {
                let said = String::from_utf8_lossy(&payload).into_owned();
                Err(Failure::Unavailable(format!("{} answered {status}: {said}", self.uri)))
            }
        })
    }
}
