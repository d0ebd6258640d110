//! The chat from end to end: the template, the spawned binaries, real sockets, a real MongoDB.

mod accounts;
mod attacks;
mod away;
mod bad_input;
mod client;
mod delivery;
mod departures;
mod devices;
pub(crate) mod fuzz;
mod guessing;
mod leaks;
mod logs;
mod moderation;
mod presence;
mod rooms;
mod script;
mod signals;
mod sockets;
mod spec;
mod strangers;
mod talk;
pub(crate) mod world;
