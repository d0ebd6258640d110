//! What names look like: no name is taken that can be taken for another.
//!
//! Which name of a person each look belongs to is kept by itself. A name is registered only when all of its looks are free or its own already.
//!
//! A look is taken before the account is made, and belongs to the name and not to the account: whatever dies in between leaves the name to whoever
//! asks for it next, and the unique index on names decides between two who do. Nothing here is asked when somebody signs in, so that people
//! whose names were alike before anybody looked keep them, both: the look goes to the one who came first, and a third gets neither.
//!
//! Those of the name of a public room stand in the room, where a unique index decides. They go when it is called otherwise.
//!
//! Accounts and rooms of a version that did not know looks are gone through once, in order of their ids, before the first name of their kind that is
//! taken after it. What dies meanwhile goes on where it was. What a function of such a version names while it still runs beside this one has no looks.

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};
use mongodb::error::ErrorKind;
use mongodb::options::Hint;
use serde::{Deserialize, Serialize};

use super::rooms::{self, KindDoc, ROOMS};
use super::users::USERS;
use super::{DUPLICATE_KEY, Inserted, Store, is_duplicate};
use crate::user::Username;
use crate::{Error, Result, text};

const LOOKS: &str = "looks";

#[derive(Serialize, Deserialize)]
struct LookDoc {
    _id: String,
    name_key: String,
}

/// What has names that were given before looks were known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    People,
    Rooms,
}

impl Named {
    /// Under which id of `looks` stands how far they have been gone through: no name looks like nothing, or like a space.
    fn note(self) -> &'static str {
        match self {
            Self::People => "",
            Self::Rooms => " ",
        }
    }

    fn collection(self) -> &'static str {
        match self {
            Self::People => USERS,
            Self::Rooms => ROOMS,
        }
    }

    fn which(self) -> Document {
        match self {
            Self::People => doc! {},
            Self::Rooms => doc! { "kind": KindDoc::Public.name() },
        }
    }

    /// How many are gone through at once: a small part of what an operation has time for. Those of rooms are written one by one.
    fn at_once(self) -> i64 {
        match self {
            Self::People => 500,
            Self::Rooms => 50,
        }
    }
}

#[derive(Deserialize)]
struct NoteDoc {
    /// The last that has been gone through.
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
        self.looked_at_people.get_or_try_init(|| self.go_through(Named::People)).await?;
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

    /// Gives all public rooms their looks, where this has not been done.
    pub(super) async fn look_at_rooms(&self) -> Result<()> {
        self.looked_at_rooms.get_or_try_init(|| self.go_through(Named::Rooms)).await.copied()
    }

    /// Takes the looks of all names of a kind for them, where this has not been done.
    async fn go_through(&self, named: Named) -> Result<()> {
        let notes = self.collection::<NoteDoc>(LOOKS);
        let noted = self.within(notes.find_one(doc! { "_id": named.note() })).await?;
        let nothing = ObjectId::from_bytes([0; 12]);
        let (mut after, mut is_done) = noted.map_or((nothing, false), |noted| (noted.after, noted.is_done));
        if !is_done && named == Named::Rooms {
            // Without their index nothing would keep two rooms apart, and with two that are alike it could not be made any more.
            self.index(ROOMS, rooms::indexes()).await?;
        }
        while !is_done {
            let mut filter = named.which();
            filter.insert("_id", doc! { "$gt": after });
            let documents = self.collection::<NamedDoc>(named.collection());
            let next = documents.find(filter).sort(doc! { "_id": 1 }).hint(Hint::Keys(doc! { "_id": 1 }));
            let next = next.limit(named.at_once()).projection(doc! { "name": 1, "name_key": 1 });
            let next = self.all(next).await?;
            is_done = next.len() < named.at_once() as usize;
            if let Some(last) = next.last() {
                after = last._id;
                match named {
                    Named::People => self.give_looks(next.iter().flat_map(NamedDoc::looks)).await?,
                    Named::Rooms => self.give_looks_to(&next).await?,
                }
            }
            let noted = doc! { "$max": { "after": after, "is_done": is_done } };
            self.within(notes.update_one(doc! { "_id": named.note() }, noted).upsert(true)).await?;
        }
        Ok(())
    }

    /// Looks that another room has already stay its own.
    async fn give_looks_to(&self, named: &[NamedDoc]) -> Result<()> {
        let rooms = self.collection::<()>(ROOMS);
        for room in named {
            for look in text::looks(&room.name) {
                let this = doc! { "_id": room._id, "name": &room.name };
                match self.within(rooms.update_one(this, doc! { "$addToSet": { "looks": look } })).await {
                    Err(error) if !is_duplicate(&error) => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
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
