//! Runs a SAM template with a WebSocket API on a laptop: the unmodified function binaries, API Gateway's two APIs, `@connections`,
//! Lambda's Invoke API and a static site. It knows nothing about what the functions do.

pub mod cli;
pub mod environment;
pub mod model;
pub mod mongod;
pub mod placeholders;
pub mod programs;
pub mod progress;
pub mod project;
pub mod serve;
pub mod settings;
pub mod site_build;
pub mod template;
pub mod up;
