//! A socket, as the chat knows it.

use std::time::Duration;

use crate::ids::{ConnectionId, RoomId};
use crate::session::Session;

/// A socket counts as gone when it has not been heard of for that long: API Gateway cuts one that is idle for ten minutes, and a
/// client pings every four, so that two pings may be lost.
pub const LEASE: Duration = Duration::from_secs(11 * 60);

/// API Gateway cuts every socket after two hours.
pub const LIFETIME: Duration = Duration::from_secs(2 * 60 * 60);

/// A live socket and whose it is.
#[derive(Debug, Clone)]
pub struct Connection {
    /// API Gateway's name of it.
    pub id: ConnectionId,
    /// Whose it is. This cannot change while the socket lives.
    pub session: Session,
}

/// A socket that has ended, and what its end may mean to others.
#[derive(Debug, Clone)]
pub struct Departed {
    /// Whose it was.
    pub session: Session,
    /// The rooms it was in.
    pub rooms: Vec<RoomId>,
    /// Whether others had been told of it.
    pub announced: bool,
}
