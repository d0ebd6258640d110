//! Finding what was said again, by MongoDB's index of words. It begins with the room, so that what others say elsewhere does not make a search slower.
//!
//! The index knows where a word is, and not which place is the newest. Of a word that is everywhere the newest places are near: so the newest messages are
//! looked at first, by an index of their time. What is not found there is rare, and is taken from the index of words with all its places, unless the words
//! are rarely together without being rare. How many messages are near depends on how many there are: see [`near`]; what comes then, on how often each word
//! was near: see [`Sample`].
//!
//! A deployment on Atlas may have an index of Atlas Search instead, which knows the order and all words at once: see [`Engine`].

use std::cmp::Reverse;

use futures_util::{StreamExt, TryStreamExt, stream};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::IndexOptions;
use mongodb::{Cursor, IndexModel};
use serde::Deserialize;
use tokio::time::timeout;

use super::messages::{MESSAGES, MessageDoc, at_present};
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

/// What finds words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Engine {
    /// MongoDB's index of words, which every deployment has.
    #[default]
    Words,
    /// The index of Atlas Search with this name, which an operator makes; `docs/atlas-search.json` defines it. It lags a little behind.
    Atlas(String),
}

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
        words.sort_by_key(|word| Reverse(word.chars().count()));
        let mut plain: Vec<String> = Vec::new();
        words.retain(|word| {
            let new = text::plain(word);
            let is_new = !new.is_empty() && !plain.contains(&new);
            plain.extend(is_new.then_some(new));
            is_new
        });
        (!words.is_empty()).then_some(Self { words, plain, before })
    }

    /// The question for Atlas Search.
    fn in_atlas(&self, index: &str, rooms: &[ObjectId], limit: i64) -> Vec<Document> {
        let word = |word: &String| doc! { "text": { "path": "text", "query": word, "matchCriteria": "all" } };
        let mut all = vec![doc! { "in": { "path": "room", "value": rooms } }];
        all.extend(self.words.iter().map(word));
        all.extend(self.before.map(|before| doc! { "range": { "path": "at", "lt": date(before) } }));
        vec![
            doc! { "$search": { "index": index, "compound": { "filter": all }, "sort": { "at": -1 } } },
            doc! { "$limit": limit },
            doc! { "$project": Candidate::fields() },
        ]
    }

    /// Whether all the words are in a text.
    fn is_in(&self, text: &str) -> bool {
        self.each_in(text, |_, is_there| is_there)
    }

    /// Tells of one word after the other whether it is in a text, as long as it is to go on. Says whether it was to the end.
    fn each_in(&self, text: &str, mut goes_on: impl FnMut(usize, bool) -> bool) -> bool {
        let mut each =
            |has: &dyn Fn(&str) -> bool| self.plain.iter().enumerate().all(|(number, word)| goes_on(number, has(word)));
        // Most texts need no folding, and thousands of them are looked at.
        if text.is_ascii() {
            return each(&|word| text::words(text).any(|there| there.eq_ignore_ascii_case(word)));
        }
        let there: Vec<String> = text::words(text).map(text::plain).collect();
        each(&|word| there.iter().any(|there| there == word))
    }
}

/// How far a guess is trusted: as many times of what it says are looked at, before the other way is tried.
const TRUST: i64 = 4;

/// What the newest messages tell of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sample {
    /// How many were looked at.
    size: i64,
    /// In how many of these each word was.
    with: Vec<i64>,
    /// How many of these had all words.
    found: i64,
}

impl Sample {
    fn new(search: &Search) -> Self {
        Self { size: 0, with: vec![0; search.plain.len()], found: 0 }
    }

    /// Looks at one more. Says whether it has all the words.
    fn has(&mut self, search: &Search, text: &str) -> bool {
        let mut all = true;
        search.each_in(text, |word, is_there| {
            self.with[word] += i64::from(is_there);
            all &= is_there;
            true
        });
        self.size += 1;
        self.found += i64::from(all);
        all
    }

    fn least(&self) -> i64 {
        self.with.iter().copied().min().unwrap_or_default()
    }

    /// The words that were seen least.
    fn rarest<'a>(&self, search: &'a Search) -> Vec<&'a str> {
        let words = search.words.iter().zip(&self.with);
        words.filter(|(_, with)| **with == self.least()).map(|(word, _)| word.as_str()).take(ASKED).collect()
    }

    /// How many places the rarest word has among so many messages.
    fn places(&self, said: i64) -> i64 {
        self.least().max(1).saturating_mul(said) / self.size.max(1)
    }

    /// How many messages have to be looked at from the newest back, until so many are found.
    fn until(&self, limit: i64) -> i64 {
        let size = self.size.max(1) as f64;
        // Where none was found: as if the words had nothing to do with each other, and no better than that.
        let together = self.with.iter().fold(size, |left, with| left * (*with).max(1) as f64 / size).min(1.0);
        let found = if self.found > 0 { self.found as f64 } else { together };
        (limit as f64 * size / found) as i64
    }
}

/// Messages from the newest back, and what they have told so far.
struct Back<'a> {
    search: &'a Search,
    limit: i64,
    messages: Cursor<Candidate>,
    sample: Sample,
    found: Vec<Candidate>,
}

impl Back<'_> {
    /// Looks further back, until it has looked at so many. Says whether it knows all that is asked for.
    async fn look(&mut self, until: i64) -> mongodb::error::Result<bool> {
        while self.sample.size < until {
            if !self.messages.advance().await? {
                return Ok(true);
            }
            if self.sample.has(self.search, text_of(&self.messages)?) {
                self.found.push(self.messages.deserialize_current()?);
            }
            if self.sample.found == self.limit {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Most messages are not what is looked for, and need not be taken apart.
fn text_of(messages: &Cursor<Candidate>) -> mongodb::error::Result<&str> {
    messages.current().get_str("text").map_err(mongodb::error::Error::custom)
}

/// A message that may have the words.
#[derive(Deserialize)]
struct Candidate {
    room: ObjectId,
    seq: i64,
    at: DateTime,
}

impl Candidate {
    fn fields() -> Document {
        doc! { "_id": 0, "room": 1, "seq": 1, "at": 1, "text": 1 }
    }

    /// The newest of some, the newest first.
    fn newest(found: &mut Vec<Self>, limit: i64) {
        found.sort_unstable_by_key(|message| Reverse((message.at, message.room, message.seq)));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
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
        engine: &Engine,
        limit: i64,
    ) -> Result<(Vec<(RoomId, Message)>, bool)> {
        // All of it has the time of one operation: what nobody waits for any more is looked for no longer.
        let found = timeout(DEADLINE, self.find_newest(memberships, search, engine, limit + 1)).await;
        let (mut found, candidates) = found.map_err(|late| Error::Unavailable(late.into()))??;
        found.sort_by_key(|(room, message)| Reverse((message.at, *room, message.seq)));
        let (found, _) = super::page(found, limit)?;
        let more = !found.is_empty() && i64::try_from(candidates).is_ok_and(|candidates| candidates > limit);
        Ok((found, more))
    }

    /// So many of the newest, and of how many candidates they were left.
    async fn find_newest(
        &self,
        mine: &[Membership],
        search: &Search,
        engine: &Engine,
        limit: i64,
    ) -> Result<(Vec<(RoomId, Message)>, usize)> {
        let rooms = self.rooms_of(mine).await?;
        let said = rooms.iter().map(|(_, standing, _)| standing.kept()).sum();
        let rooms: Vec<ObjectId> = rooms.iter().map(|(room, ..)| object_id(room.id.bytes())).collect();
        let found = match engine {
            _ if rooms.is_empty() => Vec::new(),
            Engine::Words => self.by_words(&rooms, search, limit, said).await?,
            Engine::Atlas(index) => self.by_atlas(&rooms, search, limit, index).await?,
        };
        if found.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let candidates = found.len();
        let numbers = found.iter().map(|found| doc! { "room": found.room, "seq": { "$eq": found.seq, "$gt": 0 } });
        let numbers: Vec<Document> = numbers.collect();
        let messages = self.confirmed::<MessageDoc>();
        let found = self.all(messages.find(doc! { "$or": numbers }).projection(at_present())).await?;
        // What was edited since may have other words. What a word is, Atlas Search decides itself; of what was deleted nothing is left.
        let found = found.into_iter().filter(|found| match engine {
            Engine::Words => search.is_in(&found.text),
            Engine::Atlas(_) => !found.text.is_empty(),
        });
        Ok((found.map(|found| (RoomId::from_bytes(found.room.bytes()), found.into())).collect(), candidates))
    }

    async fn by_atlas(&self, rooms: &[ObjectId], search: &Search, limit: i64, index: &str) -> Result<Vec<Candidate>> {
        // It takes no other read concern than `local`; what it finds is read once more as the majority has it.
        let messages = self.collection::<Candidate>(MESSAGES);
        let found =
            messages.aggregate(search.in_atlas(index, rooms, limit)).max_time(DEADLINE).with_type::<Candidate>();
        self.all(found).await
    }

    async fn by_words(&self, rooms: &[ObjectId], search: &Search, limit: i64, said: i64) -> Result<Vec<Candidate>> {
        let near = near(limit, said);
        let mut back = self.back(rooms, search, limit, near).await?;
        if self.within(back.look(near)).await? {
            return Ok(back.found);
        }
        // The way that looks at fewer messages goes first.
        let (places, until) = (back.sample.places(said), back.sample.until(limit));
        if until < places && self.within(back.look(until.saturating_mul(TRUST))).await? {
            return Ok(back.found);
        }
        let most = places.saturating_mul(TRUST).max(near);
        match self.places(rooms, search, limit, &back.sample.rarest(search), most).await? {
            Some(found) => Ok(found),
            // Of words that are everywhere and never together, or only long ago, nothing but all messages tells.
            None => self.within(back.look(i64::MAX)).await.map(|_| back.found),
        }
    }

    /// Messages from the newest back; of about so many something is to be known.
    async fn back<'a>(&self, rooms: &[ObjectId], search: &'a Search, limit: i64, wanted: i64) -> Result<Back<'a>> {
        let mut at = since_ever();
        if let Some(before) = search.before {
            at.insert("$lt", date(before));
        }
        let messages = self.confirmed::<Candidate>();
        let messages = messages.find(doc! { "room": { "$in": rooms }, "at": at }).projection(Candidate::fields());
        let batch = u32::try_from(wanted).unwrap_or(BATCH).min(BATCH);
        let messages = messages.sort(doc! { "at": -1 }).batch_size(batch).max_time(DEADLINE);
        let messages = self.within(messages).await?;
        Ok(Back { search, limit, messages, sample: Sample::new(search), found: Vec::new() })
    }

    /// The newest messages with the words, by the index; none, if somewhere each of these words has more places than that.
    async fn places(
        &self,
        rooms: &[ObjectId],
        search: &Search,
        limit: i64,
        words: &[&str],
        most: i64,
    ) -> Result<Option<Vec<Candidate>>> {
        let found = stream::iter(rooms.to_vec())
            .map(|room| self.places_in(room, search, limit, words, most))
            .buffer_unordered(POOL as usize);
        let found: Option<Vec<Vec<Candidate>>> = found.try_collect::<Vec<_>>().await?.into_iter().collect();
        let Some(found) = found else { return Ok(None) };
        let mut found: Vec<Candidate> = found.into_iter().flatten().collect();
        Candidate::newest(&mut found, limit);
        Ok(Some(found))
    }

    async fn places_in(
        &self,
        room: ObjectId,
        search: &Search,
        limit: i64,
        words: &[&str],
        most: i64,
    ) -> Result<Option<Vec<Candidate>>> {
        for word in words {
            let messages = self.confirmed::<Candidate>();
            let places = messages.find(doc! { "room": room, "$text": { "$search": *word } });
            let places = places.projection(Candidate::fields()).limit(most).max_time(DEADLINE);
            let looking = async {
                let (mut places, mut looked_at, mut found) = (places.await?, 0, Vec::new());
                while places.advance().await? {
                    looked_at += 1;
                    if search.is_in(text_of(&places)?) {
                        let message: Candidate = places.deserialize_current()?;
                        if search.before.is_none_or(|before| message.at < date(before)) {
                            found.push(message);
                        }
                    }
                    // There may be very many.
                    if found.len() >= BATCH as usize {
                        Candidate::newest(&mut found, limit);
                    }
                }
                Ok((looked_at < most).then_some(found))
            };
            if let Some(found) = self.within(looking).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
