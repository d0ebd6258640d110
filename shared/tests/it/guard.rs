//! Who may try a password, and how often. The waits are made to pass by setting back what the database remembers of them.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use mongodb::bson::{DateTime, Document, doc};
use parlour::guard::Guard;
use parlour::limits::{Allowance, Limits, network};
use parlour::password::{self, Password};
use parlour::session::{Device, Session};
use parlour::store::Spender;
use parlour::user::Username;
use parlour::{Error, time};

use crate::world::{World, story};

const COST: u32 = 4;
const RIGHT: &str = "correct horse";
const HOME: &str = "192.0.2.1";

fn password(text: &str) -> Password {
    Password::parse("password", text).unwrap()
}

/// What came of a try.
#[derive(Debug, PartialEq)]
enum Tried {
    In,
    Wrong,
    Later,
}

impl World {
    fn guard<'a>(&'a self, limits: &'a Limits) -> Guard<'a> {
        Guard { store: &self.store, limits, cost: COST }
    }

    /// Somebody with a real password, who is signed in at home.
    async fn resident(&self, name: &str) -> Session {
        let hash = password::hash(password(RIGHT), COST).await.unwrap();
        let account = self.store.register(&Username::parse(name).unwrap(), hash, None, time::now()).await.unwrap();
        let device = Device { address: HOME.to_owned(), name: String::new() };
        self.store.sign_in(&account.unwrap(), device, time::now()).await.unwrap().0
    }

    async fn tries(&self, name: &str, text: &str, from: &str) -> Tried {
        match self.guard(&Limits::default()).sign_in(name, password(text), from).await {
            Ok(_) => Tried::In,
            Err(Error::Unauthenticated(_)) => Tried::Wrong,
            Err(Error::Limited { .. }) => Tried::Later,
            Err(error) => panic!("{error:?}"),
        }
    }

    /// Lets everybody's wait be over.
    async fn waits(&self) {
        let limits = self.database.collection::<Document>("limits");
        let over = doc! { "$set": { "failed.until": DateTime::from_millis(0) } };
        limits.update_many(doc! { "_id": { "$gt": "" } }, over).await.unwrap();
    }

    /// Fails so often, waiting in between: twelve failures make a wait that no machine is slow enough to miss.
    async fn fails(&self, name: &str, from: &str, times: u32) {
        for n in 0..times {
            self.waits().await;
            assert_eq!(self.tries(name, "guess guess", from).await, Tried::Wrong, "failure {n}");
        }
    }

    /// How long a network has to wait after it failed with a name, in seconds.
    async fn wait(&self, name: &str, from: &str) -> f64 {
        let limits = self.database.collection::<Document>("limits");
        let pair = limits.find_one(doc! { "_id": format!("guess:{from} {name}") }).await.unwrap().unwrap();
        let failed = pair.get_document("failed").unwrap();
        let at = |field: &str| failed.get_datetime(field).unwrap().timestamp_millis();
        (at("until") - at("at")) as f64 / 1000.0
    }

    /// Fails once from each of many networks.
    async fn besieges(&self, name: &str, networks: u32) {
        for n in 0..networks {
            let from = format!("198.51.{}.{}", 100 + n / 250, n % 250);
            assert_eq!(self.tries(name, "guess guess", &from).await, Tried::Wrong, "{from}");
        }
    }
}

#[test]
fn whoever_is_wrong_again_and_again_waits_longer_and_longer() {
    story(|world| async move {
        world.resident("anna").await;
        for (n, expected) in [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900].into_iter().enumerate() {
            assert_eq!(world.tries("anna", "guess guess", "203.0.113.9").await, Tried::Wrong, "failure {n}");
            let wait = world.wait("anna", "203.0.113.9").await;
            // What was forgiven since the first failure shortens it a little.
            assert!(wait <= f64::from(expected) && wait >= f64::from(expected) * 0.95, "{wait} after failure {n}");
            if expected > 10 {
                assert_eq!(world.tries("anna", RIGHT, "203.0.113.9").await, Tried::Later, "failure {n}");
            }
            world.waits().await;
        }
        assert_eq!(world.tries("anna", RIGHT, "203.0.113.9").await, Tried::In);
        for _ in 0..5 {
            assert_eq!(
                world.tries("anna", "guess guess", "203.0.113.9").await,
                Tried::Wrong,
                "who was right starts anew"
            );
        }
        assert_eq!(world.tries("anna", RIGHT, "203.0.113.9").await, Tried::In);
    });
}

#[test]
fn nobody_is_kept_out_by_what_others_do_elsewhere() {
    story(|world| async move {
        world.resident("anna").await;
        world.fails("anna", "203.0.113.9", 12).await;
        world.besieges("anna", 150).await;
        assert_eq!(world.tries("anna", RIGHT, "203.0.113.9").await, Tried::Later, "the attacker waits");
        assert_eq!(world.tries("anna", RIGHT, HOME).await, Tried::In, "at home");
        assert_eq!(world.tries("anna", RIGHT, "203.0.113.77").await, Tried::In, "on a journey");
        assert_eq!(world.tries("anna", RIGHT, "2001:db8::1").await, Tried::In, "on a phone");
    });
}

#[test]
fn a_name_that_many_guess_at_leaves_each_of_them_one_guess() {
    story(|world| async move {
        world.resident("anna").await;
        world.besieges("anna", 99).await;
        for _ in 0..2 {
            assert_eq!(world.tries("anna", "guess guess", "203.0.113.9").await, Tried::Wrong, "too soon");
        }
        assert_eq!(world.tries("anna", "guess guess", "203.0.113.10").await, Tried::Wrong);
        assert_eq!(world.tries("anna", "guess guess", "203.0.113.10").await, Tried::Wrong);
        assert_eq!(world.tries("anna", "guess guess", "203.0.113.10").await, Tried::Later);
        let wait = world.wait("anna", "203.0.113.10").await;
        assert!((29.0..=30.0).contains(&wait), "{wait}");
        for _ in 0..5 {
            assert_eq!(world.tries("anna", "guess guess", HOME).await, Tried::Wrong, "at home there are five");
        }
    });
}

#[test]
fn a_name_that_nobody_has_is_limited_like_one_that_somebody_has() {
    story(|world| async move {
        world.resident("anna").await;
        for name in ["anna", "nobody", "no such name!"] {
            let key = if name == "no such name!" { "" } else { name };
            world.fails(name, "203.0.113.9", 12).await;
            let wait = world.wait(key, "203.0.113.9").await;
            assert!((60.0..=64.0).contains(&wait), "{name}: {wait}");
            assert_eq!(world.tries(name, "guess guess", "203.0.113.9").await, Tried::Later, "{name}");
        }
    });
}

#[test]
fn a_hundred_guesses_at_once_are_no_more_than_in_a_row() {
    story(|world| async move {
        world.resident("anna").await;
        world.fails("anna", "203.0.113.9", 12).await;
        world.waits().await;
        let tries = (0..100).map(|_| world.tries("anna", "guess guess", "203.0.113.9"));
        let seen = futures_util::future::join_all(tries).await;
        let made = seen.iter().filter(|tried| **tried == Tried::Wrong).count();
        assert_eq!(made, 1, "{seen:?}");
    });
}

#[test]
fn guessing_at_many_names_from_one_network_is_slowed_and_hurts_nobody_who_lives_there() {
    story(|world| async move {
        world.resident("anna").await;
        for n in 0..37 {
            world.fails(&format!("name{n}"), HOME, 1).await;
        }
        assert_eq!(world.tries("name77", "guess guess", HOME).await, Tried::Later);
        assert_eq!(world.tries("name77", "guess guess", "203.0.113.9").await, Tried::Wrong);
        assert_eq!(world.tries("anna", RIGHT, HOME).await, Tried::In);
    });
}

#[test]
fn a_network_that_has_used_up_its_tries_leaves_nothing_behind_with_each_further_name() {
    story(|world| async move {
        for n in 0..37 {
            world.fails(&format!("name{n}"), HOME, 1).await;
        }
        let limits = world.database.collection::<Document>("limits");
        let before = limits.count_documents(doc! { "_id": { "$gt": "" } }).await.unwrap();
        for n in 100..105 {
            assert_eq!(world.tries(&format!("name{n}"), "guess guess", HOME).await, Tried::Later);
        }
        assert_eq!(limits.count_documents(doc! { "_id": { "$gt": "" } }).await.unwrap(), before);
    });
}

#[test]
fn who_is_right_owes_nothing() {
    story(|world| async move {
        world.resident("anna").await;
        for _ in 0..120 {
            assert_eq!(world.tries("anna", RIGHT, "203.0.113.9").await, Tried::In);
        }
        assert!(!world.store.is_besieged("anna").await.unwrap());
    });
}

#[test]
fn a_password_asked_for_again_is_guarded_like_the_first() {
    story(|world| async move {
        let anna = world.resident("anna").await;
        let account = world.store.account_of(&anna).await.unwrap();
        let limits = Limits::default();
        let confirm = async |text: &str| world.guard(&limits).confirm(&anna, &account, password(text), HOME).await;
        for _ in 0..12 {
            world.waits().await;
            assert!(matches!(confirm("guess guess").await, Err(Error::Unauthenticated(_))));
        }
        let wait = world.wait("anna", HOME).await;
        assert!((59.0..=60.0).contains(&wait), "at home nobody waits longer than a minute: {wait}");
        assert!(matches!(confirm(RIGHT).await, Err(Error::Limited { .. })));
        assert_eq!(world.tries("anna", RIGHT, HOME).await, Tried::Later, "it counts as a failed sign-in");
        world.waits().await;
        confirm(RIGHT).await.unwrap();
    });
}

#[test]
fn registrations_are_counted_by_household() {
    story(|world| async move {
        let allowance = "2h/3".parse().unwrap();
        let registers = async |address: &str| world.store.spend(Spender::Registers(&network(address)), allowance).await;
        for n in 1..=3 {
            registers(&format!("2001:db8:0:1::{n}")).await.unwrap();
        }
        let Err(Error::Limited { wait }) = registers("2001:db8:0:1:ffff::1").await else { panic!("it is let through") };
        assert!(wait > Duration::from_secs(29 * 60) && wait <= Duration::from_secs(30 * 60), "{wait:?}");
        registers("2001:db8:0:2::1").await.unwrap();
    });
}

/// As a ratio of the shortest of several tries each, by turns: what else the machine does makes some longer, and none shorter.
#[test]
fn a_wrong_name_takes_as_long_as_a_wrong_password_and_as_one_that_was_hashed_for_less() {
    story(|world| async move {
        let limits: Limits = "guess=1000/1000,spray=1000/1000".parse().unwrap();
        let guard = Guard { store: &world.store, limits: &limits, cost: 10 };
        for (name, cost) in [("anna", 10), ("ben", 8)] {
            let hash = password::hash(password(RIGHT), cost).await.unwrap();
            world.store.register(&Username::parse(name).unwrap(), hash, None, time::now()).await.unwrap();
        }
        let names = ["anna", "ben", "nobody", "no such name!"];
        // The shortest of many: on a machine that has other things to do it takes some more to find out what that is.
        let mut shortest = [Duration::MAX; 4];
        let alike = |shortest: &[Duration]| {
            let ratio = |time: &Duration| time.as_secs_f64() / shortest[0].as_secs_f64();
            shortest.iter().all(|time| (0.8..1.25).contains(&ratio(time)))
        };
        for round in 0..80 {
            for (name, shortest) in names.iter().zip(&mut shortest) {
                let began = Instant::now();
                assert!(guard.sign_in(name, password("guess guess"), "203.0.113.9").await.is_err());
                *shortest = began.elapsed().min(*shortest);
            }
            if round >= 8 && alike(&shortest) {
                return;
            }
        }
        panic!("they take differently long: {shortest:?}");
    });
}

#[test]
fn who_guesses_with_a_stolen_session_from_many_networks_is_a_siege_like_any_other() {
    story(|world| async move {
        let anna = world.resident("anna").await;
        let account = world.store.account_of(&anna).await.unwrap();
        let limits = Limits::default();
        for n in 0..100 {
            let from = format!("198.51.100.{n}");
            let wrong = world.guard(&limits).confirm(&anna, &account, password("guess guess"), &from).await;
            assert!(matches!(wrong, Err(Error::Unauthenticated(_))), "{wrong:?} from {from}");
        }
        for _ in 0..2 {
            assert_eq!(world.tries("anna", "guess guess", "203.0.113.9").await, Tried::Wrong, "one is forgiven");
        }
        assert_eq!(world.tries("anna", RIGHT, "203.0.113.9").await, Tried::Later);
        world
            .guard(&limits)
            .confirm(&anna, &account, password(RIGHT), HOME)
            .await
            .expect("at home nothing has changed");
    });
}

#[test]
fn a_hundred_at_once_get_no_more_than_one_after_the_other() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let allowance = Allowance { every: Duration::from_secs(600), burst: 7 };
        let spent = join_all((0..100).map(|_| world.store.spend(Spender::Finds(anna.user().id), allowance))).await;
        assert_eq!(spent.iter().filter(|spent| spent.is_ok()).count(), 7);
        for refused in spent.into_iter().filter_map(Result::err) {
            assert!(matches!(refused, Error::Limited { wait } if wait > Duration::ZERO), "{refused:?}");
        }
    });
}

#[test]
fn whoever_was_limited_waits_no_longer_than_a_new_limit_says() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let spend = async |seconds, burst| {
            let allowance = Allowance { every: Duration::from_secs(seconds), burst };
            world.store.spend(Spender::Finds(anna.user().id), allowance).await
        };
        for _ in 0..7 {
            spend(600, 7).await.unwrap();
        }
        assert!(matches!(spend(600, 7).await, Err(Error::Limited { wait }) if wait > Duration::from_secs(500)));
        let now = spend(2, 3).await;
        assert!(matches!(now, Err(Error::Limited { wait }) if wait <= Duration::from_secs(2)), "{now:?}");
    });
}
