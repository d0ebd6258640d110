//! What was said, found again, among very many messages in the rooms of one person; and pages of their history.
//!
//! Twenty rooms, made by the chat, one of them with half of all messages. The messages are put into the database as the chat would have stored them, with all its indexes; they are of four
//! to sixteen words out of twenty thousand, the n-th of which is n times as rare as the first (Zipf's law). What is looked for is drawn evenly over the logarithm of
//! that rank, so that words that are everywhere are asked for as often as rare ones. One request after another, over HTTP.

use std::time::Instant;

use anyhow::{Context, Result};
use futures_util::TryStreamExt;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::{Acknowledgment, CollectionOptions, WriteConcern};
use mongodb::{Client, Collection, Database, IndexModel};
use serde_json::{Value, json};

use super::cloud::Cloud;
use super::figures::{Table, percentile};
use super::http::Http;
use super::people;

const ROOMS: usize = 20;
const WORDS: usize = 20_000;
const BATCH: usize = 10_000;

/// Requests of each kind.
const ASKED: usize = 400;

const LETTERS: [&str; 20] = [
    "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qui", "ro", "su", "ta", "ve", "wi", "xo",
    "zu",
];

/// The word of a rank: no two are the same, and none is the beginning of a shorter one only by chance.
fn word(rank: usize) -> String {
    let (mut rest, mut word) = (rank + LETTERS.len(), String::new());
    while rest > 0 {
        word += LETTERS[rest % LETTERS.len()];
        rest /= LETTERS.len();
    }
    word
}

/// A rank, even over its logarithm; as a part of a text, that is Zipf's law.
fn rank() -> usize {
    let at = fastrand::f64() * (WORDS as f64).ln();
    (at.exp() as usize).clamp(1, WORDS) - 1
}

pub(crate) async fn fill(uri: &str, rooms: &[String], messages: usize) -> Result<()> {
    let client = Client::with_uri_str(uri).await?;
    let database = client.default_database().context("a database")?;
    let options =
        CollectionOptions::builder().write_concern(WriteConcern::builder().w(Acknowledgment::Nodes(1)).build()).build();
    let collection = database.collection_with_options::<Document>("messages", options);
    // Word by word into an index that does not fit into the memory would take most of an hour.
    let words = index_of_words(&collection).await?;
    collection.drop_index(words.options.as_ref().and_then(|options| options.name.clone()).context("a name")?).await?;
    let author = ObjectId::new();
    let mut said = vec![0_i64; rooms.len()];
    let ids: Vec<ObjectId> = rooms.iter().map(ObjectId::parse_str).collect::<Result<_, _>>()?;
    let mut left = messages;
    while left > 0 {
        let batch: Vec<Document> = (0..left.min(BATCH))
            .map(|_| {
                let room = if fastrand::bool() { 0 } else { fastrand::usize(..rooms.len()) };
                said[room] += 1;
                let words: Vec<String> = (0..fastrand::usize(4..=16)).map(|_| word(rank())).collect();
                doc! {
                    "room": ids[room], "rev": said[room], "seq": said[room], "author": author, "author_name": "somebody",
                    "client_id": format!("filled-{room}-{}", said[room]), "text": words.join(" "), "at": DateTime::now(),
                }
            })
            .collect();
        left -= batch.len();
        collection.insert_many(batch).ordered(false).await?;
    }
    let began = Instant::now();
    collection.create_index(words).await?;
    println!("The index of words was made in {:.0} s.", began.elapsed().as_secs_f64());
    levels(&database, &ids, &said).await
}

async fn index_of_words(messages: &Collection<Document>) -> Result<IndexModel> {
    let indexes: Vec<IndexModel> = messages.list_indexes().await?.try_collect().await?;
    let mut words = indexes.into_iter().find(|index| index.keys.contains_key("_fts")).context("an index of words")?;
    words.keys = doc! { "room": 1, "text": "text" };
    Ok(words)
}

async fn levels(database: &Database, ids: &[ObjectId], said: &[i64]) -> Result<()> {
    for (id, said) in ids.iter().zip(said) {
        let level = doc! { "$set": { "head": said, "settled": said, "said": said } };
        database.collection::<Document>("rooms").update_one(doc! { "_id": id }, level).await?;
    }
    Ok(())
}

/// A person and their rooms.
pub(crate) fn rooms(cloud: &Cloud) -> Result<(String, Vec<String>)> {
    let (first, mut tokens) = people::found(cloud, "searched", 1)?;
    let token = tokens.pop().context("a person")?;
    let mut http = Http::to(&cloud.http)?;
    let mut rooms = vec![first];
    for number in 1..ROOMS {
        let body =
            json!({ "name": format!("searched {number}"), "client_id": format!("searched-{number}") }).to_string();
        let room: Value = http.ask("POST", "/rooms", Some(&token), &body)?;
        rooms.push(room["id"].as_str().context("a room")?.to_owned());
    }
    Ok((token, rooms))
}

pub(crate) fn measure(cloud: &Cloud, token: &str, rooms: &[String], messages: usize, table: &mut Table) -> Result<()> {
    let mut http = Http::to(&cloud.http)?;
    let mut ask = |what: &str, budget: &str, path: &dyn Fn() -> String| -> Result<()> {
        let mut took = Vec::new();
        let mut found = 0;
        for _ in 0..ASKED {
            let path = path();
            let began = Instant::now();
            let answer: Value = http.ask("GET", &path, Some(token), "")?;
            took.push(began.elapsed().as_secs_f64() * 1e3);
            found += usize::from(
                ["found", "messages"].iter().any(|field| answer[field].as_array().is_some_and(|list| !list.is_empty())),
            );
        }
        let (p50, p95) = (percentile(&mut took, 0.5), percentile(&mut took, 0.95));
        let most = took.last().copied().unwrap_or_default();
        table.row(
            what,
            format!("p50 {p50:.1}, p95 {p95:.1}, at most {most:.0} ms; {found} of {ASKED} found something"),
            budget,
        );
        Ok(())
    };
    let name = format!("of {messages} messages in {ROOMS} rooms");
    ask(&format!("{name}: one word, in all rooms"), "200 ms", &|| format!("/search?q={}", word(rank())))?;
    ask("… two words, in all rooms", "200 ms", &|| format!("/search?q={}%20{}", word(rank()), word(rank())))?;
    ask("… one word, in the room that has half of them", "200 ms", &|| {
        format!("/search?room={}&q={}", rooms[0], word(rank()))
    })?;
    ask("… the newest page of a room", "20 ms", &|| {
        format!("/rooms/{}/messages", rooms[fastrand::usize(..rooms.len())])
    })?;
    ask("… an older page of the largest", "20 ms", &|| {
        format!("/rooms/{}/messages?before={}", rooms[0], fastrand::usize(1..messages.max(4) / 2))
    })
}
