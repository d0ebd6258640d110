//! Signals: to those who look at the room, not too often, not while there is something more important.

use std::time::Duration;

use parlour::ids::RoomId;
use parlour::limits::Allowance;
use parlour::permission::Act;
use parlour::room::NAMED;
use parlour::session::Session;
use parlour::signals::Signals;
use parlour::store::Purpose;
use parlour::wire::Frame;
use parlour::{Error, time};

use crate::delivery::Pair;
use crate::world::{say, story};

impl Pair {
    fn signals(&self) -> Signals<'_> {
        Signals { store: &self.world.store, gateway: &self.delivery.gateway, limits: &self.delivery.limits }
    }

    async fn types(&self) -> parlour::Result<()> {
        self.types_as(&self.anna).await
    }

    async fn types_as(&self, who: &Session) -> parlour::Result<()> {
        let theirs = self.world.store.membership(who, self.tea).await.unwrap();
        self.signals().typing(&theirs.may(Act::Say, time::now()).unwrap()).await
    }

    /// Ben has the room on another screen, over the socket `ben2=`.
    async fn ben_looks(&self) {
        let socket = self.world.socket(&self.ben, "ben2=").await;
        self.world.store.look(&socket, Some(self.tea)).await.unwrap();
    }

    /// Anna has read all there is. Says how long to wait to have it shown.
    async fn reads(&self) -> Option<Duration> {
        let mine = self.world.store.membership(&self.anna, self.tea).await.unwrap();
        let standing = self.world.store.standing(&mine).await.unwrap();
        self.world.store.mark_read(&mine, standing.said, standing.head, standing).await.unwrap();
        self.signals().seen(&mine, standing).await.unwrap()
    }

    /// What came over a socket: who types there, how many do, and how far anna has read.
    fn signals_heard(&self, socket: &str) -> Vec<(Vec<String>, Option<u64>, Option<i64>)> {
        let anna = self.anna.user().id.to_string();
        let signals = |frame| match frame {
            Frame::Signals { typing, count, seen, .. } => {
                Some((typing.into_iter().map(|user| user.name).collect(), count, seen.get(&anna).copied()))
            }
            _ => None,
        };
        self.fake.heard(socket).into_iter().filter_map(signals).collect()
    }

    /// With so many signals of a room at once, and one more each so often.
    fn with_show(mut self, every: Duration, burst: u32) -> Self {
        self.delivery.limits().show = Allowance { every, burst };
        self
    }
}

fn types(names: &[&str]) -> (Vec<String>, Option<u64>, Option<i64>) {
    (names.iter().map(|name| (*name).to_owned()).collect(), None, None)
}

#[test]
fn who_types_is_shown_to_those_who_look_at_the_room_and_not_too_often() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.ben_looks().await;
        pair.types().await.unwrap();
        assert_eq!(pair.signals_heard("ben2="), [types(&["anna"])]);
        assert_eq!(pair.signals_heard("ben="), [], "a socket that looks elsewhere was told");
        assert!(matches!(pair.types().await, Err(Error::Limited { .. })));
        assert_eq!(pair.signals_heard("ben2=").len(), 1);
    });
}

#[test]
fn whoever_shows_something_shows_what_others_had_no_time_for_also_to_themselves() {
    story(|world| async move {
        let pair = Pair::new(world).await.with_show(Duration::from_secs(2), 1);
        let (world, tea) = (&pair.world, pair.tea);
        pair.says("hello").await.unwrap();
        pair.ben_looks().await;
        world.store.look(&pair.from, Some(tea)).await.unwrap();
        pair.types().await.unwrap();
        pair.types_as(&pair.ben).await.unwrap();
        assert_eq!(pair.signals_heard("ben2="), [types(&["anna"])], "ben's came too soon after anna's");
        let wait = pair.reads().await.expect("anna's reading came too soon as well");
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(2), "{wait:?}");
        tokio::time::sleep(wait).await;
        assert_eq!(pair.reads().await, None);
        for socket in ["ben2=", "anna="] {
            let last = pair.signals_heard(socket).pop();
            assert_eq!(last, Some((vec!["anna".to_owned(), "ben".to_owned()], None, Some(1))), "{socket}");
        }
    });
}

#[test]
fn whoever_has_said_it_types_no_more() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.ben_looks().await;
        pair.types().await.unwrap();
        pair.says("hello").await.unwrap();
        assert_eq!(pair.reads().await, None);
        assert_eq!(pair.signals_heard("ben2="), [types(&["anna"]), (vec![], None, Some(1))]);
    });
}

#[test]
fn where_nobody_else_looks_nothing_is_shown_and_nothing_is_used_up() {
    story(|world| async move {
        let pair = Pair::new(world).await.with_show(Duration::from_secs(3600), 1);
        let (world, tea) = (&pair.world, pair.tea);
        pair.says("hello").await.unwrap();
        world.store.look(&pair.from, Some(tea)).await.unwrap();
        assert_eq!(pair.reads().await, None);
        pair.ben_looks().await;
        assert_eq!(pair.reads().await, None);
        assert_eq!((pair.signals_heard("anna=").len(), pair.signals_heard("ben2=").len()), (1, 1));
    });
}

#[test]
fn whoever_has_left_the_room_or_looks_away_is_told_nothing() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let (world, tea) = (&pair.world, pair.tea);
        let cid = world.person("cid").await;
        world.joins(&cid, tea).await;
        let dan = world.person("dan").await;
        world.joins(&dan, tea).await;
        let (away, gone) = (world.socket(&cid, "cid=").await, world.socket(&pair.ben, "ben2=").await);
        let stays = world.socket(&dan, "dan=").await;
        for socket in [&away, &gone, &stays] {
            world.store.look(socket, Some(tea)).await.unwrap();
        }
        world.store.look(&away, None).await.unwrap();
        world.store.leave(&pair.ben, tea).await.unwrap();
        pair.types().await.unwrap();
        assert_eq!(pair.signals_heard("dan="), [types(&["anna"])]);
        assert_eq!((pair.signals_heard("cid="), pair.signals_heard("ben2=")), (vec![], vec![]));
    });
}

#[test]
fn a_room_in_which_something_waits_has_no_time_for_signals() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        pair.ben_looks().await;
        let place = pair.world.store.place(pair.tea, Purpose::Message).await.unwrap();
        pair.types().await.unwrap();
        assert!(pair.reads().await.is_some(), "whoever has read was not told to ask again");
        assert_eq!(pair.signals_heard("ben2="), []);
        assert_eq!(place.rev, 1);
    });
}

#[test]
fn in_a_crowd_nobody_is_told_who_comes_and_goes_but_in_a_small_room_of_the_same_people() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let (world, now) = (&pair.world, time::now());
        let small = world.room(&pair.ben, "small").await;
        world.joins(&pair.anna, small).await;
        let (crowd, small) = (vec![pair.tea], vec![pair.tea, small]);
        let around = async |rooms: &[RoomId]| {
            let mut sockets = world.store.sockets_around(rooms, pair.anna.user().id, now).await.unwrap();
            sockets.sort_by(|one, other| one.as_str().cmp(other.as_str()));
            sockets.iter().map(|socket| socket.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!((around(&crowd).await, around(&small).await), (vec!["ben=".to_owned()], vec!["ben=".to_owned()]));
        for n in 0..NAMED {
            let one = world.person(&format!("one{n}")).await;
            world.joins(&one, pair.tea).await;
            world.socket(&one, &format!("one{n}=")).await;
        }
        assert_eq!((around(&crowd).await, around(&small).await), (vec![], vec!["ben=".to_owned()]));
    });
}

#[test]
fn in_a_crowd_people_are_counted_and_nobody_sees_how_far_each_has_read() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let (world, tea) = (&pair.world, pair.tea);
        let mine = world.store.membership(&pair.anna, tea).await.unwrap();
        pair.ben_looks().await;
        pair.says("hello").await.unwrap();
        world.store.look(&pair.from, Some(tea)).await.unwrap();
        let mut last = None;
        for n in 0..99 {
            let person = world.person(&format!("p{n}")).await;
            last = Some(world.joins(&person, tea).await);
        }
        let members = world.store.members(&mine, None, 200, time::now()).await.unwrap().members;
        assert_eq!(members.len(), 101);
        assert!(members.iter().all(|(member, _)| member.read.is_none() || member.user.name == "anna"));
        pair.signals().typing(&say(&last.unwrap())).await.unwrap();
        assert_eq!(pair.signals_heard("ben2="), [(vec![], Some(1), None)]);
        assert_eq!(pair.signals_heard("anna="), [(vec![], Some(1), None)]);
        pair.types().await.unwrap();
        assert_eq!(pair.signals_heard("ben2=").last(), Some(&(vec![], Some(2), None)));
        assert_eq!(pair.reads().await, None);
        assert_eq!(pair.signals_heard("ben2=").len(), 2, "in a crowd it was shown how far somebody has read");
        assert_eq!(pair.signals_heard("anna=").len(), 1, "who types was told of themselves");
    });
}

#[test]
fn how_far_somebody_has_read_is_shown_unless_they_do_not_want_that() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let (world, tea) = (&pair.world, pair.tea);
        world.socket(&pair.anna, "anna2=").await;
        pair.ben_looks().await;
        let seen = |seq| (Vec::<String>::new(), None, Some(seq));
        pair.says("hello").await.unwrap();
        assert_eq!(pair.reads().await, None);
        assert_eq!(pair.signals_heard("ben2="), [seen(1)]);
        let read_of = async |of: &str| {
            let theirs = world.store.membership(&pair.ben, tea).await.unwrap();
            let members = world.store.members(&theirs, None, 10, time::now()).await.unwrap().members;
            members.into_iter().find(|(member, _)| member.user.name == of).unwrap().0.read
        };
        assert_eq!(read_of("anna").await, Some(1));
        world.store.show_receipts(&pair.anna, false).await.unwrap();
        assert_eq!((read_of("anna").await, read_of("ben").await), (None, Some(0)));
        pair.says("more").await.unwrap();
        assert_eq!(pair.reads().await, None);
        assert_eq!(pair.signals_heard("ben2="), [seen(1)], "it was shown all the same");
        // Nor by somebody else's signal.
        world.store.look(&pair.from, Some(tea)).await.unwrap();
        pair.types_as(&pair.ben).await.unwrap();
        assert_eq!(pair.signals_heard("anna="), [types(&["ben"])]);
        world.store.show_receipts(&pair.anna, true).await.unwrap();
        assert_eq!(read_of("anna").await, Some(2));
    });
}

#[test]
fn ones_other_sockets_are_told_how_far_one_has_read() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let (world, tea) = (&pair.world, pair.tea);
        world.socket(&pair.anna, "anna2=").await;
        let mine = world.store.membership(&pair.anna, tea).await.unwrap();
        pair.signals().read(&pair.from, &mine.with_read(3), 5, 2).await;
        let seen = |socket: &str| {
            let seen = |frame| match frame {
                Frame::Seen { seq, unread, mentions, .. } => Some((seq, unread, mentions)),
                _ => None,
            };
            pair.fake.heard(socket).into_iter().filter_map(seen).collect::<Vec<_>>()
        };
        assert_eq!((seen("anna2="), seen("anna="), seen("ben=")), (vec![(3, 5, 2)], vec![], vec![]));
    });
}
