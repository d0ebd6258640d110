//! A room has one owner, whoever comes, goes and hands it over.

use futures_util::future::join_all;
use parlour::permission::Refusal;
use parlour::room::Role;
use parlour::session::Session;
use parlour::{Error, moderation, time};

use crate::delivery::Pair;
use crate::world::story;

impl Pair {
    async fn others(&self, names: &[&str]) -> Vec<Session> {
        let mut others = Vec::new();
        for name in names {
            let session = self.world.person(name).await;
            self.world.joins(&session, self.tea).await;
            others.push(session);
        }
        others
    }

    async fn leaves(&self, session: &Session) {
        let left = self.world.store.leave(session, self.tea).await.unwrap();
        let (store, gateway) = (&self.world.store, &self.delivery.gateway);
        moderation::gone(store, gateway, self.tea, session.user(), left).await.unwrap();
    }

    async fn roles(&self) -> Vec<(String, Role)> {
        let anybody = self.world.person("looker").await;
        self.world.joins(&anybody, self.tea).await;
        let mine = self.world.store.membership(&anybody, self.tea).await.unwrap();
        let members = self.world.store.members(&mine, None, 100, time::now()).await.unwrap().members;
        let others = members.into_iter().map(|(member, _)| (member.user.name, member.role));
        others.filter(|(name, _)| name != "looker").collect()
    }
}

fn named(roles: &[(String, Role)], wanted: Role) -> Vec<&str> {
    roles.iter().filter(|(_, role)| *role == wanted).map(|(name, _)| name.as_str()).collect()
}

#[test]
fn of_transfers_at_once_one_makes_the_owner() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let others = pair.others(&["cy", "dee", "eli"]).await;
        let order = pair.order(&pair.anna);
        let outcomes = join_all(others.iter().map(|other| order.transfer(other.user().id))).await;
        let given = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(given, 1, "{outcomes:?}");
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(Error::Forbidden(Refusal::Rank)))));
        let owner = outcomes.iter().flatten().next().unwrap().user.clone();
        let roles = pair.roles().await;
        assert_eq!(named(&roles, Role::Owner), [owner.name.as_str()]);
        assert_eq!(named(&roles, Role::Moderator), ["anna"]);
        let repeated = order.transfer(parlour::ids::UserId::parse(&owner.id).unwrap()).await.unwrap();
        assert_eq!(repeated.user, owner, "a repetition has another answer");
        assert!(matches!(order.transfer(pair.ben.user().id).await, Err(Error::Forbidden(Refusal::Rank))));
    });
}

#[test]
fn an_owner_who_goes_leaves_the_room_to_the_eldest_moderator_or_else_member() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let others = pair.others(&["cy", "dee"]).await;
        let order = pair.order(&pair.anna);
        order.appoint(others[1].user().id, Role::Moderator).await.unwrap();
        order.appoint(others[0].user().id, Role::Guest).await.unwrap();
        pair.leaves(&pair.anna).await;
        assert_eq!(pair.world.role(&others[1], pair.tea).await, Some(Role::Owner), "the moderator");
        pair.leaves(&others[1]).await;
        assert_eq!(pair.world.role(&pair.ben, pair.tea).await, Some(Role::Owner), "the eldest member");
        pair.leaves(&pair.ben).await;
        assert_eq!(pair.world.role(&others[0], pair.tea).await, Some(Role::Guest), "a guest became the owner");
        // Whoever comes into a room without an owner becomes it; its maker too has no more right than that.
        let room = pair.world.room(&pair.ben, "elsewhere").await;
        assert_eq!(pair.world.role(&pair.ben, room).await, Some(Role::Owner));
        pair.world.joins(&pair.ben, pair.tea).await;
        let (store, gateway) = (&pair.world.store, &pair.delivery.gateway);
        moderation::owned(store, gateway, pair.tea).await.unwrap();
        assert_eq!(pair.world.role(&pair.ben, pair.tea).await, Some(Role::Owner));
        assert_eq!(pair.world.room(&pair.anna, "tea").await, pair.tea, "the maker asks for it once more");
        assert_eq!(pair.world.role(&pair.anna, pair.tea).await, Some(Role::Member), "and is the owner again");
    });
}

#[test]
fn however_owners_and_heirs_come_and_go_there_is_never_more_than_one_and_in_the_end_one() {
    story(|world| async move {
        let pair = Pair::new(world).await;
        let others = pair.others(&["cy", "dee", "eli"]).await;
        for round in 0..6 {
            let all = [&pair.anna, &pair.ben, &others[0], &others[1]];
            let leave = join_all(all.iter().map(|session| pair.leaves(session)));
            let order = pair.order(&pair.anna);
            let (_, transfer) = futures_util::join!(leave, order.transfer(others[2].user().id));
            drop(transfer);
            for session in all {
                pair.world.joins(session, pair.tea).await;
            }
            let mine = pair.world.store.membership(&others[2], pair.tea).await.unwrap();
            let members = pair.world.store.members(&mine, None, 100, time::now()).await.unwrap().members;
            let owners = members.iter().filter(|(member, _)| member.role == Role::Owner).count();
            assert_eq!(owners, 1, "round {round}: {members:?}");
        }
    });
}
