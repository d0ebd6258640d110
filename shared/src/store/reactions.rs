//! What people put to messages. A reaction is a change like any other: the message moves to the position of its own. The message keeps, for each person
//! and emoji, whether it is there and the client ids of the requests that put it there or took it away, so that a repeated one finds itself.

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};
use serde::{Deserialize, Serialize};

use super::messages::{MessageDoc, at_present};
use super::{Place, Store, Stored, insist, object_id};
use crate::error::Conflict;
use crate::ids::{RoomId, UserId};
use crate::message::{Reacting, Reaction};
use crate::permission::{Act, Permit};
use crate::room::Position;
use crate::{Error, Result};

/// How many different emoji a message can have.
const MAX_EMOJI: usize = 20;

/// How many reactions a message can have: everybody is named in each frame with the message, by 24 characters.
const MAX_MARKS: usize = 300;

/// How often one person can put one emoji to a message and take it away again.
const MAX_TURNS: usize = 10;

/// What one person has done with one emoji at a message.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct MarkDoc {
    user: ObjectId,
    emoji: String,
    on: bool,
    /// The requests that did it.
    turns: Vec<TurnDoc>,
}

#[derive(Clone, Serialize, Deserialize)]
struct TurnDoc {
    client_id: String,
    rev: i64,
}

impl MarkDoc {
    fn is(&self, user: ObjectId, reacting: &Reacting) -> bool {
        self.user == user && self.emoji == reacting.emoji.as_str()
    }

    fn turn(&self, reacting: &Reacting) -> Option<Position> {
        self.turns.iter().find(|turn| turn.client_id == reacting.client_id.as_str()).map(|turn| turn.rev)
    }
}

/// What there is, by emoji, in the order in which each came first.
pub(super) fn reactions(marks: &[MarkDoc]) -> Vec<Reaction> {
    let mut reactions: Vec<Reaction> = Vec::new();
    for mark in marks {
        let user = mark.on.then(|| UserId::from_bytes(mark.user.bytes()));
        match reactions.iter_mut().find(|reaction| reaction.emoji == mark.emoji) {
            Some(reaction) => reaction.users.extend(user),
            None => reactions.push(Reaction { emoji: mark.emoji.clone(), users: user.into_iter().collect() }),
        }
    }
    reactions.retain(|reaction| !reaction.users.is_empty());
    reactions
}

impl Store {
    /// The position that a reaction took, if it was made before; a refusal, if it cannot be. Asked beside the question whether somebody may be
    /// there at all, whose answer goes first.
    pub async fn reacted_as(&self, room: RoomId, user: UserId, reacting: &Reacting) -> Result<Option<Position>> {
        let filter = doc! { "room": object_id(room.bytes()), "seq": reacting.seq };
        let messages = self.certain::<MessageDoc>();
        let message = self.within(messages.find_one(filter).projection(at_present())).await?.ok_or(Error::NotFound)?;
        let user = object_id(user.bytes());
        let mine = message.marks.iter().find(|mark| mark.is(user, reacting));
        if let Some(before) = mine.and_then(|mark| mark.turn(reacting)) {
            return Ok(Some(before));
        }
        if message.deleted_at.is_some() {
            return Err(Error::Conflict(Conflict::Deleted));
        }
        let too_many = match mine {
            Some(mark) => mark.turns.len() >= MAX_TURNS,
            None => message.marks.len() >= MAX_MARKS,
        };
        let there = reactions(&message.marks);
        let is_new = there.iter().all(|reaction| reaction.emoji != reacting.emoji.as_str());
        if too_many || (reacting.on && is_new && there.len() >= MAX_EMOJI) {
            return Err(Error::Conflict(Conflict::TooManyReactions));
        }
        Ok(None)
    }

    /// Moves a message to a position that was taken for a reaction to it; see [`Self::shift`].
    pub async fn react(&self, permit: &Permit, reacting: &Reacting, place: &Place) -> Result<Stored<Position>> {
        insist(permit.act() == if reacting.on { Act::React } else { Act::Retract })?;
        let (room, user) = (permit.by().room(), permit.by().user().id);
        let mine = object_id(user.bytes());
        let repeated =
            doc! { "user": mine, "emoji": reacting.emoji.as_str(), "turns.client_id": reacting.client_id.as_str() };
        let filter = doc! {
            "room": object_id(room.bytes()),
            "seq": reacting.seq,
            "rev": { "$lt": place.rev },
            "deleted_at": { "$exists": false },
            "marks": { "$not": { "$elemMatch": repeated } },
        };
        let update = vec![doc! { "$set": { "rev": place.rev, "marks": marked(mine, reacting, place.rev) } }];
        let Some(mut message) = self.shift(room, filter, update, place).await? else {
            return Ok(self.reacted_as(room, user, reacting).await?.map_or(Stored::Late, Stored::Before));
        };
        mark(&mut message.marks, mine, reacting, place.rev);
        message.rev = place.rev;
        Ok(Stored::Here(Box::new(message.into())))
    }
}

/// The marks of a message with one more turn, as the database makes them.
fn marked(user: ObjectId, reacting: &Reacting, rev: Position) -> Document {
    let turn = doc! { "client_id": { "$literal": reacting.client_id.as_str() }, "rev": rev };
    let emoji = doc! { "$literal": reacting.emoji.as_str() };
    let is_mine = doc! { "$and": [{ "$eq": ["$$mark.user", user] }, { "$eq": ["$$mark.emoji", emoji.clone()] }] };
    let turned = doc! { "$mergeObjects": ["$$mark", {
        "on": reacting.on,
        "turns": { "$concatArrays": ["$$mark.turns", [turn.clone()]] },
    }] };
    let marks = doc! { "$ifNull": ["$marks", []] };
    let known = doc! { "$filter": { "input": marks.clone(), "as": "mark", "cond": is_mine.clone() } };
    let each = doc! { "$map": {
        "input": marks.clone(),
        "as": "mark",
        "in": { "$cond": [is_mine, turned, "$$mark"] },
    } };
    let new = doc! { "user": user, "emoji": emoji, "on": reacting.on, "turns": [turn] };
    doc! { "$cond": [{ "$eq": [known, []] }, { "$concatArrays": [marks, [new]] }, each] }
}

/// The same, of a message that was read.
fn mark(marks: &mut Vec<MarkDoc>, user: ObjectId, reacting: &Reacting, rev: Position) {
    let turn = TurnDoc { client_id: reacting.client_id.as_str().to_owned(), rev };
    match marks.iter_mut().find(|mark| mark.is(user, reacting)) {
        Some(mark) => {
            mark.on = reacting.on;
            mark.turns.push(turn);
        }
        None => {
            let emoji = reacting.emoji.as_str().to_owned();
            marks.push(MarkDoc { user, emoji, on: reacting.on, turns: vec![turn] });
        }
    }
}
