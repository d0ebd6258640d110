//! `local` as a whole: its programs, its sockets, its database.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod companion;
mod gateway;
