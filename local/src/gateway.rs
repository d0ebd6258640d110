//! What API Gateway's two kinds of API have in common: how a URL is taken apart, what a Lambda proxy integration may answer, and
//! how requests are throttled.

pub(crate) mod answer;
pub(crate) mod current;
pub(crate) mod throttle;
pub(crate) mod url;

use std::net::SocketAddr;

use crate::ids;

/// The ARN by which policies name a route: `rest` is `$connect`, or a method and a path.
pub(crate) fn route_arn(region: &str, api: &str, stage: &str, rest: &str) -> String {
    ids::arn("execute-api", region, &format!("{api}/{stage}/{rest}"))
}

/// The host that events name as `domainName`.
///
/// On AWS it has no port. Here the port is part of it, because a function that builds a URL of it would otherwise reach nothing.
pub(crate) fn domain(address: SocketAddr) -> String {
    format!("localhost:{}", address.port())
}
