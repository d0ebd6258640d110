//! A message's life, with a real database and a server that plays `@connections`.

use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use futures_util::future::try_join_all;
use mongodb::bson::{Document, doc};
use parlour::Error;
use parlour::afterwards::Afterwards;
use parlour::connection::Connection;
use parlour::delivery::Delivery;
use parlour::delivery::turn::LONGEST;
use parlour::ids::{ClientId, RoomId};
use parlour::limits::{Allowance, Limits};
use parlour::message::{Amendment, Draft, Mentions, Message, Reacting};
use parlour::room::{Position, Standing};
use parlour::session::Session;
use parlour::store::{LEASE, Purpose, Store};
use parlour::time::{self, Timestamp};
use parlour::wire::Frame;

use crate::gateway::FakeGateway;
use crate::world::{World, draft, say, story};

/// Anna and Ben in a room, each with a socket that was announced.
pub(crate) struct Pair {
    pub(crate) world: World,
    pub(crate) fake: FakeGateway,
    pub(crate) anna: Session,
    pub(crate) ben: Session,
    pub(crate) from: Connection,
    pub(crate) tea: RoomId,
    pub(crate) delivery: Environment,
}

/// An environment of a function that delivers: what its answer did not wait for is done when it is asked again.
pub(crate) struct Environment {
    delivery: Arc<Delivery>,
    afterwards: Afterwards,
}

impl Environment {
    fn new(store: Store, fake: &FakeGateway, limits: Limits) -> Self {
        let afterwards = Afterwards::default();
        Self { delivery: Delivery::new(store, fake.client(), fake.fanout(), limits, afterwards.clone()), afterwards }
    }

    /// How much one may do there from now on.
    pub(crate) fn limits(&mut self) -> &mut Limits {
        &mut Arc::get_mut(&mut self.delivery).unwrap().limits
    }

    pub(crate) async fn say(
        &self,
        from: &Connection,
        room: RoomId,
        draft: &Draft,
        now: Timestamp,
    ) -> parlour::Result<Message> {
        let said = self.delivery.say(from, room, draft, now).await;
        self.afterwards.done().await;
        said
    }

    pub(crate) async fn amend(
        &self,
        from: &Connection,
        room: RoomId,
        amendment: &Amendment,
        now: Timestamp,
    ) -> parlour::Result<Position> {
        let amended = self.delivery.amend(from, room, amendment, now).await;
        self.afterwards.done().await;
        amended
    }

    pub(crate) async fn react(
        &self,
        from: &Connection,
        room: RoomId,
        reacting: &Reacting,
        now: Timestamp,
    ) -> parlour::Result<Position> {
        let reacted = self.delivery.react(from, room, reacting, now).await;
        self.afterwards.done().await;
        reacted
    }
}

impl Deref for Environment {
    type Target = Arc<Delivery>;

    fn deref(&self) -> &Arc<Delivery> {
        &self.delivery
    }
}

impl Pair {
    pub(crate) async fn new(world: World) -> Self {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let tea = world.room(&anna, "tea").await;
        let mine = [world.store.membership(&anna, tea).await.unwrap()];
        let theirs = [world.joins(&ben, tea).await];
        let (from, to) = (world.socket(&anna, "anna=").await, world.socket(&ben, "ben=").await);
        world.store.heard(&from, &mine, time::now()).await.unwrap();
        world.store.heard(&to, &theirs, time::now()).await.unwrap();
        let fake = FakeGateway::start().await;
        let allowance = Allowance { every: Duration::from_micros(1), burst: 1_000_000 };
        let limits = Limits { send: allowance, ..Limits::default() };
        let store = Store::on(world.database.clone());
        let delivery = Environment::new(store, &fake, limits);
        Self { world, fake, anna, ben, from, tea, delivery }
    }

    /// Another environment of the same function, which has heard nothing yet.
    fn another_environment(&self) -> Environment {
        let store = Store::on(self.world.database.clone());
        Environment::new(store, &self.fake, self.delivery.limits)
    }

    pub(crate) async fn says(&self, text: &str) -> parlour::Result<Message> {
        self.delivery.say(&self.from, self.tea, &draft(text), time::now()).await
    }

    pub(crate) async fn documents(&self, collection: &str) -> Vec<Document> {
        let documents = self.world.database.collection::<Document>(collection);
        documents
            .find(doc! { "room": { "$exists": true } })
            .hint(mongodb::options::Hint::Name("room_1_rev_1".to_owned()))
            .await
            .unwrap()
            .try_collect()
            .await
            .unwrap()
    }

    /// The texts a socket has got, after checking that every frame follows the one before it.
    pub(crate) fn texts(&self, socket: &str) -> Vec<String> {
        let mut position = 0;
        let mut texts = Vec::new();
        for frame in self.fake.heard(socket) {
            if let Frame::Changes { from, to, changes, .. } = frame {
                assert_eq!(from, position + 1, "a frame does not follow the one before it");
                position = to;
                texts.extend(changes.into_iter().map(|message| message.text));
            }
        }
        texts
    }
}

#[test]
fn a_stranger_says_nothing() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let eve = pair.world.person("eve").await;
        let socket = pair.world.socket(&eve, "eve=").await;
        let refused = pair.delivery.say(&socket, pair.tea, &draft("hello"), time::now()).await;
        assert!(matches!(refused, Err(Error::NotFound)));
        assert_eq!(pair.world.store.public_room(pair.tea).await.unwrap().1.head, 0, "a position was taken");
        assert!(pair.texts("ben=").is_empty());
    });
}

#[test]
fn who_says_something_is_answered_when_it_is_stored_and_waits_for_no_post() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.fake.played.lock().unwrap().silent.insert("ben=".to_owned());
        let settled = async || pair.world.store.public_room(pair.tea).await.unwrap().1.settled;
        let Environment { delivery, afterwards } = &pair.delivery;
        delivery.say(&pair.from, pair.tea, &draft("hello"), time::now()).await.unwrap();
        assert_eq!((pair.documents("messages").await.len(), settled().await), (1, 0));
        afterwards.done().await;
        assert_eq!((pair.texts("anna="), settled().await), (vec!["hello".to_owned()], 1));
    });
}

#[test]
fn what_is_said_reaches_everybody_in_the_room_and_nobody_else() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let eve = pair.world.person("eve").await;
        pair.world.room(&eve, "elsewhere").await;
        pair.world.socket(&eve, "eve=").await;
        pair.says("hello").await.unwrap();
        assert_eq!(pair.texts("anna="), ["hello"]);
        assert_eq!(pair.texts("ben="), ["hello"]);
        assert!(pair.texts("eve=").is_empty());
        let standing = pair.world.store.public_room(pair.tea).await.unwrap().1;
        assert_eq!((standing.head, standing.settled, standing.said), (1, 1, 1));
    });
}

#[test]
fn the_same_said_many_times_at_once_is_one_message() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let said = try_join_all((0..6).map(|_| pair.says("hello"))).await.unwrap();
        assert!(said.iter().all(|message| *message == said[0]), "{said:#?}");
        assert_eq!(pair.says("hello").await.unwrap(), said[0]);
        assert_eq!(pair.texts("ben="), ["hello"]);
    });
}

#[test]
fn many_who_talk_at_once_are_heard_in_one_order_without_gaps() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let texts: Vec<String> = (0..40).map(|n| format!("text{n}")).collect();
        let said = try_join_all(texts.iter().map(|text| pair.says(text))).await.unwrap();
        let mut in_order: Vec<_> = said.into_iter().map(|message| (message.rev, message.text)).collect();
        in_order.sort();
        let in_order: Vec<String> = in_order.into_iter().map(|(_, text)| text).collect();
        assert_eq!(pair.texts("anna="), in_order);
        assert_eq!(pair.texts("ben="), in_order);
        assert!(pair.fake.heard("ben=").len() < 40, "nothing was sent together");
    });
}

#[test]
fn a_neighbor_that_is_gone_is_removed_and_the_sender_stays() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.fake.is_gone("ben=");
        pair.says("hello").await.unwrap();
        assert_eq!(pair.world.sockets_in(pair.tea).await, ["anna="]);
        let online = |frame: &Frame| matches!(frame, Frame::Presence { user, online: false } if user.name == "ben");
        assert!(pair.fake.heard("anna=").iter().any(online), "nobody was told that ben is gone");
        assert!(!pair.world.store.is_here(pair.ben.user().id, time::now()).await.unwrap());
        assert!(pair.world.store.is_here(pair.anna.user().id, time::now()).await.unwrap());
    });
}

#[test]
fn a_position_that_stays_empty_is_voided_and_the_room_goes_on() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let dead = pair.world.store.place(pair.tea, Purpose::Message).await.unwrap();
        pair.world.store.hand_over(dead.lease.unwrap(), 0).await.unwrap();
        let began = Instant::now();
        pair.says("hello").await.unwrap();
        assert!(began.elapsed() >= Duration::from_secs(1), "its owner was given no time");
        assert_eq!(pair.texts("ben="), ["hello"]);
        let frames = pair.fake.heard("ben=");
        assert!(matches!(&frames[..], [Frame::Changes { from: 1, to: 2, .. }]), "{frames:#?}");
    });
}

#[test]
fn what_a_dead_holder_left_is_sent_by_the_next_who_acts() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let mine = pair.world.store.membership(&pair.anna, pair.tea).await.unwrap();
        pair.world.stores(&mine, "orphan").await;
        pair.delivery.recover(pair.tea, 0, LONGEST).await.unwrap();
        assert!(pair.texts("ben=").is_empty(), "the lease was held still");
        pair.world.lease_runs_out(pair.tea).await;
        pair.says("hello").await.unwrap();
        assert_eq!(pair.texts("ben="), ["orphan", "hello"]);
    });
}

#[test]
fn what_waits_without_a_broadcaster_is_sent_by_whoever_asks() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let mine = pair.world.store.membership(&pair.anna, pair.tea).await.unwrap();
        pair.world.stores(&mine, "orphan").await;
        pair.world.lease_runs_out(pair.tea).await;
        pair.delivery.recover(pair.tea, 0, LONGEST).await.unwrap();
        assert_eq!(pair.texts("ben="), ["orphan"]);
        assert_eq!(pair.texts("anna="), ["orphan"]);
    });
}

#[test]
fn a_backlog_of_many_frames_is_settled_frame_by_frame_and_a_silent_recipient_costs_one_post() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let mine = pair.world.store.membership(&pair.anna, pair.tea).await.unwrap();
        for n in 0..8 {
            let place = pair.world.store.place(pair.tea, Purpose::Message).await.unwrap();
            let long = parlour::message::Draft {
                text: parlour::message::Text::parse(&"😀".repeat(3900)).unwrap(),
                ..draft(&format!("{n}"))
            };
            pair.world.store.store(&say(&mine), &long, &Mentions::default(), &place, time::now()).await.unwrap();
        }
        pair.world.lease_runs_out(pair.tea).await;
        pair.fake.played.lock().unwrap().silent.insert("ben=".to_owned());
        let began = Instant::now();
        pair.delivery.recover(pair.tea, 0, LONGEST).await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(6), "{:?}: more than one post waited for it", began.elapsed());
        assert_eq!(pair.texts("anna=").len(), 8);
        assert_eq!(pair.fake.heard("anna=").len(), 4);
        let standing = pair.world.store.public_room(pair.tea).await.unwrap().1;
        assert_eq!((standing.head, standing.settled), (8, 8));
    });
}

#[test]
fn who_repeats_a_request_sends_what_its_dead_invocation_left() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let mine = pair.world.store.membership(&pair.anna, pair.tea).await.unwrap();
        let stored = pair.world.stores(&mine, "orphan").await;
        pair.world.lease_runs_out(pair.tea).await;
        assert_eq!(pair.says("orphan").await.unwrap(), stored);
        assert_eq!(pair.texts("ben="), ["orphan"]);
    });
}

#[test]
fn a_socket_that_was_taken_out_says_nothing_more() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.world.store.remove_socket(&pair.from.id).await.unwrap();
        assert!(matches!(pair.says("hello").await, Err(Error::Unauthenticated(_))));
        assert_eq!(pair.world.store.public_room(pair.tea).await.unwrap().1.head, 0);
    });
}

#[test]
fn a_position_that_was_taken_beside_a_question_that_is_answered_no_comes_to_nothing() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let elsewhere = pair.another_environment();
        let standing = async || pair.world.store.public_room(pair.tea).await.unwrap().1;
        pair.says("one").await.unwrap();
        let said = pair.says("two").await.unwrap();
        assert_eq!((said.rev, standing().await.head), (2, 2));
        let again = Draft { client_id: ClientId::parse(&said.client_id).unwrap(), ..draft("two") };
        let repeats = async |delivery: &Environment| {
            let answer = delivery.say(&pair.from, pair.tea, &again, time::now()).await.unwrap();
            let Standing { head, settled, .. } = standing().await;
            (answer.rev, head, settled)
        };
        // Where it was said it is known, and where nothing was heard of its author nobody is trusted.
        assert_eq!(repeats(&pair.delivery).await, (2, 2, 2));
        assert_eq!(repeats(&elsewhere).await, (2, 2, 2));
        // Where they said something else they have taken a place that nobody waits for.
        let elsewhere = pair.another_environment();
        elsewhere.say(&pair.from, pair.tea, &draft("three"), time::now()).await.unwrap();
        assert_eq!(repeats(&elsewhere).await, (2, 4, 4));
        assert_eq!(repeats(&elsewhere).await, (2, 4, 4));
        pair.world.store.leave(&pair.anna, pair.tea).await.unwrap();
        for text in ["nothing", "nothing at all"].map(|text| text.replace(' ', "-")) {
            assert!(matches!(pair.says(&text).await, Err(Error::NotFound)));
            let standing = standing().await;
            assert_eq!((standing.head, standing.settled), (5, 5), "a place is taken in vain once");
        }
        assert_eq!(pair.texts("ben="), ["one", "two", "three"]);
        assert_eq!(pair.world.store.leased_rooms(time::now().plus(LEASE * 2), 10).await.unwrap(), []);
    });
}

#[test]
fn whoever_has_said_all_they_may_takes_no_position_for_nothing() {
    story(|world| async move {
        let mut pair = Pair::new(world).await;
        pair.delivery.limits().send = "1h/3".parse().unwrap();
        for text in ["one", "two", "three"] {
            pair.says(text).await.unwrap();
        }
        assert!(matches!(pair.says("four").await, Err(Error::Limited { .. })));
        assert_eq!(pair.world.store.public_room(pair.tea).await.unwrap().1.head, 3);
    });
}

#[test]
fn before_a_message_is_on_its_way_there_are_three_round_trips_and_none_for_each_recipient() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        for n in 0..50 {
            pair.world.socket(&pair.ben, &format!("ben-{n}=")).await;
        }
        let operations = async || {
            let profile = pair.world.database.collection::<mongodb::bson::Document>("system.profile");
            let ours = mongodb::bson::doc! { "ns": { "$not": { "$regex": "system" } } };
            profile.count_documents(ours).await.unwrap()
        };
        let before = operations().await;
        pair.says("hello").await.unwrap();
        // At once: may they, was it said before, and is the socket open; the place; at once: storing it, and the recipients;
        // letting the lease go.
        assert_eq!(operations().await - before, 7);
        assert_eq!(pair.texts("ben-49="), ["hello"]);
    });
}

#[test]
fn a_large_room_is_posted_to_in_parts_and_keeps_its_order() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let ids: Vec<String> = (0..600).map(|n| format!("crowd{n}=")).collect();
        for many in ids.chunks(50) {
            futures_util::future::join_all(many.iter().map(|id| pair.world.socket(&pair.ben, id))).await;
        }
        pair.fake.is_gone("crowd77=");
        pair.says("one").await.unwrap();
        pair.says("two").await.unwrap();
        let mut parts = std::mem::take(&mut pair.fake.played.lock().unwrap().parts);
        parts.sort_unstable();
        // 601 beside the sender's own, and 600 once one is known to be gone.
        assert_eq!(parts, [100, 101, 250, 250, 250, 250]);
        for id in ids.iter().filter(|id| *id != "crowd77=").chain([&"anna=".to_owned(), &"ben=".to_owned()]) {
            assert_eq!(pair.texts(id), ["one", "two"], "{id}");
        }
        assert!(!pair.world.sockets_in(pair.tea).await.contains(&"crowd77=".to_owned()), "one that is gone was kept");
        let counts = pair.delivery.tally.take();
        assert_eq!((counts.rounds, counts.changes, counts.posts, counts.gone), (2, 2, 601 + 601, 1));
    });
}

#[test]
fn whoever_is_too_loud_waits_and_is_still_answered_for_what_was_said() {
    story(|world| async move {
        let mut pair = Pair::new(world).await;
        pair.delivery.limits().send = "1/3".parse().unwrap();
        for text in ["one", "two", "three"] {
            pair.says(text).await.unwrap();
        }
        let wait = match pair.says("four").await {
            Err(Error::Limited { wait }) => wait,
            other => panic!("{other:?}"),
        };
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
        assert_eq!(pair.says("one").await.unwrap().text, "one", "a repetition was not answered");
        // Another person is not held up, and neither is the same one after the wait.
        let ben = pair.world.socket(&pair.ben, "ben2=").await;
        pair.delivery.say(&ben, pair.tea, &draft("five"), time::now()).await.unwrap();
        let deadline = Instant::now() + Duration::from_secs(5);
        while let Err(Error::Limited { wait }) = pair.says("four").await {
            assert!(Instant::now() < deadline);
            tokio::time::sleep(wait).await;
        }
        assert_eq!(pair.texts("ben="), ["one", "two", "three", "five", "four"]);
    });
}

#[test]
fn what_a_dead_broadcaster_left_is_found_by_its_lease() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let mine = pair.world.store.membership(&pair.anna, pair.tea).await.unwrap();
        let soon = time::now().plus(LEASE * 2);
        pair.says("done").await.unwrap();
        assert_eq!(
            pair.world.store.leased_rooms(soon, 10).await.unwrap(),
            [],
            "a room in which nothing waits has a lease"
        );
        pair.world.stores(&mine, "left").await;
        let [(room, until)] = pair.world.store.leased_rooms(soon, 10).await.unwrap()[..] else { panic!() };
        assert!(room == pair.tea && until > time::now());
        // One that was handed over is found as well.
        pair.world.lease_runs_out(pair.tea).await;
        let (lease, standing) = pair.world.store.take_over(pair.tea, 0).await.unwrap().unwrap();
        pair.world.store.hand_over(lease, standing.settled).await.unwrap();
        let [(_, until)] = pair.world.store.leased_rooms(soon, 10).await.unwrap()[..] else { panic!() };
        assert!(until <= time::now().plus(Duration::from_secs(1)));
        pair.delivery.recover(pair.tea, 0, LONGEST).await.unwrap();
        assert_eq!(pair.texts("ben="), ["done", "left"]);
        assert_eq!(pair.world.store.leased_rooms(soon, 10).await.unwrap(), []);
    });
}

#[test]
fn a_position_that_a_primary_forgot_is_broadcast_when_its_author_asks_again() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let mine = pair.world.store.membership(&pair.anna, pair.tea).await.unwrap();
        pair.world.stores(&mine, "hello").await;
        // As if the update of the room had been lost with a primary, and the message had not.
        let id = mongodb::bson::oid::ObjectId::from_bytes(pair.tea.bytes());
        let rooms = pair.world.database.collection::<Document>("rooms");
        let back = doc! { "$set": { "head": 0_i64, "said": 0_i64 }, "$unset": { "lease": 1 } };
        rooms.update_one(doc! { "_id": id }, back).await.unwrap();
        pair.says("hello").await.unwrap();
        assert_eq!(pair.texts("ben="), ["hello"]);
        pair.says("world").await.unwrap();
        assert_eq!(pair.texts("ben="), ["hello", "world"]);
    });
}
