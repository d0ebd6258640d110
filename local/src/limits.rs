//! Every number that AWS sets, and the few that a laptop needs, in one place, so that a test can shorten them and a reader can
//! see where each comes from.

use std::time::Duration;

/// The limits of one run. `Default` is AWS, as far as it is known.
#[derive(Debug, Clone)]
pub struct Limits {
    /// WebSocket: a connection without a message in either direction is closed. API Gateway's quotas: 10 minutes.
    pub idle: Duration,
    /// WebSocket: the longest life of a connection. API Gateway's quotas: 2 hours.
    pub lifetime: Duration,
    /// WebSocket: whether a client's ping keeps its connection from being idle. Reports about AWS conflict; `false` is the
    /// safer test of a client that must keep itself alive.
    pub ping_is_activity: bool,
    /// WebSocket: bytes of one frame. API Gateway's quotas: 32 KB.
    pub frame: usize,
    /// WebSocket: bytes of one message, and of one post. API Gateway's quotas: 128 KB.
    pub message: usize,
    /// WebSocket: bytes that may wait for a client that does not read. AWS documents that there is such a buffer (its overflow
    /// is `LimitExceededException`), not its size.
    pub outgoing: usize,
    /// WebSocket: messages of one connection that may be with functions at once; more stay in the client's TCP buffer. Not a
    /// limit of AWS: it keeps one flooding client from filling the laptop's memory.
    pub messages_at_once: usize,
    /// WebSocket: bytes of the request line. API Gateway's quotas: 4,096.
    pub url: usize,
    /// WebSocket: how long an authorizer may take. Not documented by AWS; an integration has as long.
    pub authorizer: Duration,
    /// HTTP API: how long an authorizer may take. Documented with Lambda authorizers: 10 seconds.
    pub http_authorizer: Duration,
    /// HTTP API: how long an integration may take. API Gateway's quotas: 30 seconds.
    pub http_integration: Duration,
    /// HTTP API: bytes of a body. API Gateway's quotas: 10 MB.
    pub http_body: usize,
    /// Both APIs: bytes of the request line and the headers. API Gateway's quotas: 10,240.
    pub head: usize,
    /// How long a client may take for the head of a request, and for its body; S3: for each piece of its body, as large ones take their time.
    /// Not documented by AWS.
    pub slow_request: Duration,
    /// How long an HTTP connection may stay open between two requests. Longer than the pools of HTTP clients keep one (90
    /// seconds in `hyper`), so that they never meet a connection that is just being closed.
    pub keep_alive: Duration,
    /// Lambda: bytes of a request and of a response. Lambda's quotas: 6 MB; the figure is the one in Lambda's own error message.
    pub payload: usize,
    /// Lambda: bytes of a streamed response. Lambda's quotas: 200 MB.
    pub stream: usize,
    /// Lambda: bytes of an asynchronous event. Lambda's quotas: 1 MB.
    pub event: usize,
    /// Lambda: how long a process may take to its first `/next`. Lambda's quotas: 10 seconds.
    pub init: Duration,
    /// Lambda: environments of all functions at once. Lambda's quotas: 1,000, beyond which invocations are throttled.
    pub account_concurrency: usize,
    /// Lambda: processes of one function. AWS has no such limit: it is what a laptop bears. Beyond it invocations wait for a
    /// free process and are not throttled, because in the cloud they would have run.
    pub environments: usize,
    /// Lambda: whether a process that takes more memory than its function's `MemorySize` is killed.
    pub memory: bool,
    /// Lambda: an environment that nobody needed is ended. AWS documents none; 5 to 15 minutes are observed.
    pub environment_idle: Duration,
    /// Lambda: the waits before the first and the second repetition of a failed asynchronous invocation. AWS documents about
    /// one and two minutes.
    pub retry_after: [Duration; 2],
    /// Lambda: the first wait after a throttled asynchronous invocation, doubled up to 5 minutes. AWS documents 1 second.
    pub throttle_backoff: Duration,
    /// Lambda: how long an asynchronous event is repeated. AWS's default `MaximumEventAgeInSeconds`: 6 hours.
    pub event_age: Duration,
    /// S3: bytes of an object. AWS takes 5 GB at once; here what is uploaded is held in memory until it is there.
    pub object: usize,
    /// Schedules: how long a minute is.
    pub minute: Duration,
    /// How long `$disconnect` invocations may take when everything is shut down. Not a limit of AWS.
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(10 * 60),
            lifetime: Duration::from_secs(2 * 60 * 60),
            ping_is_activity: false,
            frame: 32 * 1024,
            message: 128 * 1024,
            outgoing: 1024 * 1024,
            messages_at_once: 100,
            url: 4096,
            authorizer: Duration::from_secs(29),
            http_authorizer: Duration::from_secs(10),
            http_integration: Duration::from_secs(30),
            http_body: 10 * 1024 * 1024,
            head: 10_240,
            slow_request: Duration::from_secs(30),
            keep_alive: Duration::from_secs(120),
            payload: 6_291_556,
            stream: 200 * 1024 * 1024,
            event: 1024 * 1024,
            init: Duration::from_secs(10),
            account_concurrency: 1000,
            environments: 32,
            memory: false,
            environment_idle: Duration::from_secs(5 * 60),
            retry_after: [Duration::from_secs(60), Duration::from_secs(120)],
            throttle_backoff: Duration::from_secs(1),
            event_age: Duration::from_secs(6 * 60 * 60),
            object: 512 * 1024 * 1024,
            minute: Duration::from_secs(60),
            shutdown: Duration::from_secs(3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Other tests shorten these; what they stand for is looked up here.
    #[test]
    fn the_limits_are_those_that_aws_documents() {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let limits = Limits::default();
        assert_eq!((limits.idle, limits.lifetime), (minutes(10), minutes(120)));
        assert_eq!((limits.frame, limits.message, limits.url), (32 * 1024, 128 * 1024, 4096));
        assert_eq!((limits.http_integration, limits.http_body), (Duration::from_secs(30), 10 * 1024 * 1024));
        assert_eq!((limits.head, limits.payload, limits.event), (10_240, 6_291_556, 1024 * 1024));
        assert_eq!((limits.init, limits.account_concurrency), (Duration::from_secs(10), 1000));
        assert_eq!((limits.retry_after, limits.event_age), ([minutes(1), minutes(2)], minutes(6 * 60)));
        assert_eq!((limits.throttle_backoff, limits.minute), (Duration::from_secs(1), minutes(1)));
    }
}
