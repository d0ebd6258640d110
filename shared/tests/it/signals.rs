//! Signals: to those who look at the room, not too often, not while there is something more important.

use parlour::connection::Connection;
use parlour::permission::Act;
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
        let mine = self.world.store.membership(&self.anna, self.tea).await.unwrap();
        self.signals().typing(&mine.may(Act::Say, time::now()).unwrap()).await
    }

    /// Anna has read up to a message.
    async fn reads(&self, from: &Connection, seq: i64) {
        let mine = self.world.store.membership(&self.anna, self.tea).await.unwrap();
        let standing = self.world.store.standing(&mine).await.unwrap();
        self.signals().seen(from, &mine, standing, seq).await;
    }

    fn typing_heard(&self, socket: &str) -> Vec<(Option<String>, Option<u64>)> {
        let typing = |frame| match frame {
            Frame::Typing { user, count, .. } => Some((user.map(|user| user.name), count)),
            _ => None,
        };
        self.fake.heard(socket).into_iter().filter_map(typing).collect()
    }

    fn seen_heard(&self, socket: &str) -> Vec<i64> {
        let seen = |frame| match frame {
            Frame::Seen { seq, .. } => Some(seq),
            _ => None,
        };
        self.fake.heard(socket).into_iter().filter_map(seen).collect()
    }
}

#[test]
fn who_types_is_shown_to_those_who_look_at_the_room_and_not_too_often() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let (world, tea) = (&pair.world, pair.tea);
        let ben = world.socket(&pair.ben, "ben2=").await;
        world.store.look(&ben, Some(tea)).await.unwrap();
        world.store.look(&pair.from, Some(tea)).await.unwrap();
        pair.types().await.unwrap();
        assert_eq!(pair.typing_heard("ben2="), [(Some("anna".to_owned()), None)]);
        assert_eq!(pair.typing_heard("ben="), [], "a socket that looks elsewhere was told");
        assert_eq!(pair.typing_heard("anna="), [], "who types was told of it");
        assert!(matches!(pair.types().await, Err(Error::Limited { .. })));
        assert_eq!(pair.typing_heard("ben2=").len(), 1);
    });
}

#[test]
fn whoever_has_left_the_room_or_looks_away_is_told_nothing() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let (world, tea) = (&pair.world, pair.tea);
        let cid = world.person("cid").await;
        world.joins(&cid, tea).await;
        let (away, gone) = (world.socket(&cid, "cid=").await, world.socket(&pair.ben, "ben2=").await);
        for socket in [&away, &gone] {
            world.store.look(socket, Some(tea)).await.unwrap();
        }
        world.store.look(&away, None).await.unwrap();
        world.store.leave(&pair.ben, tea).await.unwrap();
        pair.types().await.unwrap();
        assert_eq!((pair.typing_heard("cid="), pair.typing_heard("ben2=")), (vec![], vec![]));
    });
}

#[test]
fn a_room_in_which_something_waits_has_no_time_for_signals() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let ben = pair.world.socket(&pair.ben, "ben2=").await;
        pair.world.store.look(&ben, Some(pair.tea)).await.unwrap();
        let place = pair.world.store.place(pair.tea, Purpose::Message).await.unwrap();
        pair.types().await.unwrap();
        pair.reads(&pair.from, 1).await;
        assert_eq!((pair.typing_heard("ben2="), pair.seen_heard("ben2=")), (vec![], vec![]));
        assert_eq!(place.rev, 1);
    });
}

#[test]
fn in_a_crowd_people_are_counted_and_nobody_sees_how_far_each_has_read() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let (world, tea) = (&pair.world, pair.tea);
        let mine = world.store.membership(&pair.anna, tea).await.unwrap();
        let watcher = world.socket(&pair.ben, "ben2=").await;
        world.store.look(&watcher, Some(tea)).await.unwrap();
        let mut last = None;
        for n in 0..99 {
            let person = world.person(&format!("p{n}")).await;
            last = Some(world.joins(&person, tea).await);
        }
        let members = world.store.members(&mine, None, 200, time::now()).await.unwrap().0;
        assert_eq!(members.len(), 101);
        assert!(members.iter().all(|(member, _)| member.read.is_none() || member.user.name == "anna"));
        pair.signals().typing(&say(&last.unwrap())).await.unwrap();
        assert_eq!(pair.typing_heard("ben2="), [(None, Some(1))]);
        pair.types().await.unwrap();
        assert_eq!(pair.typing_heard("ben2=").len(), 1, "one frame in three seconds is for all");
        pair.reads(&pair.from, 1).await;
        assert!(pair.seen_heard("ben2=").is_empty());
    });
}

#[test]
fn how_far_somebody_has_read_is_shown_unless_they_do_not_want_that() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let (world, tea) = (&pair.world, pair.tea);
        let (watcher, mine) = (world.socket(&pair.ben, "ben2=").await, world.socket(&pair.anna, "anna2=").await);
        world.store.look(&watcher, Some(tea)).await.unwrap();
        pair.says("hello").await.unwrap();
        pair.reads(&pair.from, 1).await;
        assert_eq!(
            (pair.seen_heard("ben2="), pair.seen_heard("anna2="), pair.seen_heard("anna=")),
            (vec![1], vec![1], vec![])
        );
        let read_of = async |of: &str| {
            let theirs = world.store.membership(&pair.ben, tea).await.unwrap();
            let members = world.store.members(&theirs, None, 10, time::now()).await.unwrap().0;
            members.into_iter().find(|(member, _)| member.user.name == of).unwrap().0.read
        };
        assert_eq!(read_of("anna").await, Some(0));
        world.store.show_receipts(&pair.anna, false).await.unwrap();
        assert_eq!((read_of("anna").await, read_of("ben").await), (None, Some(0)));
        pair.reads(&mine, 2).await;
        assert_eq!((pair.seen_heard("ben2="), pair.seen_heard("anna=")), (vec![1], vec![2]));
        world.store.show_receipts(&pair.anna, true).await.unwrap();
        assert_eq!(read_of("anna").await, Some(0));
    });
}
