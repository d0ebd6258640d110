//! Broadcasting to more sockets than one invocation should post to: each part of them by an invocation of `fanout`, waited for, so that frames
//! keep their order.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde::{Deserialize, Serialize};

use crate::aws::{Caller, Payload, Service, segment};
use crate::error::Source;
use crate::gateway::{Gateway, Posted};
use crate::ids::ConnectionId;

/// How many sockets one invocation posts to. With 64 at once and 10 to 30 ms for each post, that takes a tenth of a second.
pub const PART: usize = 250;

/// How long an invocation may take, its start and its repetitions included: longer than a round of posts.
const DEADLINE: Duration = Duration::from_secs(6);

/// The function that posts a part.
#[derive(Clone)]
pub struct Fanout {
    service: Service,
    path: String,
}

/// What one invocation is to do.
#[derive(Debug, Serialize, Deserialize)]
pub struct Part {
    frame: String,
    sockets: Vec<ConnectionId>,
}

impl Part {
    /// Posts the frame to the sockets of this part.
    pub async fn post(self, gateway: &Gateway) -> Posted {
        gateway.post_to_all(&self.sockets, &self.frame).await
    }
}

impl Fanout {
    /// The function with that name or ARN, at the Lambda service of an endpoint.
    pub fn new(endpoint: &str, function: &str, caller: Caller) -> Self {
        let service = Service::new("lambda", endpoint.trim_end_matches('/').to_owned(), caller);
        Self { service, path: format!("/2015-03-31/functions/{}/invocations", segment(function)) }
    }

    /// Posts a frame to many sockets, in parts. A part whose invocation failed has reached nobody for certain.
    pub async fn post_to_all(&self, sockets: &[ConnectionId], frame: &str) -> Posted {
        let mut sockets = sockets.to_vec();
        // Or else those who have been there longest, and are the likeliest to be gone, would all be in one part.
        fastrand::shuffle(&mut sockets);
        let reports = join_all(sockets.chunks(PART).map(|part| self.post(part, frame))).await;
        reports.into_iter().fold(Posted::default(), Posted::and)
    }

    async fn post(&self, sockets: &[ConnectionId], frame: &str) -> Posted {
        let part = Part { frame: frame.to_owned(), sockets: sockets.to_vec() };
        match tokio::time::timeout(DEADLINE, self.invoke(&part)).await.unwrap_or_else(|late| Err(late.into())) {
            Ok(posted) => posted,
            Err(error) => {
                tracing::warn!(error = %crate::error::chain(error.as_ref()), sockets = sockets.len(), "a part was not posted");
                Posted { failed: sockets.to_vec(), ..Posted::default() }
            }
        }
    }

    async fn invoke(&self, part: &Part) -> Result<Posted, Source> {
        let payload = Payload::new(serde_json::to_vec(part)?);
        let answer = self.service.ask(&Method::POST, &self.path, &payload, &mut 0).await?;
        let failed = answer.headers.contains_key("x-amz-function-error");
        if failed || !answer.status.is_success() {
            return Err(format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)).into());
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }
}
