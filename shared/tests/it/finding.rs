//! What stands out of what was said, and what is found again: mentions, pins, earlier versions, search.

use futures_util::TryStreamExt;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc};
use parlour::error::Conflict;
use parlour::ids::{ClientId, RoomId};
use parlour::message::{Amendment, Called, Deed, Text};
use parlour::permission::Refusal;
use parlour::room::Role;
use parlour::session::Session;
use parlour::store::{Engine, Search};
use parlour::time::{self, Timestamp};
use parlour::{Error, Result};

use crate::delivery::Pair;
use crate::world::{World, story};

impl Pair {
    async fn changes(&self, seq: i64, key: &str, deed: Deed) -> Result<i64> {
        let amendment = Amendment { client_id: ClientId::parse(key).unwrap(), seq, deed };
        self.delivery.amend(&self.from, self.tea, &amendment, time::now()).await
    }

    /// How many messages that somebody has not read mention them.
    async fn mentions(&self, session: &Session) -> i64 {
        let mine = self.world.store.memberships(session).await.unwrap();
        let rooms = self.world.store.rooms_of(&mine).await.unwrap();
        let rooms: Vec<_> = rooms.iter().map(|(_, standing, mine)| (*mine, *standing)).collect();
        self.world.store.unread_mentions(&rooms).await.unwrap().into_iter().sum()
    }

    async fn last(&self) -> parlour::message::Message {
        let mine = self.world.store.membership(&self.anna, self.tea).await.unwrap();
        self.world.store.history(&mine, parlour::store::Window::Newest, 1).await.unwrap().0.remove(0)
    }
}

fn edit(text: &str) -> Deed {
    Deed::Edit(Text::parse(text).unwrap())
}

async fn found(world: &World, session: &Session, text: &str) -> Vec<String> {
    let rooms = world.store.memberships(session).await.unwrap();
    let search = Search::parse(text, None).unwrap();
    let (found, _) = world.store.search(&rooms, &search, &Engine::Words, 10).await.unwrap();
    found.into_iter().map(|(_, message)| message.text).collect()
}

#[test]
fn a_message_mentions_those_of_the_room_whom_it_names_and_nobody_else() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.world.person("eve").await;
        let said = pair.says("@BEN, @eve and @nobody: see anna@ben").await.unwrap();
        assert_eq!((said.mentions, said.mentions_room), (vec![pair.ben.user().id], false));
        assert_eq!((pair.mentions(&pair.ben).await, pair.mentions(&pair.anna).await), (1, 0));
        let all = pair.says("@room tea is ready, @anna.").await.unwrap();
        assert_eq!((all.mentions, all.mentions_room), (vec![pair.anna.user().id], true));
        assert_eq!((pair.mentions(&pair.ben).await, pair.mentions(&pair.anna).await), (2, 0), "one's own count");
        assert!(pair.last().await.mentions_room, "it is not what was stored");
        // An edit mentions anew, and what is deleted mentions nobody.
        pair.changes(1, "edit-0001", edit("@anna")).await.unwrap();
        assert_eq!(pair.mentions(&pair.ben).await, 1);
        pair.changes(2, "delete-01", Deed::Delete).await.unwrap();
        assert_eq!(pair.mentions(&pair.ben).await, 0);
        pair.changes(1, "edit-0002", edit("@ben @ben")).await.unwrap();
        assert_eq!(pair.mentions(&pair.ben).await, 1);
        let his = pair.world.store.membership(&pair.ben, pair.tea).await.unwrap();
        let standing = pair.world.store.standing(&his).await.unwrap();
        pair.world.store.mark_read(&his, 1, 0, standing).await.unwrap();
        assert_eq!(pair.mentions(&pair.ben).await, 0, "what was read counts");
    });
}

#[test]
fn everybody_in_a_crowd_is_called_by_those_who_keep_order_only() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let members = pair.world.database.collection::<mongodb::bson::Document>("members");
        let room = mongodb::bson::oid::ObjectId::from_bytes(pair.tea.bytes());
        let many = (0..100).map(|n| {
            mongodb::bson::doc! {
                "room": room, "user": mongodb::bson::oid::ObjectId::new(), "name": format!("extra{n}"), "role": "member",
                "read": 0_i64, "joined_at": mongodb::bson::DateTime::now(),
            }
        });
        members.insert_many(many).await.unwrap();
        assert!(pair.says("@room the owner may").await.unwrap().mentions_room);
        let socket = pair.world.socket(&pair.ben, "ben2=").await;
        let by_ben = crate::world::draft("@room a member");
        let by_ben = parlour::message::Draft { client_id: ClientId::parse("by-ben-01").unwrap(), ..by_ben };
        let said = pair.delivery.say(&socket, pair.tea, &by_ben, time::now()).await.unwrap();
        assert!(!said.mentions_room);
    });
}

#[test]
fn names_that_nobody_has_cost_no_query() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.world.store.round_trips();
        let nobody = pair.world.store.mentionable(pair.tea, &Called::by("no names, and a@b.c")).await.unwrap();
        assert_eq!((nobody.users, pair.world.store.round_trips()), (vec![], 0));
    });
}

#[test]
fn a_pin_is_a_change_with_a_position_for_those_who_keep_order() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.says("keep this").await.unwrap();
        let socket = pair.world.socket(&pair.ben, "ben2=").await;
        let pin = |key: &str, on| Amendment { client_id: ClientId::parse(key).unwrap(), seq: 1, deed: Deed::Pin(on) };
        let by_ben = pair.delivery.amend(&socket, pair.tea, &pin("pin-00001", true), time::now()).await;
        assert!(matches!(by_ben, Err(Error::Forbidden(Refusal::Rank))), "{by_ben:?}");
        let rev = pair.changes(1, "pin-00002", Deed::Pin(true)).await.unwrap();
        assert_eq!(rev, 2);
        assert_eq!(pair.changes(1, "pin-00002", Deed::Pin(true)).await.unwrap(), rev, "the repetition pinned again");
        let his = pair.world.store.membership(&pair.ben, pair.tea).await.unwrap();
        let pins = pair.world.store.pins(&his).await.unwrap();
        assert_eq!(
            pins.iter().map(|pin| (pin.seq, pin.rev, pin.pinned_at.is_some())).collect::<Vec<_>>(),
            [(1, 2, true)]
        );
        pair.changes(1, "pin-00003", Deed::Pin(false)).await.unwrap();
        assert!(pair.world.store.pins(&his).await.unwrap().is_empty());
        assert_eq!(
            pair.changes(1, "pin-00009", Deed::Pin(false)).await.unwrap(),
            3,
            "what is not pinned was taken down"
        );
        pair.changes(1, "pin-00004", Deed::Pin(true)).await.unwrap();
        pair.changes(1, "delete-01", Deed::Delete).await.unwrap();
        assert!(pair.world.store.pins(&his).await.unwrap().is_empty(), "what is deleted is pinned");
        let late = pair.changes(1, "pin-00005", Deed::Pin(true)).await;
        assert!(matches!(late, Err(Error::Conflict(Conflict::Deleted))), "{late:?}");
    });
}

#[test]
fn what_a_message_said_before_is_for_its_author_and_for_those_who_keep_order() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let world = &pair.world;
        pair.says("$first").await.unwrap();
        pair.changes(1, "edit-0001", edit("second")).await.unwrap();
        pair.changes(1, "pin-00001", Deed::Pin(true)).await.unwrap();
        pair.changes(1, "edit-0002", edit("third")).await.unwrap();
        let mine = world.store.membership(&pair.anna, pair.tea).await.unwrap();
        let versions = world.store.versions(&mine, 1, time::now()).await.unwrap();
        assert_eq!(versions.iter().map(|v| v.text.as_str()).collect::<Vec<_>>(), ["$first", "second", "third"]);
        assert!(versions.is_sorted_by_key(|version| version.at));
        let his = world.store.membership(&pair.ben, pair.tea).await.unwrap();
        assert_eq!(his.seat().role, Some(Role::Member));
        let refused = world.store.versions(&his, 1, time::now()).await;
        assert!(matches!(refused, Err(Error::Forbidden(Refusal::Rank))), "{refused:?}");
        assert!(matches!(world.store.versions(&mine, 9, time::now()).await, Err(Error::NotFound)));
        pair.changes(1, "delete-01", Deed::Delete).await.unwrap();
        assert_eq!(world.store.versions(&mine, 1, time::now()).await.unwrap(), []);
        let kept = format!("{:?}", pair.documents("messages").await);
        assert!(!kept.contains("$first") && !kept.contains("second") && !kept.contains("third"), "{kept}");
    });
}

#[test]
fn a_search_finds_all_the_words_the_newest_first_in_my_rooms_only() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let world = &pair.world;
        for text in ["green tea", "black tea", "Green TEA again", "a tea-pot", "coffee"] {
            pair.says(text).await.unwrap();
        }
        let eve = world.person("eve").await;
        let secret = world.private_room(&eve, "secret").await;
        let hers = world.store.membership(&eve, secret.id).await.unwrap();
        world.stores(&hers, "secret tea").await;
        assert_eq!(found(world, &pair.ben, "tea green").await, ["Green TEA again", "green tea"]);
        assert_eq!(found(world, &pair.ben, "tea").await.len(), 4);
        assert_eq!(found(world, &eve, "tea").await, ["secret tea"]);
        assert_eq!(
            found(world, &pair.ben, "-tea \"green").await.len(),
            2,
            "signs of the database's own language count"
        );
        assert!(Search::parse("  \" ", None).is_none() && Search::parse("$ -", None).is_none());
        pair.changes(5, "edit-0001", edit("espresso")).await.unwrap();
        pair.changes(2, "delete-01", Deed::Delete).await.unwrap();
        assert_eq!(found(world, &pair.ben, "coffee").await, Vec::<String>::new());
        assert_eq!(found(world, &pair.ben, "ESPRESSO").await, ["espresso"]);
        assert_eq!(found(world, &pair.ben, "black").await, Vec::<String>::new());
        let mine = world.store.memberships(&pair.ben).await.unwrap();
        let search = Search::parse("tea", None).unwrap();
        let (page, more) = world.store.search(&mine, &search, &Engine::Words, 2).await.unwrap();
        assert!(more);
        let rest = Search::parse("tea", Some(page[1].1.at)).unwrap();
        let (rest, more) = world.store.search(&mine, &rest, &Engine::Words, 2).await.unwrap();
        assert_eq!((rest.len(), more), (1, false));
        let ids: Vec<RoomId> = rest.iter().map(|(room, _)| *room).collect();
        assert_eq!(ids, [pair.tea]);
    });
}

#[test]
fn mentions_in_one_room_hide_none_in_another() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let milk = pair.world.room(&pair.anna, "milk").await;
        pair.world.joins(&pair.ben, milk).await;
        let hers = pair.world.store.membership(&pair.anna, milk).await.unwrap();
        for n in 0..3 {
            pair.world.stores(&hers, &format!("quiet {n}")).await;
        }
        pair.has_heard(1_200, |_| "@ben".to_owned()).await;
        let ben = ObjectId::from_bytes(pair.ben.user().id.bytes());
        let messages = pair.world.database.collection::<Document>("messages");
        let called = doc! { "$set": { "mentions": [ben] } };
        let tea = ObjectId::from_bytes(pair.tea.bytes());
        messages.update_many(doc! { "room": tea, "rev": { "$gt": 0 } }, called.clone()).await.unwrap();
        let quiet = doc! { "room": ObjectId::from_bytes(milk.bytes()), "rev": { "$lt": 3 } };
        messages.update_many(quiet, called).await.unwrap();
        assert_eq!(pair.mentions(&pair.ben).await, 1_002);
    });
}

impl Pair {
    /// So many messages are in the room, as if they had been said.
    async fn has_heard(&self, count: i64, text: impl Fn(i64) -> String) {
        let room = ObjectId::from_bytes(self.tea.bytes());
        let message = |seq: i64| {
            doc! {
                "room": room, "rev": seq, "seq": seq, "author": room, "author_name": "somebody", "text": text(seq),
                "client_id": format!("heard-{seq}"), "at": DateTime::from_millis(seq),
            }
        };
        let messages = self.world.database.collection::<Document>("messages");
        messages.insert_many((1..=count).map(message)).await.unwrap();
        let standing = doc! { "$set": { "head": count, "settled": count, "said": count } };
        self.world.database.collection::<Document>("rooms").update_one(doc! { "_id": room }, standing).await.unwrap();
    }

    /// How many messages the database has looked at since the last time.
    async fn looked_at(&self) -> i64 {
        let profile = self.world.database.collection::<Document>("system.profile");
        let reads = doc! { "ns": { "$regex": "\\.messages$" }, "docsExamined": { "$gt": 0 } };
        let reads: Vec<Document> = profile.find(reads).await.unwrap().try_collect().await.unwrap();
        reads.iter().map(|read| i64::from(read.get_i32("docsExamined").unwrap())).sum()
    }
}

#[test]
fn of_a_word_that_is_everywhere_the_newest_are_found_without_reading_everything() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let text = |seq| match seq {
            1 => "odd even crème".to_owned(),
            seq if seq % 100 == 2 => format!("even oddly n{seq} great🎉"),
            seq if seq % 2 == 0 => format!("even snake_case n{seq}"),
            seq => format!("odd n{seq}"),
        };
        pair.has_heard(6_000, text).await;
        let found = async |text: &str| {
            let rooms = pair.world.store.memberships(&pair.anna).await.unwrap();
            let before = pair.looked_at().await;
            let search = Search::parse(text, None).unwrap();
            let (found, more) = pair.world.store.search(&rooms, &search, &Engine::Words, 3).await.unwrap();
            let seqs: Vec<i64> = found.into_iter().map(|(_, message)| message.seq).collect();
            (seqs, more, pair.looked_at().await - before)
        };
        let (seqs, more, looked_at) = found("EVEN").await;
        assert_eq!((seqs, more), (vec![6_000, 5_998, 5_996], true));
        assert!((4..1_500).contains(&looked_at), "{looked_at} messages were looked at");
        let (seqs, more, looked_at) = found("even n77 odd n5998").await;
        assert_eq!((seqs, more), (vec![], false));
        assert!((4..1_500).contains(&looked_at), "{looked_at} messages were looked at");
        assert_eq!(found("n77 odd").await.0, [77]);
        assert_eq!(found("snake_case n4").await.0, [4]);
        assert_eq!(found("Creme").await.0, [1]);
        // Both are everywhere, and together where nobody has looked for long.
        assert_eq!(found("odd even").await.0, [1]);
        assert_eq!(found("odd odd odd odd odd n79").await.0, [79]);
        assert!(Search::parse("\u{2764}\u{fe0f}", None).is_none(), "a mark by itself is a word");
        let (before, old) = (pair.looked_at().await, Search::parse("even", Some(Timestamp::from_millis(101))).unwrap());
        let rooms = pair.world.store.memberships(&pair.anna).await.unwrap();
        let (page, more) = pair.world.store.search(&rooms, &old, &Engine::Words, 2).await.unwrap();
        assert_eq!((page.iter().map(|(_, message)| message.seq).collect::<Vec<_>>(), more), (vec![100, 98], true));
        let looked_at = pair.looked_at().await - before;
        assert!((3..1_500).contains(&looked_at), "{looked_at} messages were looked at for a later page");
    });
}

#[test]
fn of_words_that_are_seldom_together_the_rarer_one_is_looked_for() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        // One of them in each second message, one in each twentieth: in each twentieth of one half, and once in the other.
        let text = |seq| match seq {
            5 => "half twentieth".to_owned(),
            seq if seq % 20 == 1 => format!("twentieth n{seq}"),
            seq if seq % 2 == 0 => format!("half n{seq}"),
            seq => format!("n{seq}"),
        };
        pair.has_heard(6_000, text).await;
        let rooms = pair.world.store.memberships(&pair.anna).await.unwrap();
        let search = Search::parse("twentieth half", None).unwrap();
        let (found, more) = pair.world.store.search(&rooms, &search, &Engine::Words, 3).await.unwrap();
        assert_eq!((found.into_iter().map(|(_, message)| message.seq).collect::<Vec<_>>(), more), (vec![5], false));
        let looked_at = pair.looked_at().await;
        assert!((301..1_000).contains(&looked_at), "{looked_at} messages were looked at");
    });
}
