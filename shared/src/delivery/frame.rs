//! Frames of changes: pure.

use crate::ids::RoomId;
use crate::message::Change;
use crate::room::{Position, Standing};
use crate::wire;

/// API Gateway bills messages in steps of 32 KB and clients refuse no frame up to that; some of it is the envelope.
const FRAME_BYTES: usize = 32 * 1024;
const ENVELOPE_BYTES: usize = 256;

/// How many of the changes follow a position without a hole.
pub fn unbroken(position: Position, changes: &[Change]) -> usize {
    changes.iter().zip(position + 1..).take_while(|(change, expected)| change.rev == *expected).count()
}

/// Packs changes that follow `standing.settled` without a hole into as few frames as can be. Each says which positions it holds, so that
/// those that came to nothing are in it too.
pub fn pack(room: RoomId, standing: Standing, changes: &[Change]) -> Vec<String> {
    groups(changes, FRAME_BYTES - ENVELOPE_BYTES)
        .into_iter()
        .map(|group| {
            let frame = wire::Frame::Changes {
                room: room.to_string(),
                from: group.first().map_or(standing.settled + 1, |change| change.rev),
                to: group.last().map_or(standing.settled, |change| change.rev),
                said: standing.said,
                changes: messages(group),
            };
            frame.to_json()
        })
        .collect()
}

/// The longest beginning of `changes` whose messages take at most `bytes`, but one at least.
pub fn fitting(changes: &[Change], bytes: usize) -> &[Change] {
    groups(changes, bytes).into_iter().next().unwrap_or_default()
}

/// What a client is told of changes.
pub fn messages(changes: &[Change]) -> Vec<wire::Message> {
    changes.iter().filter_map(|change| change.message.as_ref()).map(wire::Message::from).collect()
}

/// The bytes that a change takes in a frame.
pub fn bytes(change: &Change) -> usize {
    change.message.as_ref().map_or(0, |message| wire::to_json(&wire::Message::from(message)).len() + 1)
}

fn groups(changes: &[Change], bytes_at_most: usize) -> Vec<&[Change]> {
    let mut groups = Vec::new();
    let (mut start, mut taken) = (0, 0);
    for (at, change) in changes.iter().enumerate() {
        let more = bytes(change);
        if taken + more > bytes_at_most && at > start {
            groups.push(&changes[start..at]);
            (start, taken) = (at, 0);
        }
        taken += more;
    }
    if start < changes.len() {
        groups.push(&changes[start..]);
    }
    groups
}

#[cfg(test)]
mod tests;
