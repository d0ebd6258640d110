//! A checker of delivery: clients that keep to docs/API.md, everything real, things that go wrong, and a judge of what was recorded.
//!
//! `record` is what happened, as plain data; `judge` says what is wrong with it, and `account` tells the story of that. The rest makes a record:
//! `settings` say what is to be done, `stage` runs the chat, `client` is one of many, `faults` is what is done to them, `run` conducts.
//! docs/VERIFICATION.md says what it proves and how to use it.

pub(crate) mod account;
mod client;
mod database;
mod faults;
mod http;
pub(crate) mod judge;
mod ledger;
mod random;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod settings;
mod socket;
pub(crate) mod stage;
mod timeline;
pub(crate) mod verdict;
pub(crate) mod violation;
mod wire;
