//! Changes of messages that were said. A message is one document, which an amendment moves to the position of its own: what was at the old
//! position is at the new one now. The document keeps the client ids of its amendments, so that a repeated one finds itself.

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, doc};

use super::messages::{EditDoc, MessageDoc, at_present, mentioned};
use super::{Place, Store, Stored, date, insist, object_id};
use crate::error::Conflict;
use crate::ids::{RoomId, UserId};
use crate::message::{Amendment, Deed, Mentions, Message, Remover};
use crate::permission::{Act, Permit};
use crate::room::Position;
use crate::time::Timestamp;
use crate::{Error, Result};

/// How often one message can be edited: its document keeps a trace of each.
const MAX_EDITS: usize = 100;

/// A message that somebody wants to amend.
pub struct Amending {
    /// Who said it.
    pub author: UserId,
    /// The position that the amendment took, if it was made before; a refusal, if it cannot be made whoever asks.
    pub before: Result<Option<Position>>,
}

impl Store {
    /// What there is to amend. Asked beside the question whether whoever wants to may be there at all, whose answer goes first.
    pub async fn amending(&self, room: RoomId, by: UserId, amendment: &Amendment) -> Result<Amending> {
        let filter = doc! { "room": object_id(room.bytes()), "seq": amendment.seq };
        let found = self.within(self.certain::<MessageDoc>().find_one(filter).projection(at_present())).await?;
        let message = found.ok_or(Error::NotFound)?;
        let author = UserId::from_bytes(message.author.bytes());
        let key = (amendment.client_id.as_str(), moderator(author, by));
        let same = message.edits.iter().find(|edit| (edit.client_id.as_str(), edit.by) == key);
        let before = match (same, &amendment.deed, message.deleted_at) {
            (Some(same), ..) => Ok(Some(same.rev)),
            (_, Deed::Delete, Some(_)) => Ok(Some(message.edits.last().map_or(message.rev, |edit| edit.rev))),
            (_, Deed::Edit(_), Some(_)) => Err(Error::Conflict(Conflict::Deleted)),
            (_, Deed::Edit(_), None) if message.edits.iter().filter(|edit| edit.by.is_none()).count() >= MAX_EDITS => {
                Err(Error::Conflict(Conflict::TooManyEdits))
            }
            (_, Deed::Pin(_), Some(_)) => Err(Error::Conflict(Conflict::Deleted)),
            (_, Deed::Pin(false), None) if message.pinned_at.is_none() => Ok(Some(message.rev)),
            (_, Deed::Pin(true), None) if message.edits.len() >= 2 * MAX_EDITS => {
                Err(Error::Conflict(Conflict::TooManyEdits))
            }
            (_, Deed::Pin(true), None) if message.pinned_at.is_none() && self.are_enough_pinned(room).await? => {
                Err(Error::Conflict(Conflict::TooManyPins))
            }
            _ => Ok(None),
        };
        Ok(Amending { author, before })
    }

    /// Moves a message to a position that was taken for the amendment; see [`Self::shift`].
    pub async fn amend(
        &self,
        permit: &Permit,
        author: UserId,
        amendment: &Amendment,
        mentions: &Mentions,
        place: &Place,
        now: Timestamp,
    ) -> Result<Stored<Position>> {
        let (room, by) = (permit.by().room(), permit.by().user().id);
        let moderator = moderator(author, by);
        insist(is_for(permit, amendment, moderator.is_some()))?;
        let edit = EditDoc {
            client_id: amendment.client_id.as_str().to_owned(),
            rev: place.rev,
            at: date(now),
            by: moderator,
            was: None,
        };
        let mut filter = doc! {
            "room": object_id(room.bytes()),
            "seq": amendment.seq,
            "author": object_id(author.bytes()),
            "rev": { "$lt": place.rev },
            "deleted_at": { "$exists": false },
            "edits": { "$not": { "$elemMatch": { "client_id": &edit.client_id, "by": moderator } } },
        };
        if matches!(amendment.deed, Deed::Edit(_)) {
            // What others have done to it, who pin and unpin, uses up nothing of its author's.
            let own = doc! { "$eq": [{ "$ifNull": ["$$edit.by", Bson::Null] }, Bson::Null] };
            let edits = doc! { "$ifNull": ["$edits", []] };
            let own = doc! { "$filter": { "input": edits, "as": "edit", "cond": own } };
            filter.insert("$expr", doc! { "$lt": [{ "$size": own }, MAX_EDITS as i64] });
        }
        let edit = mongodb::bson::serialize_to_document(&edit).map_err(Error::internal)?;
        let update = update(&amendment.deed, edit, mentioned(room, mentions), place.rev, now);
        let Some(before) = self.shift(room, filter, update, place).await? else {
            // Made at the same time by another request of the same kind, refused by now, or overtaken by a later amendment.
            return Ok(self.amending(room, by, amendment).await?.before?.map_or(Stored::Late, Stored::Before));
        };
        let mut message = Message::from(before);
        message.rev = place.rev;
        match &amendment.deed {
            Deed::Edit(text) => {
                text.as_str().clone_into(&mut message.text);
                message.mentions.clone_from(&mentions.users);
                message.mentions_room = mentions.room;
                message.edited_at = Some(now);
            }
            Deed::Delete => {
                message.text.clear();
                message.mentions.clear();
                message.mentions_room = false;
                message.reactions.clear();
                message.pinned_at = None;
                message.deleted_at = Some(now);
                message.deleted_by = Some(moderator.map_or(Remover::Author, |_| Remover::Moderator));
            }
            Deed::Pin(on) => message.pinned_at = on.then_some(now),
        }
        Ok(Stored::Here(Box::new(message)))
    }
}

/// What the database makes of a message. Its old text is kept with the edit that changes it, and goes with everything else when it is deleted.
fn update(deed: &Deed, mut edit: Document, mentions: Vec<ObjectId>, rev: Position, now: Timestamp) -> Vec<Document> {
    let edits = doc! { "$ifNull": ["$edits", []] };
    if let Some(key) = edit.remove("client_id") {
        edit.insert("client_id", doc! { "$literal": key });
    }
    let mut set = doc! { "rev": rev };
    match deed {
        Deed::Edit(text) => {
            edit.insert("was", "$text");
            set.insert("text", doc! { "$literal": text.as_str() });
            set.insert("edited_at", date(now));
            set.insert("mentions", if mentions.is_empty() { "$$REMOVE".into() } else { Bson::from(mentions) });
            set.insert("edits", doc! { "$concatArrays": [edits, [edit]] });
        }
        Deed::Delete => {
            if let Some(moderator) = edit.get("by") {
                set.insert("deleted_by", moderator.clone());
            }
            let without = doc! { "$map": {
                "input": edits,
                "as": "edit",
                "in": { "$unsetField": { "field": "was", "input": "$$edit" } },
            } };
            set.insert("text", "");
            set.insert("deleted_at", date(now));
            set.insert("mentions", "$$REMOVE");
            set.insert("pinned_at", "$$REMOVE");
            set.insert("edits", doc! { "$concatArrays": [without, [edit]] });
        }
        Deed::Pin(on) => {
            set.insert("pinned_at", if *on { date(now).into() } else { Bson::from("$$REMOVE") });
            set.insert("edits", doc! { "$concatArrays": [edits, [edit]] });
        }
    }
    vec![doc! { "$set": set }]
}

/// Whoever amends what another has said, to be told apart from its author.
fn moderator(author: UserId, by: UserId) -> Option<ObjectId> {
    (by != author).then(|| object_id(by.bytes()))
}

fn is_for(permit: &Permit, amendment: &Amendment, of_another: bool) -> bool {
    match (permit.act(), &amendment.deed) {
        (Act::Edit, Deed::Edit(_)) | (Act::Retract, Deed::Delete) => !of_another,
        (Act::Remove(_), Deed::Delete) => of_another,
        (Act::Pin | Act::PinTogether, Deed::Pin(_)) => true,
        _ => false,
    }
}
