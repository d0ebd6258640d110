//! API Gateway's `@connections`: what posts to sockets and closes them. No other module knows which client does it.
//!
//! A post has a deadline of its own, so that one recipient who does not read delays nobody for long; throttling and server errors are
//! repeated with jitter within it, by the SDK. What is told apart is only what the caller can act on: the socket is gone, or it could not
//! be reached this time. Connections go out through `hyper` with `ring` and static root certificates: no default credential
//! chain, no second crypto provider, no certificate store to load at start.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_apigatewaymanagement::config::retry::RetryConfig;
use aws_sdk_apigatewaymanagement::config::timeout::TimeoutConfig;
use aws_sdk_apigatewaymanagement::config::{BehaviorVersion, Region, SharedHttpClient};
use aws_sdk_apigatewaymanagement::error::SdkError;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_sdk_apigatewaymanagement::{Client, Config};
use bytes::Bytes;
use futures_util::StreamExt;

use crate::ids::ConnectionId;

mod connector;

/// How long one post may take, repetitions included.
const DEADLINE: Duration = Duration::from_secs(3);

/// How many posts are under way at once. Each needs a connection; in a Region a post takes 10 to 30 ms.
const AT_ONCE: usize = 64;

/// The management API of the chat's WebSocket API.
#[derive(Debug, Clone)]
pub struct Gateway {
    client: Client,
}

/// Where the management API is and who calls it.
#[derive(Debug, Clone)]
pub struct Address {
    /// `https://{api}.execute-api.{region}.amazonaws.com/{stage}`
    pub endpoint: String,
    /// The Region that requests are signed for.
    pub region: String,
    /// What they are signed with: the environment's own, which live as long as it does.
    pub credentials: Credentials,
}

/// What came of a frame that was posted to many.
#[derive(Debug, Default)]
pub struct Posted {
    /// How many got it.
    pub delivered: usize,
    /// The sockets that are gone for good.
    pub gone: Vec<ConnectionId>,
    /// The sockets that could not be reached this time. They will see the gap.
    pub failed: Vec<ConnectionId>,
}

enum Outcome {
    Delivered,
    Gone,
    Failed,
}

impl Gateway {
    /// Connects to nothing yet.
    pub fn new(address: Address) -> Self {
        let retry = RetryConfig::standard().with_initial_backoff(Duration::from_millis(50)).with_max_attempts(4);
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(address.endpoint)
            .region(Region::new(address.region))
            .credentials_provider(address.credentials)
            .http_client(SharedHttpClient::new(connector::Hyper::new()))
            .retry_config(retry)
            .timeout_config(TimeoutConfig::builder().operation_timeout(DEADLINE).build())
            .build();
        Self { client: Client::from_conf(config) }
    }

    /// Posts a frame to many sockets, to the first ones first. What happens to one does not matter to another.
    pub async fn post_to_all(&self, sockets: &[ConnectionId], frame: &str) -> Posted {
        let data = Bytes::copy_from_slice(frame.as_bytes());
        let data = &data;
        let outcomes = futures_util::stream::iter(sockets.to_vec())
            .map(move |socket| async move {
                let outcome = self.post(&socket, data).await;
                (socket, outcome)
            })
            .buffer_unordered(AT_ONCE);
        outcomes
            .fold(Posted::default(), |mut posted, (socket, outcome)| async move {
                match outcome {
                    Outcome::Delivered => posted.delivered += 1,
                    Outcome::Gone => posted.gone.push(socket),
                    Outcome::Failed => posted.failed.push(socket),
                }
                posted
            })
            .await
    }

    async fn post(&self, socket: &ConnectionId, data: &Bytes) -> Outcome {
        let post = self.client.post_to_connection().connection_id(socket.as_str()).data(Blob::new(data.to_vec()));
        match post.send().await {
            Ok(_) => Outcome::Delivered,
            Err(SdkError::ServiceError(error)) if error.err().is_gone_exception() => Outcome::Gone,
            Err(error) => {
                tracing::warn!(socket = socket.as_str(), error = ?error, "post failed");
                Outcome::Failed
            }
        }
    }

    /// Closes sockets. One that is gone already is as closed as it can be.
    pub async fn close_all(&self, sockets: &[ConnectionId]) {
        futures_util::stream::iter(sockets.to_vec())
            .for_each_concurrent(AT_ONCE, move |socket| async move {
                match self.client.delete_connection().connection_id(socket.as_str()).send().await {
                    Ok(_) => {}
                    Err(SdkError::ServiceError(error)) if error.err().is_gone_exception() => {}
                    Err(error) => tracing::warn!(socket = socket.as_str(), error = ?error, "close failed"),
                }
            })
            .await;
    }
}
