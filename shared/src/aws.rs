//! Requests to AWS: signed by Signature Version 4, over `hyper` with HTTP/1.1 and kept-alive connections. HTTP/2 would put all requests of
//! an environment on one connection, whose silent death then stalls all of them. TLS by `ring` with static root certificates: no default
//! credential chain, no second crypto provider, no certificate store to load at start.
//!
//! The SDK takes three times the processor time for each request; what it does about errors is done here as well, and the tests hold the two
//! against each other.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::digest::{SHA256, digest};

use crate::error::Source;
use crate::{Result, time};

/// How often one request is sent when it is throttled, fails on the other side, or does not arrive.
const ATTEMPTS: u32 = 4;

/// The longest wait before the second attempt; doubled before each further one. The wait is anything up to that, so that those who were
/// throttled together do not come back together.
const BACKOFF: Duration = Duration::from_millis(50);

/// How long an idle connection is kept. API Gateway and Lambda close theirs after a minute or more.
const IDLE: Duration = Duration::from_secs(30);

/// What stands in a path as it is: RFC 3986's unreserved characters.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Who asks, and in which Region.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The Region that requests are signed for.
    pub region: String,
    /// What they are signed with: the environment's own, which live as long as it does.
    pub credentials: Credentials,
}

/// One service at one address.
#[derive(Clone)]
pub(crate) struct Service {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    endpoint: String,
    name: &'static str,
    region: String,
    identity: Identity,
}

/// A body and its hash: sent to many, it is hashed once.
#[derive(Debug, Clone)]
pub(crate) struct Payload {
    bytes: Bytes,
    sha256: String,
}

/// An answer with a status below 500 other than 429.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Payload {
    pub(crate) fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let sha256 = digest(&SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { bytes, sha256 }
    }
}

impl Service {
    /// Connects to nothing yet. The endpoint has no slash at its end.
    pub(crate) fn new(name: &'static str, endpoint: String, caller: Caller) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let tls = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().wrap_connector(tcp);
        let client =
            Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).pool_timer(TokioTimer::new()).build(tls);
        let Caller { region, credentials } = caller;
        Self { client, endpoint, name, region, identity: credentials.into() }
    }

    /// Asks until there is an answer that a repetition would not change, and says how often that was. The caller sets the deadline.
    pub(crate) async fn ask(
        &self,
        method: &Method,
        path: &str,
        payload: &Payload,
        asked: &mut u32,
    ) -> Result<Answer, Source> {
        let uri = format!("{}{path}", self.endpoint);
        loop {
            *asked += 1;
            let answer = self.ask_once(method, &uri, payload).await;
            match answer {
                Ok(answer) if !may_pass(answer.status) => return Ok(answer),
                Ok(answer) if *asked >= ATTEMPTS => {
                    return Err(format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)).into());
                }
                Err(error) if *asked >= ATTEMPTS => return Err(error),
                _ => tokio::time::sleep(BACKOFF.mul_f64(f64::from(1 << (*asked - 1)) * fastrand::f64())).await,
            }
        }
    }

    async fn ask_once(&self, method: &Method, uri: &str, payload: &Payload) -> Result<Answer, Source> {
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .body(Full::new(payload.bytes.clone()))?;
        let params = SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name(self.name)
            .time(UNIX_EPOCH + Duration::from_millis(time::now().millis().unsigned_abs()))
            .settings(SigningSettings::default())
            .build()?
            .into();
        let signed = SignableBody::Precomputed(payload.sha256.clone());
        let signable = SignableRequest::new(method.as_str(), uri, std::iter::empty(), signed)?;
        sign(signable, &params)?.into_parts().0.apply_to_request_http1x(&mut request);
        let (head, body) = self.client.request(request).await?.into_parts();
        // Read to its end, or the connection cannot be used again.
        let body = body.collect().await?.to_bytes();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
}

/// As a part of a path.
pub(crate) fn segment(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, &UNRESERVED)
}

fn may_pass(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}
