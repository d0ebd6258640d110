//! The rules of positions and leases, against what the store's updates make of them: the model of `delivery::turn` decides by the same.

use parlour::room::{Position, Standing};
use parlour::store::{Lease, Place, Purpose, Round};

use crate::world::story;

/// A room by the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rules {
    standing: Standing,
    /// Whose it is, by number, and whether it still runs.
    lease: Option<(usize, bool)>,
}

impl Rules {
    fn is_free(&self) -> bool {
        self.lease.is_none_or(|(_, runs)| !runs)
    }

    /// Whether the lease fell to `owner`.
    fn place(&mut self, purpose: Purpose, owner: usize) -> bool {
        self.standing.head += 1;
        self.standing.said += i64::from(purpose == Purpose::Message);
        let free = self.is_free();
        if free {
            self.lease = Some((owner, true));
        }
        free
    }

    fn take_over(&mut self, known: Position, owner: usize) -> bool {
        let head = self.standing.head.max(known);
        let taken = self.is_free() && head > self.standing.settled;
        if taken {
            self.standing.head = head;
            self.lease = Some((owner, true));
        }
        taken
    }

    /// Whether the lease goes on.
    fn end_round(&mut self, owner: usize, to: Position, goes_on: bool) -> bool {
        let waits = self.standing.head > to;
        self.standing.head = self.standing.head.max(to);
        self.standing.settled = self.standing.settled.max(to);
        let mine = self.lease.is_some_and(|(holder, _)| holder == owner);
        if mine {
            self.lease = waits.then_some((owner, goes_on));
        }
        mine && waits
    }
}

#[test]
fn the_updates_of_the_store_keep_the_rules() {
    story(|world| async move {
        let anna = world.person("anna").await;
        for seed in 0..60 {
            let mut random = fastrand::Rng::with_seed(seed);
            let room = world.room(&anna, &format!("room{seed}")).await;
            let mut rules = Rules { standing: Standing::default(), lease: None };
            let mut leases: Vec<(usize, Lease)> = Vec::new();
            let mut told = Vec::new();
            for owner in 0..25 {
                let before = rules;
                let to = rules.standing.settled + random.i64(0..4);
                let choice = random.u8(0..10);
                match choice {
                    0..=3 => {
                        let purpose = if random.bool() { Purpose::Message } else { Purpose::Amendment };
                        let Place { rev, seq, standing, lease } = world.store.place(room, purpose).await.unwrap();
                        assert_eq!(lease.is_some(), rules.place(purpose, owner), "seed {seed}: {told:?}");
                        assert_eq!((rev, seq, standing), (rules.standing.head, rules.standing.said, rules.standing));
                        leases.extend(lease.map(|lease| (owner, lease)));
                    }
                    4 | 5 => {
                        let taken = world.store.take_over(room, to).await.unwrap();
                        assert_eq!(taken.is_some(), rules.take_over(to, owner), "seed {seed}: {told:?}");
                        if let Some((lease, standing)) = taken {
                            assert_eq!(standing, rules.standing, "seed {seed}: {told:?}");
                            leases.push((owner, lease));
                        }
                    }
                    6..=8 if !leases.is_empty() => {
                        let at = random.usize(..leases.len());
                        let Round { standing, goes_on } = if choice == 8 {
                            let (holder, lease) = leases.swap_remove(at);
                            rules.end_round(holder, to, false);
                            let round = world.store.hand_over(lease, to).await.unwrap();
                            Round { goes_on: false, ..round }
                        } else {
                            let (holder, lease) = &leases[at];
                            let expected = rules.end_round(*holder, to, true);
                            let round = world.store.advance(lease, to).await.unwrap();
                            assert_eq!(round.goes_on, expected, "seed {seed}: {told:?}");
                            round
                        };
                        let _ = goes_on;
                        assert_eq!(standing, rules.standing, "seed {seed}: {told:?}");
                    }
                    _ => {
                        world.lease_runs_out(room).await;
                        rules.lease = rules.lease.map(|(owner, _)| (owner, false));
                    }
                }
                told.push((choice, to, before));
            }
        }
    });
}
