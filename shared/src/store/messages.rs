//! Messages, and the positions that came to nothing: one document for each position of a room.

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::{CollectionOptions, IndexOptions, ReadConcern, ReturnDocument, UpdateModifications};
use mongodb::{Collection, IndexModel};
use serde::{Deserialize, Serialize};

use super::reactions::{MarkDoc, reactions};
use super::{Inserted, Place, Store, date, insist, is_duplicate, object_id, page, search, time};
use crate::Result;
use crate::ids::{ClientId, RoomId, UserId};
use crate::message::{Change, Draft, Mentions, Message, Remover};
use crate::permission::{Act, Permit};
use crate::room::{Membership, Position};
use crate::time::Timestamp;
use crate::user::User;

pub(super) const MESSAGES: &str = "messages";

#[derive(Serialize, Deserialize)]
pub(super) struct MessageDoc {
    pub(super) room: ObjectId,
    pub(super) rev: i64,
    seq: i64,
    pub(super) author: ObjectId,
    author_name: String,
    client_id: String,
    pub(super) text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<i64>,
    /// Those in the room whom it mentions; the id of the room itself stands for everybody in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) mentions: Vec<ObjectId>,
    pub(super) at: DateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pinned_at: Option<DateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edited_at: Option<DateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) deleted_at: Option<DateTime>,
    /// Who deleted it, if that was not its author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted_by: Option<ObjectId>,
    /// Every change of it after it was said, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) edits: Vec<EditDoc>,
    /// See `reactions`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) marks: Vec<MarkDoc>,
}

/// That a message was changed: the durable key of the request that did it, and what that request is answered.
#[derive(Serialize, Deserialize)]
pub(super) struct EditDoc {
    pub(super) client_id: String,
    pub(super) rev: i64,
    pub(super) at: DateTime,
    /// Who did it, if that was not the author of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<ObjectId>,
    /// What the message said before, if that was changed. A deletion takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) was: Option<String>,
}

/// A position that came to nothing.
#[derive(Serialize, Deserialize)]
struct VoidDoc {
    room: ObjectId,
    rev: i64,
    void: bool,
}

/// What is at a position.
#[derive(Deserialize)]
#[serde(untagged)]
enum ChangeDoc {
    Message(Box<MessageDoc>),
    Void(VoidDoc),
}

impl From<MessageDoc> for Message {
    fn from(message: MessageDoc) -> Self {
        Self {
            seq: message.seq,
            rev: message.rev,
            author: User { id: UserId::from_bytes(message.author.bytes()), name: message.author_name },
            client_id: message.client_id,
            text: message.text,
            reply_to: message.reply_to,
            mentions: users(message.mentions.iter().filter(|id| **id != message.room)),
            mentions_room: message.mentions.contains(&message.room),
            reactions: match message.deleted_at {
                None => reactions(&message.marks),
                Some(_) => Vec::new(),
            },
            at: time(message.at),
            pinned_at: message.pinned_at.map(time),
            edited_at: message.edited_at.map(time),
            deleted_at: message.deleted_at.map(time),
            deleted_by: message.deleted_at.map(|_| message.deleted_by.map_or(Remover::Author, |_| Remover::Moderator)),
        }
    }
}

impl From<ChangeDoc> for Change {
    fn from(change: ChangeDoc) -> Self {
        match change {
            ChangeDoc::Message(message) => Self { rev: message.rev, message: Some((*message).into()) },
            ChangeDoc::Void(void) => Self { rev: void.rev, message: None },
        }
    }
}

/// What storing something at a position came to.
#[derive(Debug)]
pub enum Stored<T> {
    /// The message is stored there.
    Here(Box<Message>),
    /// It was stored before, by an earlier request of the same kind, whose answer this is; the position has been voided.
    Before(T),
    /// The position was voided for being late, or has been; another has to be taken.
    Late,
}

/// Which part of a room's history is asked for, by the numbers of its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The newest messages.
    Newest,
    /// Those before a number.
    Before(i64),
    /// Those after a number.
    After(i64),
    /// Those around a number, it included.
    Around(i64),
}

pub(super) fn indexes() -> Vec<IndexModel> {
    let unique = || IndexOptions::builder().unique(true).build();
    let unique_where =
        |filter: Document| IndexOptions::builder().unique(true).partial_filter_expression(filter).build();
    let some = |filter: Document| IndexOptions::builder().partial_filter_expression(filter).build();
    let words = IndexOptions::builder().default_language("none".to_owned()).build();
    vec![
        IndexModel::builder().keys(doc! { "room": 1, "rev": 1 }).options(unique()).build(),
        IndexModel::builder()
            .keys(doc! { "mentions": 1, "room": 1, "seq": 1 })
            .options(some(doc! { "mentions": { "$exists": true } }))
            .build(),
        IndexModel::builder()
            .keys(doc! { "room": 1, "pinned_at": -1 })
            .options(some(doc! { "pinned_at": { "$exists": true } }))
            .build(),
        IndexModel::builder().keys(doc! { "room": 1, "text": "text" }).options(words).build(),
        search::index(),
        IndexModel::builder()
            .keys(doc! { "room": 1, "seq": 1 })
            .options(unique_where(doc! { "seq": { "$gt": 0 } }))
            .build(),
        IndexModel::builder()
            .keys(doc! { "room": 1, "author": 1, "client_id": 1 })
            .options(unique_where(doc! { "client_id": { "$exists": true } }))
            .build(),
    ]
}

/// Whom a message mentions, as its document has them.
pub(super) fn mentioned(room: RoomId, mentions: &Mentions) -> Vec<ObjectId> {
    let everybody = mentions.room.then(|| object_id(room.bytes()));
    mentions.users.iter().map(|user| object_id(user.bytes())).chain(everybody).collect()
}

fn users<'a>(ids: impl Iterator<Item = &'a ObjectId>) -> Vec<UserId> {
    ids.map(|id| UserId::from_bytes(id.bytes())).collect()
}

/// All of a message but what it said before, which may be much, and is for few.
pub(super) fn at_present() -> Document {
    doc! { "edits.was": 0 }
}

/// The message that is the author's under a client id.
fn said(room: RoomId, author: UserId, client_id: &ClientId) -> Document {
    doc! {
        "room": object_id(room.bytes()),
        "author": object_id(author.bytes()),
        "client_id": client_id.as_str(),
    }
}

impl Store {
    /// Messages as the majority has them: what is told to anybody cannot be lost any more.
    pub(super) fn confirmed<T: Send + Sync>(&self) -> Collection<T> {
        let confirmed = CollectionOptions::builder().read_concern(ReadConcern::majority()).build();
        self.collection_with(MESSAGES, confirmed)
    }

    /// For finding one message by a unique key: as the primary has it, once the majority has that too. Whoever met a duplicate key needs the one
    /// that was there first, however short a time ago.
    pub(super) fn certain<T: Send + Sync>(&self) -> Collection<T> {
        let certain = CollectionOptions::builder().read_concern(ReadConcern::linearizable()).build();
        self.collection_with(MESSAGES, certain)
    }

    /// Whether somebody said something in a room under that client id, as far as the primary knows at this moment.
    pub async fn was_said(&self, room: RoomId, author: UserId, client_id: &ClientId) -> Result<bool> {
        self.finds(MESSAGES, said(room, author, client_id)).await
    }

    /// What somebody said in a room under that client id, if they did; asked beside the question whether
    /// they may be there at all.
    pub async fn said_as(&self, room: RoomId, author: UserId, client_id: &ClientId) -> Result<Option<Message>> {
        let found = self
            .within(self.certain::<MessageDoc>().find_one(said(room, author, client_id)).projection(at_present()))
            .await?;
        Ok(found.map(Message::from))
    }

    /// Stores a draft at a position that was taken for it.
    pub async fn store(
        &self,
        permit: &Permit,
        draft: &Draft,
        mentions: &Mentions,
        place: &Place,
        now: Timestamp,
    ) -> Result<Stored<Message>> {
        insist(permit.act() == Act::Say)?;
        let membership = permit.by();
        let author = membership.user();
        let message = MessageDoc {
            room: object_id(membership.room().bytes()),
            rev: place.rev,
            seq: place.seq,
            author: object_id(author.id.bytes()),
            author_name: author.name.clone(),
            client_id: draft.client_id.as_str().to_owned(),
            text: draft.text.as_str().to_owned(),
            reply_to: draft.reply_to,
            mentions: mentioned(membership.room(), mentions),
            at: date(now),
            pinned_at: None,
            edited_at: None,
            deleted_at: None,
            deleted_by: None,
            edits: Vec::new(),
            marks: Vec::new(),
        };
        let messages = self.collection::<MessageDoc>(MESSAGES);
        match self.insert_once(&messages, &message).await? {
            Inserted::New => Ok(Stored::Here(Box::new(message.into()))),
            Inserted::Duplicate => match self.said_as(membership.room(), author.id, &draft.client_id).await? {
                // The driver repeats an insert whose answer was lost, and then meets its own.
                Some(stored) if stored.rev == place.rev => Ok(Stored::Here(Box::new(stored))),
                Some(stored) => {
                    self.void(membership.room(), place.rev).await?;
                    Ok(Stored::Before(stored))
                }
                None => Ok(Stored::Late),
            },
        }
    }

    /// Moves a message, if it is as `filter` wants it, to a position that was taken for a change of it; returns it as it was before. When there is no such
    /// message, or the position has been voided meanwhile, none. A position that is not used in the end is voided, and so is the one
    /// that the message leaves, unless everybody has been told of it.
    pub(super) async fn shift(
        &self,
        room: RoomId,
        filter: Document,
        update: impl Into<UpdateModifications>,
        place: &Place,
    ) -> Result<Option<MessageDoc>> {
        let messages = self.collection::<MessageDoc>(MESSAGES);
        let moved = messages.find_one_and_update(filter, update).return_document(ReturnDocument::Before);
        match self.within(moved.projection(at_present())).await {
            Ok(Some(before)) => {
                if before.rev > place.standing.settled {
                    self.void(room, before.rev).await?;
                }
                Ok(Some(before))
            }
            Ok(None) => self.void(room, place.rev).await.map(|()| None),
            Err(error) if is_duplicate(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a position come to nothing, unless something is there by now.
    pub async fn void(&self, room: RoomId, rev: Position) -> Result<()> {
        let void = VoidDoc { room: object_id(room.bytes()), rev, void: true };
        self.insert_once(&self.collection::<VoidDoc>(MESSAGES), &void).await.map(drop)
    }

    /// What is stored after a position, in order; there may be holes where something is being stored.
    pub async fn changes_after(&self, room: RoomId, position: Position, limit: i64) -> Result<Vec<Change>> {
        self.changes(room, doc! { "$gt": position }, limit).await
    }

    /// What a member missed: the settled changes after a position.
    pub async fn missed(
        &self,
        membership: &Membership,
        after: Position,
        settled: Position,
        limit: i64,
    ) -> Result<Vec<Change>> {
        self.changes(membership.room(), doc! { "$gt": after, "$lte": settled }, limit).await
    }

    async fn changes(&self, room: RoomId, positions: Document, limit: i64) -> Result<Vec<Change>> {
        let filter = doc! { "room": object_id(room.bytes()), "rev": positions };
        let messages = self.confirmed::<ChangeDoc>();
        let found = messages.find(filter).projection(at_present()).sort(doc! { "rev": 1 }).limit(limit);
        let found = self.all(found).await?;
        Ok(found.into_iter().map(Change::from).collect())
    }

    /// A page of history, the oldest first, and whether there is more before and after it.
    pub async fn history(
        &self,
        membership: &Membership,
        window: Window,
        limit: i64,
    ) -> Result<(Vec<Message>, bool, bool)> {
        Ok(match window {
            Window::Newest => {
                let (messages, more) = self.backward(membership, i64::MAX, limit).await?;
                (messages, more, false)
            }
            Window::Before(seq) => {
                let (messages, more) = self.backward(membership, seq, limit).await?;
                let (after, _) = self.forward(membership, seq.saturating_sub(1), 1).await?;
                (messages, more, !after.is_empty())
            }
            Window::After(seq) => {
                let (messages, more) = self.forward(membership, seq, limit).await?;
                let (before, _) = self.backward(membership, seq.saturating_add(1), 1).await?;
                (messages, !before.is_empty(), more)
            }
            Window::Around(seq) => {
                let older = limit / 2;
                let (mut messages, mut before) = self.backward(membership, seq, older.max(1)).await?;
                if older == 0 {
                    before = !messages.is_empty();
                    messages.clear();
                }
                let (newer, after) = self.forward(membership, seq.saturating_sub(1), limit - older).await?;
                messages.extend(newer);
                (messages, before, after)
            }
        })
    }

    async fn backward(&self, membership: &Membership, before: i64, limit: i64) -> Result<(Vec<Message>, bool)> {
        let (mut messages, more) = self.by_number(membership, doc! { "$gt": 0, "$lt": before }, -1, limit).await?;
        messages.reverse();
        Ok((messages, more))
    }

    async fn forward(&self, membership: &Membership, after: i64, limit: i64) -> Result<(Vec<Message>, bool)> {
        self.by_number(membership, doc! { "$gt": after.max(0) }, 1, limit).await
    }

    async fn by_number(
        &self,
        membership: &Membership,
        numbers: Document,
        order: i32,
        limit: i64,
    ) -> Result<(Vec<Message>, bool)> {
        let filter = doc! { "room": object_id(membership.room().bytes()), "seq": numbers };
        let messages = self.confirmed::<MessageDoc>();
        let found = messages.find(filter).projection(at_present()).sort(doc! { "seq": order }).limit(limit + 1);
        let found = self.all(found).await?;
        let (found, more) = page(found, limit)?;
        Ok((found.into_iter().map(Message::from).collect(), more))
    }
}
