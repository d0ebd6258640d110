//! API Gateway's `@connections`: what posts to sockets and closes them.
//!
//! A post has a deadline of its own, so that one recipient who does not read delays nobody for long; throttling and server errors are
//! repeated with jitter within it. What is told apart is only what the caller can act on: the socket is gone, or it could not be reached
//! this time.

use std::time::Duration;

use futures_util::StreamExt;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout, timeout_at};

use crate::aws::{Caller, Payload, Service, segment};
use crate::error::Source;
use crate::ids::ConnectionId;

/// How long one post may take, repetitions included.
const DEADLINE: Duration = Duration::from_secs(3);

/// How long a frame may take to reach all: whoever has not got it by then has not been reached.
const ROUND: Duration = Duration::from_secs(5);

/// How many posts are under way at once. Each needs a connection; in a Region a post takes 10 to 30 ms.
const AT_ONCE: usize = 64;

/// The management API of the chat's WebSocket API.
#[derive(Clone)]
pub struct Gateway {
    service: Service,
}

/// What came of a frame that was posted to many.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Posted {
    /// How many got it.
    pub delivered: usize,
    /// The sockets that are gone for good.
    pub gone: Vec<ConnectionId>,
    /// The sockets that could not be reached this time. They will see the gap.
    pub failed: Vec<ConnectionId>,
    /// How many posts were sent again.
    pub repeated: usize,
}

impl Posted {
    /// Both together.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.delivered += other.delivered;
        self.gone.extend(other.gone);
        self.failed.extend(other.failed);
        self.repeated += other.repeated;
        self
    }
}

enum Outcome {
    Delivered,
    Gone,
    Failed,
}

impl Gateway {
    /// At `https://{api}.execute-api.{region}.amazonaws.com/{stage}`. Connects to nothing yet.
    pub fn new(endpoint: &str, caller: Caller) -> Self {
        Self { service: Service::new("execute-api", endpoint.trim_end_matches('/').to_owned(), caller) }
    }

    /// Posts a frame to many sockets, to the first ones first. What happens to one does not matter to another.
    pub async fn post_to_all(&self, sockets: &[ConnectionId], frame: &str) -> Posted {
        let payload = Payload::new(frame.as_bytes().to_vec());
        let payload = &payload;
        let ends = Instant::now() + ROUND;
        let outcomes = futures_util::stream::iter(sockets.to_vec())
            .map(move |socket| async move {
                let mut sent = 0;
                let asked = self.ask(&Method::POST, &socket, payload, &mut sent);
                let outcome = timeout_at(ends, asked).await.unwrap_or(Outcome::Failed);
                (socket, outcome, sent)
            })
            .buffer_unordered(AT_ONCE);
        outcomes
            .fold(Posted::default(), |mut posted, (socket, outcome, sent)| async move {
                match outcome {
                    Outcome::Delivered => posted.delivered += 1,
                    Outcome::Gone => posted.gone.push(socket),
                    Outcome::Failed => posted.failed.push(socket),
                }
                posted.repeated += sent.saturating_sub(1) as usize;
                posted
            })
            .await
    }

    /// Closes sockets. One that is gone already is as closed as it can be.
    pub async fn close_all(&self, sockets: &[ConnectionId]) {
        let nothing = Payload::new("");
        let nothing = &nothing;
        futures_util::stream::iter(sockets.to_vec())
            .for_each_concurrent(AT_ONCE, move |socket| async move {
                self.ask(&Method::DELETE, &socket, nothing, &mut 0).await;
            })
            .await;
    }

    async fn ask(&self, method: &Method, socket: &ConnectionId, payload: &Payload, sent: &mut u32) -> Outcome {
        let path = format!("/@connections/{}", segment(socket.as_str()));
        let asked = self.service.ask(method, &path, payload, sent);
        let refused: Source = match timeout(DEADLINE, asked).await {
            Ok(Ok(answer)) if answer.status.is_success() => return Outcome::Delivered,
            Ok(Ok(answer)) if answer.status == StatusCode::GONE => return Outcome::Gone,
            Ok(Ok(answer)) => format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)).into(),
            Ok(Err(error)) => error,
            Err(late) => late.into(),
        };
        tracing::warn!(socket = socket.as_str(), %method, error = %crate::error::chain(refused.as_ref()), "not reached");
        Outcome::Failed
    }
}
