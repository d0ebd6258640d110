//! Rooms that not everybody may enter, how people come in, and what rooms are about.

use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc};
use parlour::error::Conflict;
use parlour::ids::{ClientId, InvitationId, RoomId};
use parlour::invitation::{Invitation, Inviting};
use parlour::permission::{Act, Permit, Refusal};
use parlour::room::{BanReason, Describing, Kind, Room, RoomName, Topic};
use parlour::session::Session;
use parlour::store::{MAX_ROOMS, Purpose};
use parlour::text::{Invalid, Rule};
use parlour::time::{self, Timestamp};
use parlour::{Error, Result};

use crate::world::{World, draft, story};

impl World {
    pub(crate) async fn private_room(&self, owner: &Session, name: &str) -> Room {
        let client_id = ClientId::parse(&format!("room-{name}-{}", owner.user().name)).unwrap();
        let name = RoomName::parse(name).unwrap();
        let (id, _) = self.store.make_room(owner, &name, false, &client_id, time::now()).await.unwrap();
        self.room_of(owner, id).await
    }

    async fn room_of(&self, session: &Session, id: RoomId) -> Room {
        self.store.room(&self.store.membership(session, id).await.unwrap()).await.unwrap()
    }

    async fn permits(&self, session: &Session, room: RoomId, acts: &[Act]) -> Vec<Permit> {
        let membership = self.store.membership(session, room).await.unwrap();
        acts.iter().map(|act| membership.may(*act, time::now()).unwrap()).collect()
    }

    async fn invites(&self, host: &Session, room: &Room, inviting: &Inviting) -> Result<Invitation> {
        let whom = match inviting.user {
            Some(user) => Some(self.store.user(user).await?),
            None => None,
        };
        let permit = self.permits(host, room.id, &[Act::Invite]).await.remove(0);
        Ok(self.store.invite(&permit, room, inviting, whom.as_ref(), time::now()).await?.0)
    }

    async fn accepts(&self, session: &Session, invitation: &Invitation) -> Result<bool> {
        let (room, entered) = self.store.accept(session, &invitation.id, time::now()).await?;
        assert_eq!(room, invitation.room.id);
        assert!(self.store.membership(session, room).await.is_ok());
        Ok(entered)
    }

    async fn describes(&self, session: &Session, room: &Room, to: Describing) -> Result<(Room, bool)> {
        let permits = self.permits(session, room.id, &to.acts()).await;
        self.store.describe(&permits, room, &to, time::now()).await
    }
}

fn inviting(key: &str, uses: Option<i64>) -> Inviting {
    Inviting::parse(ClientId::parse(key).unwrap(), None, None, uses).unwrap()
}

fn is_missing<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(Error::NotFound))
}

#[test]
fn a_private_room_does_not_exist_to_others_and_shares_its_name() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        world.room(&anna, "tea").await;
        let (hers, his) = (world.private_room(&anna, "tea").await, world.private_room(&ben, "tea").await);
        assert_eq!((hers.kind, his.kind), (Kind::Private, Kind::Private));
        assert_ne!(hers.id, his.id);
        assert!(is_missing(&world.store.public_room(hers.id).await), "it can be joined");
        assert!(is_missing(&world.store.membership(&ben, hers.id).await));
        assert!(!world.store.leave(&ben, hers.id).await.unwrap(), "it is known to who is not in it");
        assert!(!world.store.leave(&ben, RoomId::from_bytes([7; 12])).await.unwrap());
        let (listed, _) = world.store.public_rooms("", None, 10).await.unwrap();
        assert_eq!(listed.iter().map(|room| room.kind).collect::<Vec<_>>(), [Kind::Public]);
    });
}

#[test]
fn an_invitation_lets_in_as_many_as_it_says_however_many_come_at_once() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let room = world.private_room(&anna, "tea").await;
        let invitation = world.invites(&anna, &room, &inviting("invite-01", Some(2))).await.unwrap();
        let same = world.invites(&anna, &room, &inviting("invite-01", Some(2))).await.unwrap();
        assert_eq!(same, invitation, "the same request made another");
        let mut people = Vec::new();
        for n in 0..6 {
            people.push(world.person(&format!("guest{n}")).await);
        }
        let came = join_all(people.iter().map(|guest| world.accepts(guest, &invitation))).await;
        assert_eq!(came.iter().filter(|came| matches!(came, Ok(true))).count(), 2);
        assert_eq!(came.iter().filter(|came| is_missing(came)).count(), 4);
        let inside = came.iter().position(Result::is_ok).unwrap();
        assert!(!world.accepts(&people[inside], &invitation).await.unwrap(), "accepted twice");
        // Whoever goes does not come back by what is used up.
        world.store.leave(&people[inside], room.id).await.unwrap();
        assert!(is_missing(&world.accepts(&people[inside], &invitation).await));
        let open = world.permits(&anna, room.id, &[Act::Oversee]).await.remove(0);
        assert!(world.store.invitations_to(&open, &room, time::now()).await.unwrap().is_empty());
    });
}

#[test]
fn whoever_made_a_private_room_and_was_sent_out_does_not_come_back_by_making_it_again() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let room = world.private_room(&anna, "tea").await;
        assert_eq!(world.private_room(&anna, "tea").await.id, room.id, "the same request made another");
        let link = world.invites(&anna, &room, &inviting("invite-01", None)).await.unwrap();
        world.accepts(&ben, &link).await.unwrap();
        // A request that died before its maker was in it lets them in.
        let members = world.database.collection::<Document>("members");
        let rooms = world.database.collection::<Document>("rooms");
        let id = ObjectId::from_bytes(room.id.bytes());
        members.delete_one(doc! { "room": id, "role": "owner" }).await.unwrap();
        rooms.update_one(doc! { "_id": id }, doc! { "$unset": { "filled": "" } }).await.unwrap();
        assert_eq!(world.private_room(&anna, "tea").await.id, room.id);
        world.store.leave(&anna, room.id).await.unwrap();
        assert!(world.store.see_to_owner(room.id).await.unwrap().is_some());
        let client_id = ClientId::parse("room-tea-anna").unwrap();
        let again = RoomName::parse("tea").unwrap();
        let again = world.store.make_room(&anna, &again, false, &client_id, time::now()).await;
        assert!(is_missing(&again), "{again:?}");
        assert!(is_missing(&world.store.membership(&anna, room.id).await));
    });
}

#[test]
fn an_invitation_that_was_used_before_a_ban_lets_nobody_in_after_it() {
    story(|world| async move {
        let (anna, eve) = (world.person("anna").await, world.person("eve").await);
        let room = world.private_room(&anna, "tea").await;
        let link = world.invites(&anna, &room, &inviting("invite-01", Some(1))).await.unwrap();
        world.accepts(&eve, &link).await.unwrap();
        let mine = world.store.membership(&anna, room.id).await.unwrap();
        let look = async || world.store.target(&mine, eve.user().id, time::now()).await.unwrap();
        let whom = look().await;
        let permit = mine.may(Act::Ban(whom.rank()), time::now()).unwrap();
        let ban = parlour::room::Ban { user: eve.user().clone(), at: time::now(), until: None, reason: None };
        assert!(world.store.ban(&permit, &whom, &ban).await.unwrap());
        let permit = mine.may(Act::Unban, time::now()).unwrap();
        assert!(world.store.unban(&permit, &look().await).await.unwrap());
        assert!(is_missing(&world.accepts(&eve, &link).await), "what one has used up lets one in again");
    });
}

/// Somebody is in so many more rooms.
async fn is_in_more(world: &World, who: &Session, rooms: usize) {
    let user = ObjectId::from_bytes(who.user().id.bytes());
    let members = (0..rooms).map(|_| {
        doc! {
            "room": ObjectId::new(), "user": user, "name": &who.user().name, "role": "member", "read": 0_i64,
            "joined_at": DateTime::now(),
        }
    });
    world.database.collection::<Document>("members").insert_many(members).await.unwrap();
}

#[test]
fn whoever_is_in_too_many_rooms_uses_no_invitation_up() {
    story(|world| async move {
        let (anna, ben, eve) = (world.person("anna").await, world.person("ben").await, world.person("eve").await);
        let room = world.private_room(&anna, "tea").await;
        let link = world.invites(&anna, &room, &inviting("invite-01", Some(1))).await.unwrap();
        is_in_more(&world, &ben, MAX_ROOMS).await;
        let refused = world.accepts(&ben, &link).await;
        assert!(matches!(refused, Err(Error::Conflict(Conflict::TooManyRooms))), "{refused:?}");
        assert!(world.accepts(&eve, &link).await.unwrap());
    });
}

#[test]
fn others_cannot_fill_the_rooms_that_somebody_may_be_in() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let (a, b) = (anna.user().id, ben.user().id);
        is_in_more(&world, &ben, MAX_ROOMS / 2).await;
        let refused = world.store.direct(&anna, &[b], time::now()).await.map(|direct| direct.room);
        assert!(matches!(refused, Err(Error::Conflict(Conflict::TheirTooManyRooms))), "{refused:?}");
        let rooms = world.database.collection::<Document>("rooms");
        assert_eq!(rooms.estimated_document_count().await.unwrap(), 0, "a room was made that nobody is in");
        // He may still come to her, and then she finds him.
        let room = world.store.direct(&ben, &[a], time::now()).await.unwrap().room;
        assert_eq!(world.store.direct(&anna, &[b], time::now()).await.unwrap().room, room);
    });
}

#[test]
fn of_several_invitations_to_a_room_the_newest_is_shown_until_one_is_in_it() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let room = world.private_room(&anna, "tea").await;
        let other = world.private_room(&anna, "milk").await;
        let now = time::now();
        let invites = async |room: &Room, key, later| {
            let inviting = Inviting { user: Some(ben.user().id), uses: 1, ..inviting(key, None) };
            let permit = world.permits(&anna, room.id, &[Act::Invite]).await.remove(0);
            let at = now.plus(Duration::from_millis(later));
            world.store.invite(&permit, room, &inviting, Some(ben.user()), at).await.unwrap().0
        };
        let first = invites(&room, "invite-01", 1).await;
        let elsewhere = invites(&other, "invite-01", 2).await;
        let second = invites(&room, "invite-02", 3).await;
        assert_ne!(elsewhere.id, first.id, "what was said of another room counted");
        let shown = async || {
            let shown = world.store.invitations_of(&ben, now).await.unwrap();
            shown.into_iter().map(|invitation| invitation.id).collect::<Vec<_>>()
        };
        assert_eq!(shown().await, [second.id, elsewhere.id.clone()]);
        world.accepts(&ben, &first).await.unwrap();
        assert_eq!(shown().await, [elsewhere.id]);
    });
}

#[test]
fn an_invitation_ends_with_its_time_its_host_and_by_hand() {
    story(|world| async move {
        let (anna, ben, eve) = (world.person("anna").await, world.person("ben").await, world.person("eve").await);
        let room = world.private_room(&anna, "tea").await;
        let first = world.invites(&anna, &room, &inviting("invite-01", None)).await.unwrap();
        assert!(world.accepts(&ben, &first).await.unwrap());
        let later = time::now().plus(Duration::from_secs(8 * 24 * 60 * 60));
        assert!(is_missing(&world.store.accept(&eve, &first.id, later).await), "it holds for ever");
        let his = world.invites(&ben, &room, &inviting("invite-02", None)).await.unwrap();
        world.store.leave(&ben, room.id).await.unwrap();
        assert!(is_missing(&world.accepts(&eve, &his).await), "it holds although its host has gone");
        assert!(is_missing(&world.store.invitation(&eve, &his.id, time::now()).await));
        // A stranger ends nobody's invitation, and learns nothing by trying.
        let none = InvitationId::random().unwrap();
        for id in [&first.id, &none] {
            assert!(matches!(world.store.end_invitation(&eve, id, time::now()).await, Ok(())));
        }
        assert!(world.store.invitation(&anna, &first.id, time::now()).await.is_ok(), "a stranger ended it");
        world.store.end_invitation(&anna, &first.id, time::now()).await.unwrap();
        world.store.end_invitation(&anna, &first.id, time::now()).await.unwrap();
        assert!(is_missing(&world.accepts(&eve, &first).await));
        let none = InvitationId::random().unwrap();
        assert!(is_missing(&world.store.invitation(&eve, &none, time::now()).await));
    });
}

#[test]
fn an_invitation_for_somebody_is_for_nobody_else_and_who_is_banned_stays_out() {
    story(|world| async move {
        let (anna, ben, eve) = (world.person("anna").await, world.person("ben").await, world.person("eve").await);
        let room = world.private_room(&anna, "tea").await;
        let for_ben = Inviting { user: Some(ben.user().id), uses: 1, ..inviting("invite-01", None) };
        let invitation = world.invites(&anna, &room, &for_ben).await.unwrap();
        assert!(is_missing(&world.store.invitation(&eve, &invitation.id, time::now()).await));
        assert!(is_missing(&world.accepts(&eve, &invitation).await));
        let of = async |session| world.store.invitations_of(session, time::now()).await.unwrap();
        assert_eq!((of(&ben).await, of(&eve).await), (vec![invitation.clone()], vec![]));
        assert!(world.accepts(&ben, &invitation).await.unwrap());
        assert_eq!(of(&ben).await, []);
        let link = world.invites(&anna, &room, &inviting("invite-02", Some(1))).await.unwrap();
        let mine = world.store.membership(&anna, room.id).await.unwrap();
        let whom = world.store.target(&mine, eve.user().id, time::now()).await.unwrap();
        let permit = mine.may(Act::Ban(whom.rank()), time::now()).unwrap();
        let reason = BanReason::parse("no").ok();
        let ban = parlour::room::Ban { user: eve.user().clone(), at: time::now(), until: None, reason };
        assert!(world.store.ban(&permit, &whom, &ban).await.unwrap());
        let refused = world.accepts(&eve, &link).await;
        assert!(matches!(refused, Err(Error::Forbidden(Refusal::Banned { .. }))), "{refused:?}");
        let still = world.store.invitation(&ben, &link.id, time::now()).await.unwrap();
        assert_eq!(still.used, 0, "whoever is banned has used it up");
    });
}

#[test]
fn the_numbers_of_an_invitation_have_bounds() {
    let parse = |expires_in, uses| {
        let client_id = ClientId::parse("invite-01").unwrap();
        Inviting::parse(client_id, None, expires_in, uses).map(|inviting| (inviting.length.as_secs(), inviting.uses))
    };
    assert_eq!(parse(None, None), Ok((604_800, 1_000)));
    assert_eq!(parse(Some(60), Some(1)), Ok((60, 1)));
    assert_eq!(parse(Some(59), None), Err(Invalid::bounded("expires_in", Rule::TooSmall, 60)));
    assert_eq!(parse(Some(2_592_001), None), Err(Invalid::bounded("expires_in", Rule::TooLarge, 2_592_000)));
    assert_eq!(parse(None, Some(0)), Err(Invalid::bounded("uses", Rule::TooSmall, 1)));
    assert_eq!(parse(None, Some(1_001)), Err(Invalid::bounded("uses", Rule::TooLarge, 1_000)));
}

#[test]
fn a_conversation_of_certain_people_is_one_whoever_asks_for_it_and_when() {
    story(|world| async move {
        let (anna, ben, eve) = (world.person("anna").await, world.person("ben").await, world.person("eve").await);
        let (a, b, e) = (anna.user().id, ben.user().id, eve.user().id);
        let now = time::now();
        let asks = [(&anna, b), (&ben, a), (&anna, b), (&ben, a)];
        let made = try_join_all(asks.map(|(who, whom)| world.store.direct(who, vec![whom].leak(), now))).await.unwrap();
        let room = made[0].room;
        assert!(made.iter().all(|direct| direct.room == room), "two of them");
        assert_eq!(made.iter().flat_map(|direct| &direct.entered).count(), 2, "everybody came in once");
        assert_eq!(world.room_of(&ben, room).await.kind, Kind::Direct);
        assert!(is_missing(&world.store.membership(&eve, room).await));
        let left = world.store.leave(&anna, room).await;
        assert!(matches!(left, Err(Error::Forbidden(Refusal::Direct))), "{left:?}");
        assert!(world.store.see_to_owner(room).await.unwrap().is_none(), "it has an owner");
        let group = world.store.direct(&anna, &[b, e, b], now).await.unwrap();
        assert_ne!(group.room, room);
        assert_eq!(group.entered.len(), 3);
        let group_room = world.room_of(&eve, group.room).await;
        assert_eq!(group_room.kind, Kind::Group);
        let names: Vec<_> =
            world.store.people_of(&[&group_room]).await.unwrap().into_iter().map(|(_, user)| user.name).collect();
        assert_eq!(names, ["anna", "ben", "eve"]);
        // Whoever leaves a group is not brought back by others, and comes back by themselves.
        assert!(world.store.leave(&eve, group.room).await.unwrap());
        assert_eq!(world.store.direct(&ben, &[a, e], now).await.unwrap().entered, []);
        assert!(is_missing(&world.store.membership(&eve, group.room).await));
        assert_eq!(world.store.direct(&eve, &[a, b], now).await.unwrap().entered.len(), 1);
        let nobody = parlour::ids::UserId::from_bytes([7; 12]);
        assert!(is_missing(&world.store.direct(&anna, &[b, nobody], now).await.map(|direct| direct.room)));
        let permit = world.permits(&anna, room, &[Act::Invite]).await.remove(0);
        let direct = world.room_of(&anna, room).await;
        let refused = world.store.invite(&permit, &direct, &inviting("invite-01", None), None, now).await;
        assert!(matches!(refused, Err(Error::Forbidden(Refusal::Direct))));
    });
}

#[test]
fn no_public_room_is_called_what_can_be_taken_for_another() {
    story(|world| async move {
        let anna = world.person("anna").await;
        // From before anybody looked, so many that they are not gone through at once; two of them are alike already.
        let rooms = world.database.collection::<Document>("rooms");
        let old = |name: &str| {
            doc! {
                "name": name, "name_key": name.to_lowercase(), "kind": "public", "creator": ObjectId::new(), "client_id": "an-old-room",
                "created_at": DateTime::now(), "head": 0_i64, "settled": 0_i64, "said": 0_i64,
            }
        };
        let many = (0..600).map(|n| format!("old {n}-{}", n * 7));
        let alike = ["Kitchen", "Kіtchen"].map(str::to_owned);
        rooms.insert_many(many.chain(alike).map(|name| old(&name))).await.unwrap();
        let made = async |name: &str| {
            let key = ClientId::parse(&format!("made-{}", ObjectId::new().to_hex())).unwrap();
            world.store.make_room(&anna, &RoomName::parse(name).unwrap(), true, &key, time::now()).await
        };
        for name in ["Kitсhen", "KITCHEN", "оld 599-4193"] {
            let taken = made(name).await;
            assert!(matches!(taken, Err(Error::Conflict(Conflict::NameTaken))), "{name}: {taken:?}");
        }
        let (id, _) = made("Tea").await.unwrap();
        assert!(made("Теа").await.is_err());
        // A private one deceives nobody who was not let in.
        world.private_room(&anna, "Tea").await;
        let tea = world.room_of(&anna, id).await;
        let called = async |name: &str| {
            let name = Some(RoomName::parse(name).unwrap());
            world.describes(&anna, &tea, Describing { name, ..Describing::default() }).await
        };
        assert!(matches!(called("Кitchen").await, Err(Error::Conflict(Conflict::NameTaken))));
        called("Теа").await.expect("it is its own name");
        called("Coffee").await.unwrap();
        made("Tea").await.expect("its name has become free");
        assert!(made("Соffee").await.is_err());
    });
}

#[test]
fn a_room_is_described_and_renamed_and_its_new_name_is_nobody_elses() {
    story(|world| async move {
        let anna = world.person("anna").await;
        world.room(&anna, "milk").await;
        let id = world.room(&anna, "tea").await;
        let tea = world.room_of(&anna, id).await;
        let name = |name: &str| Some(RoomName::parse(name).unwrap());
        let taken = world.describes(&anna, &tea, Describing { name: name("MILK"), ..Describing::default() }).await;
        assert!(matches!(taken, Err(Error::Conflict(Conflict::NameTaken))), "{taken:?}");
        let topic = Some(Topic::parse("$name of the day").unwrap());
        let to = Describing { name: name("Green tea"), topic, ..Describing::default() };
        let (tea, is_new) = world.describes(&anna, &tea, to.clone()).await.unwrap();
        assert_eq!(
            (tea.about.name.as_str(), tea.about.topic.as_str(), is_new),
            ("Green tea", "$name of the day", true)
        );
        assert!(!world.describes(&anna, &tea, to).await.unwrap().1, "nothing has changed");
        let (found, _) = world.store.public_rooms("green", None, 10).await.unwrap();
        assert_eq!(found, std::slice::from_ref(&tea));
        assert_eq!(world.store.public_rooms("tea", None, 10).await.unwrap().0, []);
        let nothing = Describing { topic: Some(Topic::parse("").unwrap()), ..Describing::default() };
        assert_eq!(world.describes(&anna, &tea, nothing).await.unwrap().0.about.topic, "");
        let wrong = world.permits(&anna, id, &[Act::Describe]).await;
        let renames = Describing { name: name("other"), ..Describing::default() };
        assert!(matches!(world.store.describe(&wrong, &tea, &renames, time::now()).await, Err(Error::Internal(_))));
    });
}

#[test]
fn an_archived_room_gives_no_position_until_it_is_opened_again() {
    story(|world| async move {
        let anna = world.person("anna").await;
        let id = world.room(&anna, "tea").await;
        let tea = world.room_of(&anna, id).await;
        let mine = world.store.membership(&anna, id).await.unwrap();
        world.stores(&mine, "before").await;
        let archived = |archived| Describing { archived: Some(archived), ..Describing::default() };
        let (closed, _) = world.describes(&anna, &tea, archived(true)).await.unwrap();
        let (same, is_new) = world.describes(&anna, &closed, archived(true)).await.unwrap();
        assert_eq!((same, is_new), (closed.clone(), false), "the same request again is something else");
        // Somebody saw the room before it was closed.
        let to = Describing { topic: Topic::parse("late").ok(), ..Describing::default() };
        let late = world.describes(&anna, &tea, to).await;
        assert!(matches!(late, Err(Error::Forbidden(Refusal::Archived))), "{late:?}");
        assert!(closed.about.archived);
        let refused = world.store.place(id, Purpose::Message).await;
        assert!(matches!(refused, Err(Error::Forbidden(Refusal::Archived))), "{refused:?}");
        assert_eq!(world.store.standing(&mine).await.unwrap().head, 1, "a position was taken");
        assert_eq!(world.store.public_rooms("", None, 9).await.unwrap().0, [], "it is listed");
        assert!(world.store.was_said(id, anna.user().id, &draft("before").client_id).await.unwrap());
        world.describes(&anna, &closed, archived(false)).await.unwrap();
        world.stores(&mine, "after").await;
        let nowhere = world.store.place(RoomId::from_bytes([7; 12]), Purpose::Message).await;
        assert!(is_missing(&nowhere));
    });
}

#[test]
fn people_are_found_by_how_their_names_begin_but_not_who_has_gone() {
    story(|world| async move {
        let anna = world.person("anna").await;
        for name in ["Anne", "annika", "ben"] {
            world.person(name).await;
        }
        let names = async |prefix: &str, limit| {
            let (found, more) = world.store.people_called(prefix, limit).await.unwrap();
            (found.into_iter().map(|user| user.name).collect::<Vec<_>>(), more)
        };
        assert_eq!(names("ANN", 9).await, (vec!["anna".into(), "Anne".into(), "annika".into()], false));
        assert_eq!(names("ann", 2).await, (vec!["anna".into(), "Anne".into()], true));
        for none in ["$", "", "\u{301}"] {
            assert_eq!(names(none, 9).await.0, Vec::<String>::new(), "{none:?}");
        }
        let account = world.store.account_of(&anna).await.unwrap();
        world.store.delete_account(&account, time::now()).await.unwrap();
        assert_eq!(names("anna", 9).await.0, Vec::<String>::new());
    });
}

#[test]
fn what_somebody_begins_to_write_is_theirs_and_goes_with_them() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let tea = world.room(&anna, "tea").await;
        let mine = world.joins(&ben, tea).await;
        assert!(world.store.keep_draft(&mine, "I mea").await.unwrap());
        assert!(!world.store.keep_draft(&mine, "I mea").await.unwrap(), "that is no news");
        let drafts = async |session| world.store.drafts(session).await.unwrap().remove(&tea);
        assert_eq!((drafts(&ben).await, drafts(&anna).await), (Some("I mea".to_owned()), None));
        assert!(world.store.keep_draft(&mine, "").await.unwrap());
        assert_eq!(drafts(&ben).await, None);
        world.store.keep_draft(&mine, "again").await.unwrap();
        world.store.leave(&ben, tea).await.unwrap();
        world.joins(&ben, tea).await;
        assert_eq!(drafts(&ben).await, None);
    });
}

#[test]
fn when_somebody_was_last_here_is_shown_unless_they_hide_it() {
    story(|world| async move {
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let tea = world.room(&anna, "tea").await;
        world.joins(&ben, tea).await;
        let mine = world.store.membership(&anna, tea).await.unwrap();
        let bens = async || {
            let people = world.store.members(&mine, None, 9, time::now()).await.unwrap();
            people.members.into_iter().find(|(member, _)| member.user.name == "ben").unwrap().0.seen_at
        };
        assert_eq!(bens().await, None);
        let then = Timestamp::from_millis(1_000_000);
        world.store.was_here(ben.user().id, then).await.unwrap();
        world.store.was_here(ben.user().id, Timestamp::from_millis(999)).await.unwrap();
        assert_eq!(bens().await, Some(then));
        let socket = world.socket(&ben, "ben=").await;
        assert_eq!(bens().await, None, "somebody who is here was seen last");
        world.store.remove_socket(&socket.id).await.unwrap();
        world.store.show_receipts(&ben, false).await.unwrap();
        assert_eq!(bens().await, None);
    });
}
