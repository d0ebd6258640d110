//! Frames of changes: pure.

use crate::ids::RoomId;
use crate::message::Change;
use crate::room::{Position, Standing};
use crate::wire;

/// API Gateway bills messages in steps of 32 KB and clients refuse no frame up to that; some of it is the envelope.
const FRAME_BYTES: usize = 32 * 1024;
const ENVELOPE_BYTES: usize = 256;

/// Packs changes that follow `standing.settled` without a hole into a frame, as many as fit, and says which position is its last. Positions
/// that came to nothing are in its range only.
pub fn pack(room: RoomId, standing: Standing, changes: &[Change]) -> (String, Position) {
    let fitting = fitting(changes, FRAME_BYTES - ENVELOPE_BYTES);
    let to = fitting.last().map_or(standing.settled, |change| change.rev);
    let frame = wire::Frame::Changes {
        room: room.to_string(),
        from: standing.settled + 1,
        to,
        said: standing.said,
        changes: messages(fitting),
    };
    (frame.to_json(), to)
}

/// The longest beginning of `changes` whose messages take at most `bytes`, but one at least.
pub fn fitting(changes: &[Change], bytes: usize) -> &[Change] {
    let mut taken = 0;
    let fits = |change: &&Change| {
        let first = taken == 0;
        taken += self::bytes(change);
        first || taken <= bytes
    };
    &changes[..changes.iter().take_while(fits).count()]
}

/// What a client is told of changes.
pub fn messages(changes: &[Change]) -> Vec<wire::Message> {
    changes.iter().filter_map(|change| change.message.as_ref()).map(wire::Message::from).collect()
}

/// The bytes that a change takes in a frame.
pub fn bytes(change: &Change) -> usize {
    change.message.as_ref().map_or(0, |message| wire::to_json(&wire::Message::from(message)).len() + 1)
}

#[cfg(test)]
mod tests;
