//! Whom a message mentions, and how many messages mention somebody.

use mongodb::bson::doc;

use super::members::{MEMBERS, present};
use super::messages::MESSAGES;
use super::users::USERS;
use super::{IdDoc, Store, object_id};
use crate::Result;
use crate::ids::{RoomId, UserId};
use crate::message::Called;
use crate::room::{Membership, Standing};

/// The most mentions that are counted in a room: beyond that, nobody cares how many there are.
const COUNTED: i64 = 1_000;

/// Who may be mentioned by what a text calls.
#[derive(Debug, Default)]
pub struct Mentionable {
    /// These are in the room.
    pub users: Vec<UserId>,
    /// Whether everybody was called, and there are so many that it takes somebody who keeps order.
    pub is_crowd: bool,
}

impl Store {
    /// Finds those whom a text calls. Asked beside the question whether its author may say it at all.
    pub async fn mentionable(&self, room: RoomId, called: &Called) -> Result<Mentionable> {
        let is_crowd = async { Ok(called.room && self.has_crowd(room).await?) };
        let (users, is_crowd) = futures_util::try_join!(self.called(room, called), is_crowd)?;
        Ok(Mentionable { users, is_crowd })
    }

    async fn called(&self, room: RoomId, called: &Called) -> Result<Vec<UserId>> {
        if called.names.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<&str> = called.names.iter().map(String::as_str).collect();
        let here = doc! { "room": object_id(room.bytes()), "role": present() };
        let stages = [
            doc! { "$match": { "name_key": { "$in": names } } },
            doc! { "$lookup": {
                "from": MEMBERS,
                "localField": "_id",
                "foreignField": "user",
                "pipeline": [{ "$match": here }, { "$project": { "_id": 1 } }],
                "as": "here",
            } },
            doc! { "$match": { "here": { "$ne": [] } } },
            doc! { "$project": { "_id": 1 } },
        ];
        let found = self.all(self.collection::<IdDoc>(USERS).aggregate(stages).with_type::<IdDoc>()).await?;
        Ok(found.into_iter().map(|user| UserId::from_bytes(user._id.bytes())).collect())
    }

    /// How many messages that a person has not read mention them, in each of these rooms of theirs, in order.
    pub async fn unread_mentions(&self, rooms: &[(&Membership, Standing)]) -> Result<Vec<i64>> {
        let unread = rooms.iter().filter(|(mine, standing)| mine.unread(standing.said) > 0).map(|(mine, standing)| {
            let (room, me) = (object_id(mine.room().bytes()), object_id(mine.user().id.bytes()));
            let mentions = doc! { "$in": [me, room] };
            // Of as many messages as the unread ones are counted of.
            let seq = doc! { "$gt": mine.read(), "$lte": standing.said };
            doc! { "mentions": mentions, "room": room, "seq": seq, "author": { "$ne": me } }
        });
        let counted = self.counted_by_room(MESSAGES, unread, COUNTED).await?;
        Ok(rooms.iter().map(|(mine, _)| counted.get(&mine.room()).copied().unwrap_or_default()).collect())
    }
}
