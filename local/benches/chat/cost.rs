//! What a load would cost: what was measured, times the list prices of AWS (us-east-1, before any discount for volume and any free tier).
//!
//! For a million delivered messages in a room of N, with k of them in a frame on the average, that is
//! `1.00/k + 1.00/N + 1.00/N + 0.20·I/N + Lambda seconds`: the posts, the requests, the replies to them, and I invocations for a request. Here
//! nothing of it is assumed: posts (in pieces), requests, replies, invocations and billed durations are those that were counted. Billed durations
//! on a machine that is saturated are those of a processor that is shared, so they err upwards. Minutes of connections are shown apart, for they
//! are due whether anybody speaks or not.

use super::cloud::Report;

/// Bytes of a message of API Gateway that are billed as one.
pub(crate) const PIECE: usize = 32 * 1024;

/// Dollars for a million messages of a WebSocket API, to clients or from them: pieces of 32 KB.
const MESSAGES: f64 = 1.00;

/// Dollars for a million minutes of a connection.
const CONNECTION_MINUTES: f64 = 0.25;

/// Dollars for a million invocations of Lambda.
const INVOCATIONS: f64 = 0.20;

/// Dollars for a million seconds of one GB on Lambda (arm64).
const GIGABYTE_SECONDS: f64 = 13.333_4;

/// What Lambda would bill for invocations.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lambda {
    pub(crate) invocations: f64,
    pub(crate) gigabyte_seconds: f64,
}

/// What was used while so many messages were delivered.
pub(crate) struct Used {
    pub(crate) deliveries: f64,
    /// Posts of changes, in pieces.
    pub(crate) posts: f64,
    pub(crate) requests: f64,
    pub(crate) replies: f64,
    pub(crate) lambda: Lambda,
    pub(crate) connection_minutes: f64,
}

/// Dollars for a million delivered messages.
pub(crate) struct Bill {
    pub(crate) posts: f64,
    pub(crate) requests: f64,
    pub(crate) replies: f64,
    pub(crate) invocations: f64,
    pub(crate) seconds: f64,
    connections: f64,
}

impl Lambda {
    /// What these invocations are billed, of whatever function.
    pub(crate) fn of(reports: &[Report]) -> Self {
        let gigabyte_seconds = |report: &Report| report.billed_ms / 1000.0 * report.memory_mb / 1024.0;
        Self { invocations: reports.len() as f64, gigabyte_seconds: reports.iter().map(gigabyte_seconds).sum() }
    }

    /// What came since then.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            invocations: self.invocations - before.invocations,
            gigabyte_seconds: self.gigabyte_seconds - before.gigabyte_seconds,
        }
    }
}

impl Used {
    /// At list prices.
    pub(crate) fn bill(&self) -> Bill {
        let each = |price: f64, used: f64| price * used / self.deliveries;
        Bill {
            posts: each(MESSAGES, self.posts),
            requests: each(MESSAGES, self.requests),
            replies: each(MESSAGES, self.replies),
            invocations: each(INVOCATIONS, self.lambda.invocations),
            seconds: each(GIGABYTE_SECONDS, self.lambda.gigabyte_seconds),
            connections: each(CONNECTION_MINUTES, self.connection_minutes),
        }
    }
}

impl Bill {
    /// All but the connections.
    pub(crate) fn total(&self) -> f64 {
        self.posts + self.requests + self.replies + self.invocations + self.seconds
    }
}

impl std::fmt::Display for Bill {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            to,
            "${:.3} (posts {:.3}, requests {:.3}, replies {:.3}, invocations {:.3}, Lambda's seconds {:.3}); connected meanwhile {:.3}",
            self.total(),
            self.posts,
            self.requests,
            self.replies,
            self.invocations,
            self.seconds,
            self.connections
        )
    }
}
