//! `local` as a whole, and the chat on it: its programs, its sockets, its database.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "a test says what it expects")]

mod chat;
mod checks;
mod cli;
mod companion;
mod gateway;
mod mutation;
mod parsers;
mod programs;
mod project;
mod signing;
mod site_build;
mod template;
mod tool;
