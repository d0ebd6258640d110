//! `local` as a whole: its programs, its sockets, its database.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod cli;
mod companion;
mod programs;
mod project;
mod site_build;
mod template;
