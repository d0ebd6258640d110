//! What is done to somebody in a room, also while they come, go and talk.

use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};
use parlour::Error;
use parlour::connection::Connection;
use parlour::ids::{ClientId, RoomId};
use parlour::message::{Amendment, Deed, Remover, Text};
use parlour::moderation::Moderation;
use parlour::permission::{Act, Rank, Refusal};
use parlour::room::{BanReason, Mute, Role};
use parlour::session::{Device, Session};
use parlour::store::Window;
use parlour::time;
use parlour::wire::{Departure, Frame};

use crate::delivery::Pair;
use crate::world::{World, draft, story};

const MINUTE: Duration = Duration::from_secs(60);
const FOR_EVER: Mute = Mute { until: None };

#[expect(clippy::needless_pass_by_value, reason = "what is given is made where it is given")]
fn refusal<T>(outcome: parlour::Result<T>) -> Option<Refusal> {
    match outcome {
        Err(Error::Forbidden(refusal)) => Some(refusal),
        _ => None,
    }
}

impl World {
    /// Makes somebody an admin, as an operator does.
    async fn empowers(&self, session: &Session) {
        let user = doc! { "_id": ObjectId::from_bytes(session.user().id.bytes()) };
        let users = self.database.collection::<Document>("users");
        users.update_one(user, doc! { "$addToSet": { "roles": "admin" } }).await.unwrap();
    }

    async fn rejoins(&self, session: &Session, room: RoomId) -> parlour::Result<bool> {
        let (_, standing) = self.store.public_room(room).await.unwrap();
        self.store.join(session, room, standing, time::now()).await
    }

    pub(crate) async fn role(&self, session: &Session, room: RoomId) -> Option<Role> {
        self.store.membership(session, room).await.ok().and_then(|membership| membership.seat().role)
    }
}

impl Pair {
    pub(crate) fn order<'a>(&'a self, session: &'a Session) -> Moderation<'a> {
        Moderation { store: &self.world.store, gateway: &self.delivery.gateway, session, room: self.tea }
    }

    async fn tries(&self, from: &Connection, text: &str) -> parlour::Result<()> {
        self.delivery.say(from, self.tea, &draft(text), time::now()).await.map(drop)
    }

    async fn deletes(&self, from: &Connection, seq: i64, key: &str) -> parlour::Result<i64> {
        let amendment = Amendment { client_id: ClientId::parse(key).unwrap(), seq, deed: Deed::Delete };
        self.delivery.amend(from, self.tea, &amendment, time::now()).await
    }
}

#[test]
fn whoever_is_banned_while_they_join_is_not_in_the_room() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let (world, ben) = (&pair.world, pair.ben.user().id);
        let order = pair.order(&pair.anna);
        for round in 0..10 {
            let joins = join_all((0..4).map(|_| world.rejoins(&pair.ben, pair.tea)));
            let (ban, _, left) =
                futures_util::join!(order.ban(ben, None, None), joins, world.store.leave(&pair.ben, pair.tea));
            ban.unwrap();
            left.unwrap();
            assert_eq!(world.role(&pair.ben, pair.tea).await, None, "round {round}");
            assert_eq!(world.sockets_in(pair.tea).await, ["anna="], "round {round}");
            let refused = join_all((0..4).map(|_| world.rejoins(&pair.ben, pair.tea))).await;
            assert!(refused.into_iter().all(|join| refusal(join) == Some(Refusal::Banned { wait: None })));
            assert!(world.store.memberships(&pair.ben).await.unwrap().is_empty());
            order.unban(ben).await.unwrap();
            assert!(world.rejoins(&pair.ben, pair.tea).await.unwrap());
            world.socket(&pair.ben, "ben=").await;
        }
    });
}

#[test]
fn a_ban_can_be_repeated_changed_seen_and_lifted_and_runs_out_by_itself() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let (eve, order) = (pair.world.person("eve").await, pair.order(&pair.anna));
        let (ben, stranger) = (pair.ben.user().id, eve.user().id);
        let soon = time::now().plus(MINUTE);
        let reason = BanReason::parse("$set: shouts").unwrap();
        let first = order.ban(ben, Some(soon), Some(reason.clone())).await.unwrap();
        assert_eq!(order.ban(ben, Some(soon), Some(reason.clone())).await.unwrap(), first, "a repetition is another");
        order.ban(stranger, None, None).await.unwrap();
        let listed = order.bans(None, 10).await.unwrap().0;
        assert_eq!(listed[0], first);
        assert_eq!(listed.iter().map(|ban| ban.user.id).collect::<Vec<_>>(), [ben, stranger]);
        assert_eq!(order.bans(Some(ben), 10).await.unwrap().0.len(), 1);
        assert_eq!(order.bans(None, 1).await.unwrap().0.len(), 1);
        let Some(Refusal::Banned { wait: Some(wait) }) = refusal(pair.world.rejoins(&pair.ben, pair.tea).await) else {
            panic!("it is not said for how long")
        };
        assert!(wait > Duration::ZERO && wait <= MINUTE, "{wait:?}");
        // As if the minute had passed.
        let (_, standing) = pair.world.store.public_room(pair.tea).await.unwrap();
        assert!(pair.world.store.join(&pair.ben, pair.tea, standing, soon).await.unwrap());
        assert_eq!(order.bans(None, 10).await.unwrap().0.len(), 1, "a ban that ran out is listed");
        for _ in 0..2 {
            order.unban(stranger).await.unwrap();
        }
        assert!(pair.world.rejoins(&eve, pair.tea).await.unwrap());
        assert!(order.bans(None, 10).await.unwrap().0.is_empty());
    });
}

#[test]
fn leaving_kick_and_ban_lift_neither_a_mute_nor_that_somebody_is_a_guest() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let cy = pair.world.person("cy").await;
        pair.world.joins(&cy, pair.tea).await;
        let order = pair.order(&pair.anna);
        order.mute(pair.ben.user().id, Some(FOR_EVER)).await.unwrap();
        order.appoint(cy.user().id, Role::Guest).await.unwrap();
        for way in ["leave", "kick", "ban"] {
            for session in [&pair.ben, &cy] {
                let user = session.user().id;
                match way {
                    "leave" => assert!(pair.world.store.leave(session, pair.tea).await.unwrap()),
                    "kick" => order.kick(user).await.unwrap(),
                    _ => {
                        order.ban(user, None, None).await.unwrap();
                        order.unban(user).await.unwrap();
                    }
                }
                assert_eq!(pair.world.role(session, pair.tea).await, None, "{way}");
                assert!(!pair.world.store.leave(session, pair.tea).await.unwrap(), "{way}: left twice");
                assert!(pair.world.rejoins(session, pair.tea).await.unwrap(), "{way}");
            }
            let ben = pair.world.socket(&pair.ben, "ben=").await;
            let cys = pair.world.socket(&cy, "cy==").await;
            assert_eq!(refusal(pair.tries(&ben, "hello").await), Some(Refusal::Muted { wait: None }), "{way}");
            assert_eq!(refusal(pair.tries(&cys, "hello").await), Some(Refusal::Guest), "{way}");
        }
        // And what is lifted in their absence is lifted.
        order.kick(pair.ben.user().id).await.unwrap();
        order.mute(pair.ben.user().id, None).await.unwrap();
        assert!(pair.world.rejoins(&pair.ben, pair.tea).await.unwrap());
        let ben = pair.world.socket(&pair.ben, "ben=").await;
        pair.tries(&ben, "hello").await.unwrap();
    });
}

#[test]
fn nothing_is_stored_of_what_somebody_says_after_they_were_muted() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let ben = pair.world.socket(&pair.ben, "ben=").await;
        let order = pair.order(&pair.anna);
        let texts: Vec<String> = (0..60).map(|n| format!("text{n:02}")).collect();
        pair.tries(&ben, "before").await.unwrap();
        let talks = async {
            let mut outcomes = Vec::new();
            for pieces in texts.chunks(5) {
                outcomes.extend(join_all(pieces.iter().map(|text| pair.tries(&ben, text))).await);
            }
            outcomes
        };
        let (outcomes, muted) = futures_util::join!(talks, order.mute(pair.ben.user().id, Some(FOR_EVER)));
        muted.unwrap();
        let said = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert!(
            outcomes
                .into_iter()
                .filter_map(Result::err)
                .all(|error| { matches!(error, Error::Forbidden(Refusal::Muted { wait: None })) })
        );
        assert!(said < texts.len(), "nothing was said after the mute: the test shows nothing");
        assert_eq!(refusal(pair.tries(&ben, "after").await), Some(Refusal::Muted { wait: None }));
        pair.tries(&ben, "before").await.expect("what was said before is not answered for");
        let mine = pair.world.store.membership(&pair.anna, pair.tea).await.unwrap();
        let (kept, ..) = pair.world.store.history(&mine, Window::Newest, 100).await.unwrap();
        assert_eq!(kept.len(), said + 1);
        let standing = pair.world.store.public_room(pair.tea).await.unwrap().1;
        assert_eq!(standing.head, standing.settled, "a refused message holds the room up");
        assert_eq!(pair.texts("anna=").len(), said + 1);
    });
}

#[test]
fn whoever_is_sent_out_is_told_why_and_their_sockets_are_closed_and_nobody_elses() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let order = pair.order(&pair.anna);
        order.kick(pair.ben.user().id).await.unwrap();
        let why = |socket: &str| {
            pair.fake.heard(socket).into_iter().find_map(|frame| match frame {
                Frame::Left { user, reason, .. } if user.name == "ben" => Some(reason),
                _ => None,
            })
        };
        assert_eq!((why("ben="), why("anna=")), (Some(Some(Departure::Kicked)), Some(None)));
        assert_eq!(pair.fake.played.lock().unwrap().closed, ["ben="]);
        let before = pair.fake.heard("ben=").len();
        pair.says("not-for-ben").await.unwrap();
        assert_eq!(pair.fake.heard("ben=").len(), before);
        order.kick(pair.ben.user().id).await.expect("it cannot be repeated");
    });
}

#[test]
fn what_was_decided_of_somebody_who_has_changed_since_is_not_done() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let (store, now, ben) = (&pair.world.store, time::now(), pair.ben.user().id);
        let mine = store.membership(&pair.anna, pair.tea).await.unwrap();
        let seen = store.target(&mine, ben, now).await.unwrap();
        pair.order(&pair.anna).appoint(ben, Role::Moderator).await.unwrap();
        let kick = mine.may(Act::Kick(seen.rank()), now).unwrap();
        assert!(!store.kick(&kick, &seen).await.unwrap());
        let mute = mine.may(Act::Mute(seen.rank()), now).unwrap();
        assert!(!store.mute(&mute, &seen, Some(FOR_EVER)).await.unwrap());
        let transfer = mine.may(Act::Transfer(seen.rank()), now).unwrap();
        assert!(store.transfer(&transfer, &seen).await.unwrap().is_none());
        let (anna, ben) = (pair.world.role(&pair.anna, pair.tea).await, pair.world.role(&pair.ben, pair.tea).await);
        assert_eq!((anna, ben), (Some(Role::Owner), Some(Role::Moderator)));
        // And a permit is good for nothing else.
        let seen = store.target(&mine, pair.ben.user().id, now).await.unwrap();
        assert!(matches!(store.kick(&mute, &seen).await, Err(Error::Internal(_))));
        let wrong = mine.may(Act::Kick(Rank::Member), now).unwrap();
        assert!(matches!(store.kick(&wrong, &seen).await, Err(Error::Internal(_))));
    });
}

#[test]
fn a_moderator_removes_what_lower_ones_said_and_nothing_else() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let (cy, dee) = (pair.world.person("cy").await, pair.world.person("dee").await);
        pair.world.joins(&cy, pair.tea).await;
        pair.order(&pair.anna).appoint(cy.user().id, Role::Moderator).await.unwrap();
        let ben = pair.world.socket(&pair.ben, "ben=").await;
        let cy = pair.world.socket(&cy, "cy==").await;
        let admin = pair.world.socket(&dee, "dee=").await;
        pair.says("owners").await.unwrap();
        pair.tries(&ben, "bens").await.unwrap();
        pair.tries(&cy, "cys").await.unwrap();
        assert_eq!(refusal(pair.deletes(&ben, 1, "delete-01").await), Some(Refusal::Rank));
        assert_eq!(refusal(pair.deletes(&cy, 1, "delete-01").await), Some(Refusal::Rank));
        let edit = Amendment {
            client_id: ClientId::parse("edit-0001").unwrap(),
            seq: 2,
            deed: Deed::Edit(Text::parse("words in a mouth").unwrap()),
        };
        let edited = pair.delivery.amend(&cy, pair.tea, &edit, time::now()).await;
        assert_eq!(refusal(edited), Some(Refusal::Author));
        let rev = pair.deletes(&cy, 2, "delete-01").await.unwrap();
        assert_eq!(pair.deletes(&cy, 2, "delete-01").await.unwrap(), rev);
        assert_eq!(pair.deletes(&ben, 2, "delete-02").await.unwrap(), rev, "deleted is deleted");
        assert!(matches!(pair.deletes(&admin, 1, "delete-01").await, Err(Error::NotFound)));
        pair.world.empowers(&dee).await;
        pair.deletes(&admin, 1, "delete-01").await.unwrap();
        assert_eq!(refusal(pair.tries(&admin, "hello").await), Some(Refusal::Guest));
        pair.deletes(&cy, 3, "delete-03").await.unwrap();
        let mine = pair.world.store.membership(&pair.anna, pair.tea).await.unwrap();
        let (kept, ..) = pair.world.store.history(&mine, Window::Newest, 100).await.unwrap();
        assert!(kept.iter().all(|message| message.text.is_empty()));
        let by: Vec<_> = kept.iter().map(|message| message.deleted_by).collect();
        assert_eq!(by, [Some(Remover::Moderator), Some(Remover::Moderator), Some(Remover::Author)]);
    });
}

#[test]
fn an_admin_looks_into_every_room_and_nobody_acts_on_them() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let dee = pair.world.person("dee").await;
        assert!(matches!(pair.world.store.membership(&dee, pair.tea).await, Err(Error::NotFound)));
        pair.world.empowers(&dee).await;
        let mine = pair.world.store.membership(&dee, pair.tea).await.unwrap();
        assert_eq!((mine.seat().role, mine.seat().rank()), (None, Rank::Admin));
        let missing = pair.world.store.membership(&dee, RoomId::from_bytes([9; 12])).await;
        assert!(matches!(missing, Err(Error::NotFound)));
        assert!(pair.world.store.memberships(&dee).await.unwrap().is_empty());
        assert_eq!(refusal(pair.order(&pair.anna).ban(dee.user().id, None, None).await), Some(Refusal::Rank));
        pair.order(&dee).mute(pair.anna.user().id, Some(FOR_EVER)).await.unwrap();
        assert_eq!(refusal(pair.says("hello").await), Some(Refusal::Muted { wait: None }));
    });
}

#[test]
fn of_a_sign_in_and_a_suspension_at_once_no_session_is_left() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let refused = world.store.may_suspend(&anna, ben.user().id).await;
        assert_eq!(refusal(refused), Some(Refusal::Rank));
        world.empowers(&anna).await;
        let own = world.store.may_suspend(&anna, anna.user().id).await;
        assert_eq!(refusal(own), Some(Refusal::Rank));
        let whose = world.store.may_suspend(&anna, ben.user().id).await.unwrap();
        let account = world.store.account_of(&ben).await.unwrap();
        let suspends = async {
            world.store.suspend(whose, time::now()).await?;
            world.store.end_sessions(ben.user().id, None, time::now()).await
        };
        let signs_in = join_all((0..8).map(|_| world.store.sign_in(&account, Device::default(), time::now())));
        let (suspended, sessions) = futures_util::join!(suspends, signs_in);
        suspended.unwrap();
        drop(sessions);
        assert!(world.store.sessions_of_mine(&ben, time::now()).await.unwrap().is_empty());
        assert!(world.store.account_of(&ben).await.unwrap().is_suspended);
        assert!(world.store.sign_in(&account, Device::default(), time::now()).await.is_err());
        world.store.suspend(whose, time::now()).await.unwrap();
        world.store.let_in_again(whose).await.unwrap();
        try_join_all((0..2).map(|_| world.store.sign_in(&account, Device::default(), time::now()))).await.unwrap();
    });
}

#[test]
fn of_a_deleted_account_no_ban_and_no_absence_keeps_the_name() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let order = pair.order(&pair.anna);
        order.ban(pair.ben.user().id, None, None).await.unwrap();
        let account = pair.world.store.account_of(&pair.ben).await.unwrap();
        let erasing = pair.world.store.delete_account(&account, time::now()).await.unwrap().unwrap();
        pair.world.store.erase_absences(erasing).await.unwrap();
        assert!(order.bans(None, 10).await.unwrap().0.is_empty());
    });
}
