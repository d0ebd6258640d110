//! What is kept in sight, and what messages have said before.

use mongodb::bson::doc;

use super::messages::{MESSAGES, MessageDoc, at_present};
use super::{Store, object_id, time};
use crate::ids::{RoomId, UserId};
use crate::message::{Message, Version};
use crate::permission::Act;
use crate::room::Membership;
use crate::time::Timestamp;
use crate::{Error, Result};

/// The most pinned messages of a room.
const MAX_PINS: i64 = 50;

impl Store {
    /// Whether a room has as many pinned messages as one can have.
    pub(super) async fn are_enough_pinned(&self, room: RoomId) -> Result<bool> {
        let pinned = doc! { "room": object_id(room.bytes()), "pinned_at": { "$exists": true } };
        let pinned = self.within(self.collection::<MessageDoc>(MESSAGES).count_documents(pinned)).await?;
        Ok(i64::try_from(pinned).is_ok_and(|pinned| pinned >= MAX_PINS))
    }

    /// The pinned messages of a room, the one that was pinned last first.
    pub async fn pins(&self, membership: &Membership) -> Result<Vec<Message>> {
        let pinned = doc! { "room": object_id(membership.room().bytes()), "pinned_at": { "$exists": true } };
        let messages = self.confirmed::<MessageDoc>();
        // Some more may have been pinned at the same moment.
        let found = messages.find(pinned).projection(at_present()).sort(doc! { "pinned_at": -1 }).limit(2 * MAX_PINS);
        Ok(self.all(found).await?.into_iter().map(Message::from).collect())
    }

    /// What a message has said, the oldest first: for its author, and for those who keep order. Of a deleted one nothing is left.
    pub async fn versions(&self, membership: &Membership, seq: i64, now: Timestamp) -> Result<Vec<Version>> {
        let filter = doc! { "room": object_id(membership.room().bytes()), "seq": seq };
        let found = self.within(self.confirmed::<MessageDoc>().find_one(filter)).await?.ok_or(Error::NotFound)?;
        if UserId::from_bytes(found.author.bytes()) != membership.user().id {
            membership.may(Act::Oversee, now)?;
        }
        if found.deleted_at.is_some() {
            return Ok(Vec::new());
        }
        let mut since = found.at;
        let mut versions = Vec::new();
        for edit in found.edits {
            if let Some(text) = edit.was {
                versions.push(Version { text, at: time(since) });
                since = edit.at;
            }
        }
        versions.push(Version { text: found.text, at: time(since) });
        Ok(versions)
    }
}
