//! Positions, and the lease on a room's fan-out.

use std::collections::BTreeSet;

use parlour::message::Mentions;
use parlour::room::Standing;
use parlour::store::{Purpose, Stored};
use parlour::time;

use crate::world::{draft, say, story};

#[test]
fn positions_are_dense_however_many_take_them_at_once() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        let places = futures_util::future::try_join_all((0..50).map(|_| world.store.place(tea, Purpose::Message)))
            .await
            .unwrap();
        let revs: BTreeSet<i64> = places.iter().map(|place| place.rev).collect();
        let seqs: BTreeSet<i64> = places.iter().map(|place| place.seq).collect();
        assert_eq!(revs, (1..=50).collect());
        assert_eq!(seqs, (1..=50).collect());
        assert_eq!(places.iter().filter(|place| place.lease.is_some()).count(), 1);
    });
}

#[test]
fn the_lease_is_let_go_only_when_nothing_was_said_meanwhile() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        let first = world.store.place(tea, Purpose::Message).await.unwrap();
        let lease = first.lease.unwrap();
        assert!(world.store.place(tea, Purpose::Message).await.unwrap().lease.is_none());
        let round = world.store.advance(&lease, 1).await.unwrap();
        assert!(round.goes_on);
        assert_eq!(round.standing, Standing { head: 2, settled: 1, said: 2, floor: 0 });
        assert!(!world.store.advance(&lease, 2).await.unwrap().goes_on);
        assert!(world.store.place(tea, Purpose::Message).await.unwrap().lease.is_some(), "the lease was not let go");
    });
}

#[test]
fn a_lease_that_outlived_its_holder_falls_to_the_next_who_acts() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        let dead = world.store.place(tea, Purpose::Message).await.unwrap().lease.unwrap();
        assert!(world.store.take_over(tea, 0).await.unwrap().is_none(), "a lease that is held was taken");
        world.lease_runs_out(tea).await;
        let heir = world.store.place(tea, Purpose::Message).await.unwrap().lease.unwrap();
        let round = world.store.advance(&dead, 1).await.unwrap();
        assert!(!round.goes_on, "the dead one goes on");
        assert!(
            world.store.place(tea, Purpose::Message).await.unwrap().lease.is_none(),
            "the dead one let go of the heir's lease"
        );
        assert!(!world.store.advance(&heir, 3).await.unwrap().goes_on);
    });
}

#[test]
fn a_room_in_which_nothing_waits_is_not_taken_over() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        assert!(world.store.take_over(tea, 0).await.unwrap().is_none());
        let lease = world.store.place(tea, Purpose::Message).await.unwrap().lease.unwrap();
        world.store.hand_over(lease, 0).await.unwrap();
        let (lease, standing) = world.store.take_over(tea, 0).await.unwrap().unwrap();
        assert_eq!(standing, Standing { head: 1, settled: 0, said: 1, floor: 0 });
        world.store.hand_over(lease, 1).await.unwrap();
        assert!(world.store.take_over(tea, 0).await.unwrap().is_none());
    });
}

#[test]
fn settled_never_goes_back() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        let lease = world.store.place(tea, Purpose::Message).await.unwrap().lease.unwrap();
        world.store.place(tea, Purpose::Message).await.unwrap();
        world.store.advance(&lease, 2).await.unwrap();
        assert_eq!(world.store.advance(&lease, 1).await.unwrap().standing.settled, 2);
    });
}

#[test]
fn a_message_said_twice_at_once_is_stored_once_and_the_other_position_voided() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        let mine = world.store.membership(&anna, tea).await.unwrap();
        let (one, two) = (
            world.store.place(tea, Purpose::Message).await.unwrap(),
            world.store.place(tea, Purpose::Message).await.unwrap(),
        );
        let (saying, at) = (draft("hi"), time::now());
        let permit = say(&mine);
        let none = Mentions::default();
        let stores = [
            world.store.store(&permit, &saying, &none, &one, at),
            world.store.store(&permit, &saying, &none, &two, at),
        ];
        let stored = futures_util::future::try_join_all(stores).await.unwrap();
        let (mut here, mut before) = (Vec::new(), Vec::new());
        for outcome in stored {
            match outcome {
                Stored::Here(message) => here.push(*message),
                Stored::Before(message) => before.push(message),
                Stored::Late => panic!("nobody voided it"),
            }
        }
        assert_eq!(here.len(), 1);
        assert_eq!(here, before);
        let changes = world.store.changes_after(tea, 0, 10).await.unwrap();
        assert_eq!(changes.iter().map(|change| change.rev).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(changes.iter().filter_map(|change| change.message.clone()).collect::<Vec<_>>(), here);
    });
}

#[test]
fn who_is_late_for_a_position_that_was_voided_is_told_so() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let tea = world.room(&anna, "tea").await;
        let mine = world.store.membership(&anna, tea).await.unwrap();
        let place = world.store.place(tea, Purpose::Message).await.unwrap();
        world.store.void(tea, place.rev).await.unwrap();
        assert!(matches!(
            world.store.store(&say(&mine), &draft("hi"), &Mentions::default(), &place, time::now()).await.unwrap(),
            Stored::Late
        ));
        let stored = world.stores(&mine, "hi").await;
        world.store.void(tea, stored.rev).await.unwrap();
        let changes = world.store.changes_after(tea, 1, 10).await.unwrap();
        assert_eq!(changes.len(), 1, "what was stored was voided");
        assert_eq!(changes[0].message.as_ref(), Some(&stored));
    });
}

#[test]
fn the_same_client_id_of_another_person_is_another_message() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let tea = world.room(&anna, "tea").await;
        let (hers, his) = (world.store.membership(&anna, tea).await.unwrap(), world.joins(&ben, tea).await);
        let (one, two) = (world.stores(&hers, "hi").await, world.stores(&his, "hi").await);
        assert_eq!((one.seq, two.seq), (1, 2));
        assert_eq!(two.author, *ben.user());
    });
}
