//! What names look like, and which name each look belongs to. A name is registered only when all of its looks are free or its own already.
//!
//! A look is taken before the account is made, and belongs to the name and not to the account: whatever dies in between leaves the name to whoever
//! asks for it next, and the unique index on names decides between two who do. Nothing here is asked when somebody signs in, so that people
//! whose names were alike before anybody looked keep them, both: the look goes to the one who came first, and a third gets neither.
//!
//! Accounts of a version that did not know looks are gone through once, in order of their ids, before the first registration after it. What dies
//! meanwhile goes on where it was.

use mongodb::bson::doc;
use mongodb::bson::oid::ObjectId;
use mongodb::error::ErrorKind;
use serde::{Deserialize, Serialize};

use super::users::USERS;
use super::{DUPLICATE_KEY, Inserted, Store};
use crate::user::Username;
use crate::{Error, Result, text};

const LOOKS: &str = "looks";

/// No name looks like nothing: under this id stands how far the accounts have been gone through.
const NOTE: &str = "";

/// How many accounts are gone through at once: a small part of what an operation has time for.
const AT_ONCE: i64 = 500;

#[derive(Serialize, Deserialize)]
struct LookDoc {
    _id: String,
    name_key: String,
}

#[derive(Deserialize)]
struct NoteDoc {
    /// The last account that has been gone through.
    after: ObjectId,
    is_done: bool,
}

#[derive(Deserialize)]
struct NamedDoc {
    _id: ObjectId,
    name: String,
    name_key: String,
}

impl NamedDoc {
    fn looks(&self) -> impl Iterator<Item = LookDoc> {
        // The name of a deleted account is kept only as it is compared.
        let shown = if self.name.is_empty() { &self.name_key } else { &self.name };
        text::looks(shown).into_iter().map(|look| LookDoc { _id: look, name_key: self.name_key.clone() })
    }
}

impl Store {
    /// Takes the looks of a name for it; says whether they are its own now.
    pub(super) async fn take_looks(&self, name: &Username) -> Result<bool> {
        self.looked.get_or_try_init(|| self.look_at_everybody()).await?;
        let (key, wanted) = (name.key(), name.looks());
        let ids: Vec<&String> = wanted.iter().collect();
        // Without this, a name of which only one look is free would keep that one for nobody.
        if self.finds(LOOKS, doc! { "_id": { "$in": ids }, "name_key": { "$ne": &key } }).await? {
            return Ok(false);
        }
        let looks = self.collection::<LookDoc>(LOOKS);
        for look in wanted {
            let look = LookDoc { _id: look, name_key: key.clone() };
            if let Inserted::Duplicate = self.insert_once(&looks, &look).await? {
                let holder = self.within(looks.find_one(doc! { "_id": &look._id })).await?;
                if holder.is_none_or(|holder| holder.name_key != key) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Takes the looks of all accounts for them, where this has not been done.
    async fn look_at_everybody(&self) -> Result<()> {
        let notes = self.collection::<NoteDoc>(LOOKS);
        let note = self.within(notes.find_one(doc! { "_id": NOTE })).await?;
        let nobody = ObjectId::from_bytes([0; 12]);
        let (mut after, is_done) = note.map_or((nobody, false), |note| (note.after, note.is_done));
        if is_done {
            return Ok(());
        }
        loop {
            let users = self.collection::<NamedDoc>(USERS);
            let next = users
                .find(doc! { "_id": { "$gt": after } })
                .sort(doc! { "_id": 1 })
                .limit(AT_ONCE)
                .projection(doc! { "name": 1, "name_key": 1 });
            let next = self.all(next).await?;
            if let Some(last) = next.last() {
                after = last._id;
                self.give_looks(next.iter().flat_map(NamedDoc::looks)).await?;
            }
            let is_done = next.len() < AT_ONCE as usize;
            let note = doc! { "$max": { "after": after, "is_done": is_done } };
            self.within(notes.update_one(doc! { "_id": NOTE }, note).upsert(true)).await?;
            if is_done {
                return Ok(());
            }
        }
    }

    /// Looks that somebody has already stay theirs.
    async fn give_looks(&self, looks: impl Iterator<Item = LookDoc>) -> Result<()> {
        let documents = self.collection::<LookDoc>(LOOKS);
        match self.within(documents.insert_many(looks).ordered(false)).await {
            Err(error) if !is_duplicate_only(&error) => Err(error),
            _ => Ok(()),
        }
    }
}

/// Whether nothing but taken looks kept some of many from being inserted.
fn is_duplicate_only(error: &Error) -> bool {
    let Error::Internal(source) = error else { return false };
    let Some(error) = source.downcast_ref::<mongodb::error::Error>() else { return false };
    let ErrorKind::InsertMany(failed) = error.kind.as_ref() else { return false };
    failed.write_concern_error.is_none()
        && failed.write_errors.iter().flatten().all(|error| error.code == DUPLICATE_KEY)
}
