//! Changes of messages that were said. A message is one document, which an amendment moves to the position of its own: what was at the old
//! position is at the new one now. The document keeps the client ids of its amendments, so that a repeated one finds itself.

use mongodb::bson::doc;
use mongodb::options::ReturnDocument;

use super::messages::{MESSAGES, MessageDoc};
use super::{Place, Store, Stored, date, is_duplicate, object_id};
use crate::error::Conflict;
use crate::ids::{RoomId, UserId};
use crate::message::{Amendment, Deed, Message};
use crate::room::{Membership, Position};
use crate::time::Timestamp;
use crate::{Error, Result};

/// How often one message can be edited: its document keeps a trace of each.
const MAX_EDITS: usize = 100;

impl Store {
    /// The position that an amendment took, if it was made before; a refusal, if it cannot be. Asked beside the question whether its author
    /// may be there at all, whose answer goes first.
    pub async fn amended_as(&self, room: RoomId, author: UserId, amendment: &Amendment) -> Result<Option<Position>> {
        let filter = doc! { "room": object_id(room.bytes()), "seq": amendment.seq };
        let found = self.within(self.certain::<MessageDoc>().find_one(filter)).await?;
        let message = found.ok_or(Error::NotFound)?;
        if message.author != object_id(author.bytes()) {
            return Err(Error::Forbidden);
        }
        if let Some(before) = message.edits.iter().find(|edit| edit.client_id == amendment.client_id.as_str()) {
            return Ok(Some(before.rev));
        }
        match (&amendment.deed, message.deleted_at) {
            (Deed::Delete, Some(_)) => Ok(Some(message.edits.last().map_or(message.rev, |edit| edit.rev))),
            (Deed::Edit(_), Some(_)) => Err(Error::Conflict(Conflict::Deleted)),
            (Deed::Edit(_), None) if message.edits.len() >= MAX_EDITS => Err(Error::Conflict(Conflict::TooManyEdits)),
            _ => Ok(None),
        }
    }

    /// Moves a message to a position that was taken for the amendment. A position that is not used in the end is voided, and so is the one
    /// that the message leaves, unless everybody has been told of it.
    pub async fn amend(
        &self,
        membership: &Membership,
        amendment: &Amendment,
        place: &Place,
        now: Timestamp,
    ) -> Result<Stored<Position>> {
        let (room, author) = (membership.room(), membership.user().id);
        let key = amendment.client_id.as_str();
        let mut filter = doc! {
            "room": object_id(room.bytes()),
            "seq": amendment.seq,
            "author": object_id(author.bytes()),
            "rev": { "$lt": place.rev },
            "deleted_at": { "$exists": false },
            "edits.client_id": { "$ne": key },
        };
        let (text, at) = match &amendment.deed {
            Deed::Edit(text) => (text.as_str(), "edited_at"),
            Deed::Delete => ("", "deleted_at"),
        };
        if matches!(amendment.deed, Deed::Edit(_)) {
            filter.insert(format!("edits.{}", MAX_EDITS - 1), doc! { "$exists": false });
        }
        let edit = doc! { "client_id": key, "rev": place.rev, "at": date(now) };
        let update = doc! { "$set": { "rev": place.rev, "text": text, at: date(now) }, "$push": { "edits": edit } };
        let messages = self.collection::<MessageDoc>(MESSAGES);
        let moved =
            self.within(messages.find_one_and_update(filter, update).return_document(ReturnDocument::Before)).await;
        match moved {
            Ok(Some(before)) => {
                let left = before.rev;
                let mut message = Message::from(before);
                message.rev = place.rev;
                text.clone_into(&mut message.text);
                match amendment.deed {
                    Deed::Edit(_) => message.edited_at = Some(now),
                    Deed::Delete => {
                        message.deleted_at = Some(now);
                        message.reactions.clear();
                    }
                }
                if left > place.standing.settled {
                    self.void(room, left).await?;
                }
                return Ok(Stored::Here(message));
            }
            // Made at the same time by another request of the same kind, refused by now, or overtaken by a later amendment.
            Ok(None) => self.void(room, place.rev).await?,
            Err(error) if is_duplicate(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(self.amended_as(room, author, amendment).await?.map_or(Stored::Late, Stored::Before))
    }
}
