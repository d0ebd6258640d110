//! The runtime half: functions, APIs and the site, with `examples/echo.rs` as the function.

mod addresses;
mod authorizers;
mod chaos;
pub(crate) mod client;
mod clients;
mod connections;
mod endings;
mod events;
mod functions;
mod handshakes;
mod http_api;
mod http_authorizers;
mod invoke;
mod issuers;
mod managed;
mod memory;
mod pages;
mod permissions;
mod quotas;
mod reload;
mod rfc6455;
mod s3;
mod schedules;
mod shutdown;
mod sockets;
mod static_site;
mod tls;
mod traces;
mod world;

pub(crate) use world::echo;
