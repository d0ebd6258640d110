//! Finding what was said again, by MongoDB's index of words. It begins with the room, so that what others say elsewhere does not make a search slower.
//!
//! The index knows where a word is, and not which place is the newest. Of a word that is everywhere the newest places are near: so the newest messages are
//! looked at first, by an index of their time. What is not found there is rare, and is taken from the index of words with all its places. How many messages
//! are near depends on how many there are: see [`near`].

use futures_util::{StreamExt, TryStreamExt, stream};
use mongodb::IndexModel;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::IndexOptions;
use serde::Deserialize;
use tokio::time::timeout;

use super::messages::{MessageDoc, at_present};
use super::{DEADLINE, POOL, Store, date, object_id};
use crate::ids::RoomId;
use crate::message::Message;
use crate::room::Membership;
use crate::text;
use crate::time::Timestamp;
use crate::{Error, Result};

/// How many words are asked of the index one by one: whoever looks for more than that has said enough.
const ASKED: usize = 4;

/// How many messages are looked at at once.
const BATCH: u32 = 1_000;

/// What is looked for: messages with all of these words.
#[derive(Debug, Clone)]
pub struct Search {
    /// The words as they were written, the longest first: it is the rarest more often than not.
    words: Vec<String>,
    /// The same, as they are compared.
    plain: Vec<String>,
    /// Only what was said before that.
    before: Option<Timestamp>,
}

impl Search {
    /// None, if there is no word in the text.
    pub fn parse(text: &str, before: Option<Timestamp>) -> Option<Self> {
        let text = text::normal(text);
        let mut words: Vec<String> = text::words(&text).map(str::to_owned).collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        let mut plain: Vec<String> = Vec::new();
        words.retain(|word| {
            let new = text::plain(word);
            let is_new = !new.is_empty() && !plain.contains(&new);
            plain.extend(is_new.then_some(new));
            is_new
        });
        (!words.is_empty()).then_some(Self { words, plain, before })
    }

    /// Whether all the words are in a text.
    fn is_in(&self, text: &str) -> bool {
        // Most texts need no folding, and thousands of them are looked at.
        if text.is_ascii() {
            return self.plain.iter().all(|word| text::words(text).any(|there| there.eq_ignore_ascii_case(word)));
        }
        let there: Vec<String> = text::words(text).map(text::plain).collect();
        self.plain.iter().all(|word| there.contains(word))
    }
}

/// A message that may have the words.
#[derive(Deserialize)]
struct Candidate {
    room: ObjectId,
    seq: i64,
    at: DateTime,
    text: String,
}

impl Candidate {
    fn fields() -> Document {
        doc! { "_id": 0, "room": 1, "seq": 1, "at": 1, "text": 1 }
    }
}

/// The index of messages by their time.
pub(super) fn index() -> IndexModel {
    let said = IndexOptions::builder().partial_filter_expression(doc! { "at": since_ever() }).build();
    IndexModel::builder().keys(doc! { "room": 1, "at": -1 }).options(said).build()
}

/// At any time: what came to nothing has none. A query has to say it in these words, so that the index is known to have all it asks for.
fn since_ever() -> Document {
    doc! { "$gt": DateTime::from_millis(0) }
}

/// How many messages are looked at from the newest back before the index is asked, of so many. With a word in `n` of them evenly, `limit` of these are
/// among the newest `limit * said / n`; so whatever is not found by then has fewer places than that, too.
fn near(limit: i64, said: i64) -> i64 {
    limit.saturating_mul(said.max(1)).isqrt().max(100)
}

impl Store {
    /// The newest messages in these rooms that have all the words, the newest first, and whether there are more.
    pub async fn search(
        &self,
        memberships: &[Membership],
        search: &Search,
        limit: i64,
    ) -> Result<(Vec<(RoomId, Message)>, bool)> {
        // All of it has the time of one operation: what nobody waits for any more is looked for no longer.
        let found = timeout(DEADLINE, self.find_newest(memberships, search, limit + 1)).await;
        let mut found = found.map_err(|late| Error::Unavailable(late.into()))??;
        found.sort_by_key(|(room, message)| std::cmp::Reverse((message.at, *room, message.seq)));
        super::page(found, limit)
    }

    async fn find_newest(&self, mine: &[Membership], search: &Search, limit: i64) -> Result<Vec<(RoomId, Message)>> {
        let rooms = self.rooms_of(mine).await?;
        let near = near(limit, rooms.iter().map(|(_, standing, _)| standing.said).sum());
        let rooms: Vec<ObjectId> = rooms.iter().map(|(room, ..)| object_id(room.id.bytes())).collect();
        let found = match self.newest(&rooms, search, limit, near).await? {
            Some(found) => found,
            None => match self.places(&rooms, search, limit, near).await? {
                Some(found) => found,
                // Of words that are everywhere and hardly ever together, or only long ago, nothing but all messages tells.
                None => self.newest(&rooms, search, limit, i64::MAX).await?.unwrap_or_default(),
            },
        };
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let numbers = found.iter().map(|found| doc! { "room": found.room, "seq": { "$eq": found.seq, "$gt": 0 } });
        let numbers: Vec<Document> = numbers.collect();
        let messages = self.confirmed::<MessageDoc>();
        let found = self.all(messages.find(doc! { "$or": numbers }).projection(at_present())).await?;
        // What was edited since may have other words.
        let found = found.into_iter().filter(|found| search.is_in(&found.text));
        Ok(found.map(|found| (RoomId::from_bytes(found.room.bytes()), found.into())).collect())
    }

    /// The newest messages with the words, looked for from the newest message back; none, if so many messages do not tell.
    async fn newest(
        &self,
        rooms: &[ObjectId],
        search: &Search,
        limit: i64,
        messages: i64,
    ) -> Result<Option<Vec<Candidate>>> {
        let mut at = since_ever();
        if let Some(before) = search.before {
            at.insert("$lt", date(before));
        }
        let back = self.confirmed::<Candidate>();
        let back = back.find(doc! { "room": { "$in": rooms }, "at": at }).projection(Candidate::fields());
        let back = back.sort(doc! { "at": -1 }).batch_size(BATCH).max_time(DEADLINE);
        let looking = async {
            let (mut back, mut looked_at, mut found) = (back.await?, 0, Vec::new());
            while looked_at < messages {
                if !back.advance().await? {
                    return Ok(Some(found));
                }
                looked_at += 1;
                if search.is_in(back.current().get_str("text").map_err(mongodb::error::Error::custom)?) {
                    found.push(back.deserialize_current()?);
                }
                if found.len() as i64 == limit {
                    return Ok(Some(found));
                }
            }
            Ok(None)
        };
        self.within(looking).await
    }

    /// The newest messages with the words, by the index; none, if somewhere each of the words has more places than that.
    async fn places(
        &self,
        rooms: &[ObjectId],
        search: &Search,
        limit: i64,
        most: i64,
    ) -> Result<Option<Vec<Candidate>>> {
        let found =
            stream::iter(rooms.to_vec()).map(|room| self.places_in(room, search, most)).buffer_unordered(POOL as usize);
        let found: Option<Vec<Vec<Candidate>>> = found.try_collect::<Vec<_>>().await?.into_iter().collect();
        let Some(found) = found else { return Ok(None) };
        let mut found: Vec<Candidate> = found.into_iter().flatten().collect();
        found.sort_unstable_by_key(|message| std::cmp::Reverse((message.at, message.room, message.seq)));
        found.truncate(usize::try_from(limit).map_err(Error::internal)?);
        Ok(Some(found))
    }

    async fn places_in(&self, room: ObjectId, search: &Search, most: i64) -> Result<Option<Vec<Candidate>>> {
        let messages = self.confirmed::<Candidate>();
        for word in search.words.iter().take(ASKED) {
            let places = messages.find(doc! { "room": room, "$text": { "$search": word } });
            let places = places.projection(Candidate::fields()).limit(most).max_time(DEADLINE);
            let mut found = self.all(places).await?;
            if i64::try_from(found.len()).is_ok_and(|found| found < most) {
                let is_old_enough = |at| search.before.is_none_or(|before| at < date(before));
                found.retain(|message| is_old_enough(message.at) && search.is_in(&message.text));
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}
