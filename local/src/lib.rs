//! Runs a SAM template with a WebSocket API on a laptop: the unmodified function binaries, API Gateway's two APIs, `@connections`,
//! Lambda's Invoke API and a static site. It knows nothing about what the functions do.

mod gateway;
mod http_api;
mod ids;
mod lambda;
pub mod limits;
mod listen;
pub mod log;
pub mod model;
pub mod serve;
mod site;
mod time;
mod websocket;
