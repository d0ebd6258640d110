//! The runtime half: functions, APIs and the site, with `examples/echo.rs` as the function.

mod addresses;
mod authorizers;
mod chaos;
mod client;
mod clients;
mod connections;
mod functions;
mod handshakes;
mod http_api;
mod invoke;
mod permissions;
mod quotas;
mod rfc6455;
mod schedules;
mod sockets;
mod static_site;
mod tls;
mod world;
