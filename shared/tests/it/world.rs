//! A database for one story, and people in it.

use std::future::Future;
use std::sync::LazyLock;

use futures_util::TryStreamExt;
use local::mongod::Mongod;
use mongodb::bson::{Document, doc};
use mongodb::{Client, Database};
use parlour::connection::Connection;
use parlour::ids::{ClientId, ConnectionId, RoomId};
use parlour::message::{Draft, Mentions, Message, Text};
use parlour::permission::{Act, Permit};
use parlour::room::{Membership, RoomName};
use parlour::session::{Device, Session};
use parlour::store::{Purpose, Store, Stored};
use parlour::time;
use parlour::token::RefreshToken;
use parlour::user::Username;
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static MONGOD: LazyLock<Mongod> = LazyLock::new(|| RUNTIME.block_on(Mongod::throwaway()).unwrap());

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) database: Database,
}

/// Tells a story in a database of its own, and then looks at how each of its queries was answered: none may have read a collection from end
/// to end, or have sorted what it found.
pub(crate) fn story<F: Future<Output = ()>>(tell: impl FnOnce(World) -> F) {
    let uri = LazyLock::force(&MONGOD).uri().to_owned();
    RUNTIME.block_on(async {
        let client = Client::with_uri_str(&uri).await.unwrap();
        let name = format!("story{}", mongodb::bson::oid::ObjectId::new());
        let database = client.database_with_options(&name, options());
        database.run_command(doc! { "profile": 2 }).await.unwrap();
        let store = Store::on(database.clone());
        store.prepare().await.unwrap();
        tell(World { store, database: database.clone() }).await;
        database.run_command(doc! { "profile": 0 }).await.unwrap();
        // The index of words has no order of its own.
        let sorts = doc! { "hasSortStage": true, "command.filter.$text": { "$exists": false } };
        let wasteful = [doc! { "planSummary": { "$regex": "COLLSCAN" } }, sorts];
        let scans = doc! { "$or": wasteful, "ns": { "$not": { "$regex": "system" } } };
        let profile = database.collection::<Document>("system.profile");
        let scans: Vec<Document> = profile.find(scans).await.unwrap().try_collect().await.unwrap();
        assert!(scans.is_empty(), "a query read a whole collection or sorted in memory: {:#?}", scans.first());
        database.drop().await.unwrap();
    });
}

/// What `Store::connect` sets.
fn options() -> mongodb::options::DatabaseOptions {
    mongodb::options::DatabaseOptions::builder()
        .write_concern(mongodb::options::WriteConcern::majority())
        .read_concern(mongodb::options::ReadConcern::local())
        .build()
}

impl World {
    pub(crate) async fn person(&self, name: &str) -> Session {
        let name = Username::parse(name).unwrap();
        let account = self.store.register(&name, "hash".to_owned(), None, time::now()).await.unwrap().unwrap();
        self.store.sign_in(&account, Device::default(), time::now()).await.unwrap().0
    }

    /// Another session of somebody's, with the first of its refresh tokens.
    pub(crate) async fn signs_in(&self, session: &Session) -> (Session, RefreshToken) {
        let account = self.store.account_of(session).await.unwrap();
        self.store.sign_in(&account, Device::default(), time::now()).await.unwrap()
    }

    pub(crate) async fn room(&self, owner: &Session, name: &str) -> RoomId {
        let client_id = ClientId::parse(&format!("room-{name}")).unwrap();
        self.store.make_room(owner, &RoomName::parse(name).unwrap(), true, &client_id, time::now()).await.unwrap().0
    }

    pub(crate) async fn joins(&self, session: &Session, room: RoomId) -> Membership {
        let (_, standing) = self.store.public_room(room).await.unwrap();
        self.store.join(session, room, standing, time::now()).await.unwrap();
        self.store.membership(session, room).await.unwrap()
    }

    /// A socket that has sent its first frame.
    pub(crate) async fn socket(&self, session: &Session, id: &str) -> Connection {
        let connection = self.connects(session, id).await;
        let rooms = self.store.memberships(session).await.unwrap();
        self.store.heard(&connection, &rooms, time::now()).await.unwrap();
        connection
    }

    /// A socket of which nothing has been heard.
    pub(crate) async fn connects(&self, session: &Session, id: &str) -> Connection {
        let id = ConnectionId::new(id);
        self.store.connect_socket(session, &id, time::now()).await.unwrap();
        self.store.connection(&id, time::now()).await.unwrap()
    }

    pub(crate) async fn sockets_in(&self, room: RoomId) -> Vec<String> {
        let sockets = self.store.sockets_in(room, time::now()).await.unwrap();
        let mut ids: Vec<String> = sockets.iter().map(|socket| socket.as_str().to_owned()).collect();
        ids.sort();
        ids
    }

    /// Takes a position and stores a message there, without telling anybody.
    pub(crate) async fn stores(&self, membership: &Membership, text: &str) -> Message {
        let place = self.store.place(membership.room(), Purpose::Message).await.unwrap();
        match self.store.store(&say(membership), &draft(text), &Mentions::default(), &place, time::now()).await.unwrap()
        {
            Stored::Here(message) => *message,
            other => panic!("{other:?}"),
        }
    }

    /// Lets the lease of a room run out, as if its holder had died a while ago.
    pub(crate) async fn lease_runs_out(&self, room: RoomId) {
        let id = mongodb::bson::oid::ObjectId::from_bytes(room.bytes());
        let past = mongodb::bson::DateTime::from_millis(0);
        let rooms = self.database.collection::<Document>("rooms");
        rooms
            .update_one(doc! { "_id": id, "lease": { "$exists": true } }, doc! { "$set": { "lease.until": past } })
            .await
            .unwrap();
    }
}

/// That a member may speak.
pub(crate) fn say(membership: &Membership) -> Permit {
    membership.may(Act::Say, time::now()).unwrap()
}

/// Something to say, whose client id is made of the text.
pub(crate) fn draft(text: &str) -> Draft {
    let letters: String = text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    Draft {
        client_id: ClientId::parse(&format!("client-{letters}")).unwrap(),
        text: Text::parse(text).unwrap(),
        reply_to: None,
    }
}
