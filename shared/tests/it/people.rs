//! Accounts and sessions.

use std::time::Duration;

use parlour::Error;
use parlour::error::Unauthenticated;
use parlour::store::Rotation;
use parlour::time;
use parlour::token::{Claims, Keys, RefreshToken};
use parlour::user::Username;

use crate::world::story;

fn keys() -> Keys {
    Keys::new("a secret that is at least 32 bytes long").unwrap()
}

#[test]
fn a_name_that_differs_by_case_only_is_taken() {
    story(|world| async move {
        let register = async |name: &str| {
            let name = Username::parse(name).unwrap();
            world.store.register(&name, "hash".to_owned(), None, time::now()).await.unwrap()
        };
        assert!(register("Änna").await.is_some());
        assert!(register("änna").await.is_none());
        assert!(register("A\u{308}NNA").await.is_none());
        assert!(register("anna").await.is_some());
        let found = world.store.account(&Username::parse("äNNA").unwrap()).await.unwrap().unwrap();
        assert_eq!(found.user.name, "Änna");
    });
}

#[test]
fn of_two_who_want_a_name_at_once_one_gets_it() {
    story(|world| async move {
        let name = Username::parse("anna").unwrap();
        let tries = (0..8).map(|_| world.store.register(&name, "hash".to_owned(), None, time::now()));
        let got = futures_util::future::try_join_all(tries).await.unwrap();
        assert_eq!(got.iter().flatten().count(), 1);
    });
}

#[test]
fn a_session_that_has_ended_proves_nothing() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let (session, token) = world.signs_in(&anna).await;
        let claims = Claims { user: session.user().id, session: session.id() };
        assert_eq!(world.store.session(claims, time::now()).await.unwrap(), session);
        let month = time::now().plus(Duration::from_secs(30 * 24 * 60 * 60 + 1));
        assert!(world.store.session(claims, month).await.is_err());
        assert_eq!(world.store.sign_out(&token, time::now()).await.unwrap(), Some(session.id()));
        let refused = world.store.session(claims, time::now()).await.unwrap_err();
        assert!(matches!(refused, Error::Unauthenticated(Unauthenticated::Session)), "{refused:?}");
        let again = world.store.sign_out(&token, time::now()).await.unwrap();
        assert_eq!(again, Some(session.id()), "whoever repeats it cannot close the sockets again");
        let stranger = RefreshToken::first(session.id()).unwrap();
        assert_eq!(world.store.sign_out(&stranger, time::now()).await.unwrap(), None);
    });
}

#[test]
fn a_session_of_another_user_proves_nothing() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let mixed = Claims { user: ben.user().id, session: anna.id() };
        assert!(world.store.session(mixed, time::now()).await.is_err());
    });
}

#[test]
fn the_same_refresh_within_thirty_seconds_is_one() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let (session, first) = world.signs_in(&anna).await;
        let second = keys().next(&first);
        for _ in 0..3 {
            let rotation = world.store.rotate(&first, &second, "192.0.2.1", time::now()).await.unwrap();
            assert!(matches!(rotation, Rotation::Done(found, next) if found == session && next == second[0]));
        }
        let third = keys().next(&second[0]);
        assert!(matches!(
            world.store.rotate(&second[0], &third, "192.0.2.1", time::now()).await.unwrap(),
            Rotation::Done(..)
        ));
    });
}

#[test]
fn a_refresh_token_that_comes_back_late_ends_the_session() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let (session, first) = world.signs_in(&anna).await;
        let second = keys().next(&first);
        world.store.rotate(&first, &second, "192.0.2.1", time::now()).await.unwrap();
        let late = time::now().plus(Duration::from_secs(31));
        let stolen = world.store.rotate(&first, &second, "192.0.2.1", late).await.unwrap();
        assert!(matches!(stolen, Rotation::Ended(id) if id == session.id()));
        let owner = world.store.rotate(&second[0], &keys().next(&second[0]), "192.0.2.1", late).await.unwrap();
        assert!(matches!(owner, Rotation::Ended(_)), "the owner's token works still");
    });
}

#[test]
fn a_refresh_token_before_the_last_two_ends_the_session() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let (_, first) = world.signs_in(&anna).await;
        let second = keys().next(&first);
        let third = keys().next(&second[0]);
        world.store.rotate(&first, &second, "192.0.2.1", time::now()).await.unwrap();
        world.store.rotate(&second[0], &third, "192.0.2.1", time::now()).await.unwrap();
        assert!(matches!(
            world.store.rotate(&first, &second, "192.0.2.1", time::now()).await.unwrap(),
            Rotation::Ended(_)
        ));
    });
}

#[test]
fn nobody_ends_a_session_with_a_token_that_was_never_given_out() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let (session, mine) = world.signs_in(&anna).await;
        let guess = Keys::new("a secret that the attacker has made up").unwrap();
        let guess = guess.reveal(&RefreshToken::first(session.id()).unwrap());
        assert!(keys().refresh_token(&guess).is_err(), "a guess reached the database");
        assert!(matches!(
            world.store.rotate(&mine, &keys().next(&mine), "192.0.2.1", time::now()).await.unwrap(),
            Rotation::Done(..)
        ));
    });
}

#[test]
fn a_refresh_token_of_no_session_is_refused_and_ends_none() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let (_, mine) = world.signs_in(&anna).await;
        let stranger = RefreshToken::first(parlour::ids::SessionId::from_bytes([9; 12])).unwrap();
        assert!(world.store.rotate(&stranger, &keys().next(&stranger), "192.0.2.1", time::now()).await.is_err());
        assert!(matches!(
            world.store.rotate(&mine, &keys().next(&mine), "192.0.2.1", time::now()).await.unwrap(),
            Rotation::Done(..)
        ));
    });
}

#[test]
fn a_name_that_can_be_taken_for_another_is_taken() {
    story(|world| async move {
        let register = async |name: &str| {
            let name = Username::parse(name).unwrap();
            world.store.register(&name, "hash".to_owned(), None, time::now()).await.unwrap()
        };
        assert!(register("Bill").await.is_some());
        for name in ["BiIl", "Віll", "bi1l", "bill"] {
            assert!(register(name).await.is_none(), "{name}");
            let found = world.store.account(&Username::parse(name).unwrap()).await.unwrap();
            assert_eq!(found.is_some(), name == "bill", "{name} is signed in to by another name");
        }
        // A name that was refused has taken nothing.
        assert!(register("Вill2").await.is_some());
        let twins = ["scope", "ѕсоре", "sсope", "scоpe"].map(|name| Username::parse(name).unwrap());
        let tries = twins.iter().map(|name| world.store.register(name, "hash".to_owned(), None, time::now()));
        let got = futures_util::future::try_join_all(tries).await.unwrap();
        assert_eq!(got.iter().flatten().count(), 1, "of those who want names that are alike, at once, one gets hers");
    });
}

#[test]
fn people_who_looked_alike_before_anybody_looked_keep_their_names() {
    story(|world| async move {
        use mongodb::bson::{Document, doc, oid::ObjectId};
        let users = world.database.collection::<Document>("users");
        let old = |name: &str, deleted: bool| {
            let key = Username::parse(name).unwrap().key();
            let shown = if deleted { "" } else { name };
            let now = mongodb::bson::DateTime::now();
            let mut user = doc! { "_id": ObjectId::new(), "name": shown, "name_key": key, "password": "hash", "created_at": now, "memberships": 0_i64 };
            if deleted {
                user.insert("deleted_at", now);
            }
            user
        };
        let many = (0..1200).map(|n| old(&format!("somebody{n}-{}", n * 7), false));
        users.insert_many(many).await.unwrap();
        users.insert_many([old("anna", false), old("аnna", false), old("gone", true)]).await.unwrap();
        let parse = |name: &str| Username::parse(name).unwrap();
        for name in ["аnnа", "ANNA", "аnna", "gоne", "sоmebody1199-8393"] {
            let registered = world.store.register(&parse(name), "hash".to_owned(), None, time::now()).await.unwrap();
            assert!(registered.is_none(), "{name}");
        }
        for name in ["anna", "аnna", "somebody1199-8393"] {
            let account = world.store.account(&parse(name)).await.unwrap();
            assert_eq!(account.expect(name).user.name, name);
        }
        assert!(world.store.register(&parse("ben"), "hash".to_owned(), None, time::now()).await.unwrap().is_some());
    });
}
