//! The store and what stands on it, against a real MongoDB.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

mod amendments;
mod delivery;
mod erasure;
mod finding;
mod gateway;
mod guard;
mod lease;
mod moderation;
mod ownership;
mod people;
mod positions;
mod reactions;
mod retention;
mod rooms;
mod sdk;
mod signals;
mod sockets;
mod talk;
mod world;
