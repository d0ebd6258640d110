//! Requests that nobody would write, made from the documents. `FUZZ_SECONDS` makes each of these tests try for longer.

mod frames;
mod http;

use std::time::Duration;

/// How long to try.
pub(crate) fn time(usual: u64) -> Duration {
    let asked = std::env::var("FUZZ_SECONDS").ok().map(|seconds| seconds.parse().expect("FUZZ_SECONDS is a number"));
    Duration::from_secs(asked.unwrap_or(usual))
}
