//! What holds between a sign-in and a change of what it was made with, and the end of an account.

use std::time::Duration;

use parlour::Error;
use parlour::error::Unauthenticated;
use parlour::ids::SessionId;
use parlour::session::Device;
use parlour::store::{Rotation, Window};
use parlour::time;
use parlour::user::Username;

use crate::world::{World, story};

fn later() -> parlour::time::Timestamp {
    time::now().plus(Duration::from_secs(61))
}

async fn devices(world: &World, session: &parlour::session::Session) -> Vec<SessionId> {
    let sessions = world.store.sessions_of_mine(session, time::now()).await.unwrap();
    sessions.into_iter().map(|session| session.id).collect()
}

#[test]
fn a_session_of_somebody_else_cannot_be_ended() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        for which in [ben.id(), SessionId::from_bytes([9; 12])] {
            let refused = world.store.end_session(&anna, which, time::now()).await;
            assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
        }
        assert_eq!(devices(&world, &ben).await, [ben.id()]);
        let (phone, token) = world.signs_in(&ben).await;
        for _ in 0..2 {
            world.store.end_session(&ben, phone.id(), time::now()).await.unwrap();
        }
        assert_eq!(devices(&world, &ben).await, [ben.id()]);
        let rotation =
            world.store.rotate(&token, std::slice::from_ref(&token), "192.0.2.1", time::now()).await.unwrap();
        assert!(matches!(rotation, Rotation::Ended(id) if id == phone.id()));
    });
}

#[test]
fn who_signs_in_with_a_password_while_it_is_changed_is_not_signed_in() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let seen = world.store.account_of(&anna).await.unwrap();
        let again = world.store.account_of(&anna).await.unwrap();
        world.store.rehash(&seen, "the same, hashed again".to_owned()).await.unwrap();
        assert!(world.store.sign_in(&seen, Device::default(), time::now()).await.is_ok(), "another hash is a change");
        assert!(world.store.change_password(&seen, "new hash".to_owned(), &anna).await.unwrap());
        world.store.end_sessions(anna.user().id, Some(anna.id()), time::now()).await.unwrap();
        let late = world.store.sign_in(&seen, Device::default(), time::now()).await;
        assert!(matches!(late, Err(Error::Unauthenticated(Unauthenticated::Credentials))), "{late:?}");
        assert_eq!(devices(&world, &anna).await, [anna.id()]);
        assert!(!world.store.change_password(&again, "third".to_owned(), &anna).await.unwrap(), "two changes at once");
        world.store.rehash(&again, "the old one, hashed again".to_owned()).await.unwrap();
        assert_eq!(world.store.account_of(&anna).await.unwrap().password, "new hash");
        let now = world.store.account_of(&anna).await.unwrap();
        assert_eq!(now.changed_by, Some(anna.id()));
        assert!(world.store.sign_in(&now, Device::default(), time::now()).await.is_ok());
    });
}

#[test]
fn a_deleted_account_keeps_its_name_from_others_and_is_recognized_by_nothing() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let account = world.store.account_of(&anna).await.unwrap();
        assert_eq!(world.store.is_erasing(&anna).await.unwrap(), None);
        let erasing = world.store.delete_account(&account, time::now()).await.unwrap().unwrap();
        assert_eq!(world.store.delete_account(&account, time::now()).await.unwrap(), None, "it is deleted twice");
        assert_eq!(world.store.is_erasing(&anna).await.unwrap(), Some(erasing));
        let name = Username::parse("Anna").unwrap();
        assert!(world.store.account(&name).await.unwrap().is_none());
        assert!(world.store.account_of(&anna).await.is_err());
        assert!(world.store.sign_in(&account, Device::default(), time::now()).await.is_err());
        assert!(world.store.register(&name, "hash".to_owned(), None, time::now()).await.unwrap().is_none());
        assert_eq!(world.store.unfinished_erasures(time::now(), 9).await.unwrap(), [], "it may still be under way");
        assert_eq!(world.store.unfinished_erasures(later(), 9).await.unwrap(), [erasing]);
        world.store.erased(erasing).await.unwrap();
        assert_eq!(world.store.unfinished_erasures(later(), 9).await.unwrap(), []);
        assert!(world.store.register(&name, "hash".to_owned(), None, time::now()).await.unwrap().is_none());
    });
}

#[test]
fn what_somebody_said_loses_its_name_in_every_room_also_in_those_they_left() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let tea = world.room(&ben, "tea").await;
        let cake = world.room(&ben, "cake").await;
        for room in [tea, cake] {
            let (mine, bens) = (world.joins(&anna, room).await, world.store.membership(&ben, room).await.unwrap());
            for n in 0..3 {
                world.stores(&mine, &format!("word-{n}")).await;
                world.stores(&bens, &format!("bens-{n}")).await;
            }
        }
        assert!(world.store.leave(&anna, cake).await.unwrap());
        let account = world.store.account_of(&anna).await.unwrap();
        let erasing = world.store.delete_account(&account, time::now()).await.unwrap().unwrap();
        while world.store.erase_authorship(erasing).await.unwrap() {}
        for membership in world.store.memberships_left(erasing).await.unwrap() {
            assert!(world.store.erase_membership(erasing, &membership).await.unwrap());
        }
        for room in [tea, cake] {
            let bens = world.store.membership(&ben, room).await.unwrap();
            let (messages, ..) = world.store.history(&bens, Window::Newest, 10).await.unwrap();
            let named = |message: &parlour::message::Message| (message.author.id, message.author.name.clone());
            let expected = [(anna.user().id, String::new()), (ben.user().id, "ben".to_owned())];
            for pair in messages.chunks(2) {
                assert_eq!(pair.iter().map(named).collect::<Vec<_>>(), expected);
            }
            assert_eq!(messages.len(), 6);
            assert_eq!(world.store.members(&bens, None, 9, time::now()).await.unwrap().members.len(), 1);
        }
    });
}
