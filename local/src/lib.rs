//! Runs a SAM template with a WebSocket API on a laptop: the unmodified function binaries, API Gateway's two APIs, `@connections`,
//! Lambda's Invoke API and a static site. It knows nothing about what the functions do.

pub mod model;
pub mod mongod;
pub mod progress;
pub mod template;
