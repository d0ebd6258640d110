//! Runs a SAM template with a WebSocket API on a laptop: the unmodified function binaries, API Gateway's two APIs, `@connections`,
//! Lambda's Invoke API and a static site. It knows nothing about what the functions do.

mod authorizer;
pub mod chaos;
pub mod cli;
pub mod commands;
pub mod control;
pub mod environment;
mod gateway;
mod hosts;
mod http_api;
mod iam;
mod ids;
mod lambda;
pub mod limits;
mod listen;
pub mod log;
pub mod model;
pub mod mongod;
pub mod placeholders;
pub mod programs;
pub mod progress;
pub mod project;
pub mod record;
pub mod runtimes;
mod s3;
pub mod samconfig;
mod schedule;
pub mod serve;
pub mod settings;
mod site;
pub mod site_build;
pub mod template;
mod time;
pub mod tls;
pub mod up;
mod watch;
mod websocket;

pub use chaos::Chaos;
pub use websocket::frame;
