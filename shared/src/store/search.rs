//! Finding what was said again, by MongoDB's index of words. Each room is asked by itself, because the index begins with the room: what others say
//! elsewhere does not make a search slower.

use futures_util::{StreamExt, TryStreamExt, stream};
use mongodb::bson::doc;
use unicode_normalization::char::is_combining_mark;

use super::messages::{MESSAGES, MessageDoc};
use super::{POOL, Store, date, object_id};
use crate::Result;
use crate::ids::RoomId;
use crate::message::Message;
use crate::room::Membership;
use crate::time::Timestamp;

/// What is looked for: messages with all of these words.
#[derive(Debug, Clone)]
pub struct Search {
    /// The words, each in the quotes that make it one that must be there.
    query: String,
    /// Only what was said before that.
    before: Option<Timestamp>,
}

impl Search {
    /// None, if there is no word in the text.
    pub fn parse(text: &str, before: Option<Timestamp>) -> Option<Self> {
        let text = crate::text::normal(text);
        let words = text.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c)).filter(|word| !word.is_empty());
        let words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
        (!words.is_empty()).then(|| Self { query: words.join(" "), before })
    }
}

impl Store {
    /// The newest messages in these rooms that have all the words, the newest first, and whether there are more.
    pub async fn search(
        &self,
        memberships: &[Membership],
        search: &Search,
        limit: i64,
    ) -> Result<(Vec<(RoomId, Message)>, bool)> {
        let rooms: Vec<RoomId> = memberships.iter().map(Membership::room).collect();
        let found: Vec<Vec<(RoomId, Message)>> = stream::iter(rooms)
            .map(|room| self.search_in(room, search, limit + 1))
            .buffer_unordered(POOL as usize)
            .try_collect()
            .await?;
        let mut found: Vec<_> = found.into_iter().flatten().collect();
        found.sort_by_key(|(room, message)| std::cmp::Reverse((message.at, *room, message.seq)));
        super::page(found, limit)
    }

    async fn search_in(&self, room: RoomId, search: &Search, limit: i64) -> Result<Vec<(RoomId, Message)>> {
        let mut filter = doc! { "room": object_id(room.bytes()), "$text": { "$search": &search.query } };
        if let Some(before) = search.before {
            filter.insert("at", doc! { "$lt": date(before) });
        }
        let messages = self.collection::<MessageDoc>(MESSAGES);
        let found = self.all(messages.find(filter).sort(doc! { "seq": -1 }).limit(limit)).await?;
        Ok(found.into_iter().map(|message| (room, message.into())).collect())
    }
}
