//! What the functions of Parlour share, in the order in which each part may use those before it: plain values and rules, the
//! wire's shapes and errors, the store, the neighbors, and what turns all of it into a Lambda function.

pub mod ids;
pub mod text;
pub mod time;

pub mod connection;
pub mod invitation;
pub mod limits;
pub mod message;
pub mod room;
pub mod session;
pub mod user;

pub mod permission;

pub mod error;
pub mod password;
pub mod token;
pub mod wire;

pub mod store;

pub mod guard;

pub mod afterwards;
pub mod aws;
pub mod fanout;
pub mod gateway;
pub mod metrics;

pub mod delivery;
pub mod presence;
pub mod signals;

pub mod moderation;

pub mod erasure;

pub mod function;

pub use error::Error;

/// What everything that can fail here fails with.
pub type Result<T, E = Error> = std::result::Result<T, E>;
